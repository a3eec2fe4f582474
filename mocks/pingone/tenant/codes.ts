/**
 * One-time codes that were sent to users. PingOne keeps them per user, not per browser: a code that was sent in one flow
 * is accepted in another, and only the last code of a purpose is valid. The code itself is in the outbox only. Codes of MFA
 * belong to one authentication of a device, and are kept there.
 */
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import { hashSecret, isSecretOf, saltedHash } from "./secrets.ts";

const codePurpose = z.enum(["verification", "recovery"]);
export type CodePurpose = z.output<typeof codePurpose>;

/**
 * Documentation of the PingOne API: "Send Email Verification (Code)" 24 hours, "Password Resend Recovery Code" five
 * minutes.
 */
const TTL_MS: Readonly<Record<CodePurpose, number>> = {
  verification: 24 * 3_600_000,
  recovery: 5 * 60_000,
};
/** The real numbers depend on the tenant's policies. */
const MAX_FAILURES = 5;

const sentCode = saltedHash.extend({
  purpose: codePurpose,
  userId: z.string(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
  failures: z.int().nonnegative(),
});
const codesSnapshot = z.array(sentCode);
type SentCode = z.infer<typeof sentCode>;

/** `exhausted`: it was entered wrongly too often; a new one has to be sent. */
export type CodeCheck = "right" | "wrong" | "expired" | "exhausted" | "none";

export interface CodeStoreOptions {
  readonly clock: Clock;
  /** Told after every change that a snapshot would show. */
  readonly onChange?: () => void;
}

export class CodeStore {
  readonly #codes = new Map<string, SentCode>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor({ clock, onChange = () => {} }: CodeStoreOptions) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** Replaces the user's code of this purpose. */
  issue(purpose: CodePurpose, userId: string, code: string): void {
    const expiresAt = this.#clock() + TTL_MS[purpose];
    const sent: SentCode = {
      purpose,
      userId,
      expiresAt,
      failures: 0,
      ...hashSecret(normalised(code)),
    };
    for (const [key, old] of this.#codes) if (old.expiresAt <= this.#clock()) this.#codes.delete(key);
    this.#codes.set(keyOf(sent), sent);
    this.#changed();
  }

  /** Counts wrong entries. A right code stays valid until {@link consume}. */
  check(purpose: CodePurpose, userId: string, offered: string): CodeCheck {
    const sent = this.#codes.get(keyOf({ purpose, userId }));
    if (!sent) return "none";
    if (this.#clock() >= sent.expiresAt) return "expired";
    if (sent.failures >= MAX_FAILURES) return "exhausted";
    if (isSecretOf(sent, normalised(offered))) return "right";
    sent.failures += 1;
    this.#changed();
    return sent.failures >= MAX_FAILURES ? "exhausted" : "wrong";
  }

  /** Whether a code can be entered; with `code`, whether it is this one. Counts nothing. */
  isAwaited(purpose: CodePurpose, userId: string, code?: string): boolean {
    const sent = this.#codes.get(keyOf({ purpose, userId }));
    if (!sent || this.#clock() >= sent.expiresAt || sent.failures >= MAX_FAILURES) return false;
    return code === undefined || isSecretOf(sent, normalised(code));
  }

  consume(purpose: CodePurpose, userId: string): void {
    if (this.#codes.delete(keyOf({ purpose, userId }))) this.#changed();
  }

  /** Of a user who is no more. */
  forget(userId: string): void {
    for (const [key, sent] of this.#codes) if (sent.userId === userId) this.#codes.delete(key);
    this.#changed();
  }

  snapshot(): SentCode[] {
    return structuredClone([...this.#codes.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of codes. */
  restore(state: unknown): void {
    const restored = codesSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of codes: ${z.prettifyError(restored.error)}`);
    this.#codes.clear();
    for (const sent of restored.data) this.#codes.set(keyOf(sent), sent);
  }

  reset(): void {
    this.#codes.clear();
    this.#changed();
  }
}

/** PingOne's recovery codes do not depend on letter case. */
function normalised(code: string): string {
  return code.trim().toUpperCase();
}

function keyOf({ purpose, userId }: Pick<SentCode, "purpose" | "userId">): string {
  return `${purpose} ${userId}`;
}
