/**
 * OpenID Connect calls to PingOne: discovery, the authorization request, code exchange, refresh, revocation.
 *
 * Every endpoint comes from discovery and every response is judged by oauth4webapi. Failures leave as a
 * {@link PingFailure}, with a code that says whether trying again can help.
 */
import { decode } from "hono/jwt";
import * as oauth from "oauth4webapi";
import { z } from "zod";
import { budgetLeftMs } from "../deadline.ts";
import { ALL_TODO_SCOPES, isLoopback, type Person, type Settings, type TodoScope } from "../config.ts";
import { attempt, failed, readUnavailable } from "./ping-failures.ts";
import type { PingFailure, PingResult, PingSignIn, PingTokens, SignInTransaction } from "./ping-types.ts";

/** PingOne changes its discovery document rarely; an hour keeps a warm sign-in at one back-channel request. */
const DISCOVERY_TTL_MS = 60 * 60 * 1000;

/** How far our clock and PingOne's may differ when times in its tokens are judged. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** A token with less than this left is refreshed before it is handed out. */
const REFRESH_MARGIN_SECONDS = 60;

/** RFC 6749 §5.1: `expires_in` is only RECOMMENDED; PingOne's default lifetime is one hour. */
const FALLBACK_EXPIRES_IN_SECONDS = 3600;

/** Without them nobody can sign in. */
const REQUIRED_ENDPOINTS = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;

type PingOneMetadata = oauth.AuthorizationServer & Record<(typeof REQUIRED_ENDPOINTS)[number], string>;

/** Per isolate. Only settled values are kept: a pending promise belongs to the request that made it. */
const discovered = new Map<string, { metadata: PingOneMetadata; fetchedAt: number }>();

function httpOptions(settings: Settings) {
  return {
    [oauth.allowInsecureRequests]:
      settings.PINGONE_ISSUER.protocol === "http:" && isLoopback(settings.PINGONE_ISSUER),
    signal: () => AbortSignal.timeout(Math.min(settings.UPSTREAM_TIMEOUT_SECONDS * 1000, budgetLeftMs())),
  };
}

function oidcClient(settings: Settings): oauth.Client {
  return { client_id: settings.MCP_SERVER_CLIENT_ID, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
}

function clientAuthentication(settings: Settings): oauth.ClientAuth {
  return oauth.ClientSecretBasic(settings.MCP_SERVER_CLIENT_SECRET);
}

/** PingOne's metadata, at most an hour old. */
export async function discoverPingOne(settings: Settings): Promise<PingResult<PingOneMetadata>> {
  const issuer = settings.PINGONE_ISSUER;
  const cached = discovered.get(issuer.href);
  if (cached !== undefined && Date.now() - cached.fetchedAt < DISCOVERY_TTL_MS) {
    return { kind: "ok", value: cached.metadata };
  }
  const found = await attempt("discovery", async () => {
    const response = await oauth.discoveryRequest(issuer, { ...httpOptions(settings), algorithm: "oidc" });
    return (
      readUnavailable(response, "discovery") ??
      requireEndpoints(await oauth.processDiscoveryResponse(issuer, response))
    );
  });
  if (found.kind === "ok") discovered.set(issuer.href, { metadata: found.value, fetchedAt: Date.now() });
  return found;
}

/** Used where PingOne has them. */
const OPTIONAL_ENDPOINTS = ["revocation_endpoint", "introspection_endpoint", "end_session_endpoint"] as const;

/** Judged before the document is kept for an hour: secrets and tokens are sent to these addresses. */
function requireEndpoints(metadata: oauth.AuthorizationServer): PingResult<PingOneMetadata> {
  for (const name of REQUIRED_ENDPOINTS) {
    if (!isSecureUrl(metadata[name])) return failed("untrusted", `discovery_without_${name}`);
  }
  for (const name of OPTIONAL_ENDPOINTS) {
    if (metadata[name] !== undefined && !isSecureUrl(metadata[name])) {
      return failed("untrusted", `discovery_with_insecure_${name}`);
    }
  }
  return { kind: "ok", value: metadata as PingOneMetadata };
}

function isSecureUrl(value: string | undefined): boolean {
  const url = URL.parse(value ?? "");
  return url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)));
}

/**
 * The address at PingOne that the browser is sent to, but for `state`, which the caller binds to the browser.
 *
 * @param options.scopes what the MCP client asked for and the person approved; none to learn only who it is
 */
