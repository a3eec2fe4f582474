/** GET /authorize: which requests reach the consent page, and how the others are refused. */
import { parse } from "node-html-parser";
import { describe, expect } from "vitest";
import {
  type AuthorizationAttempt,
  type RegisteredClient,
  registerClient,
  startAuthorization,
} from "../support/mcp-client.ts";
import { expectNoSecrets, expectPage, expectSignInError, watch } from "../support/observe.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();
let clients: Readonly<Record<"public" | "confidential", RegisteredClient>>;

it.beforeAll(async () => {
  clients = {
    public: await registerClient(worker),
    confidential: await registerClient(worker, { token_endpoint_auth_method: "client_secret_post" }),
  };
});

function open(url: URL): Promise<Response> {
  return worker.fetch(url, { headers: { Accept: "text/html" } });
}

async function expectRefused(url: URL, check: (response: Response) => Promise<void> | void): Promise<void> {
  const watched = await watch(stack);
  const response = await open(url);
  await check(response);
  expect(response.headers.getSetCookie()).toEqual([]);
  expect(await watched.upstreamCalls()).toEqual([]);
  await watched.expectNothingGained();
}

async function expectRefusedOnPage(url: URL, text: RegExp): Promise<void> {
  await expectRefused(url, async (response) => {
    const page = await expectPage(response, { status: 400, text });
    expect(parse(page).querySelector("h1")?.text).toBe("This sign-in cannot continue");
    expectNoSecrets(page, url.searchParams.get("state") ?? undefined);
  });
}

async function expectRefusedByRedirect(
  attempt: AuthorizationAttempt,
  error: string,
  client: RegisteredClient = clients.public,
): Promise<void> {
  await expectRefused(attempt.url, async (response) => {
    expect(response.status).toBe(302);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(await response.text()).toBe("");
    expectSignInError(new URL(response.headers.get("Location") ?? ""), { client, attempt }, error);
  });
}

async function scopesOffered(overrides: Record<string, string | undefined>): Promise<string[]> {
  const { url } = await startAuthorization(worker, clients.public, overrides);
  const page = parse(await expectPage(await open(url), { status: 200, text: /Allow Test client/ }));
  return page.querySelectorAll("li .soft").map((item) => item.text.replace(/[()]/g, ""));
}

describe("a request for authorization asks the person first", () => {
  it("[SEC-01] and reaches PingOne with nothing before they have answered", async () => {
    const watched = await watch(stack);
    const { url, state } = await startAuthorization(worker, clients.public);
    const response = await open(url);
    const text = await expectPage(response, { status: 200, text: /Allow Test client to use your todos\?/ });
    const details = parse(text).querySelectorAll("dd");
    expect(details.map((item) => item.text)).toEqual(["Test client", "localhost:7777"]);
    expectNoSecrets(text, state);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-oauth-consent-[0-9a-f]{16}=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
      ),
    ]);
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
  });

  const BOTH = ["todo_api:read", "todo_api:write"];
  it.each<[what: string, scope: string | undefined, offered: string[]]>([
    ["both scopes", "todo_api:read todo_api:write", BOTH],
    ["one scope", "todo_api:read", ["todo_api:read"]],
    ["no scope", undefined, BOTH],
    ["an empty scope", "", BOTH],
    ["offline_access alone", "offline_access", BOTH],
    ["offline_access beside a scope", "todo_api:write offline_access", ["todo_api:write"]],
    ["a leading space", " todo_api:read", ["todo_api:read"]],
    ["several spaces between and behind", "todo_api:read  todo_api:write ", BOTH],
    ["an unknown scope beside a known one", "todo_api:read admin", ["todo_api:read"]],
    ["a scope named twice", "todo_api:read todo_api:read", ["todo_api:read"]],
  ])("and offers what %s means", async (_what, scope, offered) => {
    expect(await scopesOffered({ scope })).toEqual(offered);
  });

  it.each<[what: string, overrides: Record<string, string | undefined>]>([
    ["parameters that it does not know", { foo: "bar", "": "x", constructor: "y" }],
    ["prompt=consent, which SDK clients send for a refresh token", { prompt: "consent" }],
    ["prompt=none, which is no parameter of OAuth", { prompt: "none" }],
    ["no resource, as there is only one", { resource: undefined }],
    ["a state of four thousand characters", { state: "x".repeat(4000) }],
    ["a hostile state", { state: '"><script>alert(1)</script>' }],
    [
      "the loopback redirect on another port (RFC 8252 §7.3)",
      { redirect_uri: "http://localhost:49152/callback" },
    ],
  ])("and takes %s", async (_what, overrides) => {
    const { url } = await startAuthorization(worker, clients.public, overrides);
    const text = await expectPage(await open(url), { status: 200, text: /Allow Test client/ });
    expect(parse(text).querySelectorAll("script")).toEqual([]);
  });

  it("[SEC-06] and shows a hostile client name as text", async () => {
    const name = `<img src=x onerror=alert(1)>"'&<script>alert(2)</script>`;
    const client = await registerClient(worker, { client_name: name });
    const { url } = await startAuthorization(worker, client);
    const page = parse(await expectPage(await open(url), { status: 200, text: /Allow/ }));
    expect(page.querySelectorAll("script, img")).toEqual([]);
    expect(page.querySelector("h1")?.text).toBe(`Allow ${name} to use your todos?`);
  });
});

