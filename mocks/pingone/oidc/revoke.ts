/**
 * `POST /as/revoke` (RFC 7009). Revoking a refresh token revokes its family and their access tokens; revoking
 * an access token affects that one only. The signature of a revoked access token stays valid.
 */
import { OAuthRefusal } from "../refusals.ts";
import { clientOf, findToken, type PresentedToken } from "../tokens/status.ts";
import type { OidcContext } from "./context.ts";

/** @throws {OAuthRefusal} */
export function revokeToken(c: OidcContext): Response {
  const { tenant, tokens } = c.get("pingone");
  const value = c.get("parameters").get("token");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The token is missing");
  const presented = findToken(tokens, value);
  // RFC 7009 section 2.2: an unknown token is as good as revoked.
  if (!presented) return c.body(null, 200);
  if (clientOf(presented) !== c.get("application").id) {
    throw new OAuthRefusal("unauthorized_client", "The token was not issued to this application");
  }
  if (isRevocable(presented, tenant.environment.pingOneAudience)) {
    if (presented.kind === "refresh_token") presented.grant.revoked = true;
    else presented.token.revoked = true;
    tokens.store.changed();
  }
  return c.body(null, 200);
}

/** PingOne revokes access tokens of custom resources that belong to a session. That it says 200 otherwise is unverified. */
function isRevocable(presented: PresentedToken, pingOneAudience: string): boolean {
  if (presented.kind === "refresh_token") return true;
  const isCustom = !presented.token.audience.includes(pingOneAudience);
  return isCustom && presented.grant !== undefined;
}
