/**
 * Refresh tokens as PingOne keeps them: rotated at every use, bound to the person's session, and revoked as a family
 * when an old one comes back after its grace period.
 */

import { OAuthRefusal } from "../refusals.ts";
import type { Application } from "../tenant/environment.ts";
import { issueTokens, type TokenResponse } from "../tokens/issue.ts";
import { refreshTokenTypeOf, refuseJwtRefreshToken } from "../tokens/refresh-token.ts";
import { hashOf } from "../tokens/store.ts";
import type { Tokens } from "../tokens/tokens.ts";
import { type RequestParameters, splitWords } from "./rules/parameters.ts";
import { readTokenResource } from "./rules/scopes.ts";

/** Clients match PingOne's text by /does not exist|revoked|expired/; the rest is unverified wording. */
function deadToken(): OAuthRefusal {
  return new OAuthRefusal("invalid_grant", "The refresh token does not exist, is revoked or has expired");
}

export async function redeemRefreshToken(
  tokens: Tokens,
  application: Application,
  form: RequestParameters,
): Promise<TokenResponse> {
  const { tenant } = tokens;
  const value = form.get("refresh_token");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The refresh token is missing");
  refuseJwtRefreshToken(tenant, value, "invalid_grant");
  const token = tokens.store.refreshTokens.get(hashOf(value));
  const grant = token && tokens.store.grants.get(token.grantId);
  if (!token || !grant || grant.clientId !== application.id) {
    throw refreshTokenTypeOf(tenant, application) === "JSON_WEB_TOKEN"
      ? new OAuthRefusal("invalid_grant", "Failed to decode refresh token")
      : deadToken();
  }
  const now = tenant.clock();
  if (grant.revoked || token.expiresAt <= now) throw deadToken();
  if (token.rotatedAt !== null) {
    const { gracePeriodSeconds, replayProtection } = tenant.switches.current;
    const grace = gracePeriodSeconds ?? application.refreshTokenRollingGracePeriodDuration;
    if (now >= token.rotatedAt + grace * 1000) {
      if (replayProtection ?? application.additionalRefreshTokenReplayProtectionEnabled) {
        grant.revoked = true;
        tokens.store.changed();
      }
      throw deadToken();
    }
  }
  const isSessionGone = !application.skipTokenSessionValidation && !tokens.store.liveSession(grant.sessionId);
  const user = tenant.users.findById(grant.userId);
  if (isSessionGone || !user?.enabled) throw deadToken();
  const scopes = narrow(grant.scopes, form.get("scope"));
  const resource = readTokenResource(tenant, application, grant, scopes, form.getAll("resource"));
  // Marked before the first wait, so that of two requests at once only one is the first. The grace period counts from
  // the first use; a request that is refused leaves the token as it was.
  const { rotatedAt } = token;
  token.rotatedAt ??= now;
  try {
    return await issueTokens(tokens, { application, grant, user, scopes, resource });
  } catch (error) {
    token.rotatedAt = rotatedAt;
    throw error;
  } finally {
    tokens.store.changed();
  }
}

/** RFC 6749 section 6: fewer scopes, never more. */
function narrow(granted: readonly string[], scope: string | undefined): readonly string[] {
  if (scope === undefined) return granted;
  const scopes = splitWords(scope);
  if (scopes.some((name) => !granted.includes(name))) {
    throw new OAuthRefusal("invalid_scope", "A requested scope exceeds the scope of the grant");
  }
  if (scopes.length === 0) throw new OAuthRefusal("invalid_scope", "At least one scope must be granted");
  return scopes;
}
