/** The input of a flow from the OIDC endpoints, and the result of a flow. */

/** The authorization request as the OIDC endpoints have validated it. */
export interface AuthorizationContext {
  readonly application: { readonly id: string; readonly name: string };
  readonly redirectHost: string;
  /** Requested scopes that the application is granted. */
  readonly scopes: readonly string[];
  readonly policyId: string;
  readonly loginHint: string | undefined;
  /** `prompt=none`: the flow must not show a screen. `parameters` then has `auth_mode: "silent"`, as in DaVinci. */
  readonly silent: boolean;
  /** `prompt=login`, or a session older than `max_age`: a Check Session node must have the outcome "no session". */
  readonly forceAuthentication: boolean;
  /** The browser's valid SSO session, if any. */
  readonly session: SessionView | undefined;
  /** Every parameter of the request and `auth_mode`, which DaVinci exposes as `global.parameters.authorizationRequest`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** URL to which the screens of this flow post their forms. */
  readonly formAction: string;
  /** Cookies of the browser that flows have set, by the names that they gave them. */
  readonly cookies?: Readonly<Record<string, string>>;
  /** Links in messages begin with this and end with the id of a challenge. */
  readonly linkBase?: string;
  /** URL of the page that shows the developer this run. */
  readonly runPage?: string;
  /** Of the browser, for `global.ip` and `global.userAgent`. */
  readonly ip?: string;
  readonly userAgent?: string;
}

interface SessionView {
  readonly id: string;
  readonly userId: string;
  readonly authenticationMethods: readonly string[];
  /** Epoch milliseconds by the emulator's clock; a flow that reuses the session does not change it. */
  readonly authenticatedAt: number;
  /** Epoch milliseconds. */
  readonly createdAt?: number;
  readonly lastUsedAt?: number;
  readonly idleTimeoutMinutes?: number;
}

/** The result of `begin` and of each submitted form. */
export type FlowOutcome =
  | {
      readonly kind: "screen";
      readonly status: number;
      readonly html: string;
      /** Content-Security-Policy of the page. Default: that of pages without the author's styles. */
      readonly policy?: string;
    }
  | {
      /** `returnSuccessResponseRedirect` */
      readonly kind: "success";
      readonly userId: string;
      readonly authenticationMethods: readonly string[];
      /** Reduced Scopes: the requested scopes that the user kept; undefined keeps all. */
      readonly scopes?: readonly string[];
      readonly idleTimeoutMinutes: number;
      /** True when a Check Session node accepted the existing session, so no new session begins. */
      readonly reusedSession: boolean;
      /** Further claims that the flow gives; none that PingOne itself sets is replaced. */
      readonly idTokenClaims?: Readonly<Record<string, unknown>>;
      readonly accessTokenClaims?: Readonly<Record<string, unknown>>;
    }
  | {
      /** `returnErrorResponseRedirect`: the flow author's own error code and description. */
      readonly kind: "error";
      readonly error: string;
      readonly errorDescription: string;
    }
  | {
      /** The flow ended without a terminal node. PingOne answers `login_required` without the cause. */
      readonly kind: "died";
      readonly reason: string;
    };
