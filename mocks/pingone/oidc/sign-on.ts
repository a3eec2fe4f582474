/**
 * Sign-ons under way, each bound to the browser that began it by the cookies `interactionId` and `interactionToken`.
 * They live in memory only: after a restart of the emulator a person starts again.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../../kit/clock.ts";
import type { Interaction } from "../davinci/interaction.ts";
import { hashOf } from "../tokens/store.ts";
import type { AuthorizationRequest } from "./rules/authorization-request.ts";

export const SIGN_ON_TTL_MS = 30 * 60_000;
/** Limits the memory that unfinished sign-ons take. */
export const MAX_SIGN_ONS = 5000;

export interface SignOn {
  readonly id: string;
  readonly request: AuthorizationRequest;
  /** The SSO session that the browser had when the flow began. */
  readonly sessionId: string | undefined;
  /** The state of the flow; undefined until it has begun. */
  interaction?: Interaction;
  /**
   * What the client was answered. A double click on the last button sends the form twice, and the browser only follows
   * the second answer, so both must be the same.
   */
  answer?: Promise<Response>;
}

interface KeptSignOn {
  readonly signOn: SignOn;
  readonly tokenHash: string;
  readonly expiresAt: number;
}

export class SignOnStore {
  readonly #kept = new Map<string, KeptSignOn>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new sign-on, not kept yet: a flow may end without a screen. */
  create(request: AuthorizationRequest, sessionId: string | undefined): SignOn {
    return { id: randomUUID(), request, sessionId };
  }

  /** Keeps the sign-on for the form of its first screen. Returns the token that proves its browser. */
  keep(signOn: SignOn): string {
    const now = this.#clock();
    for (const [id, { expiresAt }] of this.#kept) {
      if (expiresAt > now && this.#kept.size < MAX_SIGN_ONS) break;
      this.#kept.delete(id);
    }
    const token = randomBytes(32).toString("base64url");
    this.#kept.set(signOn.id, { signOn, tokenHash: hashOf(token), expiresAt: now + SIGN_ON_TTL_MS });
    return token;
  }

  /** `undefined` unless it is under way and the browser holds its token. */
  find(id: string, token: string | undefined): SignOn | undefined {
    const found = this.#kept.get(id);
    if (!found || token === undefined || found.tokenHash !== hashOf(token)) return undefined;
    return this.#clock() < found.expiresAt ? found.signOn : undefined;
  }

  /** Without a check of the browser: for the journal only. */
  peek(id: string): SignOn | undefined {
    return this.#kept.get(id)?.signOn;
  }

  clear(): void {
    this.#kept.clear();
  }
}
