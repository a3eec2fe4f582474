/**
 * What the provider's own helpers leave to us on the authorization and token endpoints: which scopes a request
 * means, PKCE for confidential clients, parameters sent twice, and clients that say their id twice.
 */
import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
} from "@cloudflare/workers-oauth-provider";
import { z } from "zod";
import { ALL_TODO_SCOPES, OFFLINE_ACCESS, type TodoScope } from "../config.ts";
import type { UpstreamOAuthError } from "./ping-types.ts";
import { CLIENT_REGISTRATION_TTL_SECONDS, UNUSED_REGISTRATION_TTL_SECONDS } from "./provider.ts";

/** RFC 7636 §4.2: BASE64URL(SHA-256) without padding is always 43 characters. */
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** No honest authorization request comes near; the provider stores `state`, so it is bounded. */
const MAXIMUM_QUERY_LENGTH = 8 * 1024;

/** Untrusted until the provider has matched client and redirect URI: an error about them is shown, never redirected. */
const IDENTIFYING_PARAMETERS = ["client_id", "redirect_uri"];

/**
 * Refuses what must be refused before the client is known.
 *
 * @throws {AuthorizationError} without `redirectTo`: it has to be shown on a page
 */
export function requireReadableAuthorizationRequest(url: URL): void {
  if (url.search.length > MAXIMUM_QUERY_LENGTH) {
    throw new AuthorizationError("invalid_request", {
      description: "The authorization request is too long.",
    });
  }
  for (const name of IDENTIFYING_PARAMETERS) {
    if (url.searchParams.getAll(name).length > 1) {
      throw new AuthorizationError("invalid_request", { description: `"${name}" must be sent once.` });
    }
  }
}

/**
 * The request as it is meant: known scopes only, all of them where none was asked for.
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

/** The Todo scopes of a request that {@link normalizeAuthorizationRequest} has passed. */
export function todoScopesOf(request: AuthRequest): TodoScope[] {
  return ALL_TODO_SCOPES.filter((scope) => request.scope.includes(scope));
}

type ClientError = "access_denied" | "invalid_scope" | "server_error" | "temporarily_unavailable";

/** A DaVinci author chooses the code, and `access_denied` is not in their list: what we do not know means "no". */
export function mapPingOneError(error: string): ClientError {
  switch (error) {
    case "invalid_scope":
    case "server_error":
    case "temporarily_unavailable":
      return error;
    default:
      return "access_denied";
  }
}

const PING_ONE_ERROR_TEXT: Readonly<Record<ClientError, string>> = {
  access_denied: "Sign-in or consent at PingOne was not completed.",
  invalid_scope: "PingOne does not grant the permissions that were asked for.",
  server_error: "PingOne reported an error. Try again, or ask the operator of this server.",
  temporarily_unavailable: "PingOne is not available at the moment. Try again later.",
};

/** The redirect that brings the MCP client back with an OAuth error, its `state` and `iss` (RFC 9207). */
export function redirectWithPingOneError(request: AuthRequest, code: ClientError): string {
  return authorizationErrorRedirect(request, code, PING_ONE_ERROR_TEXT[code]);
}

/** What a failed exchange with PingOne means to the MCP client. */
export function mapUpstreamFailure(error: UpstreamOAuthError): ClientError {
  return error.failure === "unavailable" ? "temporarily_unavailable" : "server_error";
}

/**
 * Lets a client authenticate with Basic and repeat its own id in the body, as the MCP Python SDK does by default
 * (modelcontextprotocol/python-sdk#3138). RFC 6749 §2.3 forbids two authentication *methods*; the same id twice
 * is one. A different id, or a secret in the body, is left for the provider to refuse.
 */
export function withoutRepeatedClientId(request: Request, body: string): Request {
  const basicId = readBasicClientId(request.headers.get("Authorization"));
  if (basicId === undefined || !isForm(request)) return request;
  const form = new URLSearchParams(body);
  const ids = form.getAll("client_id");
  if (ids.length !== 1 || ids[0] !== basicId || form.has("client_secret")) return request;
  form.delete("client_id");
  return new Request(request, { body: form.toString() });
}

/** Whether a form was sent, by its Content-Type. */
export function isForm(request: Request): boolean {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  return request.method === "POST" && type === "application/x-www-form-urlencoded";
}

function readBasicClientId(authorization: string | null): string | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  try {
    const [id] = atob(encoded).split(":");
    // RFC 6749 §2.3.1: id and secret are form-urlencoded before they are joined.
    return id === undefined ? undefined : decodeURIComponent(id.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/**
 * The grant that a token request can end: RFC 7009 revocation of a refresh token, or a code that is redeemed twice
 * (RFC 6749 §4.1.2: tokens that came of it SHOULD be revoked). Undefined for any other request.
 */
export function grantAtStake(
  request: Request,
  body: string,
): { userId: string; grantId: string } | undefined {
  const form = new URLSearchParams(isForm(request) ? body : "");
  const grantType = form.get("grant_type");
  if (grantType !== null && grantType !== "authorization_code") return undefined;
  const [credential, ...others] = form.getAll(grantType === null ? "token" : "code");
  // `userId:grantId:secret` is how the provider spells its codes and tokens.
  const [userId, grantId, secret] = credential?.split(":") ?? [];
  if (others.length > 0 || !userId || !grantId || !secret) return undefined;
  return { userId, grantId };
}

const registrationSchema = z.looseObject({ client_secret: z.string(), client_secret_expires_at: z.number() });

/**
 * A secret's expiry as it will be once a person has approved the client (RFC 7591 §3.2.1). The registration provider
 * names the short life until then, after which a client that minds would throw a good secret away.
 */
export async function answerRegistration(response: Response): Promise<Response> {
  if (response.status !== 201) return response;
  const registered: unknown = await response.clone().json();
  const confidential = registrationSchema.safeParse(registered);
  if (!confidential.success) return response;
  const extension = CLIENT_REGISTRATION_TTL_SECONDS - UNUSED_REGISTRATION_TTL_SECONDS;
  const expiresAt = confidential.data.client_secret_expires_at + extension;
  return Response.json({ ...confidential.data, client_secret_expires_at: expiresAt }, response);
}
