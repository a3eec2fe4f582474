/** Responses of both lanes, mainly to invalid requests: JSON-RPC errors. */
import type { Client } from "@modelcontextprotocol/client";
import { describe, expect } from "vitest";
import { TOOLS } from "../../src/tools.ts";
import { connectMcp, PROTOCOL_ERAS, type ProtocolEra, signIn } from "../support/mcp-client.ts";
import { watch } from "../support/observe.ts";
import { enterEra, PROTOCOL_VERSIONS, readAnswer, sendInEra, sendRaw } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();
let token: string;

it.beforeAll(async () => {
  token = (await signIn(worker)).tokens.access_token;
});

type Entered = Awaited<ReturnType<typeof enterEra>>;

describe.each(PROTOCOL_ERAS)("in the %s era", (era) => {
  let entered: Entered;
  let client: Client;

  it.beforeAll(async () => {
    entered = await enterEra(worker, era, token);
    client = await connectMcp(worker, token, era);
  });

  it.afterAll(async () => {
    await client.close();
  });

  function call(params: Record<string, unknown>, headers?: Record<string, string>): Promise<Response> {
    return sendInEra(worker, era, { ...entered, call: "tools/call", params, ...(headers && { headers }) });
  }

  it("the server introduces itself, and tells no client to wait for a list of tools that never changes", () => {
    expect(client.getServerVersion()).toMatchObject({ name: "todo-mcp-server", title: "Todo" });
    expect(client.getServerCapabilities()).toMatchObject({ tools: {} });
    expect(client.getServerCapabilities()?.tools?.listChanged ?? false).toBe(false);
  });

  it.each<[tool: string, input: unknown]>([
    ["addTodo", {}],
    ["addTodo", { text: "" }],
    ["addTodo", { text: 7 }],
    ["addTodo", { text: "x".repeat(1001) }],
    ["toggleTodo", { todoId: "1", completed: "yes" }],
    ["deleteTodo", { todoId: "../../admin" }],
  ])(
    "%s with the arguments %j is refused in words, and nothing reaches the Todo API",
    async (name, input) => {
      const watched = await watch(stack);
      const answer = await readAnswer(await call({ name, arguments: input }));
      expect(answer.result).toMatchObject({
        isError: true,
        content: [{ type: "text", text: expect.stringContaining(`Invalid arguments for tool ${name}`) }],
      });
      expect(await watched.upstreamCalls()).toEqual([]);
    },
  );

  it.each<[what: string, params: Record<string, unknown>]>([
    ["an unknown tool", { name: "dropTable", arguments: {} }],
    ["a word of JavaScript", { name: "constructor", arguments: {} }],
    ["no name", { arguments: {} }],
    ["a name that is no text", { name: 7 }],
    ["arguments that are no object", { name: "addTodo", arguments: "x" }],
  ])("a call of %s is an error, and nothing reaches an upstream", async (_what, params) => {
    const watched = await watch(stack);
    const response = await call(params);
    expect(response.status).toBe(200);
    const answer = await readAnswer(response);
    expect(answer).toMatchObject({ jsonrpc: "2.0", id: 1 });
    expect(answer.error !== undefined || answer.result?.isError === true).toBe(true);
    expect(await watched.upstreamCalls()).toEqual([]);
  });

  it.each(["foo/bar", "resources/list", "prompts/list", "completion/complete", "sampling/createMessage"])(
    "the method %s is not found",
    async (method) => {
      const answer = await readAnswer(await sendInEra(worker, era, { ...entered, call: method }));
      expect(answer.error?.code).toBe(-32601);
    },
  );

  it.each<[what: string, body: string, code: number]>([
    ["an empty body", "", -32700],
    ["malformed JSON", '{"jsonrpc":', -32700],
    ["null", "null", -32600],
    ["a number", "7", -32600],
    ["a string", '"tools/list"', -32600],
    ["an empty object", "{}", -32600],
    ["an empty batch", "[]", -32600],
    ["another version of JSON-RPC", '{"jsonrpc":"1.0","id":1,"method":"tools/list"}', -32600],
    ["an id that is null", '{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600],
    ["a method that is no text", '{"jsonrpc":"2.0","id":1,"method":7}', -32600],
  ])("%s is a bad request with a JSON-RPC error", async (_what, body, code) => {
    const response = await sendRaw(worker, { token, body, headers: headersOf(era, entered) });
    expect(response.status).toBe(400);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    expect((await readAnswer(response)).error?.code).toBe(code);
  });

  it("a body of more than four mebibytes is refused", async () => {
    const body = { padding: "x".repeat(4 * 1024 * 1024) };
    const response = await sendRaw(worker, { token, body, headers: headersOf(era, entered) });
    expect(response.status).toBe(413);
    expect((await readAnswer(response)).error).toEqual({ code: -32600, message: "Request body too large" });
  });

  it("a body that is not called JSON is refused", async () => {
    const response = await call({ name: "whoAmI", arguments: {} }, { "Content-Type": "text/plain" });
    expect(response.status).toBe(415);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    expect((await readAnswer(response)).error?.code).toBe(-32000);
  });

  const ofSessions = "POST, GET, DELETE, OPTIONS";
  // Protocol 2026-07-28 has no sessions, so GET (stream) and DELETE (end) are not allowed.
  const withoutSessions = era === "modern" ? ["GET", "DELETE"] : [];
  it.each([
    ...["PUT", "PATCH"].map((method) => ({ method, allowed: ofSessions })),
    ...withoutSessions.map((method) => ({ method, allowed: "POST, OPTIONS" })),
  ])("the method $method is not allowed", async ({ method, allowed }) => {
    const response = await sendRaw(worker, { method, token, headers: headersOf(era, entered) });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe(allowed);
    expect((await readAnswer(response)).error?.code).toBe(-32600);
  });

  it.each<[what: string, accept: string | undefined]>([
    ["everything", "*/*"],
    ["everything, after something else", "text/html, */*;q=0.8"],
    ["every application", "application/*"],
    ["whatever comes, by saying nothing", undefined],
  ])("a client that accepts %s is answered", async (_what, accept) => {
    const headers = { Accept: accept };
    const response = await sendInEra(worker, era, { ...entered, call: "tools/list", headers });
    expect(response.status).toBe(200);
    expect((await readAnswer(response)).result?.tools).toHaveLength(TOOLS.length);
  });

  it("fifty calls at once each get their own answer", async () => {
    const texts = Array.from({ length: 25 }, (_, index) => `Todo ${era} ${index}`);
    const added = await Promise.all(
      texts.map((text) => client.callTool({ name: "addTodo", arguments: { text } })),
    );
    expect(added.filter(({ isError }) => isError)).toEqual([]);
    const listed = await Promise.all(texts.map(() => client.callTool({ name: "listTodos", arguments: {} })));
    for (const { structuredContent } of listed) {
      const { todos } = structuredContent as { todos: { text: string }[] };
      expect(todos.map(({ text }) => text)).toEqual(expect.arrayContaining(texts));
    }
  });
});

describe("protocol versions", () => {
  it.each([
    ...["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"].map((version) => [version, version]),
    ...["1999-01-01", "2026-07-28", ""].map((version) => [version, "2025-11-25"]),
  ])("initialize with %j opens a session that speaks %j", async (version, spoken) => {
    const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: "t", version: "1" } };
    const body = { jsonrpc: "2.0", id: 1, method: "initialize", params };
    const opened = await sendRaw(worker, { token, body });
    const sessionId = opened.headers.get("Mcp-Session-Id") ?? "";
    expect((await readAnswer(opened)).result?.protocolVersion).toBe(spoken);
    const headers = { "MCP-Protocol-Version": spoken };
    const listed = await sendInEra(worker, "legacy", { call: "tools/list", token, sessionId, headers });
    expect(listed.status).toBe(200);
    await listed.text();
  });

  it("an unknown one is refused in a session", async () => {
    const entered = await enterEra(worker, "legacy", token);
    const headers = { "MCP-Protocol-Version": "1999-01-01" };
    const response = await sendInEra(worker, "legacy", { ...entered, call: "tools/list", headers });
    expect(response.status).toBe(400);
    expect((await readAnswer(response)).error?.message).toContain("Unsupported protocol version");
  });

  it("an unknown one is refused without a session, with those that there are", async () => {
    const version = "2099-01-01";
    const meta = {
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const response = await sendRaw(worker, {
      token,
      headers: { "MCP-Protocol-Version": version, "Mcp-Method": "tools/list" },
      body: { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: meta } },
    });
    expect(response.status).toBe(400);
    expect((await readAnswer(response)).error).toMatchObject({
      code: -32022,
      data: { supported: ["2026-07-28"], requested: version },
    });
  });

  it.each<[what: string, headers: Record<string, string | undefined>]>([
    ["another method", { "Mcp-Method": "tools/call" }],
    ["another version", { "MCP-Protocol-Version": "2025-11-25" }],
    ["no version", { "MCP-Protocol-Version": undefined }],
    ["no method", { "Mcp-Method": undefined }],
  ])("a modern request whose headers name %s than its body is refused", async (_what, headers) => {
    const response = await sendInEra(worker, "modern", { call: "tools/list", token, headers });
    expect(response.status).toBe(400);
    expect((await readAnswer(response)).error?.code).toBe(-32020);
  });

  it("a modern call whose header names another tool than its body is refused, and nothing runs", async () => {
    const watched = await watch(stack);
    const params = { name: "addTodo", arguments: { text: "Buy milk" } };
    const headers = { "Mcp-Name": "whoAmI" };
    const response = await sendInEra(worker, "modern", { call: "tools/call", token, params, headers });
    expect(response.status).toBe(400);
    expect((await readAnswer(response)).error?.code).toBe(-32020);
    expect(await watched.upstreamCalls()).toEqual([]);
  });
});

