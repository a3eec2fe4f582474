/** The methods of the Durable Object `Person` that the provider's store and the PingSessions call. */
import type { Env } from "../config.ts";

/**
 * `ended`: the grant does not exist any more, or the person ended the client's access while it was being created.
 * `superseded`: the presented refresh token has been replaced by one that has already been used.
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
