/**
 * What a person scans or types into a mobile application: pairing keys, which pair it with a user, and authentication
 * codes, which sign its user on. Both are used once, and expire by the emulator's clock.
 */
import { randomInt, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

const MAX_KEPT = 1000;
/** The example in the documentation of the connector has two days. */
const PAIRING_KEY_TTL_MS = 48 * 3_600_000;
/** Without letters that are taken for others. */
const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

const pairingKey = z.object({
  kind: z.literal("pairingKey"),
  id: z.string(),
  code: z.string(),
  userId: z.string(),
  applicationIds: z.array(z.string()),
  status: z.enum(["UNCLAIMED", "CLAIMED", "EXPIRED"]),
  createdAt: z.number(),
  updatedAt: z.number(),
  expiresAt: z.number(),
});
export type PairingKey = z.infer<typeof pairingKey>;

const authenticationCode = z.object({
  kind: z.literal("authenticationCode"),
  id: z.string(),
  code: z.string(),
  /** Of whoever has scanned it. */
  userId: z.string().optional(),
  deviceId: z.string().optional(),
  applicationIds: z.array(z.string()),
  isApprovalRequired: z.boolean(),
  clientContext: z.record(z.string(), z.unknown()),
  lifeTime: z.object({ duration: z.number(), timeUnit: z.enum(["SECONDS", "MINUTES"]) }),
  status: z.enum(["UNCLAIMED", "CLAIMED", "COMPLETED", "DENIED", "EXPIRED"]),
  createdAt: z.number(),
  updatedAt: z.number(),
  expiresAt: z.number(),
});
export type AuthenticationCode = z.infer<typeof authenticationCode>;
type PhoneKey = PairingKey | AuthenticationCode;

const phoneKeysSnapshot = z.array(z.discriminatedUnion("kind", [pairingKey, authenticationCode]));

export class PhoneKeyStore {
  readonly #kept = new Map<string, PhoneKey>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  createPairingKey(userId: string, applicationIds: readonly string[]): PairingKey {
    const now = this.#clock();
    return this.#keep({
      kind: "pairingKey",
      id: randomUUID(),
      code: String(randomInt(10 ** 13)).padStart(14, "0"),
      userId,
      applicationIds: [...applicationIds],
      status: "UNCLAIMED",
      createdAt: now,
      updatedAt: now,
      expiresAt: now + PAIRING_KEY_TTL_MS,
    });
  }

  createAuthenticationCode(
    given: Pick<AuthenticationCode, "applicationIds" | "isApprovalRequired" | "clientContext" | "lifeTime">,
  ): AuthenticationCode {
    const now = this.#clock();
    const unit = given.lifeTime.timeUnit === "MINUTES" ? 60_000 : 1000;
    const letters = Array.from({ length: 8 }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]);
    return this.#keep({
      ...given,
      kind: "authenticationCode",
      id: randomUUID(),
      code: letters.join(""),
      status: "UNCLAIMED",
      createdAt: now,
      updatedAt: now,
      expiresAt: now + given.lifeTime.duration * unit,
    });
  }

  findPairingKey(userId: string, id: string): PairingKey | undefined {
    const found = this.#current(id);
    return found?.kind === "pairingKey" && found.userId === userId ? found : undefined;
  }

  findAuthenticationCode(id: string): AuthenticationCode | undefined {
    const found = this.#current(id);
    return found?.kind === "authenticationCode" ? found : undefined;
  }

  /** What can be scanned with this code. */
  findByCode(code: string): PhoneKey | undefined {
    const wanted = code.trim().toUpperCase();
    return this.#all().find((key) => key.code === wanted && key.status === "UNCLAIMED");
  }

  /** The last code that this user has scanned and not answered. */
  waitingForApproval(userId: string): AuthenticationCode | undefined {
    return this.#all().findLast(
      (key): key is AuthenticationCode =>
        key.kind === "authenticationCode" && key.userId === userId && key.status === "CLAIMED",
    );
  }

  change<K extends PhoneKey>(key: K, changes: Partial<K>): void {
    Object.assign(key, changes, { updatedAt: this.#clock() });
    this.#changed();
  }

  /** False: there is no such key, or it was used. */
  removePairingKey(userId: string, id: string): boolean {
    if (this.findPairingKey(userId, id)?.status !== "UNCLAIMED") return false;
    this.#kept.delete(id);
    this.#changed();
    return true;
  }

  forget(userId: string): void {
    for (const [id, key] of this.#kept) if (key.userId === userId) this.#kept.delete(id);
    this.#changed();
  }

  snapshot(): PhoneKey[] {
    return structuredClone([...this.#kept.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of such keys. */
  restore(state: unknown): void {
    const restored = phoneKeysSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of pairing keys: ${z.prettifyError(restored.error)}`);
    this.#kept.clear();
    for (const key of restored.data) this.#kept.set(key.id, key);
  }

  reset(): void {
    this.#kept.clear();
    this.#changed();
  }

  #keep<K extends PhoneKey>(key: K): K {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key.id, key);
    this.#changed();
    return key;
  }

  #all(): PhoneKey[] {
    return [...this.#kept.keys()].flatMap((id) => this.#current(id) ?? []);
  }

  #current(id: string): PhoneKey | undefined {
    const found = this.#kept.get(id);
    if (found && (found.status === "UNCLAIMED" || found.status === "CLAIMED") && this.#isOver(found)) {
      this.change(found, { status: "EXPIRED" });
    }
    return found;
  }

  /** A pairing key that was claimed has done its work. */
  #isOver(key: PhoneKey): boolean {
    if (key.kind === "pairingKey" && key.status === "CLAIMED") return false;
    return this.#clock() >= key.expiresAt;
  }
}
