/** Makes refresh tokens in the formats of PingOne: opaque ones, and the legacy JSON Web Tokens. */
import { randomBytes, randomUUID } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import { OAuthRefusal } from "../refusals.ts";
import type { Application } from "../tenant/environment.ts";
import { isOfflineAccessGranted } from "../tenant/scopes.ts";
import type { Tenant } from "../tenant/tenant.ts";
import { REFRESH_TOKEN_KEY_ID } from "./sign.ts";
import { type Grant, hashOf, type TokenStore } from "./store.ts";
import type { Tokens } from "./tokens.ts";

/** The format that the application's refresh tokens have, unless the tenant's switch says another. */
export function refreshTokenTypeOf({ switches }: Tenant, application: Application) {
  const { refreshTokenType } = switches.current;
  return refreshTokenType === "application" ? application.refreshTokenType : refreshTokenType;
}

/**
 * Announced for 2027-03-02: a JWT refresh token that arrives anywhere is an error. Which one is unverified.
 * @throws {OAuthRefusal} with the error code given.
 */
export function refuseJwtRefreshToken({ switches }: Tenant, value: string, error: string): void {
  if (switches.current.opaqueRefreshTokensOnly && isJwtRefreshToken(value)) throw jwtRefusal(error);
}

/** By its key id, whoever signed it: an access token is a JWT too. */
function isJwtRefreshToken(value: string): boolean {
  try {
    return decodeProtectedHeader(value).kid === REFRESH_TOKEN_KEY_ID;
  } catch {
    return false;
  }
}

/** Unverified wording. */
function jwtRefusal(error: string): OAuthRefusal {
  return new OAuthRefusal(error, "JSON Web Token refresh tokens are not supported");
}

/**
 * A new refresh token of the grant, stored; `undefined` when the grant gets none.
 * @throws {OAuthRefusal} when the application asks for a format that is no longer supported.
 */
export async function createRefreshToken(
  { tenant, store, signer }: Tokens,
  application: Application,
  grant: Grant,
): Promise<string | undefined> {
  if (!getsRefreshToken(tenant, application, grant)) return undefined;
  const type = refreshTokenTypeOf(tenant, application);
  if (type === "JSON_WEB_TOKEN" && tenant.switches.current.opaqueRefreshTokensOnly) {
    // Announced for 2027-03-02, too. Unverified error code.
    throw jwtRefusal("invalid_request");
  }
  if (tenant.switches.current.oneRefreshTokenPerSession) dropEarlierTokens(store, grant);
  // refreshTokenDuration bounds each token, refreshTokenRollingDuration all that follow from one sign-on.
  const rolling = application.refreshTokenRollingDuration;
  const expiresAt = Math.min(
    tenant.clock() + application.refreshTokenDuration * 1000,
    rolling === undefined ? Number.POSITIVE_INFINITY : grant.createdAt + rolling * 1000,
  );
  const token =
    type === "OPAQUE_TOKEN"
      ? randomBytes(48).toString("base64url")
      : await signer.signRefreshToken({
          iss: signer.issuer,
          sub: grant.userId,
          jti: randomUUID(),
          exp: Math.floor(expiresAt / 1000),
          sid: grant.sessionId,
          scope: grant.scopes.join(" "),
          auth_time: Math.floor(grant.authenticatedAt / 1000),
          acr: grant.policyId,
          amr: grant.authenticationMethods,
        });
  const hash = hashOf(token);
  store.refreshTokens.set(hash, { hash, grantId: grant.id, expiresAt, rotatedAt: null });
  return token;
}

/** Those of earlier sign-ons in the same session by the same client. An old token of the same grant may be replayed. */
function dropEarlierTokens({ refreshTokens, grants }: TokenStore, grant: Grant): void {
  for (const [hash, { grantId }] of refreshTokens) {
    const other = grants.get(grantId);
    if (grantId === grant.id || other?.sessionId !== grant.sessionId) continue;
    if (other.clientId === grant.clientId) refreshTokens.delete(hash);
  }
}

/**
 * PingOne's rule: with `offline_access` among the application's granted scopes, a refresh token only when the request
 * has that scope; without it, always, as soon as the application has the REFRESH_TOKEN grant.
 */
function getsRefreshToken(tenant: Tenant, application: Application, grant: Grant): boolean {
  const hasGrant =
    tenant.switches.current.refreshTokenGrant ?? application.grantTypes.includes("REFRESH_TOKEN");
  if (!hasGrant) return false;
  return !isOfflineAccessGranted(tenant, application) || grant.scopes.includes("offline_access");
}
