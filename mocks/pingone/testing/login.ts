/** For the tests of this folder: a person who signs in at the PingOne emulator, and the client that sent them there. */
import { createHash } from "node:crypto";
import type { Emulators } from "../../index.ts";
import { TestBrowser } from "../../kit/testing/browser.ts";

export const TEST_WORKER_ORIGIN = "http://localhost:8787";
const REDIRECT_URI = `${TEST_WORKER_ORIGIN}/callback`;
/** TEST ONLY: the password of every test user. */
export const TEST_PASSWORD = "2FederateM0re!";

export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly expires_in: number;
  readonly scope: string;
}

export interface Login {
  readonly browser: TestBrowser;
  readonly callback: URL;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly code: string;
}

export function createTestBrowser(): TestBrowser {
  return new TestBrowser(fetch, (url) => url.origin === TEST_WORKER_ORIGIN);
}

/** Signs in and approves; screens that do not appear are not waited for. */
export async function signIn(
  { issuer, client }: Pick<Emulators, "issuer" | "client">,
  username: string,
  options: { readonly browser?: TestBrowser; readonly parameters?: Readonly<Record<string, string>> } = {},
): Promise<Login> {
  const browser = options.browser ?? createTestBrowser();
  const [state, nonce, codeVerifier] = [
    crypto.randomUUID(),
    crypto.randomUUID(),
    `${crypto.randomUUID()}${crypto.randomUUID()}`,
  ];
  const url = new URL(`${issuer}/authorize`);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    scope: "openid profile todo_api:read todo_api:write",
    state,
    nonce,
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
    ...options.parameters,
  }).toString();
  let page = await browser.open(url);
  if (page.heading === "Sign On") {
    page = await page.submit("Sign On", { Username: username, Password: TEST_PASSWORD });
  }
  if (page.heading === "Application Consent") page = await page.submit("Approve");
  const code = page.url.searchParams.get("code");
  if (code === null)
    throw new Error(`No code came back, but ${page.url.search || page.heading || page.text}.`);
  return { browser, callback: page.url, state, nonce, codeVerifier, code };
}

export function redeem(emulators: Pick<Emulators, "issuer" | "client">, login: Login): Promise<Response> {
  return postToken(emulators, {
    grant_type: "authorization_code",
    code: login.code,
    redirect_uri: REDIRECT_URI,
    code_verifier: login.codeVerifier,
  });
}

export function refresh(
  emulators: Pick<Emulators, "issuer" | "client">,
  refreshToken: string,
): Promise<Response> {
  return postToken(emulators, { grant_type: "refresh_token", refresh_token: refreshToken });
}

function postToken({ issuer, client }: Pick<Emulators, "issuer" | "client">, fields: Record<string, string>) {
  return fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
    body: new URLSearchParams(fields),
  });
}

export async function obtainTokens(
  emulators: Pick<Emulators, "issuer" | "client">,
  username: string,
): Promise<TokenAnswer & { readonly login: Login }> {
  const login = await signIn(emulators, username);
  const response = await redeem(emulators, login);
  if (!response.ok) throw new Error(`The token request failed: ${response.status} ${await response.text()}`);
  return { ...((await response.json()) as TokenAnswer), login };
}

export function listTodos(
  { todoOrigin }: Pick<Emulators, "todoOrigin">,
  accessToken: string,
): Promise<Response> {
  return fetch(`${todoOrigin}/api/todos`, { headers: { authorization: `Bearer ${accessToken}` } });
}
