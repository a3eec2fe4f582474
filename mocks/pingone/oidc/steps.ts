/** Steps that several endpoints share. */
import { NotEmulated } from "../refusals.ts";
import type { OidcContext } from "./context.ts";
import { callbackOf, validateRequest } from "./rules/authorization-request.ts";
import { authenticateApplication } from "./rules/client-authentication.ts";
import { RequestParameters, readForm } from "./rules/parameters.ts";

/** From the query of a GET, from the form of a POST. @throws {UnreadableBody} */
export async function readParameters(c: OidcContext): Promise<void> {
  const parameters =
    c.req.method === "POST"
      ? await readForm(c.req.raw)
      : new RequestParameters(new URL(c.req.url).searchParams);
  c.set("parameters", parameters);
}

/** @throws {OAuthRefusal} `invalid_request` when a parameter is repeated or too long. */
export function requireWellFormed(c: OidcContext): void {
  c.get("parameters").requireWellFormed();
}

/** Before the redirect URI is checked, because `pi.flow` needs none. @throws {NotEmulated} */
export function requireEmulatedRequest(c: OidcContext): void {
  const parameters = c.get("parameters");
  if (parameters.get("response_mode") === "pi.flow") {
    throw new NotEmulated("the response mode pi.flow", "Use query, fragment or form_post.");
  }
  if (parameters.get("request") !== undefined) {
    throw new NotEmulated("the request object", "Send its claims as parameters, or push them to /as/par.");
  }
}

/** @throws {OAuthRefusal} 401 `invalid_client`. */
export function authenticateClient(c: OidcContext): void {
  const { tenant } = c.get("pingone");
  c.set("application", authenticateApplication(tenant, c.req.header("authorization"), c.get("parameters")));
}

/** From here on a refusal may go back to the client. @throws {UntrustedRequest} */
export function requireCallback(c: OidcContext): void {
  c.set("callback", callbackOf(c.get("application"), c.get("parameters")));
}

/** Needs {@link requireCallback} before it. @throws {OAuthRefusal} */
export function validateAuthorizationRequest(c: OidcContext): void {
  const callback = c.get("callback");
  if (!callback) throw new Error("The step requireCallback is missing.");
  const { tenant } = c.get("pingone");
  c.set("request", validateRequest(tenant, c.get("application"), callback, c.get("parameters")));
}
