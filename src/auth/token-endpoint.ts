/**
 * `POST /token`: MCP clients redeem codes, refresh tokens and revoke them (RFC 6749 §3.2, RFC 7009). The provider
 * authenticates and answers; this module checks requests before it and PingSessions after it.
 */
import {
  GrantType,
  OAuthError,
  type TokenExchangeCallbackOptions,
  type TokenExchangeCallbackResult,
} from "@cloudflare/workers-oauth-provider";
import { type Env, propsSchema } from "../config.ts";
import { budgetLeftMs } from "../deadline.ts";
import { requestId } from "../log.ts";
import { parseCredential } from "./credentials.ts";
import { presenting } from "./refresh-tokens.ts";
import { isForm } from "./workers-oauth-utils.ts";

/** The provider refuses shorter access tokens (Cloudflare KV's minimum expiration). */
const MINIMUM_TOKEN_TTL_SECONDS = 60;

const NO_STORE = { "Cache-Control": "no-store", Pragma: "no-cache" };

/** The parameter with the code or token, by grant type. */
const CREDENTIAL_OF_GRANT_TYPE: Readonly<Record<string, string>> = {
  [GrantType.AUTHORIZATION_CODE]: "code",
  [GrantType.REFRESH_TOKEN]: "refresh_token",
};

/** RFC 6749 §2.3.1 and RFC 7521 §4.2. */
const AUTHENTICATION_PARAMETERS = ["client_secret", "client_assertion", "client_assertion_type"];

/**
 * Answers a token or revocation request.
 *
 * @param askProvider calls the provider, which reads the client's registration and the grant
 */
export async function answerTokenRequest(
  request: Request,
  body: string,
  askProvider: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (!isForm(request)) return askProvider(request);
  const form = new URLSearchParams(body);
  const refusal = refuseUnissued(request, form);
  if (refusal !== undefined) return refusal;
  const identified = withOneClientId(request, form);
  if (identified instanceof Response) return identified;
  return presenting(soleCredential(form), () => askProvider(identified));
}

/** Whether the provider handles the form as a token request; otherwise as a revocation, or it refuses the form. */
export function asksForTokens(body: string): boolean {
  const [grantType, ...others] = new URLSearchParams(body).getAll("grant_type");
  return Boolean(grantType) && others.length === 0;
}

/**
 * A public client has only its code or token as proof. One that this server cannot have issued is refused without
 * reading a store, so that unauthenticated callers cannot cause costs. If the client authenticates, the provider checks
 * that first (RFC 6749 §3.2.1).
 */
function refuseUnissued(request: Request, form: URLSearchParams): Response | undefined {
  const authenticates =
    request.headers.has("Authorization") || AUTHENTICATION_PARAMETERS.some((name) => form.get(name));
  const credential = soleCredential(form);
  if (authenticates || !form.get("client_id") || credential === undefined) return undefined;
  if (parseCredential(credential) !== undefined) return undefined;
  // RFC 7009 §2.2: revoking an invalid token succeeds.
  if (!form.has("grant_type")) return new Response(null, { status: 200, headers: NO_STORE });
  return oauthError("invalid_grant", "This code or token was not issued by this server.");
}

/** The code or token of the request; undefined if none or several are sent. */
function soleCredential(form: URLSearchParams): string | undefined {
  const [grantType, ...otherTypes] = form.getAll("grant_type");
  const name = !grantType ? "token" : CREDENTIAL_OF_GRANT_TYPE[grantType];
  const [credential, ...others] = name === undefined ? [] : form.getAll(name);
  return credential === "" || others.length + otherTypes.length > 0 ? undefined : credential;
}

function oauthError(error: string, description: string): Response {
  return Response.json({ error, error_description: description }, { status: 400, headers: NO_STORE });
}

/**
 * Lets a client authenticate with Basic and repeat its own id in the body, as the MCP Python SDK does by default
 * (modelcontextprotocol/python-sdk#3138). RFC 6749 §2.3 forbids two authentication *methods*; the same id twice is one
 * method. A different id is refused here, because the provider's message would be misleading. The provider refuses a
 * secret in the body.
 */
function withOneClientId(request: Request, form: URLSearchParams): Request | Response {
  const basicId = readBasicClientId(request.headers.get("Authorization"));
  const [bodyId, ...others] = form.getAll("client_id");
  if (basicId === undefined || !bodyId) return request;
  if (bodyId !== basicId) {
    return oauthError(
      "invalid_request",
      "client_id names another client than the Authorization header does.",
    );
  }
  if (others.length > 0 || form.has("client_secret")) return request;
  const rest = new URLSearchParams(form);
  rest.delete("client_id");
  return new Request(request, { body: rest.toString() });
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
 * Runs before the provider issues tokens to an MCP client that it has authenticated.
 *
 * @throws {OAuthError} `invalid_grant` when the PingSession has ended; the provider then also revokes the MCP grant.
 *   `temporarily_unavailable` when PingOne is down and no valid token is left
 */
export async function onTokenExchange(
  exchange: TokenExchangeCallbackOptions<Env>,
): Promise<TokenExchangeCallbackResult | undefined> {
  const props = propsSchema.safeParse(exchange.props);
  // Props of another shape were written by another version.
  if (!props.success) throw signInAgain();
  const session = exchange.env.PING_SESSION.getByName(props.data.pingSessionId);
  if (exchange.grantType === GrantType.AUTHORIZATION_CODE) {
    const binding = await session.bind();
    if (binding.kind === "over") throw signInAgain();
    if (binding.kind === "renewable") return undefined;
    // PingOne issued no refresh token: this grant ends with PingOne's access token.
    const ttl = Math.max(MINIMUM_TOKEN_TTL_SECONDS, binding.secondsLeft);
    return { accessTokenTTL: ttl, refreshTokenTTL: 0 };
  }
  const outcome = await session.getAccessToken({ requestId: requestId(), waitAtMostMs: budgetLeftMs() });
  switch (outcome.kind) {
    case "valid":
    case "refreshed":
      return undefined;
    case "expired":
      throw signInAgain();
    case "unavailable":
      throw new OAuthError("temporarily_unavailable", {
        description: "The sign-in service cannot be reached. Try again later.",
        statusCode: 503,
        headers: { "Retry-After": String(outcome.retryAfterSeconds) },
      });
  }
}

function signInAgain(): OAuthError {
  return new OAuthError("invalid_grant", { description: "The session at PingOne has ended. Sign in again." });
}