export async function buildAuthorizationUrl(
  settings: Settings,
  options: {
    redirectUri: string;
    scopes: readonly TodoScope[];
    transaction: SignInTransaction;
  },
): Promise<PingResult<URL>> {
  const metadata = await discoverPingOne(settings);
  if (metadata.kind === "failed") return metadata;
  const url = new URL(metadata.value.authorization_endpoint);
  const scope = ["openid", "profile", ...options.scopes];
  // PingOne: where the resource grant lists `offline_access`, a refresh token needs this scope; where it does
  // not, asking for it is an error. Hence a setting.
  if (settings.PINGONE_OFFLINE_ACCESS === "send" && options.scopes.length > 0) scope.push("offline_access");
  const parameters: Record<string, string> = {
    ...(options.scopes.length > 0 && resourceParameter(settings)),
    response_type: "code",
    client_id: settings.MCP_SERVER_CLIENT_ID,
    redirect_uri: options.redirectUri,
    scope: scope.join(" "),
    nonce: options.transaction.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(options.transaction.codeVerifier),
    code_challenge_method: "S256",
  };
  if (settings.PINGONE_DV_POLICY_ID !== undefined) parameters.acr_values = settings.PINGONE_DV_POLICY_ID;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { kind: "ok", value: url };
}

export function createSignInTransaction(): SignInTransaction {
  return { codeVerifier: oauth.generateRandomCodeVerifier(), nonce: oauth.generateRandomNonce() };
}

interface AuthorizationResponse {
  /** The whole address at which the browser came back. */
  readonly response: URL;
  readonly redirectUri: string;
  readonly transaction: SignInTransaction;
}

/**
 * Turns PingOne's authorization response into a verified person and tokens.
 *
 * Verified: the response's `state` and `iss` (RFC 9207), the ID token's signature by JWKS, issuer, audience, nonce and
 * times (OpenID Connect Core §3.1.3.7), the policy that was asked for, and that the access token is meant for the Todo
 * API.
 */
export async function redeemAuthorizationResponse(
  settings: Settings,
  options: AuthorizationResponse & { readonly requested: readonly TodoScope[] },
): Promise<PingResult<PingSignIn>> {
  const exchanged = await exchangeCode(settings, options, resourceParameter(settings));
  if (exchanged.kind === "failed") return exchanged;
  const { response, claims } = exchanged.value;
  const tokens = readTokens(response, claims.sub, options.requested);
  // PingOne derives the audience from the scopes: without one of the Todo API, the token is for PingOne's own. Such a
  // sign-in is the person's refusal, and its token is used for nothing.
  const mismatch = tokens.scopes.length > 0 ? judgeAudience(tokens, settings.API_IDENTIFIER) : undefined;
  return mismatch ?? { kind: "ok", value: { person: readPerson(claims), tokens } };
}

/** The same for somebody who only proves who they are. Its access token is good for nothing here and is dropped. */
export async function redeemIdentity(
  settings: Settings,
  options: AuthorizationResponse,
): Promise<PingResult<{ person: Person; idToken: string }>> {
  const exchanged = await exchangeCode(settings, options, {});
  if (exchanged.kind === "failed") return exchanged;
  const { response, claims } = exchanged.value;
  return { kind: "ok", value: { person: readPerson(claims), idToken: response.id_token ?? "" } };
}

async function exchangeCode(
  settings: Settings,
  options: AuthorizationResponse,
  additionalParameters: Record<string, string>,
): Promise<PingResult<{ response: oauth.TokenEndpointResponse; claims: oauth.IDToken }>> {
  const discovery = await discoverPingOne(settings);
  if (discovery.kind === "failed") return discovery;
  const metadata = discovery.value;
  const client = oidcClient(settings);
  const sent = await attempt("code_exchange", async () => {
    const state = options.response.searchParams.get("state") ?? oauth.expectNoState;
    const parameters = oauth.validateAuthResponse(metadata, client, options.response, state);
    const response = await oauth.authorizationCodeGrantRequest(
      metadata,
      client,
      clientAuthentication(settings),
      parameters,
      options.redirectUri,
      options.transaction.codeVerifier,
      { ...httpOptions(settings), additionalParameters },
    );
    return readUnavailable(response, "code_exchange") ?? { kind: "ok", value: response };
  });
  if (sent.kind === "failed") return sent;
  const response = sent.value;
  const copy = response.clone();
  const judged = await attempt("code_exchange", async () => {
    const tokens = await oauth.processAuthorizationCodeResponse(metadata, client, response, {
      expectedNonce: options.transaction.nonce,
      requireIdToken: true,
    });
    await verifyIdTokenSignature(metadata, response, settings);
    return judgeClaims(tokens, settings);
  });
  if (judged.kind === "ok" || !response.ok) return judged;
  // What was issued and is not used must not stay alive.
  return { ...judged, refreshToken: await readRefreshToken(copy) };
}

