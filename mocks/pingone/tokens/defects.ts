/** What each token fault changes of the tokens that are about to be issued. */
import { randomUUID } from "node:crypto";
import type { LoginView } from "../../kit/login.ts";
import type { Tenant } from "../tenant/tenant.ts";
import type { User } from "../tenant/users.ts";
import type { SignOptions } from "./sign.ts";

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

export interface Defects {
  readonly accessTokenClaims?: Readonly<Record<string, unknown>>;
  readonly idTokenClaims?: Readonly<Record<string, unknown>>;
  readonly key?: SignOptions["defect"];
  /** PingOne itself would not take such an access token back, so userinfo and introspection do not know it. */
  readonly isAccessTokenUnknown?: boolean;
  readonly hasNoIdToken?: boolean;
}

interface Issue {
  readonly tenant: Tenant;
  readonly user: User;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

const WRONG_AUDIENCE = "https://wrong-audience.example.com";
const WRONG_ISSUER = "https://wrong-issuer.example.com/as";

const DEFECTS: Readonly<Record<TokenFault, (issue: Issue) => Defects>> = {
  wrong_signature: () => ({ key: "wrong_signature", isAccessTokenUnknown: true }),
  unknown_kid: () => ({ key: "unknown_kid", isAccessTokenUnknown: true }),
  wrong_audience: () => ({
    accessTokenClaims: { aud: [WRONG_AUDIENCE] },
    idTokenClaims: { aud: WRONG_AUDIENCE },
    isAccessTokenUnknown: true,
  }),
  wrong_nonce: () => ({ idTokenClaims: { nonce: randomUUID() } }),
  wrong_issuer: () => ({ ...inBoth({ iss: WRONG_ISSUER }), isAccessTokenUnknown: true }),
  expired: ({ issuedAt }) => ({
    ...inBoth({ iat: issuedAt - 7200, exp: issuedAt - 3600 }),
    isAccessTokenUnknown: true,
  }),
  other_subject: ({ tenant, user }) => inBoth({ sub: anotherUser(tenant, user) }),
  missing_id_token: () => ({ hasNoIdToken: true }),
};

export function defectsOf(fault: TokenFault | undefined, issue: Issue): Defects {
  return fault === undefined ? {} : DEFECTS[fault](issue);
}

function inBoth(claims: Readonly<Record<string, unknown>>): Defects {
  return { accessTokenClaims: claims, idTokenClaims: claims };
}

function anotherUser({ users }: Tenant, user: User): string {
  return users.list().find(({ id }) => id !== user.id)?.id ?? randomUUID();
}
