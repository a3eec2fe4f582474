/** Sessions of the 2025-era protocol: a session id is valid only with a token of the session's owner. */
import { describe, expect } from "vitest";
import {
  createBrowser,
  type RegisteredClient,
  registerClient,
  requestRefresh,
  signIn,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { watch, watchLog } from "../support/observe.ts";
import { openSession, readAnswer, sendInEra, sendRaw } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();
let client: RegisteredClient;
let alice: TokenResponse;

it.beforeAll(async () => {
  client = await registerClient(worker);
});

/** Each group signs in again, because the Worker ends the oldest sessions of a sign-in that has too many. */
async function signInAlice(): Promise<void> {
  ({ tokens: alice } = await signIn(worker, { client, username: "alice" }));
}

function listTools(token: string, sessionId: string, method = "POST"): Promise<Response> {
  return sendInEra(worker, "legacy", { call: "tools/list", method, token, sessionId });
}

async function expectNotFound(method: string, token: string, sessionId: string): Promise<void> {
  const watched = await watch(stack);
  const response = await listTools(token, sessionId, method);
  expect(response.status).toBe(404);
  expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
  expect(await readAnswer(response)).toEqual({
    jsonrpc: "2.0",
    id: null,
    error: { code: -32001, message: "Session not found" },
  });
  expect(await watched.upstreamCalls()).toEqual([]);
  await watched.expectNothingGained();
}

describe.each(["POST", "GET", "DELETE"])("a session is not found by %s", (method) => {
  it.beforeAll(signInAlice);

  it("[SEC-22] of another user of the same client", async () => {
    const { tokens: bob } = await signIn(worker, { client, username: "bob" });
    const sessionId = await openSession(worker, alice.access_token);
    await expectNotFound(method, bob.access_token, sessionId);
    expect((await listTools(alice.access_token, sessionId)).status).toBe(200);
  });

  it("[SEC-22] of another client of the same user", async () => {
    const { tokens: other } = await signIn(worker, { username: "alice" });
    const sessionId = await openSession(worker, alice.access_token);
    await expectNotFound(method, other.access_token, sessionId);
    expect((await listTools(alice.access_token, sessionId)).status).toBe(200);
  });

  it.each([
    "x",
    "0".repeat(64),
    "f".repeat(64),
    crypto.randomUUID(),
    "../../etc/passwd",
    "streamable-http:x",
  ])("by the invented id %s, and no object comes of it", async (invented) => {
    await expectNotFound(method, alice.access_token, invented);
  });

  it("by the id of an object of another kind", async () => {
    const { PING_SESSION } = await worker.getEnv();
    await expectNotFound(method, alice.access_token, PING_SESSION.newUniqueId().toString());
  });

  it("by an id of the right kind that no session has any more, however often it is tried", async () => {
    const { MCP_OBJECT } = await worker.getEnv();
    const sessionId = MCP_OBJECT.newUniqueId().toString();
    await expectNotFound(method, alice.access_token, sessionId);
    await expectNotFound(method, alice.access_token, sessionId);
  });

  it("without a token, whatever the id", async () => {
    const sessionId = await openSession(worker, alice.access_token);
    const response = await sendRaw(worker, { method, headers: { "Mcp-Session-Id": sessionId } });
    expect(response.status).toBe(401);
  });
});

describe("a session", () => {
  it.beforeAll(signInAlice);

  it("goes on after its client has refreshed its token", async () => {
    const own = await registerClient(worker);
    const { tokens } = await signIn(worker, { client: own });
    const sessionId = await openSession(worker, tokens.access_token);
    const response = await requestRefresh(worker, own, tokens);
    const renewed = (await response.json()) as TokenResponse;
    expect((await listTools(renewed.access_token, sessionId)).status).toBe(200);
  });

  it("goes on after its person has signed in again with the same client, with the scopes of that sign-in", async () => {
    const own = await registerClient(worker);
    const browser = createBrowser(worker, own);
    const { tokens } = await signIn(worker, { client: own, browser });
    const sessionId = await openSession(worker, tokens.access_token);
    const { tokens: narrower } = await signIn(worker, { client: own, browser, scope: "todo_api:read" });
    const call = (name: string) =>
      sendInEra(worker, "legacy", {
        call: "tools/call",
        token: narrower.access_token,
        sessionId,
        params: { name, arguments: { text: "x" } },
      });
    expect((await call("listTodos")).status).toBe(200);
    expect((await call("addTodo")).status).toBe(403);
    const me = await readAnswer(await call("whoAmI"));
    expect(me.result?.structuredContent).toMatchObject({ scopes: ["todo_api:read"] });
  });

  it("acts for its own person when several are connected at once", async () => {
    const { tokens: bob } = await signIn(worker, { username: "bob" });
    const sessions = await Promise.all(
      [alice, bob, alice, bob].map(async ({ access_token: token }) => ({
        token,
        sessionId: await openSession(worker, token),
      })),
    );
    const params = { name: "whoAmI", arguments: {} };
    const people = await Promise.all(
      sessions.map(async (session) => {
        const response = await sendInEra(worker, "legacy", { ...session, call: "tools/call", params });
        return (await readAnswer(response)).result?.structuredContent;
      }),
    );
    expect(people).toMatchObject(["alice", "bob", "alice", "bob"].map((username) => ({ username })));
  });

  it("is not needed, and not made, in the modern era", async () => {
    const before = worker.listObjectIds("TodoMcpServer").length;
    const sessionId = "0".repeat(64);
    const response = await sendInEra(worker, "modern", {
      call: "tools/list",
      token: alice.access_token,
      headers: { "Mcp-Session-Id": sessionId },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("Mcp-Session-Id")).toBeNull();
    expect(worker.listObjectIds("TodoMcpServer")).toHaveLength(before);
  });

  it("leaves no id in the log when it is not found", async () => {
    const invented = "a".repeat(64);
    const log = watchLog(worker);
    await (await listTools(alice.access_token, invented)).text();
    expect(await log.line("mcp.session_not_found")).not.toHaveProperty("session");
    expect(worker.logs()).not.toContain(invented);
  });
});
