/**
 * The seams between the parts of the PingOne emulator: the OIDC front (validates, keeps sessions and tokens),
 * the DaVinci flow engine (asks the person) and the control API (journal, faults, clock).
 */
import type { EmulatorApp } from "../kit/http-server.ts";

/** Milliseconds since the epoch, by the emulator's own clock, which the control API can move. */
export type Clock = () => number;

/** What is known of the login (or grant) that a request or a token belongs to. Faults are queued per login by these. */
export interface LoginView {
  /** `state` of the authorization request. */
  readonly state?: string;
  readonly loginHint?: string;
  /** User name of the person, once the flow knows it. */
  readonly username?: string;
  readonly userId?: string;
  readonly clientId?: string;
}

/** Defects the token endpoint can be told to build into the tokens it issues, or into its answer. */
export const TOKEN_FAULTS = [
  "wrong_signature",
  "unknown_kid",
  "wrong_audience",
  "wrong_nonce",
  "wrong_issuer",
  "expired",
  "other_subject",
  "missing_id_token",
] as const;
export type TokenFault = (typeof TOKEN_FAULTS)[number];

/** Asked once per token response, just before signing. Returns the next fault queued for that login, and consumes it. */
export type TakeTokenFault = (login: LoginView) => TokenFault | undefined;

/** Credentials by which a request on the back channel can be tied to the login that it belongs to. */
export interface LoginCredentials {
  readonly code?: string;
  readonly refreshToken?: string;
  readonly accessToken?: string;
  readonly interactionId?: string;
  readonly sessionId?: string;
}

/**
 * Verbs of the control API on the PingOne emulator. A user is named by user name, e-mail or id, a flow by policy id or
 * flow name; each verb throws an Error that lists the valid names when it is given another.
 */
export interface PingOneAdmin {
  /** Counts and names only, never a token, code, secret or password. */
  describe(): PingOneStateView;
  loginOf(credentials: LoginCredentials): LoginView | undefined;
  /** Refresh tokens that are good now, whoever holds them. */
  refreshTokens(): readonly LiveRefreshToken[];
  /** A new signing key; the old public key stays in the JWKS (`drop: true` removes it). Returns the new `kid`. */
  rotateKeys(options?: { readonly drop?: boolean }): Promise<string>;
  /** From now on the user's access tokens count as expired at userinfo and introspection. Returns how many. */
  expireTokens(user: string): number;
  /** Revokes the user's access and refresh tokens. Returns how many. */
  revokeTokens(user: string): number;
  /** Ends the user's SSO sessions, and with them their refresh tokens. Returns how many. */
  endSession(user: string): number;
  /** Binds another flow policy to an application (default: the Worker's), until reset. */
  chooseFlow(flow: string, applicationId?: string): void;
  /** Behaviours that differ between tenants and dates (`resourceParam`, `atTyp`, `accessTokenTtlSeconds`...). */
  setSwitches(switches: Readonly<Record<string, unknown>>): void;
  /** Back to what the fixtures say; signing keys stay. */
  reset(): Promise<void>;
}

/** A refresh token by what it is good for; never the token itself. */
export interface LiveRefreshToken {
  readonly username: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** ISO 8601, by the emulator's clock. */
  readonly expiresAt: string;
}

export interface PingOneStateView {
  readonly issuer: string;
  readonly signingKeyId: string;
  readonly keyIds: readonly string[];
  readonly switches: Readonly<Record<string, unknown>>;
  readonly flows: readonly { readonly policyId: string; readonly name: string; readonly bound: boolean }[];
  readonly users: readonly {
    readonly id: string;
    readonly username: string;
    readonly state: string;
    readonly sessions: number;
    readonly accessTokens: number;
    readonly refreshTokens: number;
    readonly consents: number;
  }[];
}

/** What `createPingOneEmulator` takes. Port 0 picks a free one. */
export interface PingOneEmulatorOptions {
  readonly port: number;
  /** Replaces `{worker}` in fixtures. */
  readonly workerOrigin: string;
  readonly fixturesDir: string;
  readonly clock: Clock;
  /**
   * Called with the Hono app before any route or middleware of the emulator is added, so that the journal sees every
   * request, faults can answer in the emulator's place and `/__mocks` is reachable.
   */
  readonly mount?: (app: EmulatorApp) => void;
  readonly takeTokenFault?: TakeTokenFault;
  /** What an earlier `snapshot()` returned, through JSON. Anything unreadable is refused with a plain sentence. */
  readonly snapshot?: unknown;
  /** Told after every change that `snapshot()` would show. */
  readonly onChange?: () => void;
}

/** What `createPingOneEmulator` returns, listening. */
export interface PingOneEmulator {
  readonly origin: string;
  readonly issuer: string;
  readonly apiIdentifier: string;
  /** The Worker's OIDC application. */
  readonly client: { readonly id: string; readonly secret: string };
  /** Test users as the fixtures name them. TEST ONLY passwords. */
  readonly users: readonly {
    readonly id: string;
    readonly username: string;
    readonly password: string;
    readonly about: string;
  }[];
  readonly admin: PingOneAdmin;
  /** Sessions, tokens, users, consents and keys as plain JSON. */
  snapshot(): unknown;
  close(): Promise<void>;
}
