/** PingOne's claim shapes: access token, ID token and UserInfo. */
import { createHash } from "node:crypto";
import type { Front } from "../front.ts";
import type { User } from "../tenant/users.ts";
import type { Grant } from "./store.ts";

export interface AccessTokenTimes {
  readonly jti: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** `aud` is an array, `scope` a string. There is no `nbf`, no `amr` and no `nonce`. */
export function accessTokenClaims(
  front: Front,
  grant: Grant,
  audience: readonly string[],
  scope: string,
  times: AccessTokenTimes,
): Record<string, unknown> {
  return {
    client_id: grant.clientId,
    iss: front.signer.issuer,
    jti: times.jti,
    iat: times.issuedAt,
    exp: times.expiresAt,
    aud: [...audience],
    scope,
    sub: grant.userId,
    sid: grant.sessionId,
    auth_time: Math.floor(grant.authenticatedAt / 1000),
    acr: grant.policyId,
    env: front.environment.id,
    org: front.environment.organizationId,
  };
}

/** Nobody signed on: no `sub`, `sid`, `acr` or `auth_time`, and the token's id twice. */
export function clientTokenClaims(
  front: Front,
  clientId: string,
  audience: readonly string[],
  scope: string,
  times: AccessTokenTimes,
): Record<string, unknown> {
  return {
    client_id: clientId,
    iss: front.signer.issuer,
    jti: times.jti,
    iat: times.issuedAt,
    exp: times.expiresAt,
    aud: [...audience],
    ...(scope !== "" && { scope }),
    env: front.environment.id,
    org: front.environment.organizationId,
    "p1.rid": times.jti,
  };
}

export function idTokenClaims(
  front: Front,
  grant: Grant,
  scopes: readonly string[],
  user: User,
  token: { readonly accessToken: string; readonly nonce: string | undefined; readonly issuedAt: number },
): Record<string, unknown> {
  return {
    iss: front.signer.issuer,
    sub: grant.userId,
    // A string here, unlike in the access token.
    aud: grant.clientId,
    iat: token.issuedAt,
    exp: token.issuedAt + 3600,
    acr: grant.policyId,
    amr: grant.authenticationMethods,
    auth_time: Math.floor(grant.authenticatedAt / 1000),
    at_hash: accessTokenHash(token.accessToken),
    sid: grant.sessionId,
    ...personClaims(front, scopes, user),
    ...(token.nonce !== undefined && { nonce: token.nonce }),
  };
}

export function userInfoClaims(front: Front, scopes: readonly string[], user: User): Record<string, unknown> {
  return { sub: user.id, ...personClaims(front, scopes, user) };
}

function personClaims(front: Front, scopes: readonly string[], user: User): Record<string, unknown> {
  return {
    ...(scopes.includes("profile") && {
      preferred_username: user.username,
      given_name: user.name.given,
      family_name: user.name.family,
      updated_at: Math.floor(Date.parse(user.updatedAt) / 1000),
    }),
    ...(scopes.includes("email") && { email: user.email }),
    env: front.environment.id,
    org: front.environment.organizationId,
    "p1.region": front.environment.region,
  };
}

/** OpenID Connect Core section 3.1.3.6, for RS256. */
function accessTokenHash(accessToken: string): string {
  return createHash("sha256").update(accessToken, "ascii").digest().subarray(0, 16).toString("base64url");
}
