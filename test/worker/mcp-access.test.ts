/** Access to /mcp: tokens, origins and scopes, checked before a tool runs. */
import { describe, expect } from "vitest";
import { grantBehind } from "../support/grants.ts";
import {
  changeLastCharacter,
  PROTOCOL_ERAS,
  type RegisteredClient,
  registerClient,
  signIn,
} from "../support/mcp-client.ts";
import { countHoldings, expectNoSecrets, readChallenge, watch } from "../support/observe.ts";
import { type EraRequest, enterEra, readAnswer, sendInEra, sendRaw } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";
import type { TestWorker } from "../support/worker.ts";

const METADATA_URL = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

const { it, stack, worker } = testWithStack();
let client: RegisteredClient;
let token: string;
let refreshToken: string;

it.beforeAll(async () => {
  client = await registerClient(worker);
  const { tokens } = await signIn(worker, { client });
  token = tokens.access_token;
  refreshToken = tokens.refresh_token ?? "";
});

async function expectNoEntry(send: () => Promise<Response>): Promise<Response> {
  const watched = await watch(stack);
  const response = await send();
  expect(response.status).toBe(401);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(await watched.upstreamCalls()).toEqual([]);
  await watched.expectNothingGained();
  return response;
}

describe.each(PROTOCOL_ERAS)("without a good token, in the %s era", (era) => {
  const opening = (extra: Partial<EraRequest> = {}): EraRequest => ({
    call: era === "legacy" ? "initialize" : "tools/list",
    ...extra,
  });

  it("a request is told where to sign in and which scopes to ask for", async () => {
    const response = await expectNoEntry(() => sendInEra(worker, era, opening()));
    expect(readChallenge(response)).toEqual({
      realm: "OAuth",
      resource_metadata: METADATA_URL,
      scope: "todo_api:read todo_api:write",
    });
  });

  it.each<[what: string, value: () => string]>([
    ["that was made up", () => "a:b:c"],
    ["of no known form", () => "x"],
    ["that is a JWT", () => `eyJhbGciOiJub25lIn0.${btoa('{"sub":"alice"}')}.`],
    ["that is a refresh token", () => refreshToken],
    ["whose secret was changed", () => changeLastCharacter(token)],
    ["whose user was changed", () => `somebody-else:${token.split(":").slice(1).join(":")}`],
  ])("a token %s is invalid_token", async (_what, value) => {
    const response = await expectNoEntry(() => sendInEra(worker, era, opening({ token: value() })));
    expect(readChallenge(response)).toMatchObject({
      error: "invalid_token",
      resource_metadata: METADATA_URL,
    });
    expectNoSecrets(await response.text(), value());
  });

  it("a token in the query is no token (OAuth 2.1 §5.1)", async () => {
    const resource = `${worker.resource}?access_token=${encodeURIComponent(token)}`;
    await expectNoEntry(() => sendInEra({ ...worker, resource }, era, opening()));
  });

  it("Basic credentials are no token", async () => {
    const headers = { Authorization: `Basic ${btoa(`${client.clientId}:x`)}` };
    await expectNoEntry(() => sendInEra(worker, era, opening({ headers })));
  });
});

it("an access token is refused when its time is over", async () => {
  const { tokens } = await signIn(worker);
  const { OAUTH_KV } = await worker.getEnv();
  const [user, grant] = tokens.access_token.split(":");
  const { keys } = await OAUTH_KV.list({ prefix: `token:${user}:${grant}:` });
  expect(keys).toHaveLength(1);
  const key = keys[0]?.name ?? "";
  const record = JSON.parse((await OAUTH_KV.get(key)) ?? "{}") as { expiresAt: number };
  expect(record.expiresAt).toBeGreaterThan(Date.now() / 1000);
  await OAUTH_KV.put(key, JSON.stringify({ ...record, expiresAt: Math.floor(Date.now() / 1000) - 1 }));
  const response = await sendInEra(worker, "modern", { call: "tools/list", token: tokens.access_token });
  expect(response.status).toBe(401);
  expect(readChallenge(response)).toMatchObject({ error: "invalid_token" });
});

it("[SEC-20] an access token is refused when the sign-in behind it is over", async () => {
  const { tokens } = await signIn(worker);
  const grant = await grantBehind(worker, tokens.access_token);
  await (await grant.pingSession()).end();
  const response = await sendInEra(worker, "modern", { call: "tools/list", token: tokens.access_token });
  expect(response.status).toBe(401);
  expect(readChallenge(response)).toMatchObject({ error: "invalid_token", resource_metadata: METADATA_URL });
});

describe("clients that still name MCP protocol 2024-11-05", () => {
  it.each(["GET", "POST"])("are asked to sign in at an unauthenticated %s, not refused", async (method) => {
    const headers = { "MCP-Protocol-Version": "2024-11-05" };
    const response = await expectNoEntry(() => sendRaw(worker, { method, headers }));
    expect(readChallenge(response)).toMatchObject({ resource_metadata: METADATA_URL });
  });
});