function judgeClaims(
  response: oauth.TokenEndpointResponse,
  settings: Settings,
): PingResult<{ response: oauth.TokenEndpointResponse; claims: oauth.IDToken }> {
  const claims = oauth.getValidatedIdTokenClaims(response);
  if (claims === undefined) return failed("untrusted", "no_id_token");
  if (claims.sub === "") return failed("untrusted", "id_token_without_subject");
  // `acr_values` is only a wish (OpenID Connect Core §3.1.2.1), and it passes through the person's browser, where it
  // can be dropped: PingOne then uses another policy.
  const policy = settings.PINGONE_DV_POLICY_ID;
  if (policy !== undefined && claims.acr !== policy) {
    return failed("wrong_policy", "acr_of_another_policy", { policy: describePolicy(claims.acr) });
  }
  return { kind: "ok", value: { response, claims } };
}

/** The policy's id or name as the log may show it. */
function describePolicy(acr: unknown): string {
  if (typeof acr !== "string") return "none";
  return /^[\w .:/-]{1,100}$/.test(acr) ? acr : "unreadable";
}

async function readRefreshToken(response: Response): Promise<string | undefined> {
  const body = await response.json().catch(() => undefined);
  return z.object({ refresh_token: z.string() }).safeParse(body).data?.refresh_token;
}

/** RFC 8707. PingOne derives the audience from the scopes; some tenants refuse `resource` beside `openid`. */
function resourceParameter(settings: Settings): Record<string, string> {
  return settings.PINGONE_RESOURCE_PARAM === "send" ? { resource: settings.API_IDENTIFIER } : {};
}

/**
 * Trades a refresh token for new tokens. PingOne rotates: the old refresh token is dead once it has answered.
 *
 * @param current whose tokens they are (OpenID Connect Core §12.2: a new ID token's `sub` must be the same), and what
 *   scopes they have (RFC 6749 §6: they can only become fewer)
 * @returns `invalid_grant` when the grant is dead at PingOne; `unavailable` when PingOne is; `wrong_subject` for
 *   somebody else's tokens. Where the answer cannot be used but brought a new refresh token, the failure has it: the
 *   old one is worth nothing any more.
 */
export async function refreshTokens(
  settings: Settings,
  current: PingTokens,
  refreshToken: string,
): Promise<PingResult<PingTokens>> {
  const discovery = await discoverPingOne(settings);
  if (discovery.kind === "failed") return discovery;
  const metadata = discovery.value;
  const client = oidcClient(settings);
  return attempt("refresh", async () => {
    const response = await oauth.refreshTokenGrantRequest(
      metadata,
      client,
      clientAuthentication(settings),
      refreshToken,
      { ...httpOptions(settings), additionalParameters: resourceParameter(settings) },
    );
    const unavailable = readUnavailable(response, "refresh");
    if (unavailable !== undefined) return unavailable;
    const answer = await oauth.processRefreshTokenResponse(metadata, client, response);
    const claims = oauth.getValidatedIdTokenClaims(answer);
    if (claims !== undefined && claims.sub !== current.subject) {
      return failed("wrong_subject", "refresh_for_another_person", { refreshToken: answer.refresh_token });
    }
    const tokens = readTokens(answer, current.subject, current.scopes);
    return (
      judgeAudience(tokens, settings.API_IDENTIFIER) ?? {
        kind: "ok",
        // RFC 6749 §6: a server that does not rotate returns no new refresh token; the old one stays good.
        value: { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken },
      }
    );
  });
}

/**
 * Where the browser goes to end its session at PingOne (OpenID Connect RP-Initiated Logout 1.0), or undefined when
 * PingOne's metadata names no such place.
 */
export async function buildSignOffUrl(
  settings: Settings,
  options: { idToken: string | undefined; returnTo: string },
): Promise<PingResult<URL | undefined>> {
  const metadata = await discoverPingOne(settings);
  if (metadata.kind === "failed") return metadata;
  if (metadata.value.end_session_endpoint === undefined) return { kind: "ok", value: undefined };
  const url = new URL(metadata.value.end_session_endpoint);
  url.searchParams.set("client_id", settings.MCP_SERVER_CLIENT_ID);
  if (options.idToken !== undefined) url.searchParams.set("id_token_hint", options.idToken);
  url.searchParams.set("post_logout_redirect_uri", options.returnTo);
  return { kind: "ok", value: url };
}

/** Ends a refresh token and its family at PingOne (RFC 7009). */
export async function revokeRefreshToken(
  settings: Settings,
  refreshToken: string,
): Promise<PingResult<undefined>> {
  const discovery = await discoverPingOne(settings);
  if (discovery.kind === "failed") return discovery;
  const metadata = discovery.value;
  if (metadata.revocation_endpoint === undefined) return { kind: "ok", value: undefined };
  return attempt("revocation", async () => {
    const response = await oauth.revocationRequest(
      metadata,
      oidcClient(settings),
      clientAuthentication(settings),
      refreshToken,
      { ...httpOptions(settings), additionalParameters: { token_type_hint: "refresh_token" } },
    );
    const unavailable = readUnavailable(response, "revocation");
    if (unavailable !== undefined) return unavailable;
    await oauth.processRevocationResponse(response);
    return { kind: "ok", value: undefined };
  });
}

