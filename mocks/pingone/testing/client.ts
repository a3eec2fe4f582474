/**
 * For tests: an OAuth client of the emulator that speaks plain HTTP, as the Worker's application, and the person whom it
 * sends there with a browser.
 */
import { createHash, randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { TestBrowser, type TestPage } from "../../kit/browser.ts";
import { signOn } from "./sign-on.ts";

export const WORKER_ORIGIN = "http://localhost:8787";
export const REDIRECT_URI = `${WORKER_ORIGIN}/callback`;
export const ALL_SCOPES = "openid profile email todo_api:read todo_api:write";

/** An answer in JSON, with the status and the headers it came with. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly error?: string;
  readonly error_description?: string;
  readonly [member: string]: unknown;
}

export interface TokenAnswer extends Answer {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly scope: string;
  readonly token_type: string;
  readonly expires_in: number;
}

export interface SignedIn {
  readonly code: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly state: string;
  readonly callback: URL;
  readonly browser: TestBrowser;
}

export type Fields = Readonly<Record<string, string | undefined>>;

interface Registration {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
}

export class TestClient {
  readonly #pingone: Registration;

  constructor(pingone: Registration) {
    this.#pingone = pingone;
  }

  get issuer(): string {
    return this.#pingone.issuer;
  }

  openBrowser(): TestBrowser {
    return new TestBrowser({ stopAt: (url) => url.origin === WORKER_ORIGIN });
  }

  /** A request that PingOne accepts; `undefined` leaves a parameter out. */
  authorizeParameters(changes: Fields = {}, verifier = newVerifier()): URLSearchParams {
    return form({
      client_id: this.#pingone.client.id,
      redirect_uri: REDIRECT_URI,
      response_type: "code",
      scope: ALL_SCOPES,
      state: randomUUID(),
      nonce: randomUUID(),
      code_challenge: challengeOf(verifier),
      code_challenge_method: "S256",
      ...changes,
    });
  }

  /** Without a browser: no cookie, no redirect followed. */
  authorize(changes: Fields | URLSearchParams = {}, init: RequestInit = {}): Promise<Response> {
    const parameters = changes instanceof URLSearchParams ? changes : this.authorizeParameters(changes);
    return fetch(`${this.issuer}/authorize?${parameters}`, { redirect: "manual", ...init });
  }

  /** The error parameters that `/authorize` sends back by redirect. */
  async authorizeError(changes: Fields | URLSearchParams): Promise<Record<string, string>> {
    const response = await this.authorize(changes);
    const location = response.headers.get("location");
    if (response.status !== 302 || location === null) {
      throw new Error(`No redirect, but ${response.status} ${(await response.text()).slice(0, 200)}`);
    }
    const url = new URL(location);
    return Object.fromEntries(url.hash === "" ? url.searchParams : new URLSearchParams(url.hash.slice(1)));
  }

  /** The page to which an authorization request leads a browser. */
  open(changes: Fields | URLSearchParams = {}, browser = this.openBrowser()): Promise<TestPage> {
    const parameters = changes instanceof URLSearchParams ? changes : this.authorizeParameters(changes);
    return browser.open(`${this.issuer}/authorize?${parameters}`);
  }

  /** Opens the authorization request, signs on and approves. */
  async visit(browser: TestBrowser, parameters: URLSearchParams, username = "alice"): Promise<TestPage> {
    return signOn(await this.open(parameters, browser), { username });
  }

  async signIn(
    options: {
      readonly username?: string;
      readonly browser?: TestBrowser;
      readonly parameters?: Fields;
    } = {},
  ): Promise<SignedIn> {
    const verifier = newVerifier();
    const browser = options.browser ?? this.openBrowser();
    const parameters = this.authorizeParameters(options.parameters, verifier);
    const { url, text } = await this.visit(browser, parameters, options.username);
    const code = url.searchParams.get("code");
    if (code === null) throw new Error(`No code came back, but ${url.search} ${text.slice(0, 200)}`);
    const [state, nonce] = [parameters.get("state") ?? "", parameters.get("nonce") ?? ""];
    return { code, verifier, state, nonce, callback: url, browser };
  }

  /** A form post with the Worker's credentials; `authorization: ""` sends none. */
  async post(
    endpoint: string,
    fields: Fields | URLSearchParams,
    authorization = basic(this.#pingone.client),
  ): Promise<Response> {
    return fetch(`${this.issuer}/${endpoint}`, {
      method: "POST",
      headers: authorization === "" ? {} : { authorization },
      body: fields instanceof URLSearchParams ? fields : form(fields),
    });
  }

  /** As {@link post}, for an endpoint that answers in JSON. */
  async ask(endpoint: string, fields: Fields | URLSearchParams, authorization?: string): Promise<Answer> {
    const response = await this.post(endpoint, fields, authorization);
    const body = (await response.json()) as Record<string, unknown>;
    return { ...body, status: response.status, headers: response.headers };
  }

  token(fields: Fields | URLSearchParams, authorization?: string): Promise<TokenAnswer> {
    return this.ask("token", fields, authorization) as Promise<TokenAnswer>;
  }

  redeem(login: SignedIn, changes: Fields = {}, authorization?: string): Promise<TokenAnswer> {
    const fields = { grant_type: "authorization_code", code: login.code, redirect_uri: REDIRECT_URI };
    return this.token({ ...fields, code_verifier: login.verifier, ...changes }, authorization);
  }

  refresh(refreshToken: string, changes: Fields = {}, authorization?: string): Promise<TokenAnswer> {
    const fields = { grant_type: "refresh_token", refresh_token: refreshToken, ...changes };
    return this.token(fields, authorization);
  }

  async obtainTokens(
    options: Parameters<TestClient["signIn"]>[0] = {},
  ): Promise<TokenAnswer & { readonly login: SignedIn }> {
    const login = await this.signIn(options);
    const tokens = await this.redeem(login);
    if (tokens.status !== 200) throw new Error(`No tokens: ${tokens.error} ${tokens.error_description}`);
    return { ...tokens, login };
  }

  userInfo(accessToken: string): Promise<Response> {
    return fetch(`${this.issuer}/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } });
  }

  async isActive(token: string): Promise<boolean> {
    return (await this.ask("introspect", { token })).active === true;
  }

  async keyIds(): Promise<string[]> {
    const { keys } = (await (await fetch(`${this.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  }
}

export function newVerifier(): string {
  return randomUUID() + randomUUID();
}

export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

export function basic({ id, secret }: { readonly id: string; readonly secret: string }): string {
  return `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`;
}

export function form(fields: Fields): URLSearchParams {
  const present = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(present);
}

export function claimsOf(token: string): Record<string, unknown> {
  return decodeJwt(token);
}

export function headerOf(token: string): Record<string, unknown> {
  return decodeProtectedHeader(token) as Record<string, unknown>;
}
