/**
 * Refresh tokens that several requests with the same token have received. The provider's record of a grant has two: the
 * current one, and the previous one, which stays valid until the current one is used. If a client repeats a request
 * whose response it did not receive, each request issues another current token, and the server cannot tell which one
 * the client has. So the displaced tokens stay valid too, until any of them is used.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { sha256 } from "hono/utils/crypto";
import { z } from "zod";

/** A client that repeats a request more often than this does not need the first responses any more. */
const MAXIMUM_DISPLACED = 4;

const refreshTokenSchema = z.object({ id: z.string(), wrappedKey: z.string() });

/** Fields of the provider's record. `displaced` is added here; the provider writes it back unchanged. */
const tokensSchema = z.looseObject({
  refreshTokenId: z.string().optional(),
  refreshTokenWrappedKey: z.string().optional(),
  previousRefreshTokenId: z.string().optional(),
  displaced: z.array(refreshTokenSchema).optional(),
});

const presentedId = new AsyncLocalStorage<string | null>();

/** Runs the work of a request that presents this credential, for {@link asPresented}. */
export async function presenting<T>(credential: string | undefined, work: () => Promise<T>): Promise<T> {
  if (credential === undefined) return work();
  // The hash by which the provider identifies a token.
  return presentedId.run(await sha256(credential), work);
}

/** The grant's record; if the presented token is a displaced one, it takes the place of the current one. */
export function asPresented(record: string): string {
  const id = presentedId.getStore();
  if (id == null) return record;
  const parsed = tokensSchema.parse(JSON.parse(record));
  const presented = parsed.displaced?.find((token) => token.id === id);
  if (presented === undefined) return record;
  return JSON.stringify({
    ...parsed,
    refreshTokenId: presented.id,
    refreshTokenWrappedKey: presented.wrappedKey,
  });
}

/**
 * The record to store when the provider has issued a refresh token.
 *
 * @param known the record before it
 * @returns undefined if, since the provider read the record, the presented token was replaced by one that has been used
 */
export function withDisplaced(known: string, written: string): string | undefined {
  const before = tokensSchema.parse(JSON.parse(known));
  const after = tokensSchema.parse(JSON.parse(written));
  const { refreshTokenId: id, refreshTokenWrappedKey: wrappedKey } = before;
  const presented = after.previousRefreshTokenId;
  const good = [id, before.previousRefreshTokenId, ...(before.displaced ?? []).map((token) => token.id)];
  if (presented !== undefined && !good.includes(presented)) return undefined;
  // The same token was presented again. Otherwise a newer token was used, which ends the displaced ones.
  const isRepeated =
    after.previousRefreshTokenId !== undefined &&
    after.previousRefreshTokenId === before.previousRefreshTokenId;
  const displaced =
    isRepeated && id !== undefined && wrappedKey !== undefined
      ? [...(before.displaced ?? []), { id, wrappedKey }].slice(-MAXIMUM_DISPLACED)
      : undefined;
  return JSON.stringify({ ...after, displaced });
}
