/** Browsers in which a person has asked not to be asked again for a second factor. Of the cookie only a hash is kept. */
import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import { REMEMBER_ME_TTL_MS } from "./mfa-policy.ts";
import { hashSecret, isSecretOf, saltedHash } from "./secrets.ts";

const remembered = saltedHash.extend({ id: z.string(), userId: z.string(), expiresAt: z.number() });
type RememberedBrowser = z.infer<typeof remembered>;
const MAX_KEPT = 1000;

export class RememberedBrowserStore {
  readonly #kept = new Map<string, RememberedBrowser>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** Returns the value of the cookie. */
  remember(userId: string): { readonly id: string; readonly cookie: string; readonly expiresAt: number } {
    for (const [id, { expiresAt }] of this.#kept) if (expiresAt <= this.#clock()) this.#kept.delete(id);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const [id, secret] = [randomUUID(), randomBytes(24).toString("base64url")];
    const expiresAt = this.#clock() + REMEMBER_ME_TTL_MS;
    this.#kept.set(id, { id, userId, expiresAt, ...hashSecret(secret) });
    this.#changed();
    return { id, cookie: `${id}.${secret}`, expiresAt };
  }

  isRemembered(userId: string, cookie: string): boolean {
    const [id = "", secret = ""] = cookie.split(".");
    const found = this.#kept.get(id);
    return (
      found !== undefined &&
      found.userId === userId &&
      this.#clock() < found.expiresAt &&
      isSecretOf(found, secret)
    );
  }

  forget(userId: string): void {
    for (const [id, kept] of this.#kept) if (kept.userId === userId) this.#kept.delete(id);
    this.#changed();
  }

  snapshot(): RememberedBrowser[] {
    return structuredClone([...this.#kept.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of remembered browsers. */
  restore(state: unknown): void {
    const restored = z.array(remembered).safeParse(state);
    if (!restored.success) {
      throw new Error(`snapshot of remembered browsers: ${z.prettifyError(restored.error)}`);
    }
    this.#kept.clear();
    for (const kept of restored.data) this.#kept.set(kept.id, kept);
  }

  reset(): void {
    this.#kept.clear();
    this.#changed();
  }
}
