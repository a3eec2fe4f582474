/** `POST /as/introspect` (RFC 7662), by an application's credentials or by a resource's. Asks the session too. */
import { OAuthRefusal } from "../refusals.ts";
import { orderScopes } from "../tenant/scopes.ts";
import { refuseJwtRefreshToken } from "../tokens/refresh-token.ts";
import { clientOf, findToken, isActive, type PresentedToken } from "../tokens/status.ts";
import type { Tokens } from "../tokens/tokens.ts";
import type { OidcContext } from "./context.ts";
import { authenticateApplication, authenticateResource } from "./rules/client-authentication.ts";

/** @throws {OAuthRefusal} */
export function sendTokenStatus(c: OidcContext): Response {
  const { tenant, tokens } = c.get("pingone");
  const [authorization, form] = [c.req.header("authorization"), c.get("parameters")];
  const resource = authenticateResource(tenant, authorization, form);
  const application = resource ? undefined : authenticateApplication(tenant, authorization, form);
  const value = form.get("token");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The token is missing");
  refuseJwtRefreshToken(tenant, value, "invalid_request");
  const presented = findToken(tokens, value);
  // An application sees its own tokens, a resource those meant for it; any other is none of theirs (RFC 7662 2.2).
  const isTheirs = (found: PresentedToken) =>
    resource
      ? found.kind === "access_token" && found.token.audience.includes(resource.audience)
      : clientOf(found) === application?.id;
  const isShown = presented !== undefined && isActive(tokens, presented) && isTheirs(presented);
  c.header("Cache-Control", "no-store");
  return c.json(isShown ? activeAnswer(tokens, presented) : { active: false });
}

function activeAnswer(tokens: Tokens, presented: PresentedToken): Record<string, unknown> {
  const { tenant, signer } = tokens;
  const { grant } = presented;
  const person = grant && {
    sub: grant.userId,
    username: tenant.users.findById(grant.userId)?.username,
    sid: grant.sessionId,
    acr: grant.policyId,
    auth_time: Math.floor(grant.authenticatedAt / 1000),
  };
  const common = {
    active: true,
    client_id: clientOf(presented),
    iss: signer.issuer,
    exp: Math.floor(presented.token.expiresAt / 1000),
    env: tenant.environment.id,
    org: tenant.environment.organizationId,
    ...person,
  };
  if (presented.kind === "refresh_token") {
    return { ...common, scope: presented.grant.scopes.join(" "), token_type: "refresh_token" };
  }
  const { token } = presented;
  const application = tenant.environment.applications.find(({ id }) => id === token.clientId);
  const scopes = application ? orderScopes(tenant, application, token.scopes) : token.scopes;
  return {
    ...common,
    scope: scopes.join(" "),
    token_type: "Bearer",
    jti: token.jti,
    iat: Math.floor(token.issuedAt / 1000),
    aud: token.audience,
  };
}
