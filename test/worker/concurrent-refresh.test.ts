import { afterAll, beforeAll, expect, it } from "vitest";
import { type ForeignStack, signInAtForeignProvider, startForeignStack } from "../support/foreign-stack.ts";
import { connectMcp } from "../support/mcp-client.ts";

let stack: ForeignStack;

beforeAll(async () => {
  // So short that the first call after signing in already asks for a refresh, once half of it is over.
  stack = await startForeignStack({ accessTokenTtlSeconds: 4 });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

it("refreshes once for fifty concurrent calls over both lanes and three sessions", async () => {
  const { provider, worker } = stack;
  const { tokens } = await signInAtForeignProvider(worker);
  const first = await connectMcp(worker, tokens.access_token, "legacy");
  const clients = await Promise.all([
    first,
    connectMcp(worker, tokens.access_token, "legacy"),
    connectMcp(worker, tokens.access_token, "modern"),
  ]);
  const me = await first.callTool({ name: "whoAmI", arguments: {} });
  const { expiresAt } = me.structuredContent as { expiresAt: string };
  // Real time is what this is about: the Worker's clock cannot be moved.
  const untilDue = Date.parse(expiresAt) - 2000 - Date.now() + 50;
  await new Promise((resolve) => setTimeout(resolve, untilDue));

  const before = provider.countRequests("/token");
  const calls = Array.from({ length: 50 }, (_, index) =>
    clients[index % clients.length]?.callTool({ name: "listTodos", arguments: {} }),
  );
  const answers = await Promise.all(calls);
  expect(answers.filter((answer) => answer?.isError === true)).toEqual([]);
  expect(provider.countRequests("/token") - before).toBe(1);
});
