/**
 * OpenID Connect calls to PingOne: the authorization request, code exchange, refresh, revocation, introspection,
 * sign-off.
 *
 * oauth4webapi validates every response. Failures become a {@link PingFailure}, whose code says whether trying again
 * can help.
 */
import * as oauth from "oauth4webapi";
import { z } from "zod";
import { ENDPOINTS, type Person, type Settings, type TodoScope } from "../config.ts";
import {
  discoverPingOne,
  httpOptions,
  type PingOneMetadata,
  verifyIdTokenSignature,
} from "./ping-discovery.ts";
import { attempt, failed, readUnavailable } from "./ping-failures.ts";
import { judgeAudience, readPerson, readTokens } from "./ping-tokens.ts";
import type { PingResult, PingSignIn, PingTokens, SignInTransaction } from "./ping-types.ts";

/** Clock tolerance for the times in PingOne's tokens. */
const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * The authorization request to PingOne, without `state`, which the caller adds and binds to the browser.
 *
 * @param options.scopes the scopes that the MCP client requested and the person approved; none to only identify the person
 */
export async function buildAuthorizationUrl(
  settings: Settings,
  options: { scopes: readonly TodoScope[]; transaction: SignInTransaction },
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
    redirect_uri: redirectUri(settings),
    scope: scope.join(" "),
    nonce: options.transaction.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(options.transaction.codeVerifier),
    code_challenge_method: "S256",
  };
  if (settings.PINGONE_DV_POLICY_ID !== undefined) parameters.acr_values = settings.PINGONE_DV_POLICY_ID;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { kind: "ok", value: url };
}

/** The redirect URI that is registered at PingOne, used by both sign-ins. */
function redirectUri(settings: Settings): string {
  return new URL(ENDPOINTS.callback, settings.MCP_RESOURCE).href;
}

export function createSignInTransaction(): SignInTransaction {
  return { codeVerifier: oauth.generateRandomCodeVerifier(), nonce: oauth.generateRandomNonce() };
}

interface AuthorizationResponse {
  /** The full URL of the authorization response. */
  readonly response: URL;
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
  // PingOne derives the audience from the scopes: without a Todo scope, the token is for PingOne's own API. The sign-in
  // then counts as `access_denied`, and its token is not used.
  const mismatch = tokens.scopes.length > 0 ? judgeAudience(tokens, settings.API_IDENTIFIER) : undefined;
  return mismatch ?? { kind: "ok", value: { person: readPerson(claims), tokens } };
}

/** The same for `/signout`, which only identifies the person. The access token is discarded. */
export async function redeemIdentity(
  settings: Settings,
  options: AuthorizationResponse,
): Promise<PingResult<{ person: Person; idToken: string }>> {
  const exchanged = await exchangeCode(settings, options, {});
  if (exchanged.kind === "failed") return exchanged;
  const { response, claims } = exchanged.value;
  return { kind: "ok", value: { person: readPerson(claims), idToken: response.id_token ?? "" } };
}

function exchangeCode(
  settings: Settings,
  { response: { searchParams }, transaction }: AuthorizationResponse,
  additionalParameters: Record<string, string>,
): Promise<PingResult<{ response: oauth.TokenEndpointResponse; claims: oauth.IDToken }>> {
  const step = "code_exchange";
  return ask(settings, step, {
    send: (server, client, authentication) => {
      const state = searchParams.get("state") ?? oauth.expectNoState;
      const parameters = oauth.validateAuthResponse(server, client, searchParams, state);
      const options = { ...httpOptions(settings), additionalParameters };
      const { codeVerifier } = transaction;
      const uri = redirectUri(settings);
      return oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        uri,
        codeVerifier,
        options,
      );
    },
    read: (server, client, response) =>
      withRefreshToken(step, response, async () => {
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
          expectedNonce: transaction.nonce,
          requireIdToken: true,
        });
        await verifyIdTokenSignature(server, response, settings);
        return judgeClaims(tokens, settings);
      }),
  });
}