/** Whether PingOne says that an access token is worth nothing any more (RFC 7662); false where it does not say. */
export async function isInactiveAtPingOne(settings: Settings, accessToken: string): Promise<boolean> {
  const discovery = await discoverPingOne(settings);
  if (discovery.kind === "failed" || discovery.value.introspection_endpoint === undefined) return false;
  const metadata = discovery.value;
  const answer = await attempt("introspection", async () => {
    const client = oidcClient(settings);
    const response = await oauth.introspectionRequest(
      metadata,
      client,
      clientAuthentication(settings),
      accessToken,
      { ...httpOptions(settings), additionalParameters: { token_type_hint: "access_token" } },
    );
    const unavailable = readUnavailable(response, "introspection");
    if (unavailable !== undefined) return unavailable;
    return { kind: "ok", value: await oauth.processIntrospectionResponse(metadata, client, response) };
  });
  return answer.kind === "ok" && !answer.value.active;
}

/**
 * oauth4webapi keeps a JWKS for five minutes per metadata object and asks again for an unknown `kid` only when
 * it is a minute old. A key that rolled over inside that minute would fail a sign-in, so the check runs once more
 * with a fresh copy. Strangers cannot trigger it: ID tokens come from PingOne's token endpoint only.
 */
async function verifyIdTokenSignature(
  metadata: PingOneMetadata,
  response: Response,
  settings: Settings,
): Promise<void> {
  try {
    await oauth.validateApplicationLevelSignature(metadata, response, httpOptions(settings));
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError) || error.code !== oauth.KEY_SELECTION) throw error;
    const copy = { ...metadata };
    await oauth.validateApplicationLevelSignature(copy, response, httpOptions(settings));
    discovered.set(settings.PINGONE_ISSUER.href, { metadata: copy, fetchedAt: Date.now() });
  }
}

const audienceSchema = z.object({ aud: z.union([z.string(), z.array(z.string())]) });

/**
 * SECURITY: an access token for another API must never be sent to the Todo API (MCP authorization, token audience).
 * Its signature is the Todo API's to check: we read it straight from the token endpoint.
 */
export function judgeAudience(
  { accessToken, refreshToken }: Pick<PingTokens, "accessToken" | "refreshToken">,
  audience: string,
): PingFailure | undefined {
  let payload: unknown;
  try {
    payload = decode(accessToken).payload;
  } catch {
    return failed("wrong_audience", "access_token_is_no_jwt", { refreshToken });
  }
  const claims = audienceSchema.safeParse(payload);
  if (!claims.success) return failed("wrong_audience", "access_token_without_audience", { refreshToken });
  const audiences = typeof claims.data.aud === "string" ? [claims.data.aud] : claims.data.aud;
  if (audiences.includes(audience)) return undefined;
  return failed("wrong_audience", "access_token_for_another_api", { refreshToken });
}

function readPerson(claims: oauth.IDToken): Person {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const fullName = [text(claims.given_name), text(claims.family_name)].filter((part) => part !== undefined);
  const name = text(claims.name) ?? (fullName.length > 0 ? fullName.join(" ") : undefined);
  const username = text(claims.preferred_username);
  const email = text(claims.email);
  return {
    sub: claims.sub,
    ...(name !== undefined && { name }),
    ...(username !== undefined && { username }),
    ...(email !== undefined && { email }),
  };
}

/** @param requested the scopes that were asked for, or that the refreshed token had */
function readTokens(
  tokens: oauth.TokenEndpointResponse,
  subject: string,
  requested: readonly TodoScope[],
): PingTokens {
  const lifetime = Math.floor(tokens.expires_in ?? FALLBACK_EXPIRES_IN_SECONDS);
  const expiresAt = Math.floor(Date.now() / 1000) + lifetime;
  // A token that lives no longer than the margin would otherwise be refreshed for every single call.
  const margin = lifetime > REFRESH_MARGIN_SECONDS ? REFRESH_MARGIN_SECONDS : Math.ceil(lifetime / 2);
  return {
    version: 2,
    subject,
    accessToken: tokens.access_token,
    accessTokenExpiresAt: expiresAt,
    refreshAt: expiresAt - margin,
    scopes: grantedScopes(tokens.scope, requested),
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
  };
}

/** RFC 6749 §5.1: no `scope` in the response means that it was granted as requested. */
function grantedScopes(scope: string | undefined, requested: readonly TodoScope[]): TodoScope[] {
  if (scope === undefined) return [...requested];
  const granted = new Set(scope.split(" "));
  return ALL_TODO_SCOPES.filter((name) => granted.has(name) && requested.includes(name));
}
