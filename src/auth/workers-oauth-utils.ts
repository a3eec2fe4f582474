/**
 * Rules of the authorization endpoint that the provider does not implement: default scopes, PKCE for confidential
 * clients, repeated parameters, and the OAuth error that the client gets.
 */
import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
} from "@cloudflare/workers-oauth-provider";
import { ALL_TODO_SCOPES, OFFLINE_ACCESS, type TodoScope } from "../config.ts";
import type { PingFailure } from "./ping-types.ts";

/** RFC 7636 §4.2: BASE64URL(SHA-256) without padding is always 43 characters. */
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** Far above any legitimate authorization request. The provider stores `state`, so it is bounded. */
const MAXIMUM_QUERY_LENGTH = 8 * 1024;

/**
 * Untrusted until the provider has matched client and redirect URI: an error about them becomes a page, never a
 * redirect.
 */
const IDENTIFYING_PARAMETERS = ["client_id", "redirect_uri"];

/**
 * Checks that come before the client is known.
 *
 * @throws {AuthorizationError} without `redirectTo`: it has to be shown on a page
 */
export function requireReadableAuthorizationRequest(url: URL): void {
  if (url.search.length > MAXIMUM_QUERY_LENGTH) {
    throw new AuthorizationError("invalid_request", {
      description: "The authorization request is too long.",
    });
  }
  requireOnce(url, IDENTIFYING_PARAMETERS);
}

/**
 * RFC 6749 §3.1: parameters must not be included more than once.
 *
 * @throws {AuthorizationError} without `redirectTo`: it has to be shown on a page
 */
export function requireOnce(url: URL, names: readonly string[]): void {
  for (const name of names) {
    if (url.searchParams.getAll(name).length > 1) {
      throw new AuthorizationError("invalid_request", { description: `"${name}" must be sent once.` });
    }
  }
}

/**
 * Normalizes the scopes: known ones only, or all of them if none was requested.
 *
 * @throws {AuthorizationError} with `redirectTo`, for a request whose client and redirect URI are trusted
 */
export function normalizeAuthorizationRequest(request: AuthRequest, url: URL): AuthRequest {
  const refuse = (code: "invalid_request" | "invalid_scope", description: string): never => {
    throw new AuthorizationError(code, {
      description,
      redirectUri: request.redirectUri,
      state: request.state,
      ...(request.issuer !== undefined && { issuer: request.issuer }),
    });
  };
  // RFC 6749 §3.1: parameters must not be included more than once. `resource` may repeat (RFC 8707 §2).
  for (const name of new Set(url.searchParams.keys())) {
    if (name !== "resource" && url.searchParams.getAll(name).length > 1) {
      refuse("invalid_request", "Each parameter must be sent once.");
    }
  }
  // The provider asks public clients for PKCE; OAuth 2.1 §4.1.1 asks everyone.
  if (request.codeChallengeMethod !== "S256" || !S256_CHALLENGE.test(request.codeChallenge ?? "")) {
    refuse("invalid_request", "PKCE with an S256 code_challenge is required (RFC 7636).");
  }
  const asked = request.scope.filter((scope) => scope !== OFFLINE_ACCESS);
  const known = ALL_TODO_SCOPES.filter((scope) => asked.includes(scope));
  if (asked.length > 0 && known.length === 0) {
    refuse("invalid_scope", `Supported scopes: ${ALL_TODO_SCOPES.join(" ")}.`);
  }
  return { ...request, scope: known.length > 0 ? known : [...ALL_TODO_SCOPES] };
}

/** The Todo scopes of a request that {@link normalizeAuthorizationRequest} has accepted. */
export function todoScopesOf(request: AuthRequest): TodoScope[] {
  return ALL_TODO_SCOPES.filter((scope) => request.scope.includes(scope));
}

type ClientError = "access_denied" | "invalid_scope" | "server_error" | "temporarily_unavailable";

const PING_ONE_ERROR_TEXT: Readonly<Record<ClientError, string>> = {
  access_denied: "Sign-in or consent at PingOne was not completed.",
  invalid_scope: "PingOne does not grant the permissions that were asked for.",
  server_error: "PingOne reported an error. Try again, or ask the operator of this server.",
  temporarily_unavailable: "PingOne is not available at the moment. Try again later.",
};

/**
 * A DaVinci author chooses the code, and `access_denied` is not in DaVinci's list: an unknown code means
 * `access_denied`.
 */
export function mapPingOneError(error: string): ClientError {
  return Object.hasOwn(PING_ONE_ERROR_TEXT, error) ? (error as ClientError) : "access_denied";
}

/** The redirect to the MCP client with an OAuth error, its `state` and `iss` (RFC 9207). */
export function redirectWithPingOneError(request: AuthRequest, code: ClientError): string {
  return authorizationErrorRedirect(request, code, PING_ONE_ERROR_TEXT[code]);
}

/** The OAuth error for the MCP client after a failed request to PingOne. */
export function mapPingFailure({ failure }: PingFailure): ClientError {
  if (failure === "unavailable") return "temporarily_unavailable";
  return failure === "wrong_policy" ? "access_denied" : "server_error";
}

/** Whether the Content-Type is that of a form. */
export function isForm(request: Request): boolean {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  return request.method === "POST" && type === "application/x-www-form-urlencoded";
}

/**
 * The button that the person pressed on the consent page.
 *
 * @throws {AuthorizationError} when the form is not the one that the page shows
 */
export async function readDecision(
  request: Request,
): Promise<{ handle: string; decision: "approve" | "deny" }> {
  const refuse = (description: string): never => {
    throw new AuthorizationError("invalid_request", { description });
  };
  if (!isForm(request)) refuse("The form was not sent as a form.");
  const form = new URLSearchParams(await request.clone().text());
  const [handle, ...otherHandles] = form.getAll("handle");
  const [decision, ...otherDecisions] = form.getAll("decision");
  if (handle === undefined || otherHandles.length > 0) return refuse("The form is incomplete.");
  if ((decision !== "approve" && decision !== "deny") || otherDecisions.length > 0) {
    return refuse("The form does not say whether you allow or refuse.");
  }
  return { handle, decision };
}
