/**
 * Sign-ons under way, each bound to the browser that began it by the cookies `interactionId` and `interactionToken`.
 * They live in memory only: after a restart of the emulator a person starts again.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../contracts.ts";
import { hashOf } from "../tokens/store.ts";
import type { AuthorizationRequest } from "./rules/authorization-request.ts";

export const INTERACTION_TTL_MS = 30 * 60_000;
const MAX_INTERACTIONS = 5000;

export interface PendingInteraction {
  readonly id: string;
  readonly tokenHash: string;
  readonly request: AuthorizationRequest;
  /** The SSO session that the browser had when the flow began. */
  readonly sessionId: string | undefined;
  /** When it may be forgotten; the flow engine ends it as early. */
  readonly expiresAt: number;
  /**
   * What the client was answered. A double click on the last button sends the form twice, and the browser only follows
   * the second answer, so both must be the same.
   */
  answer?: Response;
}

export interface PendingStore {
  begin(
    request: AuthorizationRequest,
    sessionId: string | undefined,
  ): { pending: PendingInteraction; token: string };
  /** `undefined` unless the browser holds the token of that interaction. */
  find(id: string, token: string | undefined): PendingInteraction | undefined;
  /** For the journal only. */
  peek(id: string): PendingInteraction | undefined;
  clear(): void;
}

export function createPendingStore(clock: Clock): PendingStore {
  const interactions = new Map<string, PendingInteraction>();
  return {
    begin(request, sessionId) {
      for (const [id, { expiresAt }] of interactions) {
        if (expiresAt > clock() && interactions.size < MAX_INTERACTIONS) break;
        interactions.delete(id);
      }
      const token = randomBytes(32).toString("base64url");
      const pending: PendingInteraction = {
        id: randomUUID(),
        tokenHash: hashOf(token),
        request,
        sessionId,
        expiresAt: clock() + INTERACTION_TTL_MS,
      };
      interactions.set(pending.id, pending);
      return { pending, token };
    },
    find(id, token) {
      const pending = interactions.get(id);
      if (!pending || token === undefined || pending.tokenHash !== hashOf(token)) return undefined;
      return pending;
    },
    peek: (id) => interactions.get(id),
    clear: () => interactions.clear(),
  };
}
