/** Access has ended for good at PingOne: the next request gets 401 before any tool runs, and nothing is left here. */
import type { Offline } from "pingone-emulator";
import { describe, expect } from "vitest";
import { PROTOCOL_ERAS, requestRefresh } from "../../support/mcp-client.ts";
import { countHoldings, expectOAuthError, type Holdings, watchLog } from "../../support/observe.ts";
import { testWithStack } from "../../support/test.ts";
import {
  type Connection,
  connect,
  DUE_AFTER_ONE_SECOND,
  expectSignInChallenge,
  postToolCall,
  queueFault,
  type SignedIn,
  seconds,
  signInAtPingOne,
  watchCalls,
} from "./signed-in.ts";

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "3" });

/** Asserts that the grant has ended: its access token and refresh token are refused. */
async function expectNothingLeft({ client, tokens, accessToken }: SignedIn): Promise<void> {
  expectSignInChallenge(stack, await postToolCall(stack.worker, accessToken, "whoAmI"));
  await expectOAuthError(await requestRefresh(stack.worker, client, tokens), 400, "invalid_grant");
}

describe.each<[string, string, (emulators: Offline) => (user: string) => Promise<number>]>([
  ["the session at PingOne was ended", "alice", ({ sessions }) => sessions.end],
  ["the refresh token was revoked", "bob", ({ tokens }) => tokens.revoke],
])("when %s", (_what, username, verb) => {
  /** One sign-in for each way to detect the end; all are ended at once. */
  const endings: { signedIn: SignedIn; connection: Connection }[] = [];
  let holdings: Holdings;

  it.beforeAll(async () => {
    const { emulators, worker } = stack;
    holdings = await countHoldings(worker);
    // Refreshed tokens have the short lifetime too, so that each token is due for a refresh after one second.
    await emulators.switches.set({ accessTokenTtlSeconds: DUE_AFTER_ONE_SECOND });
    for (const era of ["legacy", "modern", "modern", "legacy", "modern"] as const) {
      const signedIn = await signInAtPingOne(stack, { username });
      endings.push({ signedIn, connection: await connect(worker, signedIn.accessToken, era) });
    }
    await seconds(1);
    await verb(emulators)(username);
    await emulators.switches.set({ accessTokenTtlSeconds: null });
  });

  it.afterAll(async () => {
    const { grants, pingSessions } = holdings;
    expect(await countHoldings(stack.worker)).toMatchObject({ grants, pingSessions });
  });

  function ending(index: number): { signedIn: SignedIn; connection: Connection } {
    const found = endings[index];
    if (found === undefined) throw new Error(`Only ${endings.length} have signed in.`);
    return found;
  }

  it.each(PROTOCOL_ERAS.map((era, index) => [era, index] as const))(
    "[FAIL-29] a tool call in the %s era gets 401 and runs nothing",
    async (_era, index) => {
      const { worker } = stack;
      const { signedIn, connection } = ending(index);
      const calls = await watchCalls(stack, signedIn.login);
      const log = watchLog(worker);
      expectSignInChallenge(stack, await connection.call("addTodo", { text: "Never" }));
      // One request to PingOne and none to the Todo API.
      expect(await calls.since()).toEqual(["token"]);
      expect(await log.line("ping_session.refresh_failed")).toMatchObject({ failure: "invalid_grant" });
      await log.line("mcp.sign_in_required");
      await expectNothingLeft(signedIn);
      expect(await calls.since()).toEqual(["token"]);
    },
  );

  it("listing the tools gets 401, too", async () => {
    const { signedIn, connection } = ending(2);
    expect(await connection.listTools()).toBe(401);
    await expectNothingLeft(signedIn);
  });

  it("opening a stream gets 401, too", async () => {
    const { signedIn, connection } = ending(3);
    const stream = await stack.worker.fetch(stack.worker.resource, {
      headers: {
        Authorization: `Bearer ${signedIn.accessToken}`,
        Accept: "text/event-stream",
        "Mcp-Session-Id": connection.sessionId ?? "",
      },
    });
    expectSignInChallenge(stack, stream);
    await expectNothingLeft(signedIn);
  });

  it("a client that refreshes its own token learns of it there", async () => {
    const { signedIn } = ending(4);
    const refreshed = await requestRefresh(stack.worker, signedIn.client, signedIn.tokens);
    expect(refreshed.status).toBe(400);
    expect(await refreshed.json()).toEqual({
      error: "invalid_grant",
      error_description: "The session at PingOne has ended. Sign in again.",
    });
    await expectNothingLeft(signedIn);
  });
});

