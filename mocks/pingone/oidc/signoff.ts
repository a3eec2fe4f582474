/**
 * `GET|POST /as/signoff` (OpenID Connect RP-Initiated Logout): ends the whole SSO session, and with it the refresh
 * tokens that came from it. Goes back only to a URI that the application has registered.
 */
import type { Hono } from "hono";
import {
  type FrontContext,
  type FrontEnv,
  methodNotAllowed,
  OAuthRefusal,
  sendPage,
  sendUntrusted,
  UntrustedRequest,
} from "../errors.ts";
import { type Front, findApplication } from "../front.ts";
import { renderSignedOffPage } from "../html/pages.ts";
import type { Application } from "../tenant/environment.ts";
import { parseParameters, type RequestParameters, readForm } from "./rules/parameters.ts";
import { clearSessionCookies, readSession } from "./sso-cookies.ts";

export function addSignoffRoute(app: Hono<FrontEnv>, front: Front): void {
  const path = `/${front.environment.id}/as/signoff`;
  app.on(["GET", "POST"], path, async (c) => {
    try {
      return await signOff(front, c);
    } catch (error) {
      if (error instanceof UntrustedRequest) return sendUntrusted(c, error);
      if (error instanceof OAuthRefusal)
        return sendUntrusted(c, new UntrustedRequest("request", error.message));
      throw error;
    }
  });
  app.all(path, (c) => methodNotAllowed(c, ["GET", "POST"]));
}

async function signOff(front: Front, c: FrontContext): Promise<Response> {
  const parameters =
    c.req.method === "GET" ? parseParameters(new URL(c.req.url).searchParams) : await readForm(c);
  parameters.requireWellFormed();
  const hint = await readHint(front, parameters.get("id_token_hint"));
  const application = readApplication(front, parameters, hint?.clientId);
  const target = readTarget(application, parameters);

  const session = readSession(front, c);
  for (const id of [session?.id, hint?.sessionId]) if (id !== undefined) front.state.sessions.delete(id);
  front.state.changed();
  clearSessionCookies(front, c);
  if (target === undefined) return sendPage(c, renderSignedOffPage());
  c.header("Cache-Control", "no-store");
  return c.redirect(target, 302);
}

interface Hint {
  readonly clientId: string;
  readonly sessionId: string | undefined;
}

/** An expired ID token is a good hint; one that this issuer did not sign is none. */
async function readHint(front: Front, idToken: string | undefined): Promise<Hint | undefined> {
  if (idToken === undefined) return undefined;
  const claims = await front.signer.verify(idToken);
  // The audience of an access token is a list, and no client.
  if (!claims || typeof claims.aud !== "string") {
    throw new UntrustedRequest("id_token_hint", "The ID token hint is invalid");
  }
  return { clientId: claims.aud, sessionId: typeof claims.sid === "string" ? claims.sid : undefined };
}

function readApplication(
  front: Front,
  parameters: RequestParameters,
  hintedClientId: string | undefined,
): Application | undefined {
  const clientId = parameters.get("client_id");
  if (clientId !== undefined && hintedClientId !== undefined && clientId !== hintedClientId) {
    throw new UntrustedRequest("client_id", "The client_id is not that of the ID token hint");
  }
  const id = clientId ?? hintedClientId;
  const application = findApplication(front, id);
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
