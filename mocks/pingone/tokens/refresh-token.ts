/** Makes refresh tokens in the formats of PingOne: opaque ones, and the legacy JSON Web Tokens. */
import { randomBytes, randomUUID } from "node:crypto";
import { OAuthRefusal } from "../refusals.ts";
import type { Application } from "../tenant/environment.ts";
import { isOfflineAccessGranted } from "../tenant/scopes.ts";
import type { Tenant } from "../tenant/tenant.ts";
import { type Grant, hashOf } from "./store.ts";
import type { Tokens } from "./tokens.ts";

/** The format that the application's refresh tokens have, unless the tenant's switch says another. */
export function refreshTokenTypeOf({ switches }: Tenant, application: Application) {
  const { refreshTokenType } = switches.current;
  return refreshTokenType === "application" ? application.refreshTokenType : refreshTokenType;
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
    // Announced for 2027-03-02. Unverified wording and error code.
    throw new OAuthRefusal("invalid_request", "JSON Web Token refresh tokens are not supported");
  }
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