describe.each(PROTOCOL_ERAS)("the Origin of a request in the %s era", (era) => {
  const opening = (origin: string): EraRequest => ({
    call: era === "legacy" ? "initialize" : "tools/list",
    token,
    headers: { Origin: origin },
  });

  it.each(["https://mcp.example.com", "https://inspector.example.com"])("may be %s", async (origin) => {
    const response = await sendInEra(worker, era, opening(origin));
    expect(response.status).toBe(200);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
    expect(response.headers.get("Vary")).toContain("Origin");
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    await response.body?.cancel();
  });

  it.each([
    "https://evil.example",
    "null",
    "http://mcp.example.com",
    "https://mcp.example.com:8443",
    "https://inspector.example.com.evil.example",
    "https://INSPECTOR.example.com",
    "not an origin",
  ])("may not be %s, with or without a token (DNS rebinding)", async (origin) => {
    const before = await countHoldings(worker);
    const { token: _token, ...withoutToken } = opening(origin);
    for (const request of [opening(origin), withoutToken]) {
      const response = await sendInEra(worker, era, request);
      expect(response.status).toBe(403);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      expect(await readAnswer(response)).toEqual({
        jsonrpc: "2.0",
        id: null,
        error: { code: -32000, message: "Origin not allowed" },
      });
    }
    expect(await countHoldings(worker)).toEqual(before);
  });
});

describe.each(PROTOCOL_ERAS)("a refusal in the %s era is readable by the origin that asked", (era) => {
  const origin = "https://inspector.example.com";
  const call = era === "legacy" ? "initialize" : "tools/list";

  it.each<[what: string, status: number, request: () => Partial<EraRequest>]>([
    ["without a token", 401, () => ({})],
    ["of a method that there is not", 405, () => ({ token, method: "PUT" })],
    ["of a type that is not JSON", 415, () => ({ token, headers: { "Content-Type": "text/plain" } })],
    era === "legacy"
      ? ["of a session that there is not", 404, () => ({ token, headers: { "Mcp-Session-Id": "x" } })]
      : ["whose headers contradict its body", 400, () => ({ token, headers: { "Mcp-Method": "ping" } })],
  ])("%s", async (_what, status, request) => {
    const { headers, ...rest } = request();
    const response = await sendInEra(worker, era, { call, ...rest, headers: { Origin: origin, ...headers } });
    expect(response.status).toBe(status);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
    expect(response.headers.get("Vary")).toContain("Origin");
    await response.body?.cancel();
  });
});

describe("a browser client", () => {
  const preflight = (origin: string) =>
    worker.fetch(worker.resource, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version,mcp-session-id",
      },
    });

  it("of an allowed origin may call /mcp", async () => {
    const response = await preflight("https://inspector.example.com");
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://inspector.example.com");
    expect(response.headers.get("Access-Control-Allow-Headers")).toMatch(/authorization/i);
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
  });

  it("[SEC-24] of another origin is not even let to ask", async () => {
    const response = await preflight("https://evil.example");
    expect(response.status).toBe(403);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  it("can read the session id, and why it was refused", async () => {
    const headers = { Origin: "https://inspector.example.com" };
    const opened = await sendInEra(worker, "legacy", { call: "initialize", token, headers });
    const exposed = opened.headers.get("Access-Control-Expose-Headers")?.toLowerCase();
    expect(exposed).toContain("mcp-session-id");
    await opened.body?.cancel();
    const refused = await sendInEra(worker, "legacy", { call: "initialize", headers });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("Access-Control-Allow-Origin")).toBe("https://inspector.example.com");
    expect(refused.headers.get("Access-Control-Expose-Headers")).toContain("WWW-Authenticate");
  });
});

describe.each(["/mcp/", "/mcp/x", "/mcp/../mcp/x", "//mcp", "/mcp%2F"])("at %s", (path) => {
  it.each(PROTOCOL_ERAS)("there is no MCP endpoint for a good token in the %s era", async (era) => {
    const elsewhere: TestWorker = { ...worker, resource: worker.origin + path };
    const call = era === "legacy" ? "initialize" : "tools/list";
    const headers = { Origin: "https://evil.example" };
    const response = await sendInEra(elsewhere, era, { call, token, headers });
    expect(response.status).toBe(404);
    expect(await response.json(), "a refusal that programs can read").toHaveProperty("error");
  });

  it.each(["a:b:c", undefined])("the token %s is not even looked at", async (unknown) => {
    const elsewhere: TestWorker = { ...worker, resource: worker.origin + path };
    const response = await sendRaw(elsewhere, { token: unknown, body: {} });
    expect(response.status).toBe(404);
    expect(response.headers.get("WWW-Authenticate")).toBeNull();
  });
});

it("[SEC-25] a call without its scope is found in a batch too", async () => {
  const { tokens } = await signIn(worker, { scope: "todo_api:read" });
  const { sessionId } = await enterEra(worker, "legacy", tokens.access_token);
  const call = (id: number, name: string) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name, arguments: { text: "Buy milk" } },
  });
  const watched = await watch(stack);
  const response = await sendRaw(worker, {
    token: tokens.access_token,
    headers: { "Mcp-Session-Id": sessionId },
    body: [call(1, "listTodos"), call(2, "addTodo")],
  });
  expect(response.status).toBe(403);
  expect(await watched.upstreamCalls()).toEqual([]);
});
