/**
 * Challenges of flows: something outside the flow is waited for, such as a person who opens a link. Kept for the whole
 * environment, because who answers one need not be in the browser, or the flow, that waits.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

/** Documentation of the Challenge connector: 300 seconds. */
export const DEFAULT_CHALLENGE_SECONDS = 300;
const MAX_CHALLENGE_SECONDS = 30 * 24 * 3600;
const KEPT_CHALLENGES = 1000;

const challengeSchema = z.object({
  id: z.string(),
  /** `started`, `approved`, `denied`, or what an author has written. */
  status: z.string(),
  isComplete: z.boolean(),
  /** Epoch milliseconds. */
  createdAt: z.number(),
  updatedAt: z.number(),
  expiresAt: z.number(),
  updatedByFlowId: z.string(),
  claims: z.record(z.string(), z.unknown()),
  isLinkUsed: z.boolean(),
  /** Where a flow goes on when the link is opened, for the engine. */
  place: z.unknown(),
});
export type Challenge = z.output<typeof challengeSchema>;
const challengesSnapshot = z.array(challengeSchema);

interface ChallengeChange {
  readonly status?: string | undefined;
  readonly isComplete?: boolean | undefined;
  readonly updatedByFlowId?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export class ChallengeStore {
  readonly #challenges = new Map<string, Challenge>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  /** @param options.onChange Told after every change that a snapshot would show. */
  constructor({ clock, onChange = () => {} }: { readonly clock: Clock; readonly onChange?: () => void }) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** @param seconds How long it can be answered. @param length Of its id, in characters. */
  create(
    given: ChallengeChange & { readonly place?: unknown },
    { seconds = DEFAULT_CHALLENGE_SECONDS, length = 43 }: { seconds?: number; length?: number } = {},
  ): Challenge {
    const now = this.#clock();
    const life = Math.min(Math.max(seconds, 1), MAX_CHALLENGE_SECONDS) * 1000;
    const challenge: Challenge = {
      // Whoever has the id can answer, so it is never shorter than what cannot be guessed.
      id: randomBytes(64)
        .toString("base64url")
        .slice(0, Math.min(Math.max(length, 22), 80)),
      status: given.status ?? "started",
      isComplete: given.isComplete ?? false,
      createdAt: now,
      updatedAt: now,
      expiresAt: now + life,
      updatedByFlowId: given.updatedByFlowId ?? "",
      claims: { ...given.claims },
      isLinkUsed: false,
      place: given.place,
    };
    this.#challenges.set(challenge.id, challenge);
    const [oldest] = this.#challenges.keys();
    if (this.#challenges.size > KEPT_CHALLENGES && oldest !== undefined) this.#challenges.delete(oldest);
    this.#changed();
    return challenge;
  }

  find(id: string): Challenge | undefined {
    return this.#challenges.get(id);
  }

  /** One that was answered in time does not expire any more. */
  isExpired({ expiresAt, isComplete }: Challenge): boolean {
    return !isComplete && this.#clock() >= expiresAt;
  }

  update(challenge: Challenge, { status, isComplete, updatedByFlowId, claims }: ChallengeChange): void {
    Object.assign(challenge, {
      status: status ?? challenge.status,
      isComplete: isComplete ?? challenge.isComplete,
      updatedByFlowId: updatedByFlowId ?? challenge.updatedByFlowId,
      claims: { ...challenge.claims, ...claims },
      updatedAt: this.#clock(),
    });
    this.#changed();
  }

  /** False when it was used before: a link works once. */
  useLink(challenge: Challenge): boolean {
    if (challenge.isLinkUsed) return false;
    challenge.isLinkUsed = true;
    this.#changed();
    return true;
  }

  snapshot(): unknown {
    return structuredClone([...this.#challenges.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of challenges. */
  restore(state: unknown): void {
    const restored = challengesSnapshot.safeParse(state ?? []);
    if (!restored.success) throw new Error(`snapshot of challenges: ${z.prettifyError(restored.error)}`);
    this.#challenges.clear();
    for (const challenge of restored.data) this.#challenges.set(challenge.id, challenge);
  }

  reset(): void {
    this.#challenges.clear();
    this.#changed();
  }
}
