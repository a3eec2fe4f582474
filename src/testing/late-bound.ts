/** Stands for what a fixture starts, so that the helpers of a file can name it before it runs. */
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
