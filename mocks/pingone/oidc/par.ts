/** `POST /as/par` (RFC 9126): takes what `/authorize` takes, checks it the same way, answers errors as JSON. */
import { OAuthRefusal } from "../refusals.ts";
import type { OidcContext } from "./context.ts";
import { RequestParameters } from "./rules/parameters.ts";

/** RFC 9126 section 2.1. @throws {OAuthRefusal} */
export function refuseRequestUri(c: OidcContext): void {
  if (c.get("parameters").get("request_uri") !== undefined) {
    throw new OAuthRefusal("invalid_request", "A pushed request must not name a request URI");
  }
}

/** A flow sees every parameter of the request, but never how the client authenticated. */
export function dropCredentials(c: OidcContext): void {
  const sent = c.get("parameters");
  const parameters = new URLSearchParams(sent.record);
  parameters.delete("resource");
  for (const resource of sent.getAll("resource")) parameters.append("resource", resource);
  for (const name of ["client_secret", "client_assertion", "client_assertion_type"]) parameters.delete(name);
  c.set("parameters", new RequestParameters(parameters));
}

export function pushRequest(c: OidcContext): Response {
  const { id, parTimeout } = c.get("application");
  c.header("Cache-Control", "no-store");
  return c.json(
    {
      request_uri: c.get("pingone").pushedRequests.push(id, c.get("parameters"), parTimeout),
      expires_in: parTimeout,
    },
    201,
  );
}
