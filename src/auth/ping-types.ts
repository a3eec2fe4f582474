/** Shapes that pass between the OIDC client of PingOne and the rest of the Worker. */
import { z } from "zod";
import type { Person, TodoScope } from "../config.ts";

/** The PingOne tokens behind one MCP grant. Times are seconds since the epoch. */
export const pingTokensSchema = z.object({
  version: z.literal(1),
  /** `sub` of the person who signed in: tokens of anybody else are never taken in their place. */
  subject: z.string(),
  accessToken: z.string(),
  accessTokenExpiresAt: z.number(),
  /** From here on it is refreshed before it is handed out. */
  refreshAt: z.number(),
  refreshToken: z.string().optional(),
});
export type PingTokens = z.infer<typeof pingTokensSchema>;

/** What a completed sign-in yields. */
export interface PingSignIn {
  readonly person: Person;
  readonly tokens: PingTokens;
  /** The Todo scopes that PingOne granted. None: the person allowed nothing, and the tokens must not be used. */
  readonly scopes: readonly TodoScope[];
}

/** What the Worker keeps between the redirect to PingOne and its return; never leaves the Worker. */
export const signInTransactionSchema = z.object({ codeVerifier: z.string(), nonce: z.string() });
export type SignInTransaction = z.infer<typeof signInTransactionSchema>;

/** The same for a sign-in on behalf of an MCP client. */
export const clientSignInTransactionSchema = signInTransactionSchema.extend({
  /** The person was not asked about the client this time, because this browser remembers their approval. */
  consentRemembered: z.boolean(),
});
export type ClientSignInTransaction = z.infer<typeof clientSignInTransactionSchema>;

/** How PingOne, or what it sent, failed. Public words are chosen from this code, never taken from PingOne. */
export type UpstreamFailure =
  /** 5xx, 429, timeout, reset: the same request can succeed later. */
  | "unavailable"
  /** PingOne says that the code or refresh token is dead. */
  | "invalid_grant"
  /** PingOne does not accept our client id, secret or authentication method. */
  | "invalid_client"
  /** Any other OAuth error of the token endpoint. */
  | "rejected"
  /** What came back does not verify: signature, issuer, audience, nonce, times, shape. */
  | "untrusted"
  /** The access token is not meant for the Todo API. */
  | "wrong_audience"
  /** The tokens are another person's. */
  | "wrong_subject";

/** A failed exchange with PingOne. `detail` is for the log: a code of ours or of oauth4webapi, never upstream text. */
export class UpstreamOAuthError extends Error {
  override readonly name = "UpstreamOAuthError";
  readonly failure: UpstreamFailure;
  readonly detail: string;
  readonly retryAfterSeconds: number | undefined;
  /** A refresh token that came with an answer which is otherwise of no use. */
  rotatedRefreshToken: string | undefined;

  constructor(failure: UpstreamFailure, detail: string, retryAfterSeconds?: number) {
    super(`PingOne: ${failure} (${detail})`);
    this.failure = failure;
    this.detail = detail;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What a PingSession answers when asked for an access token. */
export type PingSessionOutcome =
  | {
      readonly kind: "valid" | "refreshed";
      readonly accessToken: string;
      readonly expiresAt: number;
      /** The Todo scopes that PingOne's token has: a refresh may narrow them (RFC 6749 §6). */
      readonly scopes: readonly TodoScope[];
      /** An earlier report that the Todo API refuses this sign-in stands. */
      readonly refused?: true;
    }
  /** PingOne ended it, or it never was: the person must sign in again. */
  | { readonly kind: "expired" }
  /** PingOne cannot be reached and no valid token is left: the same call can succeed later. */
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

/** How long a PingSession can last. */
export type PingSessionLife =
  /** PingOne gave a refresh token. */
  | { readonly kind: "renewable" }
  /** PingOne gave none: it ends with the access token. */
  | { readonly kind: "fixed"; readonly secondsLeft: number }
  | { readonly kind: "over" };
