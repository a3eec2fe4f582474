/** PingOne issues no refresh token, as in the guide's set-up: how a refusal by the Todo API is handled. */
import { describe, expect } from "vitest";
import { signIn } from "../support/mcp-client.ts";
import { watch, watchLog } from "../support/observe.ts";
import { readAnswer, sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack } = testWithStack();

it.beforeAll(async () => {
  await stack.emulators.switches.set({ refreshTokenGrant: false });
});

async function connect(): Promise<string> {
  const { tokens } = await signIn(stack.worker);
  expect(tokens.refresh_token).toBeUndefined();
  return tokens.access_token;
}

async function listTodos(token: string): Promise<{ status: number; isError: unknown; text: string }> {
  const params = { name: "listTodos", arguments: {} };
  const response = await sendInEra(stack.worker, "modern", { call: "tools/call", params, token });
  const answer = response.ok ? (await readAnswer(response)).result : undefined;
  const content = (answer?.content ?? []) as { text: string }[];
  return { status: response.status, isError: answer?.isError ?? false, text: content[0]?.text ?? "" };
}

describe("a refusal by the Todo API", () => {
  it("that passes costs nothing: PingOne is asked, and says that the token is good", async () => {
    const token = await connect();
    await stack.emulators.faults.queue({ endpoint: "todos.list", fault: "unauthorized" });
    const watched = await watch(stack);
    expect(await listTodos(token)).toMatchObject({ status: 200, isError: false });
    const calls = await watched.upstreamCalls();
    expect(calls.filter((name) => name !== "jwks")).toEqual(["todos.list", "introspect", "todos.list"]);
  });

  it("that stays is told to the model, and the next call works again", async () => {
    const token = await connect();
    await stack.emulators.faults.queue({ endpoint: "todos.list", fault: "unauthorized", times: 2 });
    const refused = await listTodos(token);
    expect(refused).toMatchObject({ status: 200, isError: true });
    expect(refused.text).toMatch(/^The Todo API refuses this sign-in although PingOne accepts it/);
    expect(await listTodos(token)).toMatchObject({ status: 200, isError: false });
  });

  it("ends the sign-in when PingOne says that the token is dead, and the client is told so from then on", async () => {
    const token = await connect();
    await stack.emulators.sessions.end("alice");
    await stack.emulators.faults.queue({ endpoint: "todos.list", fault: "unauthorized" });
    const refused = await listTodos(token);
    expect(refused.text).toMatch(/^The sign-in at PingOne has ended\./);
    expect((await listTodos(token)).status).toBe(401);
  });

  it.each([
    ["cannot be reached", { fault: "server_error" }],
    ["refuses to answer", { fault: "status", status: 401, body: { error: "invalid_client" } }],
    ["answers something else", { fault: "body", body: { active: "no" } }],
  ] as const)("ends nothing when PingOne's introspection %s", async (_what, fault) => {
    const token = await connect();
    await stack.emulators.faults.queue({ endpoint: "introspect", ...fault } as never);
    await stack.emulators.faults.queue({ endpoint: "todos.list", fault: "unauthorized", times: 2 });
    const log = watchLog(stack.worker);
    expect(await listTodos(token)).toMatchObject({ status: 200, isError: true });
    await log.line("tool.failed", { error: "refused" });
    expect(await listTodos(token)).toMatchObject({ status: 200, isError: false });
    await stack.emulators.faults.expectNone();
  });
});
