/**
 * `POST /as/revoke` (RFC 7009). A refresh token takes its family and their access tokens with it; an access token goes
 * alone. A revoked access token still verifies offline, as anywhere.
 */
import type { Hono } from "hono";
import {
  type FrontContext,
  type FrontEnv,
  methodNotAllowed,
  OAuthRefusal,
  sendOAuthError,
} from "../errors.ts";
import type { Front } from "../front.ts";
import { clientOf, findToken, type PresentedToken } from "../tokens/status.ts";
import { authenticateClient } from "./rules/client-authentication.ts";
import { readForm } from "./rules/parameters.ts";

export function addRevokeRoute(app: Hono<FrontEnv>, front: Front): void {
  const path = `/${front.environment.id}/as/revoke`;
  app.post(path, async (c) => {
    try {
      await revoke(front, c);
      return c.body(null, 200);
    } catch (error) {
      if (error instanceof OAuthRefusal) return sendOAuthError(c, error);
      throw error;
    }
  });
  app.all(path, (c) => methodNotAllowed(c, ["POST"]));
}

async function revoke(front: Front, c: FrontContext): Promise<void> {
  const form = await readForm(c);
  form.requireWellFormed();
  const application = authenticateClient(front, c, form);
  const value = form.get("token");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The token is missing");
  const presented = findToken(front, value);
  // RFC 7009 section 2.2: an unknown token is as good as revoked.
  if (!presented) return;
  if (clientOf(presented) !== application.id) {
    throw new OAuthRefusal("unauthorized_client", "The token was not issued to this application");
  }
  if (!isRevocable(front, presented)) return;
  if (presented.kind === "refresh_token") presented.grant.revoked = true;
  else presented.token.revoked = true;
  front.state.changed();
}

/** PingOne revokes access tokens of custom resources that belong to a session. That it says 200 otherwise is unverified. */
function isRevocable(front: Front, presented: PresentedToken): boolean {
  if (presented.kind === "refresh_token") return true;
  const isCustom = !presented.token.audience.includes(front.environment.pingOneAudience);
  return isCustom && presented.grant !== undefined;
}
