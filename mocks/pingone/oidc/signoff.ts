/**
 * `GET|POST /as/signoff` (OpenID Connect RP-Initiated Logout): ends the whole SSO session, and with it the refresh
 * tokens that came from it. Goes back only to a URI that the application has registered.
 */
import { renderSignedOffPage } from "../html/pages.ts";
import { UntrustedRequest } from "../refusals.ts";
import type { Application } from "../tenant/environment.ts";
import { findApplication, type Tenant } from "../tenant/tenant.ts";
import type { Signer } from "../tokens/sign.ts";
import { sendPage } from "./answers.ts";
import type { OidcContext } from "./context.ts";
import type { RequestParameters } from "./rules/parameters.ts";
import { clearSessionCookies, readSession } from "./sso-cookies.ts";

/** @throws {UntrustedRequest} */
export async function signOff(c: OidcContext): Promise<Response> {
  const { tenant, tokens } = c.get("pingone");
  const parameters = c.get("parameters");
  const hint = await readHint(tokens.signer, parameters.get("id_token_hint"));
  const application = readApplication(tenant, parameters, hint?.clientId);
  const target = readTarget(application, parameters);

  const session = readSession(c);
  for (const id of [session?.id, hint?.sessionId]) if (id !== undefined) tokens.store.sessions.delete(id);
  tokens.store.changed();
  clearSessionCookies(c);
  if (target === undefined) return sendPage(c, renderSignedOffPage());
  c.header("Cache-Control", "no-store");
  return c.redirect(target, 302);
}

interface Hint {
  readonly clientId: string;
  readonly sessionId: string | undefined;
}

/** @throws {UntrustedRequest} unless this issuer signed the ID token. An expired one is accepted. */
async function readHint(signer: Signer, idToken: string | undefined): Promise<Hint | undefined> {
  if (idToken === undefined) return undefined;
  const claims = await signer.verify(idToken);
  // An access token has a list for its audience.
  if (!claims || typeof claims.aud !== "string") {
    throw new UntrustedRequest("id_token_hint", "The ID token hint is invalid");
  }
  return { clientId: claims.aud, sessionId: typeof claims.sid === "string" ? claims.sid : undefined };
}

function readApplication(
  tenant: Tenant,
  parameters: RequestParameters,
  hintedClientId: string | undefined,
): Application | undefined {
  const clientId = parameters.get("client_id");
  if (clientId !== undefined && hintedClientId !== undefined && clientId !== hintedClientId) {
    throw new UntrustedRequest("client_id", "The client_id is not that of the ID token hint");
  }
  const id = clientId ?? hintedClientId;
  const application = findApplication(tenant, id);
  if (id !== undefined && !application) {
    throw new UntrustedRequest("client_id", "The client_id is not that of an enabled application");
  }
  return application;
}

function readTarget(application: Application | undefined, parameters: RequestParameters): string | undefined {
  const uri = parameters.get("post_logout_redirect_uri");
  if (uri === undefined) return undefined;
  if (!application?.postLogoutRedirectUris.includes(uri)) {
    throw new UntrustedRequest("post_logout_redirect_uri", "Redirect URI mismatch");
  }
  const state = parameters.get("state");
  if (state === undefined) return uri;
  return `${uri}${uri.includes("?") ? "&" : "?"}${new URLSearchParams({ state })}`;
}
