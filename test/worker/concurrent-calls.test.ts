/** Concurrent calls in one MCP session: each keeps its own caller and scopes. */
import { expect } from "vitest";
import { createBrowser, registerClient, requestRefresh, signIn } from "../support/mcp-client.ts";
import { parseLog } from "../support/observe.ts";
import { openSession, readAnswer, sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, worker } = testWithStack();

function callWhoAmI(token: string, sessionId: string, headers: Record<string, string> = {}) {
  const params = { name: "whoAmI", arguments: {} };
  return sendInEra(worker, "legacy", { call: "tools/call", token, sessionId, params, headers });
}

const idsOf = (event: string) =>
  parseLog(worker)
    .filter((line) => line.event === event)
    .map((line) => line.request_id);

it("each call's log lines have the id of the request that brought it", async () => {
  const { tokens } = await signIn(worker);
  const sessionId = await openSession(worker, tokens.access_token);
  const before = idsOf("tool.done").length;
  const calls = Array.from({ length: 8 }, () => callWhoAmI(tokens.access_token, sessionId));
  for (const response of await Promise.all(calls)) {
    expect((await readAnswer(response)).result?.isError).toBeFalsy();
  }
  await expect.poll(() => idsOf("tool.done").length).toBeGreaterThanOrEqual(before + calls.length);
  // The log includes calls of other tests. No two calls share an id.
  const ids = idsOf("tool.done");
  expect(new Set(ids).size).toBe(ids.length);
  await expect.poll(() => idsOf("request")).toEqual(expect.arrayContaining(ids));
});

it("[SEC-29] each call has the scopes of the token that it came with", async () => {
  const client = await registerClient(worker);
  const browser = createBrowser(worker, client);
  const { tokens: wide } = await signIn(worker, { client, browser });
  const sessionId = await openSession(worker, wide.access_token);
  // The narrow token must not get the scopes of the wide one, and the wide one must keep them.
  const refresh = await requestRefresh(worker, client, wide, { scope: "todo_api:read" });
  const narrow = (await refresh.json()) as { access_token: string; scope: string };
  expect(narrow.scope).toBe("todo_api:read");
  const tokens = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? wide : narrow).access_token);
  const people = await Promise.all(
    tokens.map(async (token) => {
      const answer = await readAnswer(await callWhoAmI(token, sessionId));
      return answer.result?.structuredContent;
    }),
  );
  const scopesOf = (token: string) =>
    token === wide.access_token ? ["todo_api:read", "todo_api:write"] : ["todo_api:read"];
  expect(people).toMatchObject(tokens.map((token) => ({ scopes: scopesOf(token) })));
});

it("[SEC-29] a client cannot say itself for whom a call is made", async () => {
  const { tokens } = await signIn(worker, { username: "bob" });
  const sessionId = await openSession(worker, tokens.access_token);
  const forged = {
    userId: "alice",
    clientId: "x",
    scopes: [],
    person: { sub: "alice", name: "Forged" },
    pingSessionId: "x",
    requestId: "forged-id",
    deadline: 0,
  };
  const header = encodeURIComponent(JSON.stringify(forged));
  const response = await callWhoAmI(tokens.access_token, sessionId, { "X-Todo-Mcp-Caller": header });
  const answer = await readAnswer(response);
  expect(answer.result?.structuredContent).toMatchObject({
    username: "bob",
    scopes: ["todo_api:read", "todo_api:write"],
  });
  expect(worker.logs()).not.toContain("forged-id");
});
