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

interface ConsentQuery {
  readonly userId: string;
  readonly applicationId: string;
  readonly scopes: readonly string[];
}

export interface ConsentStoreOptions {
  /** Dates the records. */
  readonly clock: Clock;
  /** Told after every change that a snapshot would show. */
  readonly onChange?: () => void;
}

/** The answers of people to Get User Consent. */
export class ConsentStore {
  readonly #records = new Map<string, ConsentRecord>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor({ clock, onChange = () => {} }: ConsentStoreOptions) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** The accepted subset of `scopes` when this person has already answered for all of them, else undefined. */
  findAccepted({ userId, applicationId, scopes }: ConsentQuery): readonly string[] | undefined {
    const record = this.#records.get(keyOf(userId, applicationId));
    if (record?.status !== "ACCEPTED") return undefined;
    // Documentation speaks of "the same scopes". That fewer scopes need no new question is an assumption.
    if (!scopes.every((scope) => record.requestedScopes.includes(scope))) return undefined;
    return scopes.filter((scope) => record.scopes.includes(scope));
  }

  record(
    { userId, applicationId, scopes }: ConsentQuery,
    answer: { status: "ACCEPTED"; scopes: readonly string[] } | { status: "DECLINED" },
  ): ConsentRecord {
    const record: ConsentRecord = {
      id: crypto.randomUUID(),
      userId,
      applicationId,
      status: answer.status,
      requestedScopes: [...scopes],
      scopes: answer.status === "ACCEPTED" ? [...answer.scopes] : [],
      updatedAt: new Date(this.#clock()).toISOString(),
    };
    this.#records.set(keyOf(userId, applicationId), record);
    this.#changed();
    return record;
  }

  /** How many records were revoked. */
  revoke(userId: string, applicationId?: string): number {
    const revoked = this.list(userId).filter(
      (record) =>
        record.status !== "REVOKED" &&
        (applicationId === undefined || record.applicationId === applicationId),
    );
    for (const record of revoked) {
      Object.assign(record, { status: "REVOKED", updatedAt: new Date(this.#clock()).toISOString() });
    }
    if (revoked.length > 0) this.#changed();
    return revoked.length;
  }

  list(userId?: string): readonly ConsentRecord[] {
    return [...this.#records.values()].filter((record) => userId === undefined || record.userId === userId);
  }

  snapshot(): ConsentRecord[] {
    return structuredClone([...this.#records.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of consents. */
  restore(state: unknown): void {
    const restored = consentsSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of consents: ${z.prettifyError(restored.error)}`);
    this.#records.clear();
    for (const record of restored.data) this.#records.set(keyOf(record.userId, record.applicationId), record);
  }

  reset(): void {
    this.#records.clear();
    this.#changed();
  }
}

function keyOf(userId: string, applicationId: string): string {
  return JSON.stringify([userId, applicationId]);
}
