import { beforeEach, describe, expect, it, vi } from "vitest";
import type { PingSessionOutcome } from "./auth/ping-types.ts";
import { ALL_TODO_SCOPES, type Env } from "./config.ts";
import { withBudget } from "./deadline.ts";
import { testSettings } from "./testing/settings.ts";

// After the line above has prepared for it.
const { createMcpRouter } = await import("./mcp-router.ts");

const settings = testSettings();
const RESOURCE = settings.MCP_RESOURCE.href;

const VALID = {
  kind: "valid",
  accessToken: "t",
  expiresAt: 4_000_000_000,
  scopes: ALL_TODO_SCOPES,
} as const satisfies PingSessionOutcome;

let asked: { waitAtMostMs: number }[] = [];

beforeEach(() => {
  asked = [];
  vi.spyOn(console, "log").mockImplementation(() => {});
});

/** One request of the stateless protocol by a token with these scopes, when the PingSession answers like this. */
function send(
  call: { method: string; params?: Record<string, unknown> },
  { outcome, scope }: { outcome: PingSessionOutcome; scope: readonly string[] },
): Promise<Response> {
  const version = "2026-07-28";
  const meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const request = new Request(RESOURCE, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "MCP-Protocol-Version": version,
      "Mcp-Method": call.method,
      ...(typeof call.params?.name === "string" && { "Mcp-Name": call.params.name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...call, params: { ...call.params, _meta: meta } }),
  });
  const getAccessToken = async (options: { waitAtMostMs: number }) => {
    asked.push(options);
    return outcome;
  };
  // Anything else that the router touched would be undefined, and fail the test.
  const env = { PING_SESSION: { getByName: () => ({ getAccessToken }) } } as unknown as Env;
  const context = {
    props: { version: 1, person: { sub: "alice" }, pingSessionId: "p" },
    auth: { token: "alice:g:s", audience: RESOURCE, scope: [...scope], userId: "alice", clientId: "c" },
    waitUntil: () => {},
  } as unknown as ExecutionContext;
  return withBudget(25, () => createMcpRouter(settings).fetch(request, env, context));
}

const toolCall = (name: string) => ({ method: "tools/call", params: { name, arguments: {} } });

it("a tool call asks the PingSession once, and its tool has the answer", async () => {
  const response = await send(toolCall("whoAmI"), { outcome: VALID, scope: ALL_TODO_SCOPES });
  expect(await response.json()).toMatchObject({ result: { structuredContent: { sub: "alice" } } });
  expect(asked).toHaveLength(1);
});

it("the list of tools is the same in each request, whatever was called in between", async () => {
  const list = async () => (await send({ method: "tools/list" }, { outcome: VALID, scope: [] })).text();
  const first = await list();
  await send(toolCall("whoAmI"), { outcome: VALID, scope: ALL_TODO_SCOPES });
  expect(JSON.parse(first).result.tools).toHaveLength(5);
  expect(await list()).toBe(first);
});

describe("how long a request waits for PingOne", () => {
  const unavailable = { kind: "unavailable", retryAfterSeconds: 5 } as const;

  it.each(["tools/list", "server/discover"])(
    "%s waits at most a second, and goes on without",
    async (method) => {
      const response = await send({ method }, { outcome: unavailable, scope: [] });
      expect(response.status).toBe(200);
      expect(asked.map(({ waitAtMostMs }) => waitAtMostMs)).toEqual([1000]);
    },
  );

  it("a tool call waits for as long as its budget lasts, and is told when to come back", async () => {
    const response = await send(toolCall("whoAmI"), { outcome: unavailable, scope: [] });
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("5");
    expect(asked[0]?.waitAtMostMs).toBeGreaterThan(20_000);
  });
});
