/**
 * `POST /as/revoke` (RFC 7009), of tokens that are for a custom resource and belong to a session. Revoking a refresh
 * token revokes its family and their access tokens; revoking an access token affects that one only. The signature of a
 * revoked access token stays valid.
 */
import { OAuthRefusal } from "../refusals.ts";
import type { Application } from "../tenant/environment.ts";
import { audienceOf } from "../tenant/scopes.ts";
import type { Tenant } from "../tenant/tenant.ts";
import { refuseJwtRefreshToken } from "../tokens/refresh-token.ts";
import { clientOf, findToken, type PresentedToken } from "../tokens/status.ts";
import type { OidcContext } from "./context.ts";

/** @throws {OAuthRefusal} */
export function revokeToken(c: OidcContext): Response {
  const { tenant, tokens } = c.get("pingone");
  const value = c.get("parameters").get("token");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The token is missing");
  // RFC 7009 section 2.2.1.
  refuseJwtRefreshToken(tenant, value, "unsupported_token_type");
  const presented = findToken(tokens, value);
  // RFC 7009 section 2.2: an unknown token is as good as revoked.
  if (!presented) return c.body(null, 200);
  const application = c.get("application");
  if (clientOf(presented) !== application.id) {
    throw new OAuthRefusal("unauthorized_client", "The token was not issued to this application");
  }
  if (isRevocable(tenant, application, presented)) {
    if (presented.kind === "refresh_token") presented.grant.revoked = true;
    else presented.token.revoked = true;
    tokens.store.changed();
  }
  return c.body(null, 200);
}

/**
 * That PingOne answers 200 for what it cannot revoke is unverified. RFC 7009 section 2.2.1 has an error for an
 * unsupported type of token only, and both types are supported.
 */
function isRevocable(tenant: Tenant, application: Application, presented: PresentedToken): boolean {
  // Without a grant there is no session.
  if (!presented.grant) return false;
  const { kind, token, grant } = presented;
  const ofGrant = () =>
    grant.resource === null ? audienceOf(tenant, application, grant.scopes) : [grant.resource];
  const audience = kind === "access_token" ? token.audience : ofGrant();
  return !audience.includes(tenant.environment.pingOneAudience);
}
