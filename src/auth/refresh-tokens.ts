/**
 * Refresh tokens of one grant that several requests with one token have brought. The provider's record of a grant has
 * two: the current one, and the one before it, which stays good until the current one is used. Where a client did not
 * get its answer in time and asks again with the same token, each request makes another current one, and nobody knows
 * which of them the client has: the ones that were displaced stay good as well, until any of them is used.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { sha256 } from "hono/utils/crypto";
import { z } from "zod";

/** A client that asks more often than this with one token has given the first answers up. */
const MAXIMUM_DISPLACED = 4;

const refreshTokenSchema = z.object({ id: z.string(), wrappedKey: z.string() });

/** Of the provider's record; `displaced` is ours, and the provider writes it back as it has read it. */
const tokensSchema = z.looseObject({
  refreshTokenId: z.string().optional(),
  refreshTokenWrappedKey: z.string().optional(),
  previousRefreshTokenId: z.string().optional(),
  displaced: z.array(refreshTokenSchema).optional(),
});

const presentedId = new AsyncLocalStorage<string | null>();

/** Does work for a request that presents this credential, so that the grant is read as the one that it belongs to. */
export async function presenting<T>(credential: string | undefined, work: () => Promise<T>): Promise<T> {
  if (credential === undefined) return work();
  // As the provider names a token.
  return presentedId.run(await sha256(credential), work);
}

/** A grant's record, with the presented token as the current one where it is one of those that were displaced. */
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
 * @returns undefined when the token that was presented has been replaced meanwhile by one that was used: the provider
 *   looked at the record some time ago
 */
export function withDisplaced(known: string, written: string): string | undefined {
  const before = tokensSchema.parse(JSON.parse(known));
  const after = tokensSchema.parse(JSON.parse(written));
  const { refreshTokenId: id, refreshTokenWrappedKey: wrappedKey } = before;
  const presented = after.previousRefreshTokenId;
  const good = [id, before.previousRefreshTokenId, ...(before.displaced ?? []).map((token) => token.id)];
  if (presented !== undefined && !good.includes(presented)) return undefined;
  // Only then was the same token presented a second time. Any other has been used, and ends those beside it.
  const isRepeated =
    after.previousRefreshTokenId !== undefined &&
    after.previousRefreshTokenId === before.previousRefreshTokenId;
  const displaced =
    isRepeated && id !== undefined && wrappedKey !== undefined
      ? [...(before.displaced ?? []), { id, wrappedKey }].slice(-MAXIMUM_DISPLACED)
      : undefined;
  return JSON.stringify({ ...after, displaced });
}
