/** `POST /as/introspect` (RFC 7662), by an application's credentials or by a resource's. Asks the session too. */
import type { Hono } from "hono";
import {
  type FrontContext,
  type FrontEnv,
  methodNotAllowed,
  OAuthRefusal,
  sendOAuthError,
} from "../errors.ts";
import type { Front } from "../front.ts";
import { clientOf, findToken, isActive, type PresentedToken } from "../tokens/status.ts";
import { authenticateClient, authenticateResource } from "./rules/client-authentication.ts";
import { readForm } from "./rules/parameters.ts";
import { orderScopes } from "./rules/scopes.ts";

export function addIntrospectRoute(app: Hono<FrontEnv>, front: Front): void {
  const path = `/${front.environment.id}/as/introspect`;
  app.post(path, async (c) => {
    try {
      const body = await introspect(front, c);
      c.header("Cache-Control", "no-store");
      return c.json(body);
    } catch (error) {
      if (error instanceof OAuthRefusal) return sendOAuthError(c, error);
      throw error;
    }
  });
  app.all(path, (c) => methodNotAllowed(c, ["POST"]));
}

async function introspect(front: Front, c: FrontContext): Promise<Record<string, unknown>> {
  const form = await readForm(c);
  form.requireWellFormed();
  const resource = authenticateResource(front, c, form);
  const application = resource ? undefined : authenticateClient(front, c, form);
  const value = form.get("token");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The token is missing");
  const presented = findToken(front, value);
  if (!presented || !isActive(front, presented)) return { active: false };
  // An application sees its own tokens, a resource those meant for it; any other is none of theirs (RFC 7662 2.2).
  const isTheirs = resource
    ? presented.kind === "access_token" && presented.token.audience.includes(resource.audience)
    : clientOf(presented) === application?.id;
  return isTheirs ? activeAnswer(front, presented) : { active: false };
}

function activeAnswer(front: Front, presented: PresentedToken): Record<string, unknown> {
  const { grant } = presented;
  const person = grant && {
    sub: grant.userId,
    username: front.users.findById(grant.userId)?.username,
    sid: grant.sessionId,
    acr: grant.policyId,
    auth_time: Math.floor(grant.authenticatedAt / 1000),
  };
  const common = {
    active: true,
    client_id: clientOf(presented),
    iss: front.signer.issuer,
    exp: Math.floor(presented.token.expiresAt / 1000),
    env: front.environment.id,
    org: front.environment.organizationId,
    ...person,
  };
  if (presented.kind === "refresh_token") {
    return { ...common, scope: presented.grant.scopes.join(" "), token_type: "refresh_token" };
  }
  const { token } = presented;
  const application = front.environment.applications.find(({ id }) => id === token.clientId);
  const scopes = application ? orderScopes(front, application, token.scopes) : token.scopes;
  return {
    ...common,
    scope: scopes.join(" "),
    token_type: "Bearer",
    jti: token.jti,
    iat: Math.floor(token.issuedAt / 1000),
    aud: token.audience,
  };
}
