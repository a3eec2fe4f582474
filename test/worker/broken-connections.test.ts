/** Clients that disconnect or stop sending in the middle of a request: nothing is left and nothing hangs. */
import { describe, expect } from "vitest";
import { postAndBreakOff, type RawRequest, startLoopbackStack } from "../support/loopback-stack.ts";
import { signIn } from "../support/mcp-client.ts";
import { countHoldings, parseLog } from "../support/observe.ts";
import { testOn } from "../support/test.ts";

const { it, stack } = testOn(() => startLoopbackStack({ REQUEST_BUDGET_SECONDS: "5" }));
let token: string;

it.beforeAll(async () => {
  token = (await signIn(stack.worker)).tokens.access_token;
});

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const JSON_BODY = { "Content-Type": "application/json" };

type Row = [path: string, headers: () => Record<string, string>, body: string];

const AT_TOKEN: Row = ["/token", () => FORM, "grant_type=authorization_code&co"];
const AT_MCP: Row = ["/mcp", () => ({ ...JSON_BODY, Authorization: `Bearer ${token}` }), '{"jsonrpc":'];

describe("a body that breaks off is no failure of the server", () => {
  it.each<Row>([
    AT_TOKEN,
    ["/authorize", () => FORM, "handle="],
    ["/signout", () => FORM, "action="],
    ["/register", () => JSON_BODY, '{"redirect_uris":['],
    AT_MCP,
  ])("at %s", async (path, headers, body) => {
    const { worker } = stack;
    const before = await countHoldings(worker);
    const seen = parseLog(worker).length;
    await postAndBreakOff(stack, { path, headers: headers(), body, contentLength: 1000 }, 200);
    const line = () =>
      parseLog(worker)
        .slice(seen)
        .find(({ event, route }) => event === "request" && route === path);
    await expect.poll(line, { timeout: 5000 }).toMatchObject({ status: 400, outcome: "refused" });
    expect(await countHoldings(worker)).toEqual(before);
  });
});

it.concurrent.each([AT_TOKEN, AT_MCP])(
  "[SEC-31] a body that stalls at %s is refused when the request's budget is over",
  async (path, headers, body) => {
    const stalling = { path, headers: headers(), body, contentLength: 1000 };
    expect(await postAndBreakOff(stack, stalling, 8000)).toMatch(/^HTTP\/1\.1 400 /);
  },
);

it("a session whose client breaks off at any moment of initialize has an alarm that ends it", async () => {
  const { worker } = stack;
  const initialize: RawRequest = {
    path: "/mcp",
    headers: {
      ...JSON_BODY,
      Authorization: `Bearer ${token}`,
      Accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
    }),
  };
  const sessions = () => worker.listObjectIds("TodoMcpServer");
  const before = sessions().length;
  // Covers the time from before the Worker has the request until after its response.
  for (let milliseconds = 0; milliseconds < 60; milliseconds += 2) {
    await postAndBreakOff(stack, initialize, milliseconds);
  }
  await expect.poll(() => sessions().length, { timeout: 5000 }).toBeGreaterThan(before);
  const withoutAlarm = () => sessions().filter((id) => !worker.readAlarms("TodoMcpServer").has(id));
  await expect.poll(withoutAlarm, { timeout: 5000 }).toEqual([]);
});
