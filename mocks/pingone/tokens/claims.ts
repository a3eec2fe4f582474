/** PingOne's claim shapes: access token, ID token and UserInfo. */
import { createHash } from "node:crypto";
import { claimsOfMappings, isReservedClaim, limitedForIdToken } from "../tenant/attributes.ts";
import { findApplication, type Tenant } from "../tenant/tenant.ts";
import type { User } from "../tenant/users.ts";
import type { Grant } from "./store.ts";
import type { Tokens } from "./tokens.ts";

export interface AccessTokenTimes {
  readonly jti: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** `aud` is an array, `scope` a string. There is no `nbf`, no `amr` and no `nonce`. */
export function accessTokenClaims(
  { tenant, signer }: Tokens,
  clientId: string,
  grant: Grant | undefined,
  audience: readonly string[],
  scope: string,
  times: AccessTokenTimes,
): Record<string, unknown> {
  // Without a grant there is no user, and the token's id is in it twice.
  const person = grant && {
    sub: grant.userId,
    sid: grant.sessionId,
    auth_time: Math.floor(grant.authenticatedAt / 1000),
    acr: grant.policyId,
    ...resourceClaims(tenant, grant, audience),
  };
  return {
    ...unreserved(grant?.flowClaims?.accessToken),
    client_id: clientId,
    iss: signer.issuer,
    jti: times.jti,
    iat: times.issuedAt,
    exp: times.expiresAt,
    aud: [...audience],
    ...(scope !== "" && { scope }),
    ...person,
    env: tenant.environment.id,
    org: tenant.environment.organizationId,
    ...(!grant && { "p1.rid": times.jti }),
  };
}

export interface IdTokenFacts {
  /** What is issued beside it. */
  readonly accessToken?: string | undefined;
  readonly code?: string | undefined;
  readonly nonce: string | undefined;
  readonly issuedAt: number;
}

export function idTokenClaims(
  { tenant, signer }: Tokens,
  grant: Grant,
  scopes: readonly string[],
  user: User,
  token: IdTokenFacts,
): Record<string, unknown> {
  return {
    ...unreserved(grant.flowClaims?.idToken),
    iss: signer.issuer,
    sub: grant.userId,
    // A string here, unlike in the access token.
    aud: grant.clientId,
    iat: token.issuedAt,
    exp: token.issuedAt + 3600,
    acr: grant.policyId,
    amr: grant.authenticationMethods,
    auth_time: Math.floor(grant.authenticatedAt / 1000),
    ...(token.accessToken !== undefined && { at_hash: halfHash(token.accessToken) }),
    ...(token.code !== undefined && { c_hash: halfHash(token.code) }),
    sid: grant.sessionId,
    ...personClaims(tenant, scopes, user),
    ...limitedForIdToken(applicationClaims(tenant, grant.clientId, "idToken", user)),
    ...(token.nonce !== undefined && { nonce: token.nonce }),
  };
}

export function userInfoClaims(
  tenant: Tenant,
  clientId: string,
  scopes: readonly string[],
  user: User,
): Record<string, unknown> {
  return {
    sub: user.id,
    ...personClaims(tenant, scopes, user),
    ...applicationClaims(tenant, clientId, "userInfo", user),
  };
}

/** An application's attribute mappings are told whatever scopes were asked for. */
function applicationClaims(
  tenant: Tenant,
  clientId: string,
  where: "idToken" | "userInfo",
  user: User,
): Record<string, unknown> {
  const mappings = findApplication(tenant, clientId)?.attributes.filter((mapping) => mapping[where]) ?? [];
  return claimsOfMappings(mappings, user, tenant.environment.groups);
}

/** The attribute mappings of the custom resources that the access token is for. */
function resourceClaims(tenant: Tenant, grant: Grant, audience: readonly string[]): Record<string, unknown> {
  const user = tenant.users.findById(grant.userId);
  if (!user) return {};
  const mappings = tenant.environment.resources
    .filter((resource) => resource.type === "CUSTOM" && audience.includes(resource.audience))
    .flatMap(({ attributes }) => attributes);
  return claimsOfMappings(mappings, user, tenant.environment.groups);
}

/** The claims of a user that a scope adds (OpenID Connect Core section 5.4). */
const CLAIMS_OF_SCOPE: Readonly<Record<string, Readonly<Record<string, (user: User) => unknown>>>> = {
  profile: {
    preferred_username: ({ username }) => username,
    given_name: ({ name }) => name.given,
    family_name: ({ name }) => name.family,
    updated_at: ({ updatedAt }) => Math.floor(Date.parse(updatedAt) / 1000),
  },
  email: { email: ({ email }) => email },
  address: { address: addressClaim },
  // That the claim is the primary phone, not the mobile one, is unverified.
  phone: { phone_number: ({ primaryPhone }) => primaryPhone },
};

/** OpenID Connect Core section 5.1.1, without `formatted`, for which PingOne's users have no attribute. */
function addressClaim({ address }: User): Record<string, string | undefined> | undefined {
  if (Object.values(address ?? {}).every((part) => part === undefined)) return undefined;
  return {
    street_address: address?.streetAddress,
    locality: address?.locality,
    region: address?.region,
    postal_code: address?.postalCode,
    country: address?.countryCode,
  };
}

function personClaims(
  { environment }: Tenant,
  scopes: readonly string[],
  user: User,
): Record<string, unknown> {
  const told = Object.entries(CLAIMS_OF_SCOPE)
    .filter(([scope]) => scopes.includes(scope))
    .flatMap(([, claims]) => Object.entries(claims));
  return {
    ...Object.fromEntries(told.map(([claim, of]) => [claim, of(user)])),
    env: environment.id,
    org: environment.organizationId,
    "p1.region": environment.region,
  };
}

/**
 * Claims of a flow come first in a token, so that every claim of PingOne's and of the mappings takes their place; those
 * of PingOne's that this token does not have must not come from a flow either.
 */
function unreserved(claims: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !isReservedClaim(name)));
}

/** `at_hash` and `c_hash` (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11), for RS256. */
function halfHash(value: string): string {
  return createHash("sha256").update(value, "ascii").digest().subarray(0, 16).toString("base64url");
}
