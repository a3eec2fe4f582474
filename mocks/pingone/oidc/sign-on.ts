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
/** Sign-ons that nobody finishes must not fill the memory. */
export const MAX_SIGN_ONS = 5000;

export interface SignOn {
  readonly id: string;
  readonly request: AuthorizationRequest;
  /** The SSO session that the browser had when the flow began. */
  readonly sessionId: string | undefined;
  /** How far the person has come in the flow; undefined until it has begun. */
  interaction?: Interaction;
  /**
   * What the client was answered. A double click on the last button sends the form twice, and the browser only follows
   * the second answer, so both must be the same.
   */
  answer?: Response;
}

export interface SignOnStore {
  /** A new sign-on, not kept yet: a flow may end without a screen. */
  create(request: AuthorizationRequest, sessionId: string | undefined): SignOn;
  /** Keeps the sign-on for the form of its first screen. Returns the token that proves its browser. */
  keep(signOn: SignOn): string;
  /** `undefined` unless it is under way and the browser holds its token. */
  find(id: string, token: string | undefined): SignOn | undefined;
  /** Whatever browser asks: for the journal only. */
  peek(id: string): SignOn | undefined;
  clear(): void;
}

interface KeptSignOn {
  readonly signOn: SignOn;
  readonly tokenHash: string;
  readonly expiresAt: number;
}

export function createSignOnStore(clock: Clock): SignOnStore {
  const kept = new Map<string, KeptSignOn>();
  /** Oldest first. */
  const makeRoom = () => {
    for (const [id, { expiresAt }] of kept) {
      if (expiresAt > clock() && kept.size < MAX_SIGN_ONS) break;
      kept.delete(id);
    }
  };
  return {
    create: (request, sessionId) => ({ id: randomUUID(), request, sessionId }),
    keep(signOn) {
      makeRoom();
      const token = randomBytes(32).toString("base64url");
      kept.set(signOn.id, { signOn, tokenHash: hashOf(token), expiresAt: clock() + SIGN_ON_TTL_MS });
      return token;
    },
    find(id, token) {
      const found = kept.get(id);
      if (!found || token === undefined || found.tokenHash !== hashOf(token)) return undefined;
      return clock() < found.expiresAt ? found.signOn : undefined;
    },
    peek: (id) => kept.get(id)?.signOn,
    clear: () => kept.clear(),
  };
}
