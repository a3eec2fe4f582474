/** Types that the OIDC client of PingOne shares with the rest of the Worker. */
import { z } from "zod";
import { ALL_TODO_SCOPES, type Person, personSchema } from "../config.ts";

const todoScopeSchema = z.enum(ALL_TODO_SCOPES);

/** The PingOne tokens behind one MCP grant. Times are seconds since the epoch. */
export const pingTokensSchema = z.object({
  version: z.literal(2),
  /** `sub` of the person who signed in; tokens with another `sub` are refused. */
  subject: z.string(),
  accessToken: z.string(),
  accessTokenExpiresAt: z.number(),
  /** From this time on the token is refreshed before it is handed out. */
  refreshAt: z.number(),
  refreshToken: z.string().optional(),
  /** The Todo scopes that the access token has. A refresh may narrow them (RFC 6749 §6). */
  scopes: z.array(todoScopeSchema),
});
export type PingTokens = z.infer<typeof pingTokensSchema>;

/** The result of a completed sign-in. */
export interface PingSignIn {
  readonly person: Person;
  /** If no Todo scope was granted, the sign-in counts as `access_denied` and the tokens must not be used. */
  readonly tokens: PingTokens;
}

/** Stored between the redirect to PingOne and the callback; never leaves the Worker. */
export const signInTransactionSchema = z.object({ codeVerifier: z.string(), nonce: z.string() });
export type SignInTransaction = z.infer<typeof signInTransactionSchema>;

/** The same for a sign-in on behalf of an MCP client. */
export const clientSignInTransactionSchema = signInTransactionSchema.extend({
  kind: z.literal("sign_in"),
  /**
   * Epoch milliseconds at which the person pressed Allow in this sign-in. Absent if the page was skipped because this
   * browser remembers an approval, which may be another person's.
   */
  approvedAt: z.number().optional(),
});
export type ClientSignInTransaction = z.infer<typeof clientSignInTransactionSchema>;

/** Stored while the consent page is shown after the sign-on. */
export const pendingApprovalSchema = z.object({
  kind: z.literal("approval"),
  userId: z.string(),
  person: personSchema,
  scopes: z.array(todoScopeSchema),
  pingSessionId: z.string(),
});
export type PendingApproval = z.infer<typeof pendingApprovalSchema>;

/** Kinds of failure. Public messages are chosen by this code, never taken from PingOne. */
export type UpstreamFailure =
  /** 5xx, 429, timeout, reset: temporary. */
  | "unavailable"
  /** PingOne rejects the code or refresh token (RFC 6749 §5.2). */
  | "invalid_grant"
  /** PingOne does not accept our client id, secret or authentication method. */
  | "invalid_client"
  /** Any other OAuth error of the token endpoint. */
  | "rejected"
  /** Verification failed: signature, issuer, audience, nonce, times, shape. */
  | "untrusted"
  /** The access token's `aud` is not the Todo API. */
  | "wrong_audience"
  /** The sign-in used another policy than the requested one. */
  | "wrong_policy"
  /** The tokens are another person's. */
  | "wrong_subject";

/** A failed request to PingOne. */
export interface PingFailure {
  readonly kind: "failed";
  readonly failure: UpstreamFailure;
  /** For the log: a code of this Worker or of oauth4webapi, never upstream text. */
  readonly detail: string;
  /** PingOne's id of the failure, for its support. */
  readonly correlationId?: string | undefined;
  /** The policy that PingOne says it used, where it is the wrong one. */
  readonly policy?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** The refresh token of a response that is otherwise unusable. */
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
  /** PingOne ended the session, or it never existed: the person must sign in again. */
  | { readonly kind: "expired" }
  /** PingOne cannot be reached and no valid token is left: temporary. */
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

/** What a PingSession answers when a client redeems its code. */
export type PingSessionBinding =
  /** PingOne issued a refresh token. */
  | { readonly kind: "renewable" }
  /** PingOne issued none: the session ends with the access token. */
  | { readonly kind: "fixed"; readonly secondsLeft: number }
  /** The session has ended: its code was not redeemed in time, or the person or PingOne has ended it. */
  | { readonly kind: "over" };