describe("a batch", () => {
  const batch = [
    { jsonrpc: "2.0", id: 1, method: "tools/list" },
    { jsonrpc: "2.0", id: 2, method: "ping" },
  ];

  it.each(["2025-06-18", "2025-11-25", "2026-07-28"])(
    "is a bad request under protocol %s, which has none",
    async (version) => {
      const { sessionId } = await enterEra(worker, "legacy", token);
      const watched = await watch(stack);
      const headers = { "Mcp-Session-Id": sessionId, "MCP-Protocol-Version": version };
      const response = await sendRaw(worker, { token, headers, body: batch });
      expect(response.status).toBe(400);
      expect(await readAnswer(response)).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32600 } });
      await watched.expectNothingGained();
    },
  );

  it.each(["2025-03-26", undefined])("is answered message by message under protocol %s", async (version) => {
    const { sessionId } = await enterEra(worker, "legacy", token);
    const headers = { "Mcp-Session-Id": sessionId, "MCP-Protocol-Version": version };
    const response = await sendRaw(worker, { token, headers, body: batch });
    expect(response.status).toBe(200);
    const events = (await response.text()).matchAll(/^data: (.*)$/gm);
    const ids = Array.from(events, ([, event = ""]) => (JSON.parse(event) as { id: number }).id);
    expect(ids.toSorted()).toEqual([1, 2]);
  });
});

