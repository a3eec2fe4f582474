/**
 * A placeholder for a value that a fixture creates, so that helpers of a test file can refer to it before it exists.
 */
export function lateBound<T extends object>(get: () => T | undefined): T {
  const started = () => {
    const value = get();
    if (value === undefined) throw new Error("It starts with the first hook or test of its own `it`.");
    return value;
  };
  return new Proxy({} as T, {
    get: (_target, name) => Reflect.get(started(), name),
    ownKeys: () => Reflect.ownKeys(started()),
    getOwnPropertyDescriptor: (_target, name) => ({
      ...Reflect.getOwnPropertyDescriptor(started(), name),
      configurable: true,
    }),
  });
}
