/** An MCP client for worker tests: registers, signs a user in, redeems the code, connects. */

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import * as oauth from "oauth4webapi";
import { TestBrowser, type TestPage } from "pingone-emulator/browser";
import { type SignOnChoices, signOn } from "./sign-on.ts";
import type { ReachableWorker } from "./worker.ts";

export const CLIENT_REDIRECT_URI = "http://localhost:7777/callback";

export interface RegisteredClient {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly redirectUri: string;
}

export interface TokenResponse {
  access_token: string;
  refresh_token?: string;
  expires_in: number;
  scope: string;
}

/** The authorization server metadata of the Worker, without a request. */
function serverOf({ origin }: ReachableWorker): oauth.AuthorizationServer {
  return {
    issuer: origin,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    authorization_response_iss_parameter_supported: true,
  };
}

/** The Worker of the offline loop is served over plain HTTP. */
function requestOptions(worker: ReachableWorker) {
  const send = (url: string, init: oauth.CustomFetchOptions<string, unknown>) =>
    worker.fetch(url, init as RequestInit);
  return { [oauth.customFetch]: send, [oauth.allowInsecureRequests]: true };
}

function authenticationOf({ clientSecret }: RegisteredClient): oauth.ClientAuth {
  return clientSecret === undefined ? oauth.None() : oauth.ClientSecretPost(clientSecret);
}

export async function registerClient(
  worker: ReachableWorker,
  metadata: Record<string, unknown> = {},
): Promise<RegisteredClient> {
  const wanted = {
    client_name: "Test client",
    redirect_uris: [CLIENT_REDIRECT_URI],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    ...metadata,
  };
  const options = requestOptions(worker);
  const response = await oauth.dynamicClientRegistrationRequest(serverOf(worker), wanted, options);
  const registered = await oauth.processDynamicClientRegistrationResponse(response);
  return {
    clientId: registered.client_id,
    ...(typeof registered.client_secret === "string" && { clientSecret: registered.client_secret }),
    redirectUri: wanted.redirect_uris[0] ?? CLIENT_REDIRECT_URI,
  };
}

export interface AuthorizationAttempt {
  readonly url: URL;
  readonly state: string;
  readonly codeVerifier: string;
}

/** @param overrides parameters to replace; `undefined` omits one */
export async function startAuthorization(
  worker: ReachableWorker,
  client: RegisteredClient,
  overrides: Record<string, string | undefined> = {},
): Promise<AuthorizationAttempt> {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const parameters: Record<string, string | undefined> = {
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: "todo_api:read todo_api:write",
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: "S256",
    resource: worker.resource,
    ...overrides,
  };
  const url = new URL("/authorize", worker.origin);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return { url, state, codeVerifier };
}

export function createBrowser(
  worker: ReachableWorker,
  client: Pick<RegisteredClient, "redirectUri">,
): TestBrowser {
  const redirect = new URL(client.redirectUri);
  return new TestBrowser({
    fetch: worker.fetch,
    stopAt: (url) => url.origin === redirect.origin && url.pathname === redirect.pathname,
  });
}

/** Starts at the Worker's consent page: allow, sign on, consent. Skips pages that do not appear. */
export async function answerPages(page: TestPage, choices: SignOnChoices = {}): Promise<TestPage> {
  return signOn(page.heading.startsWith("Allow") ? await page.submit("Allow") : page, choices);
}

/**
 * Validates the response at the redirect URI, with its `state` and `iss`, and redeems its code.
 *
 * @param parameters to add to the token request
 * @throws {oauth.AuthorizationResponseError} when the response is an error
 * @throws {oauth.ResponseBodyError} when the code is refused
 */
export async function redeem(
  worker: ReachableWorker,
  client: RegisteredClient,
  attempt: AuthorizationAttempt,
  callback: URL,
  parameters: Record<string, string> = {},
): Promise<TokenResponse> {
  const server = serverOf(worker);
  const known = { client_id: client.clientId };
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    known,
    authenticationOf(client),
    oauth.validateAuthResponse(server, known, callback, attempt.state),
    client.redirectUri,
    attempt.codeVerifier,
    { ...requestOptions(worker), additionalParameters: { resource: worker.resource, ...parameters } },
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, known, response);
  return tokens as TokenResponse;
}

/** @param parameters to add to the token request */
export function requestRefresh(
  worker: ReachableWorker,
  client: RegisteredClient,
  { refresh_token = "" }: { readonly refresh_token?: string },
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const form = { grant_type: "refresh_token", refresh_token, ...parameters };
  return requestToken(worker, client, form, headers);
}

/** Sends a request to the token endpoint without validating its parameters. */
export function requestToken(
  worker: ReachableWorker,
  client: RegisteredClient,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return worker.fetch(`${worker.origin}/token`, {
    method: "POST",
    headers,
    body: new URLSearchParams({
      client_id: client.clientId,
      ...(client.clientSecret !== undefined && { client_secret: client.clientSecret }),
      ...parameters,
    }),
  });
}

/** Replaces the last character of a code or token by a different one. */
export function changeLastCharacter(credential: string): string {
  return `${credential.slice(0, -1)}${credential.endsWith("A") ? "B" : "A"}`;
}

/** Registers a client unless one is given, signs in and redeems the code. */
export async function signIn(
  worker: ReachableWorker,
  options: SignOnChoices & { client?: RegisteredClient; browser?: TestBrowser; scope?: string } = {},
): Promise<{ client: RegisteredClient; browser: TestBrowser; tokens: TokenResponse; callback: URL }> {
  const client = options.client ?? (await registerClient(worker));
  const browser = options.browser ?? createBrowser(worker, client);
  const overrides = options.scope === undefined ? {} : { scope: options.scope };
  const attempt = await startAuthorization(worker, client, overrides);
  const last = await answerPages(await browser.open(attempt.url), options);
  const tokens = await redeem(worker, client, attempt, last.url);
  return { client, browser, tokens, callback: last.url };
}

export type ProtocolEra = "legacy" | "modern";

export const PROTOCOL_ERAS = ["legacy", "modern"] as const;

/** Connects the SDK's client in one protocol era. */
export async function connectMcp(
  worker: ReachableWorker,
  accessToken: string,
  era: ProtocolEra,
): Promise<Client> {
  const client = new Client(
    { name: "worker-test", version: "1.0.0" },
    { versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(worker.resource), {
    fetch: worker.fetch,
    requestInit: { headers: { Authorization: `Bearer ${accessToken}` } },
  });
  await client.connect(transport);
  return client;
}
