/**
 * Validates authorization requests as PingOne does, for `/authorize` and `/par`. First the client and its redirect URI,
 * which decide whether an error may be redirected at all; then everything else.
 */

import { OAuthRefusal, UntrustedRequest } from "../../refusals.ts";
import type { Application } from "../../tenant/environment.ts";
import { isRegisteredRedirectUri } from "../../tenant/redirect-uris.ts";
import { findApplication, type Tenant } from "../../tenant/tenant.ts";
import { type RequestParameters, splitWords } from "./parameters.ts";
import { type ResponseMode, type ResponseType, readResponseTypes, responseModeFor } from "./response-type.ts";
import { readResource, requireScopes } from "./scopes.ts";

export interface Callback {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
}

export interface AuthorizationRequest {
  readonly application: Application;
  readonly callback: Callback;
  readonly responseTypes: ReadonlySet<ResponseType>;
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly policyId: string;
  readonly codeChallenge: string | undefined;
  readonly codeChallengeMethod: "S256" | "plain";
  readonly nonce: string | undefined;
  readonly loginHint: string | undefined;
  readonly prompt: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/** RFC 7636 section 4.2; an S256 challenge is 32 bytes in base64url. */
const PLAIN_CHALLENGE = /^[A-Za-z0-9._~-]{43,128}$/;
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const PROMPTS: ReadonlySet<string> = new Set(["none", "login", "consent", "select_account"]);

/** @throws {UntrustedRequest} when nothing may be redirected. */
export function requireClient(tenant: Tenant, parameters: RequestParameters): Application {
  const application = parameters.isUsable("client_id")
    ? findApplication(tenant, parameters.get("client_id"))
    : undefined;
  // Unverified wording: how PingOne names an unknown client is not known.
  if (!application)
    throw new UntrustedRequest("client_id", "The client_id is not that of an enabled application");
  return application;
}

/**
 * Where answers go. The redirect URI must be one of the registered ones.
 * @throws {UntrustedRequest} when nothing may be redirected.
 */
export function callbackOf(application: Application, parameters: RequestParameters): Callback {
  const redirectUri = parameters.isUsable("redirect_uri") ? parameters.get("redirect_uri") : undefined;
  if (redirectUri === undefined || !isRegisteredRedirectUri(redirectUri, application)) {
    throw new UntrustedRequest("redirect_uri", "Redirect URI mismatch");
  }
  return {
    redirectUri,
    responseMode: responseModeFor(parameters),
    state: parameters.isUsable("state") ? parameters.get("state") : undefined,
  };
}

/** @throws {OAuthRefusal} */
export function validateRequest(
  tenant: Tenant,
  application: Application,
  callback: Callback,
  parameters: RequestParameters,
): AuthorizationRequest {
  parameters.requireWellFormed();
  const responseTypes = readResponseTypes(application, parameters);
  const scopes = requireScopes(tenant, application, parameters.get("scope"));
  if (responseTypes.has("id_token") && !scopes.includes("openid")) {
    throw new OAuthRefusal("invalid_scope", "An ID token needs the scope openid");
  }
  return {
    application,
    callback,
    responseTypes,
    scopes,
    resource: readResource(tenant, application, scopes, parameters.getAll("resource")),
    policyId: choosePolicy(tenant, application, parameters.get("acr_values")),
    ...(responseTypes.has("code") ? readChallenge(application, parameters) : NO_CHALLENGE),
    nonce: parameters.get("nonce"),
    loginHint: parameters.get("login_hint"),
    prompt: readPrompt(parameters.get("prompt")),
    maxAgeSeconds: readMaxAge(parameters.get("max_age")),
    parameters: parameters.record,
  };
}

/** Without a code there is nothing to prove at the token endpoint. */
const NO_CHALLENGE = { codeChallenge: undefined, codeChallengeMethod: "plain" } as const;

/** Unverified wording throughout. */
function readChallenge(
  application: Application,
  parameters: RequestParameters,
): Pick<AuthorizationRequest, "codeChallenge" | "codeChallengeMethod"> {
  const codeChallenge = parameters.get("code_challenge");
  const method = parameters.get("code_challenge_method");
  const { pkceEnforcement } = application;
  if (codeChallenge === undefined) {
    if (pkceEnforcement !== "OPTIONAL")
      throw new OAuthRefusal("invalid_request", "A code challenge is required");
    if (method !== undefined) throw new OAuthRefusal("invalid_request", "The code challenge is missing");
    return { codeChallenge, codeChallengeMethod: "plain" };
  }
  if (method !== undefined && method !== "S256" && method !== "plain") {
    throw new OAuthRefusal("invalid_request", "The code challenge method is not supported");
  }
  // RFC 7636 section 4.3: absent means plain.
  const codeChallengeMethod = method ?? "plain";
  if (pkceEnforcement === "S256_REQUIRED" && codeChallengeMethod !== "S256") {
    throw new OAuthRefusal("invalid_request", "The code challenge method must be S256");
  }
  if (!(codeChallengeMethod === "S256" ? S256_CHALLENGE : PLAIN_CHALLENGE).test(codeChallenge)) {
    throw new OAuthRefusal("invalid_request", "The code challenge is malformed");
  }
  return { codeChallenge, codeChallengeMethod };
}

/** `consent` and `select_account` are accepted and change nothing: a DaVinci flow alone decides what it asks. */
function readPrompt(prompt: string | undefined): string[] {
  const prompts = splitWords(prompt);
  if (prompts.some((value) => !PROMPTS.has(value))) {
    throw new OAuthRefusal("invalid_request", "The prompt is not supported");
  }
  // OpenID Connect Core section 3.1.2.1.
  if (prompts.includes("none") && prompts.length > 1) {
    throw new OAuthRefusal("invalid_request", "The prompt none goes with no other");
  }
  return prompts;
}

function readMaxAge(maxAge: string | undefined): number | undefined {
  if (maxAge === undefined) return undefined;
  if (!/^\d{1,10}$/.test(maxAge)) {
    throw new OAuthRefusal("invalid_request", "max_age must be a whole number of seconds");
  }
  return Number(maxAge);
}

/**
 * `acr_values` is exactly one DaVinci flow policy of the application; without it the one bound by the control API counts,
 * else the assigned ones by priority.
 * Sign-on policies, which PingOne takes there by name, are not modelled.
 */
function choosePolicy(tenant: Tenant, application: Application, acrValues: string | undefined): string {
  const assigned = tenant.environment.policiesOf(application.id);
  const asked = splitWords(acrValues);
  if (asked.length > 1 || asked.some((id) => !assigned.includes(id))) {
    throw new OAuthRefusal(
      "invalid_request",
      "acr_values must be one flow policy assigned to the application",
    );
  }
  const policy = asked[0] ?? tenant.chosenPolicies.get(application.id) ?? assigned[0];
  if (policy === undefined) {
    throw new OAuthRefusal("invalid_request", "No flow policy is assigned to the application");
  }
  return policy;
}
