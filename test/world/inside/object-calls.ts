/** Counts the Worker's calls of Durable Objects in its isolate, by binding and method. */
import type { WorldEnv } from "./objects.ts";

let calls: Record<string, number> = {};

export function takeObjectCalls(): Readonly<Record<string, number>> {
  const taken = calls;
  calls = {};
  return taken;
}

/** An `env` for the bundle that counts calls of objects. The bundle does not call the world's own objects. */
export function countObjectCalls(env: WorldEnv): WorldEnv {
  const counted = Object.entries(env).map(([name, binding]): [string, unknown] => [
    name,
    isNamespace(binding)
      ? watchCalls(binding, (method, call) => {
          countCall(`${name}.${method}`);
          return call();
        })
      : binding,
  ]);
  return { ...env, ...Object.fromEntries(counted) };
}

export function isNamespace(binding: unknown): binding is DurableObjectNamespace {
  return typeof binding === "object" && binding !== null && "idFromName" in binding;
}

/** Wraps a namespace: `around` runs every method call of its objects. */
export function watchCalls(
  namespace: DurableObjectNamespace,
  around: (method: string, call: () => unknown) => unknown,
): DurableObjectNamespace {
  return watchMethods(namespace, (method, call) => {
    const answer = call();
    return method === "get" || method === "getByName" ? watchMethods(answer as object, around) : answer;
  });
}

/** Wraps an object: `around` runs every call of its methods. */
export function watchMethods<T extends object>(
  watched: T,
  around: (method: string, call: () => unknown, args: readonly unknown[]) => unknown,
): T {
  return new Proxy(watched, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function" || typeof property === "symbol") return member;
      return (...args: unknown[]) => around(property, () => Reflect.apply(member, target, args), args);
    },
  });
}

function countCall(name: string): void {
  calls[name] = (calls[name] ?? 0) + 1;
}
