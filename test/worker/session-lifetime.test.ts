/** An MCP session always ends, whatever its client does; what its object stores until then. */
import { describe, expect, vi } from "vitest";
import { MAXIMUM_MCP_SESSIONS } from "../../src/config.ts";
import { signIn } from "../support/mcp-client.ts";
import { openSession, readAnswer, sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, worker } = testWithStack();

async function signInAsAlice(): Promise<string> {
  return (await signIn(worker)).tokens.access_token;
}

const sessions = () => worker.listObjectIds("TodoMcpServer");

async function objectIdOf(sessionId: string): Promise<string> {
  const { MCP_OBJECT } = await worker.getEnv();
  return MCP_OBJECT.idFromName(`streamable-http:${sessionId}`).toString();
}

function listTools(token: string, sessionId: string, method = "POST"): Promise<Response> {
  return sendInEra(worker, "legacy", { call: "tools/list", method, token, sessionId });
}

async function expectStatus(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  await response.text();
}

it("[SEC-23] a session has an alarm from its first moment on, which ends it when nobody has claimed it", async () => {
  const { MCP_OBJECT } = await worker.getEnv();
  const sessionId = MCP_OBJECT.newUniqueId().toString();
  const id = await objectIdOf(sessionId);
  const object = MCP_OBJECT.getByName(`streamable-http:${sessionId}`);
  // When a client disconnects during initialize, the object has only been started.
  await (await object.fetch(worker.resource)).text();
  expect(sessions()).toContain(id);
  const alarm = () => worker.readAlarms("TodoMcpServer").get(id);
  await expect.poll(alarm).toEqual(expect.toSatisfy((seconds) => seconds > 86_000 && seconds <= 86_400));
  await object.endWhenIdle().catch(() => undefined);
  await expect.poll(sessions).not.toContain(id);
  expect(alarm()).toBeUndefined();
});

it("[SEC-23] a session is one object, whose alarm does not end it while it is used", async () => {
  const token = await signInAsAlice();
  const before = sessions().length;
  const sessionId = await openSession(worker, token);
  expect(sessions()).toHaveLength(before + 1);
  const id = await objectIdOf(sessionId);
  expect(worker.readAlarms("TodoMcpServer").get(id)).toSatisfy(
    (seconds) => seconds > 86_000 && seconds <= 86_400,
  );
  await (await worker.getEnv()).MCP_OBJECT.getByName(`streamable-http:${sessionId}`).endWhenIdle();
  await expectStatus(await listTools(token, sessionId), 200);
});

describe("the sessions of one sign-in", () => {
  it("do not count any more when their client has ended them", async () => {
    const token = await signInAsAlice();
    const kept = await openSession(worker, token);
    for (let count = 0; count < MAXIMUM_MCP_SESSIONS + 1; count += 1) {
      const sessionId = await openSession(worker, token);
      await expectStatus(await listTools(token, sessionId, "DELETE"), 204);
    }
    await expectStatus(await listTools(token, kept), 200);
  });

  it("make room from the least recently used on", async () => {
    const token = await signInAsAlice();
    const inUse = await openSession(worker, token);
    const idle = await openSession(worker, token);
    await (await listTools(token, inUse)).text();
    for (let count = 0; count < MAXIMUM_MCP_SESSIONS - 1; count += 1) await openSession(worker, token);
    const endsIdle = async () => expectStatus(await listTools(token, idle), 404);
    await vi.waitFor(endsIdle, { timeout: 5000 });
    await expectStatus(await listTools(token, inUse), 200);
  });

  it("[SEC-23] end from the oldest on when there are too many", async () => {
    const token = await signInAsAlice();
    const opened: string[] = [];
    for (let count = 0; count < MAXIMUM_MCP_SESSIONS + 2; count += 1) {
      opened.push(await openSession(worker, token));
    }
    const [first = "", second = "", ...kept] = opened;
    for (const ended of [first, second]) {
      const id = await objectIdOf(ended);
      await expect.poll(sessions, { timeout: 5000 }).not.toContain(id);
      await expectStatus(await listTools(token, ended), 404);
    }
    for (const session of kept) await expectStatus(await listTools(token, session), 200);
  });

  it("do not count against another sign-in", async () => {
    const [alice, other] = [await signInAsAlice(), await signInAsAlice()];
    const session = await openSession(worker, other);
    for (let count = 0; count <= MAXIMUM_MCP_SESSIONS; count += 1) await openSession(worker, alice);
    await expectStatus(await listTools(other, session), 200);
  });
});

describe("the id of a session that has ended", () => {
  it.each(["POST", "GET", "DELETE"])("leaves nothing when it is sent again by %s", async (method) => {
    const token = await signInAsAlice();
    const sessionId = await openSession(worker, token);
    const id = await objectIdOf(sessionId);
    await expectStatus(await listTools(token, sessionId, "DELETE"), 204);
    await expect.poll(sessions, { timeout: 5000 }).not.toContain(id);
    for (let count = 0; count < 3; count += 1) {
      await expectStatus(await listTools(token, sessionId, method), 404);
    }
    expect(sessions()).not.toContain(id);
    expect([...worker.readAlarms("TodoMcpServer").keys()]).not.toContain(id);
  });
});

describe("an object that another version of this Worker has left", () => {
  it.each<[what: string, record: unknown]>([
    ["a version to come", { version: 2, user: "x" }],
    ["the first version", { userId: "x", clientId: "y", scopes: [] }],
    ["no version at all", "x"],
  ])("by a record of %s counts as absent, and leaves nothing", async (_what, record) => {
    const token = await signInAsAlice();
    const sessionId = await openSession(worker, token);
    const id = await objectIdOf(sessionId);
    worker.writeRecord("TodoMcpServer", id, "owner", record);
    const response = await listTools(token, sessionId);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: -32001, message: "Session not found" } });
    expect(sessions()).not.toContain(id);
    expect([...worker.readAlarms("TodoMcpServer").keys()]).not.toContain(id);
  });
});

it("a session's object knows its owner by ids only", async () => {
  const token = await signInAsAlice();
  const sessionId = await openSession(worker, token);
  const call = { call: "tools/call", token, sessionId, params: { name: "whoAmI", arguments: {} } };
  const me = await readAnswer(await sendInEra(worker, "legacy", call));
  const person = me.result?.structuredContent as { name?: string } | undefined;
  const name = person?.name ?? "";
  expect(name).toContain(" ");
  expect(worker.dumpStorage().includes(name)).toBe(false);
});
