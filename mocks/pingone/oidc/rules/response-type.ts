/**
 * Response types as PingOne has them: `code`, `token`, `id_token` and their combinations, each only if the application
 * is set to it.
 */
import { OAuthRefusal } from "../../refusals.ts";
import type { Application } from "../../tenant/environment.ts";
import { type RequestParameters, splitWords } from "./parameters.ts";

/** What the authorization endpoint gives, and what an application needs for it. */
const RESPONSE_TYPES = {
  code: { attribute: "CODE", grantType: "AUTHORIZATION_CODE" },
  token: { attribute: "TOKEN", grantType: "IMPLICIT" },
  id_token: { attribute: "ID_TOKEN", grantType: "IMPLICIT" },
} as const;

export type ResponseType = keyof typeof RESPONSE_TYPES;
export type ResponseMode = (typeof RESPONSE_MODES)[number];

const RESPONSE_MODES = ["query", "fragment", "form_post"] as const;

/**
 * Where even an error about the response mode goes: the asked-for mode, else that of the response type. Answers with
 * tokens never go into the query, and neither do their errors (OAuth 2.0 Multiple Response Types sections 3 and 5).
 */
export function responseModeFor(parameters: RequestParameters): ResponseMode {
  const standard = hasTokens(parameters) ? "fragment" : "query";
  const asked = parameters.isUsable("response_mode") ? findMode(parameters) : undefined;
  return asked === "query" ? standard : (asked ?? standard);
}

/** Unverified wording throughout. @throws {OAuthRefusal} */
export function readResponseTypes(
  application: Application,
  parameters: RequestParameters,
): ReadonlySet<ResponseType> {
  if (parameters.get("response_mode") !== undefined) {
    const mode = findMode(parameters);
    if (mode === undefined) throw new OAuthRefusal("invalid_request", "The response mode is not supported");
    if (mode === "query" && hasTokens(parameters)) {
      throw new OAuthRefusal("invalid_request", "The response mode query is not for tokens");
    }
  }
  const given = parameters.get("response_type");
  if (given === undefined) throw new OAuthRefusal("invalid_request", "The response type is missing");
  const types = new Set(splitWords(given).filter(isResponseType));
  if (types.size !== given.split(" ").length) {
    throw new OAuthRefusal("unsupported_response_type", "The response type is not supported");
  }
  for (const type of types) requireSetting(application, type);
  // OpenID Connect Core sections 3.2.2.1 and 3.3.2.1.
  if (types.has("id_token") && parameters.get("nonce") === undefined) {
    throw new OAuthRefusal("invalid_request", "The nonce is missing");
  }
  return types;
}

function requireSetting(application: Application, type: ResponseType): void {
  const { attribute, grantType } = RESPONSE_TYPES[type];
  if (!application.grantTypes.includes(grantType)) {
    throw new OAuthRefusal("unauthorized_client", `Client is missing required grant type: ${grantType}`);
  }
  if (!application.responseTypes.includes(attribute)) {
    throw new OAuthRefusal("unauthorized_client", `Client is missing required response type: ${attribute}`);
  }
}

function findMode(parameters: RequestParameters): ResponseMode | undefined {
  return RESPONSE_MODES.find((mode) => mode === parameters.get("response_mode"));
}

function hasTokens(parameters: RequestParameters): boolean {
  return splitWords(parameters.get("response_type")).some((type) => type !== "code");
}

function isResponseType(word: string): word is ResponseType {
  return Object.hasOwn(RESPONSE_TYPES, word);
}
