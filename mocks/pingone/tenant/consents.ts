/**
 * Consent records as the `pingOneScopeConsentConnector` keeps them: one per user and application, with the scopes that
 * were asked for and those the person accepted. A record never affects tokens that were issued before.
 */
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

const consentRecord = z.object({
  id: z.uuid(),
  userId: z.string(),
  applicationId: z.string(),
  status: z.enum(["ACCEPTED", "DECLINED", "REVOKED"]),
  requestedScopes: z.array(z.string()),
  /** Empty unless ACCEPTED. */
  scopes: z.array(z.string()),
  updatedAt: z.iso.datetime(),
});
const consentsSnapshot = z.array(consentRecord);

type ConsentRecord = z.infer<typeof consentRecord>;
type ConsentsSnapshot = z.infer<typeof consentsSnapshot>;

interface ConsentQuery {
  readonly userId: string;
  readonly applicationId: string;
  readonly scopes: readonly string[];
}

/** Where the answers of people to Get User Consent are remembered. */
export interface ConsentStore {
  /** The accepted subset of `scopes` when this person has already answered for all of them, else undefined. */
  findAccepted(query: ConsentQuery): readonly string[] | undefined;
  record(
    query: ConsentQuery,
    answer: { status: "ACCEPTED"; scopes: readonly string[] } | { status: "DECLINED" },
  ): ConsentRecord;
  /** How many records were revoked. */
  revoke(userId: string, applicationId?: string): number;
  list(userId?: string): readonly ConsentRecord[];
  snapshot(): ConsentsSnapshot;
  /** @throws {Error} when `state` is not a snapshot of consents. */
  restore(state: unknown): void;
  reset(): void;
}

export interface ConsentStoreOptions {
  /** Dates the records. */
  readonly clock: Clock;
  /** Told after every change that a snapshot would show. */
  readonly onChange?: () => void;
}

/** An empty store. */
export function createConsentStore({ clock, onChange }: ConsentStoreOptions): ConsentStore {
  const records = new Map<string, ConsentRecord>();
  const keyOf = (userId: string, applicationId: string) => JSON.stringify([userId, applicationId]);

  return {
    findAccepted({ userId, applicationId, scopes }) {
      const record = records.get(keyOf(userId, applicationId));
      if (record?.status !== "ACCEPTED") return undefined;
      // Documentation speaks of "the same scopes". That fewer scopes need no new question is an assumption.
      if (!scopes.every((scope) => record.requestedScopes.includes(scope))) return undefined;
      return scopes.filter((scope) => record.scopes.includes(scope));
    },
    record({ userId, applicationId, scopes }, answer) {
      const record: ConsentRecord = {
        id: crypto.randomUUID(),
        userId,
        applicationId,
        status: answer.status,
        requestedScopes: [...scopes],
        scopes: answer.status === "ACCEPTED" ? [...answer.scopes] : [],
        updatedAt: new Date(clock()).toISOString(),
      };
      records.set(keyOf(userId, applicationId), record);
      onChange?.();
      return record;
    },
    revoke(userId, applicationId) {
      let revoked = 0;
      for (const record of records.values()) {
        if (record.userId !== userId || record.status === "REVOKED") continue;
        if (applicationId !== undefined && record.applicationId !== applicationId) continue;
        record.status = "REVOKED";
        record.updatedAt = new Date(clock()).toISOString();
        revoked += 1;
      }
      if (revoked > 0) onChange?.();
      return revoked;
    },
    list: (userId) =>
      [...records.values()].filter((record) => userId === undefined || record.userId === userId),
    snapshot: () => structuredClone([...records.values()]),
    restore(state) {
      const restored = consentsSnapshot.safeParse(state);
      if (!restored.success) throw new Error(`snapshot of consents: ${z.prettifyError(restored.error)}`);
      records.clear();
      for (const record of restored.data) records.set(keyOf(record.userId, record.applicationId), record);
    },
    reset() {
      records.clear();
      onChange?.();
    },
  };
}