describe("a stream is opened with GET by a client that accepts", () => {
  it.each(["text/event-stream", "*/*", undefined])("%s", async (accept) => {
    const { sessionId } = await enterEra(worker, "legacy", token);
    const controller = new AbortController();
    const headers = new Headers({ Authorization: `Bearer ${token}`, "Mcp-Session-Id": sessionId ?? "" });
    if (accept !== undefined) headers.set("Accept", accept);
    const stream = await worker.fetch(worker.resource, { headers, signal: controller.signal });
    expect(stream.status).toBe(200);
    expect(stream.headers.get("Content-Type")).toBe("text/event-stream");
    controller.abort();
  });
});

describe("a session request without what it needs", () => {
  it.each(["POST", "GET", "DELETE"])("is refused by %s without a session id", async (method) => {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const headers = { Accept: "*/*, text/event-stream, application/json" };
    const response = await sendRaw(worker, { method, token, body, headers });
    expect(response.status).toBe(400);
    expect((await readAnswer(response)).error?.message).toContain("Mcp-Session-Id header is required");
  });

  it("is refused when it does not accept an event stream", async () => {
    const entered = await enterEra(worker, "legacy", token);
    const headers = { Accept: "application/json" };
    const response = await sendInEra(worker, "legacy", { ...entered, call: "tools/list", headers });
    expect(response.status).toBe(406);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
  });
});

function headersOf(era: ProtocolEra, { sessionId }: Entered): Record<string, string | undefined> {
  return era === "legacy"
    ? { "Mcp-Session-Id": sessionId, "MCP-Protocol-Version": PROTOCOL_VERSIONS.legacy }
    : { "MCP-Protocol-Version": PROTOCOL_VERSIONS.modern, "Mcp-Method": "tools/list" };
}
