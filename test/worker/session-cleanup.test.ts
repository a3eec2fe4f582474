import type { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect } from "vitest";
import { signInAtForeignProvider } from "../support/foreign-stack.ts";
import { connectMcp } from "../support/mcp-client.ts";
import { testWithForeignStack } from "../support/test.ts";

const { it, stack } = testWithForeignStack();
let accessToken: string;

it.beforeAll(async () => {
  accessToken = (await signInAtForeignProvider(stack.worker)).tokens.access_token;
});

const sessions = () => stack.worker.listObjectIds("TodoMcpServer");

function post(sessionId: string): Promise<Response> {
  return stack.worker.fetch(stack.worker.resource, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${accessToken}`,
      Accept: "application/json, text/event-stream",
      "Content-Type": "application/json",
      "Mcp-Session-Id": sessionId,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
}

function sessionIdOf(client: Client): string {
  return (client.transport as StreamableHTTPClientTransport).sessionId ?? "";
}

/** The Durable Object of a session id. */
async function objectOf(sessionId: string) {
  const { MCP_OBJECT } = await stack.worker.getEnv();
  return MCP_OBJECT.getByName(`streamable-http:${sessionId}`);
}

it("[SEC-23] makes one object for each session and none for an invented session id", async () => {
  const before = sessions().length;
  await connectMcp(stack.worker, accessToken, "legacy");
  expect(sessions()).toHaveLength(before + 1);
  for (const invented of ["x", "0".repeat(64), crypto.randomUUID(), "../../etc/passwd"]) {
    expect((await post(invented)).status).toBe(404);
  }
  expect(sessions()).toHaveLength(before + 1);
});

it("keeps nothing of a session that its client has ended, and knows its id no more", async () => {
  const before = sessions().length;
  const client = await connectMcp(stack.worker, accessToken, "legacy");
  const sessionId = sessionIdOf(client);
  await (client.transport as StreamableHTTPClientTransport).terminateSession();
  await expect.poll(() => sessions().length, { timeout: 5000 }).toBe(before);
  expect((await post(sessionId)).status).toBe(404);
  expect((await post(sessionId)).status).toBe(404);
});

it("[SEC-23] sets an alarm that ends an idle session, and puts it off while the session is used", async () => {
  const client = await connectMcp(stack.worker, accessToken, "legacy");
  const object = await objectOf(sessionIdOf(client));
  const alarms = [...stack.worker.readAlarms("TodoMcpServer").values()];
  expect(alarms).toContainEqual(expect.toSatisfy((seconds: number) => seconds > 86_000 && seconds <= 86_400));
  await object.endWhenIdle();
  expect((await client.listTools()).tools.length).toBeGreaterThan(0);
});
