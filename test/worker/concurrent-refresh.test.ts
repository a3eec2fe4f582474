import { expect } from "vitest";
import { signInAtForeignProvider } from "../support/foreign-stack.ts";
import { connectMcp } from "../support/mcp-client.ts";
import { testWithForeignStack } from "../support/test.ts";

// Due for a refresh after half of its lifetime. The refreshed token is valid for longer than the test takes.
const { it, stack } = testWithForeignStack({
  accessTokenTtlSeconds: 4,
  refreshedAccessTokenTtlSeconds: 3600,
});

it("[SEC-19] refreshes once for fifty concurrent calls over both lanes and three sessions", async () => {
  const { provider, worker } = stack;
  const { tokens } = await signInAtForeignProvider(worker);
  const first = await connectMcp(worker, tokens.access_token, "legacy");
  const clients = await Promise.all([
    first,
    connectMcp(worker, tokens.access_token, "legacy"),
    connectMcp(worker, tokens.access_token, "modern"),
  ]);
  // Waits in real time, because the Worker's clock cannot be moved.
  await new Promise((resolve) => setTimeout(resolve, 2000));

  const calls = Array.from({ length: 50 }, (_, index) =>
    clients[index % clients.length]?.callTool({ name: "listTodos", arguments: {} }),
  );
  const answers = await Promise.all(calls);
  expect(answers.filter((answer) => answer?.isError === true)).toEqual([]);
  // One request for the code, one for the refresh.
  expect(provider.countRequests("/token")).toBe(2);
});
