/** The KV of one place: replaces `env.OAUTH_KV` for the bundle. */
import type { Found, KvHub, Written } from "./kv-hub.ts";

export type Hub = DurableObjectNamespace<KvHub>;

type GetOptions = string | { readonly type?: string } | undefined;

/**
 * @param around wraps every operation, at which an object may be discarded
 * @throws {Error} as KV does when a key is written twice within a second
 */
export function createPlaceKv(
  namespace: Hub,
  place: string,
  around: <T>(operation: () => Promise<T>) => Promise<T> = (operation) => operation(),
): KVNamespace {
  // A new stub for each operation: a stub belongs to the request that created it.
  const hub = () => namespace.getByName("hub");
  const read = (key: string) => around(async (): Promise<Found> => hub().read(place, key));
  const change = async (verb: "PUT" | "DELETE", operation: () => Promise<Written>) => {
    const outcome = await around(operation);
    if (outcome === "too_many_requests") throw new Error(`KV ${verb} failed: 429 Too Many Requests`);
  };
  const kv = {
    get: async (key: string, options?: GetOptions) => parse((await read(key)).value, options),
    getWithMetadata: async (key: string, options?: GetOptions) => {
      const { value, metadata } = await read(key);
      return { value: parse(value, options), metadata, cacheStatus: null };
    },
    put: (key: string, value: string, options: KVNamespacePutOptions = {}) => {
      if (typeof value !== "string") throw new TypeError("The double of KV takes text only.");
      return change("PUT", async () => hub().write(place, key, value, options));
    },
    delete: (key: string) => change("DELETE", async () => hub().remove(place, key)),
    list: (options: KVNamespaceListOptions = {}) => around(async () => hub().list(place, options)),
  };
  return kv as unknown as KVNamespace;
}

function parse(value: string | null, options: GetOptions): unknown {
  const type = typeof options === "object" ? options.type : options;
  if (type !== undefined && type !== "text" && type !== "json") {
    throw new TypeError(`The double of KV does not read as ${type}.`);
  }
  return type === "json" && value !== null ? JSON.parse(value) : value;
}