/** One request to an endpoint of PingOne's. Any error on the way becomes a failure that names the step. */
async function ask<T>(
  settings: Settings,
  step: string,
  request: {
    send(server: PingOneMetadata, client: oauth.Client, authentication: oauth.ClientAuth): Promise<Response>;
    read(server: PingOneMetadata, client: oauth.Client, response: Response): Promise<PingResult<T>>;
  },
): Promise<PingResult<T>> {
  const discovery = await discoverPingOne(settings);
  if (discovery.kind === "failed") return discovery;
  const client = {
    client_id: settings.MCP_SERVER_CLIENT_ID,
    [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
  };
  const authentication = oauth.ClientSecretBasic(settings.MCP_SERVER_CLIENT_SECRET);
  return attempt(step, async () => {
    const response = await request.send(discovery.value, client, authentication);
    return readUnavailable(response, step) ?? request.read(discovery.value, client, response);
  });
}

/** If a token response is unusable, the failure carries its refresh token, so that the caller can revoke it. */
async function withRefreshToken<T>(
  step: string,
  response: Response,
  judge: () => Promise<PingResult<T>>,
): Promise<PingResult<T>> {
  const copy = response.clone();
  const judged = await attempt(step, judge);
  if (judged.kind === "ok" || !response.ok) return judged;
  return { ...judged, refreshToken: await readRefreshToken(copy) };
}

function judgeClaims(
  response: oauth.TokenEndpointResponse,
  settings: Settings,
): PingResult<{ response: oauth.TokenEndpointResponse; claims: oauth.IDToken }> {
  const claims = oauth.getValidatedIdTokenClaims(response);
  if (claims === undefined) return failed("untrusted", "no_id_token");
  if (claims.sub === "") return failed("untrusted", "id_token_without_subject");
  // `acr_values` is voluntary (OpenID Connect Core §3.1.2.1), and the person can remove it in the browser: PingOne then
  // uses another policy.
  const policy = settings.PINGONE_DV_POLICY_ID;
  if (policy !== undefined && claims.acr !== policy) {
    return failed("wrong_policy", "acr_of_another_policy", { policy: describePolicy(claims.acr) });
  }
  return { kind: "ok", value: { response, claims } };
}

/** The policy's id or name, if it is safe to log. */
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
 * Exchanges a refresh token for new tokens. PingOne rotates: afterwards the old refresh token is invalid.
 *
 * @param current whose tokens they are (OpenID Connect Core §12.2: a new ID token's `sub` must be the same), and what
 *   scopes they have (RFC 6749 §6: they can only become fewer)
 * @returns `invalid_grant` when PingOne rejects the refresh token; `unavailable` when PingOne cannot be reached;
 *   `wrong_subject` for tokens of another person. If the response is unusable but has a new refresh token, the failure
 *   carries it, because the old one is invalid by then.
 */
export function refreshTokens(
  settings: Settings,
  current: PingTokens,
  refreshToken: string,
): Promise<PingResult<PingTokens>> {
  const options = { ...httpOptions(settings), additionalParameters: resourceParameter(settings) };
  return ask(settings, "refresh", {
    send: (server, client, authentication) =>
      oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options),
    read: (server, client, response) =>
      withRefreshToken("refresh", response, async () => {
        const answer = await oauth.processRefreshTokenResponse(server, client, response);
        const claims = oauth.getValidatedIdTokenClaims(answer);
        if (claims !== undefined && claims.sub !== current.subject) {
          return failed("wrong_subject", "refresh_for_another_person");
        }
        const tokens = readTokens(answer, current.subject, current.scopes);
        return (
          judgeAudience(tokens, settings.API_IDENTIFIER) ?? {
            kind: "ok",
            // RFC 6749 §6: a server that does not rotate returns no new refresh token; the old one stays valid.
            value: { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken },
          }
        );
      }),
  });
}

/**
 * The logout request to PingOne (OpenID Connect RP-Initiated Logout 1.0), or undefined if its metadata has no
 * `end_session_endpoint`.
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

/** Revokes a refresh token and its family at PingOne (RFC 7009). */
export async function revokeRefreshToken(
  settings: Settings,
  refreshToken: string,
): Promise<PingResult<undefined>> {
  const done = { kind: "ok", value: undefined } as const;
  const discovery = await discoverPingOne(settings);
  if (discovery.kind === "ok" && discovery.value.revocation_endpoint === undefined) return done;
  const options = { ...httpOptions(settings), additionalParameters: { token_type_hint: "refresh_token" } };
  return ask(settings, "revocation", {
    send: (server, client, authentication) =>
      oauth.revocationRequest(server, client, authentication, refreshToken, options),
    read: async (_server, _client, response) => {
      await oauth.processRevocationResponse(response);
      return done;
    },
  });
}

/** Whether PingOne's introspection says `active: false` (RFC 7662); also false if introspection is not available. */
export async function isInactiveAtPingOne(settings: Settings, accessToken: string): Promise<boolean> {
  const options = { ...httpOptions(settings), additionalParameters: { token_type_hint: "access_token" } };
  const answer = await ask(settings, "introspection", {
    send: (server, client, authentication) =>
      oauth.introspectionRequest(server, client, authentication, accessToken, options),
    read: async (server, client, response) => ({
      kind: "ok",
      value: await oauth.processIntrospectionResponse(server, client, response),
    }),
  });
  return answer.kind === "ok" && !answer.value.active;
}
