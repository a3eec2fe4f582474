/**
 * Which keys are published and which one signs. Exactly one signs at a time; the previous one stays published while
 * its tokens live, and a Key Rotation Policy publishes the next one ahead.
 */
import { z } from "zod";
import { createSigningKey, type FixtureKeys, signingKeySchema } from "../tenant/keys.ts";

/** Default lifetime of a key under a Key Rotation Policy. */
const ROTATION_PERIOD_MS = 90 * 24 * 60 * 60_000;

export const keyRingSchema = z
  .object({
    /** Oldest first. */
    keys: z.array(signingKeySchema).min(1),
    signingKeyId: z.string(),
    /** The key that a Key Rotation Policy signs with next. */
    nextKeyId: z.string().nullable(),
    /** Epoch milliseconds at which the signing key began to sign. */
    activatedAt: z.number(),
    isFromPolicy: z.boolean(),
  })
  .refine(({ keys, signingKeyId, nextKeyId }) => {
    const ids = keys.map(({ kid }) => kid);
    return ids.includes(signingKeyId) && (nextKeyId === null || ids.includes(nextKeyId));
  }, "the signing key and the next one must be among the keys");
export type KeyRing = Readonly<z.infer<typeof keyRingSchema>>;

export interface RingConditions {
  /** Whether a Key Rotation Policy is in force. */
  readonly hasPolicy: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

export function createKeyRing({ previous, current }: FixtureKeys, now: number): KeyRing {
  return {
    keys: [previous, current],
    signingKeyId: current.kid,
    nextKeyId: null,
    activatedAt: now,
    isFromPolicy: false,
  };
}

/** The ring with a new signing key. `drop` takes the old keys out. */
export async function rotate(
  ring: KeyRing,
  { hasPolicy, now }: RingConditions,
  { drop = false }: { readonly drop?: boolean } = {},
): Promise<KeyRing> {
  const waiting = hasPolicy ? ring.keys.find(({ kid }) => kid === ring.nextKeyId) : undefined;
  const successor = waiting ?? (await createSigningKey());
  const next = hasPolicy ? await createSigningKey() : undefined;
  // Only the previous key may still have tokens that have not expired.
  const kept = drop ? [] : ring.keys.filter(({ kid }) => kid === ring.signingKeyId);
  return {
    keys: [...kept, ...(next ? [next] : []), successor],
    signingKeyId: successor.kid,
    nextKeyId: next?.kid ?? null,
    activatedAt: now,
    isFromPolicy: hasPolicy,
  };
}

/** The ring as the Key Rotation Policy, or its absence, wants it now; `ring` itself when nothing is due. */
export async function bringUpToDate(ring: KeyRing, conditions: RingConditions): Promise<KeyRing> {
  if (!conditions.hasPolicy) {
    if (ring.nextKeyId === null) return ring;
    const keys = ring.keys.filter(({ kid }) => kid !== ring.nextKeyId);
    return { ...ring, keys, nextKeyId: null, isFromPolicy: false };
  }
  const isDue = !ring.isFromPolicy || conditions.now >= ring.activatedAt + ROTATION_PERIOD_MS;
  return isDue ? rotate(ring, conditions) : ring;
}
