/** Shapes that pass between the OIDC client of PingOne and the rest of the Worker. */
import { z } from "zod";
import { ALL_TODO_SCOPES, type Person, personSchema } from "../config.ts";

const todoScopeSchema = z.enum(ALL_TODO_SCOPES);

/** The PingOne tokens behind one MCP grant. Times are seconds since the epoch. */
export const pingTokensSchema = z.object({
  version: z.literal(2),
  /** `sub` of the person who signed in: tokens of anybody else are never taken in their place. */
  subject: z.string(),
  accessToken: z.string(),
  accessTokenExpiresAt: z.number(),
  /** From here on it is refreshed before it is handed out. */
  refreshAt: z.number(),
  refreshToken: z.string().optional(),
  /** The Todo scopes that the access token has. A refresh may narrow them (RFC 6749 §6). */
  scopes: z.array(todoScopeSchema),
});
export type PingTokens = z.infer<typeof pingTokensSchema>;

/** What a completed sign-in yields. */
export interface PingSignIn {
  readonly person: Person;
  /** Without a Todo scope the person allowed nothing, and the tokens must not be used. */
  readonly tokens: PingTokens;
}

/** What the Worker keeps between the redirect to PingOne and its return; never leaves the Worker. */
export const signInTransactionSchema = z.object({ codeVerifier: z.string(), nonce: z.string() });
export type SignInTransaction = z.infer<typeof signInTransactionSchema>;

/** The same for a sign-in on behalf of an MCP client. */
export const clientSignInTransactionSchema = signInTransactionSchema.extend({
  kind: z.literal("sign_in"),
  /**
   * Epoch milliseconds at which the person pressed Allow in this sign-in. Absent where the page was spared, because
   * this browser remembers an approval, which may be another person's.
   */
  approvedAt: z.number().optional(),
});
export type ClientSignInTransaction = z.infer<typeof clientSignInTransactionSchema>;

/** What is kept while a consent page is shown to somebody who has signed in already. */
export const pendingApprovalSchema = z.object({
  kind: z.literal("approval"),
  userId: z.string(),
  person: personSchema,
  scopes: z.array(todoScopeSchema),
  pingSessionId: z.string(),
});
export type PendingApproval = z.infer<typeof pendingApprovalSchema>;

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
  /** The sign-in went through another policy than the one that was asked for. */
  | "wrong_policy"
  /** The tokens are another person's. */
  | "wrong_subject";

/** A failed exchange with PingOne. */
export interface PingFailure {
  readonly kind: "failed";
  readonly failure: UpstreamFailure;
  /** For the log: a code of ours or of oauth4webapi, never upstream text. */
  readonly detail: string;
  /** PingOne's own id of the failure, by which its support finds it. */
  readonly correlationId?: string | undefined;
  /** The policy that PingOne says it used, where it is the wrong one. */
  readonly policy?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** A refresh token that came with an answer which is otherwise of no use. */
  readonly refreshToken?: string | undefined;
}

export type PingResult<T> = { readonly kind: "ok"; readonly value: T } | PingFailure;

export const usableTokenSchema = z
  .object({
    kind: z.enum(["valid", "refreshed"]),
    accessToken: z.string(),
    expiresAt: z.number(),
    /** The Todo scopes that the token has at PingOne. */
    scopes: z.array(todoScopeSchema).readonly(),
    /** The Todo API has refused this sign-in, and has not accepted it since. */
    refused: z.literal(true).optional(),
  })
  .readonly();
/** An access token of PingOne's that is valid now. */
export type UsableToken = z.infer<typeof usableTokenSchema>;

/** What a PingSession answers when asked for an access token. */
export type PingSessionOutcome =
  | UsableToken
  /** PingOne ended it, or it never was: the person must sign in again. */
  | { readonly kind: "expired" }
  /** PingOne cannot be reached and no valid token is left: the same call can succeed later. */
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

/** What a PingSession answers when a client redeems its code. */
export type PingSessionBinding =
  /** PingOne gave a refresh token. */
  | { readonly kind: "renewable" }
  /** PingOne gave none: it ends with the access token. */
  | { readonly kind: "fixed"; readonly secondsLeft: number }
  /** The session has ended: its code was not redeemed in time, or the person or PingOne has ended it. */
  | { readonly kind: "over" };
