/** Stands for what a fixture starts, so that the helpers of a file can name it before it runs. */
export function lateBound<T extends object>(get: () => T | undefined): T {
  return new Proxy({} as T, {
    get: (_target, name) => {
      const started = get();
      if (started === undefined) throw new Error("It starts with the first hook or test of its own `it`.");
      return Reflect.get(started, name);
    },
  });
}
