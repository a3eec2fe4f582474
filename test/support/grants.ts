/** Reads and changes the OAuth provider's record of a grant in the Worker's storage. */
import type { TestWorker } from "./worker.ts";

export interface GrantRecord {
  readonly expiresAt?: number;
  readonly refreshTokenId?: string;
  readonly metadata: { readonly pingSessionId: string };
}

/** @param credential a code or token of the grant */
export async function grantBehind(worker: TestWorker, credential: string | undefined) {
  const [userId = "", grantId = ""] = credential?.split(":") ?? [];
  const { PERSON, PING_SESSION } = await worker.getEnv();
  const person = PERSON.getByName(userId);
  const find = async () => {
    const record = await person.readGrant(grantId);
    return record === undefined ? undefined : (JSON.parse(record) as GrantRecord);
  };
  const read = async () => {
    const record = await find();
    if (record === undefined) throw new Error("There is no such grant.");
    return record;
  };
  return {
    find,
    read,
    /** Replaces fields of the record. */
    change: async (fields: Partial<GrantRecord>) => {
      const known = await read();
      // The provider sets this field when it refreshes. Without it, the write would count as the redemption of the
      // code.
      const record = { previousRefreshTokenId: known.refreshTokenId, ...known, ...fields };
      const expiresAt = record.expiresAt ?? Math.floor(Date.now() / 1000) + 600;
      await person.writeGrant({ grantId, record: JSON.stringify(record), expiresAt });
    },
    pingSession: async () => PING_SESSION.getByName((await read()).metadata.pingSessionId),
  };
}
