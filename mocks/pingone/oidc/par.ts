/** `POST /as/par` (RFC 9126): takes what `/authorize` takes, checks it the same way, answers errors as JSON. */
import type { Hono } from "hono";
import {
  type FrontContext,
  type FrontEnv,
  methodNotAllowed,
  OAuthRefusal,
  sendOAuthError,
  UntrustedRequest,
} from "../errors.ts";
import type { Front } from "../front.ts";
import { requireCallback, validateRequest } from "./rules/authorization-request.ts";
import { authenticateClient } from "./rules/client-authentication.ts";
import { parseParameters, type RequestParameters, readForm } from "./rules/parameters.ts";

export function addParRoute(app: Hono<FrontEnv>, front: Front): void {
  const path = `/${front.environment.id}/as/par`;
  app.post(path, async (c) => {
    try {
      const body = await push(front, c);
      c.header("Cache-Control", "no-store");
      return c.json(body, 201);
    } catch (error) {
      if (error instanceof OAuthRefusal) return sendOAuthError(c, error);
      if (error instanceof UntrustedRequest) {
        return sendOAuthError(c, new OAuthRefusal("invalid_request", error.message));
      }
      throw error;
    }
  });
  app.all(path, (c) => methodNotAllowed(c, ["POST"]));
}

async function push(front: Front, c: FrontContext): Promise<{ request_uri: string; expires_in: number }> {
  const form = await readForm(c);
  form.requireWellFormed();
  const application = authenticateClient(front, c, form);
  if (form.get("request_uri") !== undefined) {
    // RFC 9126 section 2.1.
    throw new OAuthRefusal("invalid_request", "A pushed request must not name a request URI");
  }
  const parameters = withoutCredentials(form);
  validateRequest(front, application, requireCallback(application, parameters), parameters);
  const lifetime = application.parTimeout;
  return {
    request_uri: front.pushedRequests.push(application.id, parameters, lifetime),
    expires_in: lifetime,
  };
}

/** A flow sees every parameter of the request, but never how the client authenticated. */
function withoutCredentials(form: RequestParameters): RequestParameters {
  const parameters = new URLSearchParams(form.record);
  parameters.delete("resource");
  for (const resource of form.getAll("resource")) parameters.append("resource", resource);
  for (const name of ["client_secret", "client_assertion", "client_assertion_type"]) parameters.delete(name);
  return parseParameters(parameters);
}
