/**
 * Client authentication strictly by the application's one `tokenEndpointAuthMethod`. PingOne answers a wrong secret and
 * a wrong method with the same, misleading text.
 *
 * Deliberately left out: CLIENT_SECRET_JWT and PRIVATE_KEY_JWT. An assertion is refused as not emulated, and an enabled
 * application with such a method does not load.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { NotEmulated, OAuthRefusal } from "../../refusals.ts";
import type { Application, Resource } from "../../tenant/environment.ts";
import { findApplication, type Tenant } from "../../tenant/tenant.ts";
import type { RequestParameters } from "./parameters.ts";

/** RFC 7523 section 2.2. */
const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Credentials =
  | {
      readonly method: "CLIENT_SECRET_BASIC" | "CLIENT_SECRET_POST";
      readonly id: string;
      readonly secret: string;
    }
  | { readonly method: "NONE"; readonly id: string };

/**
 * @param authorization The request's `Authorization` header.
 * @throws {OAuthRefusal} 401 `invalid_client`.
 * @throws {NotEmulated} for an assertion.
 */
export function authenticateApplication(
  tenant: Tenant,
  authorization: string | undefined,
  form: RequestParameters,
): Application {
  const credentials = readCredentials(authorization, form);
  const application = findApplication(tenant, credentials?.id);
  if (!credentials || !application) throw refusal();
  if (application.tokenEndpointAuthMethod !== credentials.method) throw refusal();
  if (credentials.method !== "NONE" && !isSame(credentials.secret, application.secret)) throw refusal();
  return application;
}

/** Introspection also takes a resource's id and secret, by the method that the resource is set to. */
export function authenticateResource(
  tenant: Tenant,
  authorization: string | undefined,
  form: RequestParameters,
): Resource | undefined {
  const credentials = readCredentials(authorization, form);
  const resource = tenant.environment.resources.find(({ id }) => id === credentials?.id);
  if (!credentials || !resource) return undefined;
  if (resource.introspectEndpointAuthMethod !== credentials.method) throw refusal();
  if (credentials.method !== "NONE" && !isSame(credentials.secret, resource.secret)) throw refusal();
  return resource;
}

function refusal(): OAuthRefusal {
  return new OAuthRefusal("invalid_client", "Unsupported authentication method", 401);
}

/** `undefined`: none, several at once (RFC 6749 section 2.3), or malformed. */
function readCredentials(header: string | undefined, form: RequestParameters): Credentials | undefined {
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  const [type, assertion] = [form.get("client_assertion_type"), form.get("client_assertion")];
  if (type === JWT_BEARER && assertion !== undefined && header === undefined && secret === undefined) {
    throw new NotEmulated(
      "client authentication by CLIENT_SECRET_JWT and PRIVATE_KEY_JWT",
      "Set the application to CLIENT_SECRET_BASIC, CLIENT_SECRET_POST or NONE.",
    );
  }
  if (type !== undefined || assertion !== undefined) return undefined;
  if (header === undefined) {
    if (id === undefined) return undefined;
    return secret === undefined ? { method: "NONE", id } : { method: "CLIENT_SECRET_POST", id, secret };
  }
  if (secret !== undefined) return undefined;
  const basic = readBasic(header);
  // The same id in the body is allowed beside Basic, another one is not.
  if (!basic || (id !== undefined && id !== basic.id)) return undefined;
  return basic;
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
function readBasic(header: string): Extract<Credentials, { secret: string }> | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header.trim())?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 0) return undefined;
  try {
    const [id, secret] = [decoded.slice(0, colon), decoded.slice(colon + 1)].map((part) =>
      decodeURIComponent(part.replaceAll("+", " ")),
    );
    return { method: "CLIENT_SECRET_BASIC", id: id ?? "", secret: secret ?? "" };
  } catch {
    return undefined;
  }
}

function isSame(given: string, expected: string | undefined): boolean {
  if (expected === undefined) return false;
  const digest = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