describe.each(PROTOCOL_ERAS)("a token that the Todo API refuses, in the %s era,", (era) => {
  it("[FAIL-45] is replaced by one forced refresh, and the call is repeated once", async () => {
    const signedIn = await signInAtPingOne(stack);
    const connection = await connect(stack.worker, signedIn.accessToken, era);
    await queueFault(stack, "todos.add", { fault: "unauthorized" }, signedIn.login);
    const calls = await watchCalls(stack, signedIn.login);
    const text = `Refused once (${era})`;
    const answer = await connection.call("addTodo", { text });
    expect(answer.isError).toBe(false);
    expect(answer.text.split(text)).toHaveLength(2);
    expect(await calls.since()).toEqual(["todos.add", "token", "todos.add"]);
  });

  it("[FAIL-45] twice, ends the call with the advice to wait, and neither session nor grant", async () => {
    const { worker } = stack;
    const signedIn = await signInAtPingOne(stack);
    const connection = await connect(worker, signedIn.accessToken, era);
    const { grants, pingSessions } = await countHoldings(worker);
    await queueFault(stack, "todos.list", { fault: "unauthorized", times: 2 }, signedIn.login);
    const calls = await watchCalls(stack, signedIn.login);
    const log = watchLog(worker);
    const answer = await connection.call("listTodos");
    expect(answer).toMatchObject({ status: 200, isError: true });
    expect(answer.text).toMatch(
      /^The Todo API refuses this sign-in although PingOne accepts it \(reference [0-9a-f]{8}\)\. Try again in a few minutes\./,
    );
    expect(await calls.since()).toEqual(["todos.list", "token", "todos.list"]);
    expect(await log.line("tool.failed")).toMatchObject({ error: "refused" });
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
    expect(await countHoldings(worker)).toMatchObject({ grants, pingSessions });
  });

  it("while PingOne is away, ends the call with the advice to wait for PingOne", async () => {
    const signedIn = await signInAtPingOne(stack);
    const connection = await connect(stack.worker, signedIn.accessToken, era);
    await queueFault(stack, "todos.add", { fault: "unauthorized" }, signedIn.login);
    await queueFault(stack, "token", { fault: "server_error" }, signedIn.login);
    const calls = await watchCalls(stack, signedIn.login);
    const log = watchLog(stack.worker);
    const answer = await connection.call("addTodo", { text: "Never" });
    expect(answer).toMatchObject({ status: 200, isError: true });
    expect(answer.text).toMatch(
      /^The sign-in service \(PingOne\) cannot be reached at the moment \(reference [0-9a-f]{8}\)\. Try again after 5 seconds\.$/,
    );
    expect(await calls.since()).toEqual(["todos.add", "token"]);
    expect(await log.line("tool.failed")).toMatchObject({ error: "pingone_unavailable" });
  });

  it("because PingOne has ended the session, ends the call with that advice, and then 401", async () => {
    const signedIn = await signInAtPingOne(stack, { username: "bob" });
    const connection = await connect(stack.worker, signedIn.accessToken, era);
    await stack.emulators.sessions.end("bob");
    // The Todo API refuses the token before the Worker refreshes it.
    await queueFault(stack, "todos.list", { fault: "unauthorized" }, signedIn.login);
    const calls = await watchCalls(stack, signedIn.login);
    expect((await connection.call("listTodos")).text).toContain("Ask the person to connect again");
    expect(await calls.since()).toEqual(["todos.list", "token"]);
    expectSignInChallenge(stack, await connection.call("listTodos"));
    await expectNothingLeft(signedIn);
  });
});
