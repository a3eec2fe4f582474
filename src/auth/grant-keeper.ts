/** What the provider's store and the PingSessions ask of a person's Durable Object. */
import type { Env } from "../config.ts";

/**
 * `ended`: the grant is no longer there, or the person ended the client's access while it was being made. `superseded`:
 * the refresh token that was presented was replaced meanwhile by one that has been used.
 */
export type GrantWrite = "written" | "ended" | "superseded";

/** Keeps the provider's records of one person's grants. */
export interface GrantKeeper {
  readGrant(grantId: string): Promise<string | undefined>;
  /** @param grant.expiresAt seconds since the epoch */
  writeGrant(grant: { grantId: string; record: string; expiresAt: number }): Promise<GrantWrite>;
  deleteGrant(grantId: string, requestId: string | undefined): Promise<void>;
}

export function personOf(env: Env, userId: string) {
  return env.PERSON.getByName(userId);
}
