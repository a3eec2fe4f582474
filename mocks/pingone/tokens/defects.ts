/** What each token fault changes of the tokens that are about to be issued. */
import { randomUUID } from "node:crypto";
import type { LoginView } from "../../kit/login.ts";
import type { Tenant } from "../tenant/tenant.ts";
import type { User } from "../tenant/users.ts";
import type { SignOptions } from "./sign.ts";

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

interface TokenFaultDefinition {
  /** What the client meets, in one sentence. */
  readonly about: string;
  readonly defects: (issue: Issue) => Defects;
}

/** Every fault that the token endpoint can be told to build into the tokens it issues, or into its answer. */
export const TOKEN_FAULTS = {
  wrong_signature: {
    about: "Tokens under the right key id, signed by another key.",
    defects: () => ({ key: "wrong_signature", isAccessTokenUnknown: true }),
  },
  unknown_kid: {
    about: "Tokens under a key id that the JWKS does not have.",
    defects: () => ({ key: "unknown_kid", isAccessTokenUnknown: true }),
  },
  wrong_audience: {
    about: "Tokens for another audience.",
    defects: () => ({
      accessTokenClaims: { aud: [WRONG_AUDIENCE] },
      idTokenClaims: { aud: WRONG_AUDIENCE },
      isAccessTokenUnknown: true,
    }),
  },
  wrong_nonce: {
    about: "An ID token with another nonce.",
    defects: () => ({ idTokenClaims: { nonce: randomUUID() } }),
  },
  wrong_issuer: {
    about: "Tokens from another issuer.",
    defects: () => ({ ...inBoth({ iss: WRONG_ISSUER }), isAccessTokenUnknown: true }),
  },
  expired: {
    about: "Tokens that expired before they were issued.",
    defects: ({ issuedAt }) => ({
      ...inBoth({ iat: issuedAt - 7200, exp: issuedAt - 3600 }),
      isAccessTokenUnknown: true,
    }),
  },
  other_subject: {
    about: "Tokens of another user.",
    defects: ({ tenant, user }) => inBoth({ sub: anotherUser(tenant, user) }),
  },
  missing_id_token: { about: "No ID token in the answer.", defects: () => ({ hasNoIdToken: true }) },
} as const satisfies Readonly<Record<string, TokenFaultDefinition>>;

export type TokenFault = keyof typeof TOKEN_FAULTS;
export const TOKEN_FAULT_NAMES = Object.keys(TOKEN_FAULTS) as readonly TokenFault[];

/** Asked once per token response, just before signing. Returns the next fault queued for that login, and consumes it. */
export type TakeTokenFault = (login: LoginView) => TokenFault | undefined;

export function defectsOf(fault: TokenFault | undefined, issue: Issue): Defects {
  return fault === undefined ? {} : TOKEN_FAULTS[fault].defects(issue);
}

function inBoth(claims: Readonly<Record<string, unknown>>): Defects {
  return { accessTokenClaims: claims, idTokenClaims: claims };
}

function anotherUser({ users }: Tenant, user: User): string {
  return users.list().find(({ id }) => id !== user.id)?.id ?? randomUUID();
}