describe("a request whose client or redirect URI cannot be trusted is refused on a page", () => {
  it.each<[what: string, overrides: Record<string, string | undefined>, text: RegExp]>([
    ["an unknown client", { client_id: "nobody" }, /client/i],
    ["no client", { client_id: undefined }, /client_id/],
    ["a hostile client id", { client_id: "<script>alert(1)</script>" }, /client/i],
    [
      "the client id of a metadata document, while those are off",
      { client_id: "https://app.example/client" },
      /client/i,
    ],
    ["an unregistered redirect URI", { redirect_uri: "https://evil.example/callback" }, /redirect/i],
    [
      "a redirect URI that only begins like ours",
      { redirect_uri: "http://localhost:7777/callback/x" },
      /redirect/i,
    ],
    [
      "a redirect URI with a query added",
      { redirect_uri: "http://localhost:7777/callback?x=1" },
      /redirect/i,
    ],
    ["127.0.0.1 for localhost", { redirect_uri: "http://127.0.0.1:7777/callback" }, /redirect/i],
    ["a javascript: redirect URI", { redirect_uri: "javascript:alert(1)" }, /redirect/i],
    ["a redirect URI that is no URL", { redirect_uri: "x" }, /redirect/i],
    ["no redirect URI", { redirect_uri: undefined }, /redirect/i],
  ])("%s", async (_what, overrides, text) => {
    const { url } = await startAuthorization(worker, clients.public, overrides);
    await expectRefusedOnPage(url, text);
  });

  it.each(["client_id", "redirect_uri"])("%s sent twice", async (name) => {
    const { url } = await startAuthorization(worker, clients.public);
    url.searchParams.append(name, url.searchParams.get(name) ?? "");
    await expectRefusedOnPage(url, /must be sent once/);
  });

  it("an oversized request", async () => {
    const { url } = await startAuthorization(worker, clients.public, { state: "x".repeat(9000) });
    await expectRefusedOnPage(url, /too long/);
  });

  it("no parameters at all", async () => {
    await expectRefusedOnPage(new URL("/authorize", worker.origin), /client_id/);
  });
});

describe.each(["public", "confidential"] as const)("a %s client is refused by redirect for", (kind) => {
  it.each<[what: string, overrides: Record<string, string | undefined>]>([
    ["no PKCE at all", { code_challenge: undefined, code_challenge_method: undefined }],
    ["no code_challenge", { code_challenge: undefined }],
    ["an empty code_challenge", { code_challenge: "" }],
    ["no code_challenge_method, which means plain", { code_challenge_method: undefined }],
    ["plain PKCE", { code_challenge_method: "plain" }],
    ["an unknown method", { code_challenge_method: "S512" }],
    ["a challenge that is no SHA-256", { code_challenge: "abc" }],
    ["a challenge with other characters", { code_challenge: "!".repeat(43) }],
  ])("%s", async (_what, overrides) => {
    const attempt = await startAuthorization(worker, clients[kind], overrides);
    await expectRefusedByRedirect(attempt, "invalid_request", clients[kind]);
  });
});

describe("a request is refused by redirect for", () => {
  it.each<[what: string, overrides: Record<string, string | undefined>, error: string]>([
    ["the response type token", { response_type: "token" }, "unsupported_response_type"],
    ["the response type code id_token", { response_type: "code id_token" }, "unsupported_response_type"],
    ["no response type", { response_type: undefined }, "invalid_request"],
    ["another resource", { resource: "https://other.example/mcp" }, "invalid_target"],
    ["the resource with a trailing slash", { resource: "https://mcp.example.com/mcp/" }, "invalid_target"],
    ["a resource that is no URL", { resource: "todo" }, "invalid_target"],
    ["unknown scopes only", { scope: "admin" }, "invalid_scope"],
    ["a scope that only begins like ours", { scope: "todo_api:readonly" }, "invalid_scope"],
    ["unknown scopes beside offline_access", { scope: "offline_access openid" }, "invalid_scope"],
    ["a scope with a character that no scope has", { scope: 'todo_api:read"' }, "invalid_scope"],
  ])("%s", async (_what, overrides, error) => {
    await expectRefusedByRedirect(await startAuthorization(worker, clients.public, overrides), error);
  });

  it.each(["state", "scope", "response_type", "code_challenge", "code_challenge_method", "prompt", "x"])(
    "%s sent twice",
    async (name) => {
      const attempt = await startAuthorization(worker, clients.public, { prompt: "login", x: "1" });
      attempt.url.searchParams.append(name, attempt.url.searchParams.get(name) ?? "");
      await expectRefusedByRedirect(attempt, "invalid_request");
    },
  );
});
