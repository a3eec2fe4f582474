/**
 * `POST /token`: MCP clients redeem codes, refresh tokens and revoke them (RFC 6749 §3.2, RFC 7009). The provider
 * decides whether a request is authentic; this is what stands before and behind it.
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

/** What proves a request's right, by its grant type. */
const CREDENTIAL_OF_GRANT_TYPE: Readonly<Record<string, string>> = {
  [GrantType.AUTHORIZATION_CODE]: "code",
  [GrantType.REFRESH_TOKEN]: "refresh_token",
};

/** RFC 6749 §2.3.1 and RFC 7521 §4.2. */
const AUTHENTICATION_PARAMETERS = ["client_secret", "client_assertion", "client_assertion_type"];

/**
 * Answers a token or revocation request.
 *
 * @param askProvider the provider's own answer, which costs a read of the client's registration and of the grant
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

/** Whether the provider would issue tokens if all is well; else it takes the form for a revocation, or refuses it. */
export function asksForTokens(body: string): boolean {
  const [grantType, ...others] = new URLSearchParams(body).getAll("grant_type");
  return Boolean(grantType) && others.length === 0;
}

/**
 * A public client proves itself by nothing but the code or token that it holds. One that this server cannot have issued
 * is refused without a look at any store, so that strangers cannot cause costs. A client that authenticates is judged
 * first, by the provider (RFC 6749 §3.2.1).
 */
function refuseUnissued(request: Request, form: URLSearchParams): Response | undefined {
  const authenticates =
    request.headers.has("Authorization") || AUTHENTICATION_PARAMETERS.some((name) => form.get(name));
  const credential = soleCredential(form);
  if (authenticates || !form.get("client_id") || credential === undefined) return undefined;
  if (parseCredential(credential) !== undefined) return undefined;
  // RFC 7009 §2.2: an invalid token is as good as revoked.
  if (!form.has("grant_type")) return new Response(null, { status: 200, headers: NO_STORE });
  return oauthError("invalid_grant", "This code or token was not issued by this server.");
}

/** The code or token that the request is about; undefined where none or several are sent. */
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
 * (modelcontextprotocol/python-sdk#3138). RFC 6749 §2.3 forbids two authentication *methods*; the same id twice is
 * one, and another id is a mistake of which the provider would say something else. A secret in the body is left for the
 * provider to refuse.
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
 * @throws {OAuthError} `invalid_grant`, with which the provider also revokes the MCP grant, when the PingOne session is
 *   over; `temporarily_unavailable` when PingOne is down and no valid token is left
 */
export async function onTokenExchange(
  exchange: TokenExchangeCallbackOptions<Env>,
): Promise<TokenExchangeCallbackResult | undefined> {
  const props = propsSchema.safeParse(exchange.props);
  // A grant whose props have another shape was made by another version.
  if (!props.success) throw signInAgain();
  const session = exchange.env.PING_SESSION.getByName(props.data.pingSessionId);
  if (exchange.grantType === GrantType.AUTHORIZATION_CODE) {
    const binding = await session.bind();
    if (binding.kind === "over") throw signInAgain();
    if (binding.kind === "renewable") return undefined;
    // PingOne gave no refresh token: this grant ends when PingOne's access token does.
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
