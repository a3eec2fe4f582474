/** Session cookies that flows set of their own. The browser has an id only; what it stands for is kept here. */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

const keptCookie = z.object({
  idHash: z.string(),
  name: z.string(),
  claims: z.record(z.string(), z.unknown()),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
});
type KeptCookie = z.output<typeof keptCookie>;

const MAX_KEPT = 1000;

export class FlowCookieStore {
  readonly #kept = new Map<string, KeptCookie>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  /** @param options.onChange Told after every change that a snapshot would show. */
  constructor({ clock, onChange = () => {} }: { readonly clock: Clock; readonly onChange?: () => void }) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** Returns the value for the browser. */
  issue(name: string, claims: Readonly<Record<string, unknown>>, seconds: number): string {
    const now = this.#clock();
    for (const [hash, { expiresAt }] of this.#kept) if (expiresAt <= now) this.#kept.delete(hash);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const value = randomBytes(32).toString("base64url");
    const idHash = hashOf(value);
    this.#kept.set(idHash, { idHash, name, claims: { ...claims }, expiresAt: now + seconds * 1000 });
    this.#changed();
    return value;
  }

  /** What the value stands for, if it was issued under this name and is not too old. */
  find(name: string, value: string): Readonly<Record<string, unknown>> | undefined {
    const found = this.#kept.get(hashOf(value));
    return found?.name === name && this.#clock() < found.expiresAt ? found.claims : undefined;
  }

  snapshot(): unknown {
    return structuredClone([...this.#kept.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of them. */
  restore(state: unknown): void {
    const restored = z.array(keptCookie).safeParse(state ?? []);
    if (!restored.success) throw new Error(`snapshot of flow cookies: ${z.prettifyError(restored.error)}`);
    this.#kept.clear();
    for (const kept of restored.data) this.#kept.set(kept.idHash, kept);
  }

  reset(): void {
    this.#kept.clear();
    this.#changed();
  }
}

function hashOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
