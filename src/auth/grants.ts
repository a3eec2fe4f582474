/**
 * The store that the OAuth provider uses as `env.OAUTH_KV`: grants are kept in the Durable Object of the person who
 * gave them, everything else in KV.
 *
 * KV is not suitable for grants: a read may be a minute old, a missing key does not prove that the grant does not
 * exist, and a key takes one write a second, although the provider writes a grant at the callback and again when its
 * code is redeemed. The other records are written once under new keys (tokens, transactions) or rarely (registrations).
 */
import { getOAuthApi, OAuthError, type OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import type { Env, Settings } from "../config.ts";
import { errorName, logProblem, requestId } from "../log.ts";
import { nowInSeconds } from "../time.ts";
import { type GrantName, isGrantName, isRegisteredClientId } from "./credentials.ts";
import { type GrantKeeper, type GrantWrite, personOf } from "./grant-keeper.ts";
import { createProviderOptions } from "./provider.ts";
import { asPresented } from "./refresh-tokens.ts";
import { shortenRegistration } from "./registration.ts";

const NOT_WRITTEN = {
  ended: "The person has ended this access.",
  superseded: "This refresh token has been replaced by one that is in use.",
} as const satisfies Record<Exclude<GrantWrite, "written">, string>;

/** Longer than the second in which KV takes one write for a key. */
const KV_WRITE_PAUSE_MS = 1100;

interface StoreOptions {
  /** The `Person` object that keeps the grants of a user. */
  readonly keeperOf?: (userId: string) => GrantKeeper;
  /** What the request may do to a client's registration; default `renewed`. */
  readonly registration?: RegistrationWrites;
}

/**
 * `fresh`: the request registers a client, which nobody has approved yet. `renewed`: a sign-in or a token shows that a
 * person has approved the client. `unchanged`: an unauthenticated request, for which the provider would renew too.
 */
export type RegistrationWrites = "fresh" | "renewed" | "unchanged";

/** The environment with this store in KV's place. */
export function withOAuthStore(env: Env, options: StoreOptions = {}): Env {
  const { keeperOf = (userId) => personOf(env, userId), registration = "renewed" } = options;
  return { ...env, OAUTH_KV: createOAuthStore(env.OAUTH_KV, { keeperOf, registration }) };
}

/** The provider's helpers outside a request handler, as in a Durable Object. @param env with its own KV */
export function getGrantApi(env: Env, settings: Settings, keeper: GrantKeeper): OAuthHelpers {
  const handler = { fetch: () => new Response(null, { status: 404 }) };
  const options = createProviderOptions(settings, { apiHandler: handler, defaultHandler: handler });
  return getOAuthApi(options, withOAuthStore(env, { keeperOf: () => keeper }));
}

function createOAuthStore(kv: KVNamespace, { keeperOf, registration }: Required<StoreOptions>): KVNamespace {
  const read = async (key: string): Promise<string | null> => {
    const parsed = parseKey(key);
    switch (parsed.kind) {
      case "never_written":
        return null;
      case "grant": {
        const record = await keeperOf(parsed.userId).readGrant(parsed.grantId);
        return record === undefined ? null : asPresented(record);
      }
      case "client":
      case "other":
        return kv.get(key);
    }
  };

  const store = {
    get: async (key: string, options?: { type?: "json" }) => {
      const value = await read(key);
      return options?.type === "json" && value !== null ? JSON.parse(value) : value;
    },
    put: async (key: string, value: string, options?: KVNamespacePutOptions): Promise<void> => {
      const parsed = parseKey(key);
      if (parsed.kind === "client" && registration === "unchanged") return;
      if (parsed.kind === "client" && registration === "fresh") {
        const { record, expirationTtl } = shortenRegistration(value);
        return withOneRetry(() => kv.put(key, record, { expirationTtl }));
      }
      if (parsed.kind !== "grant") return withOneRetry(() => kv.put(key, value, options));
      const { userId, grantId } = parsed;
      const write = { grantId, record: value, expiresAt: expiryOf(options) };
      // The grant was ended or its tokens were replaced during this request; writing it would restore them.
      const outcome = await keeperOf(userId).writeGrant(write);
      if (outcome !== "written") throw new OAuthError("invalid_grant", { description: NOT_WRITTEN[outcome] });
    },
    delete: async (key: string): Promise<void> => {
      const parsed = parseKey(key);
      if (parsed.kind !== "grant") return withOneRetry(() => kv.delete(key));
      await keeperOf(parsed.userId).deleteGrant(parsed.grantId, requestId());
    },
    list: (options?: KVNamespaceListOptions) => kv.list(options),
  };
  // The provider uses these four, with these arguments.
  return store as unknown as KVNamespace;
}

type ParsedKey =
  | ({ readonly kind: "grant" } & GrantName)
  | { readonly kind: "client"; readonly clientId: string }
  | { readonly kind: "other" }
  /** Contains a code, token or client id of a format that this server never issues. */
  | { readonly kind: "never_written" };

function parseKey(key: string): ParsedKey {
  const [kind, ...parts] = key.split(":");
  if (kind === "grant" || kind === "token") {
    const [userId = "", grantId = ""] = parts;
    if (!isGrantName({ userId, grantId })) return { kind: "never_written" };
    return kind === "grant" ? { kind, userId, grantId } : { kind: "other" };
  }
  if (kind !== "client") return { kind: "other" };
  const clientId = parts.join(":");
  return isRegisteredClientId(clientId) ? { kind, clientId } : { kind: "never_written" };
}

/** Epoch seconds. The provider gives every grant an expiry, because our options set one. */
function expiryOf(options: KVNamespacePutOptions | undefined): number {
  if (options?.expiration !== undefined) return options.expiration;
  return nowInSeconds() + (options?.expirationTtl ?? 0);
}

/** Repeats a write once after a second if KV refused it (429: one a second per key) or failed. */
async function withOneRetry(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    logProblem("store.write_repeated", { error: errorName(error) });
    await new Promise((resolve) => setTimeout(resolve, KV_WRITE_PAUSE_MS));
    await write();
  }
}
