/** What the OIDC endpoints tell a flow, and what a flow answers. */

/** What the OIDC front tells a flow about the request that it has already validated. */
export interface AuthorizationContext {
  readonly application: { readonly id: string; readonly name: string };
  readonly redirectHost: string;
  /** Scopes that were asked for and that the application is granted. */
  readonly scopes: readonly string[];
  readonly policyId: string;
  readonly loginHint: string | undefined;
  /** `prompt=none`: the flow must not show a screen. DaVinci sees this as `auth_mode = "silent"`. */
  readonly silent: boolean;
  /** `prompt=login`, or a session older than `max_age`: a Check Session node must say "no session". */
  readonly forceAuthentication: boolean;
  /** The browser's live SSO session, if any. */
  readonly session: SessionView | undefined;
  /** Every parameter of the request, as DaVinci exposes them at `global.parameters.authorizationRequest`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Where this flow's screens post their forms. */
  readonly formAction: string;
}

interface SessionView {
  readonly id: string;
  readonly userId: string;
  readonly authenticationMethods: readonly string[];
  /** Epoch milliseconds by the emulator's clock. */
  readonly lastUsedAt: number;
}

/** What a flow answers to `begin` and to each submitted form. */
export type FlowOutcome =
  | { readonly kind: "screen"; readonly status: number; readonly html: string }
  | {
      /** `returnSuccessResponseRedirect` */
      readonly kind: "success";
      readonly userId: string;
      readonly authenticationMethods: readonly string[];
      /** Reduced Scopes: what the person left of the request; undefined keeps all. */
      readonly scopes?: readonly string[];
      readonly idleTimeoutMinutes: number;
      /** True when a Check Session node let the person through, so no new session begins. */
      readonly reusedSession: boolean;
    }
  | {
      /** `returnErrorResponseRedirect`: the author's own code and text. */
      readonly kind: "error";
      readonly error: string;
      readonly errorDescription: string;
    }
  | {
      /** The flow ended without a terminal node: PingOne answers `login_required` and hides the cause. */
      readonly kind: "died";
      readonly reason: string;
    };
