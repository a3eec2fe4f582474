/** The time budget of a request limits all its upstream calls together. The time-out of one call is longer here. */
import { describe, expect } from "vitest";
import { PROTOCOL_ERAS, redeem } from "../../support/mcp-client.ts";
import { countHoldings, expectSignInError, watchLog } from "../../support/observe.ts";
import { passPingOne, startSignIn } from "../../support/sign-in.ts";
import { testWithStack } from "../../support/test.ts";
import type { TestWorker } from "../../support/worker.ts";
import {
  connect,
  DEAD_AFTER_ONE_SECOND,
  postToolCall,
  queueFault,
  type SignedIn,
  seconds,
  signInAtPingOne,
  watchCalls,
} from "./signed-in.ts";

/** Longer than the budget. */
const TOO_SLOW = { fault: "delay", milliseconds: 3000 } as const;

/** Two of these are longer than the budget. */
const SLOW = { fault: "delay", milliseconds: 1100 } as const;

const { it, stack } = testWithStack({ REQUEST_BUDGET_SECONDS: "2", UPSTREAM_TIMEOUT_SECONDS: "20" });

it("[FAIL-18] a sign-in is given up when PingOne's answers together take longer than the budget", async () => {
  const { emulators, worker } = stack;
  // Makes this sign-in fetch PingOne's JWKS.
  await emulators.keys.rotate();
  const signIn = await startSignIn(worker);
  const { state } = signIn;
  const callback = await passPingOne(worker, signIn);
  const before = await countHoldings(worker);
  await queueFault(stack, "token", SLOW, { state });
  await queueFault(stack, "jwks", SLOW);
  const after = await emulators.journal.mark();
  const log = watchLog(worker);
  const back = await signIn.browser.open(callback);
  expectSignInError(back.url, signIn, "temporarily_unavailable");
  expect(await log.line("callback.pingone_failed")).toMatchObject({ failure: "unavailable" });
  expect(await countHoldings(worker)).toEqual(before);
  await emulators.journal.expect({ endpoint: "jwks", fault: "delay", after }, { times: 1 });

  const again = await startSignIn(worker, { client: signIn.client });
  const returned = await again.browser.open(await passPingOne(worker, again));
  await redeem(worker, again.client, again.attempt, returned.url);
});

describe.concurrent("in the budget of one request", () => {
  let dead: readonly [SignedIn, SignedIn];

  it.beforeAll(async () => {
    const ttlSeconds = DEAD_AFTER_ONE_SECOND;
    dead = [await signInAtPingOne(stack, { ttlSeconds }), await signInAtPingOne(stack, { ttlSeconds })];
    await seconds(DEAD_AFTER_ONE_SECOND);
  });

  it("[FAIL-28] a refresh beyond it is a 503 with Retry-After, and the next request has its fruit", async () => {
    const { emulators, worker } = stack;
    const [{ accessToken, login }] = dead;
    await queueFault(stack, "token", TOO_SLOW, login);
    const calls = await watchCalls(stack, login);
    const answer = await postToolCall(worker, accessToken, "listTodos");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
    const refresh = { endpoint: "token", login, status: 200, fault: "delay" } as const;
    await emulators.journal.expect(refresh, { withinMilliseconds: 5000 });
    const connection = await connect(worker, accessToken, "modern");
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
    expect(await calls.since()).toEqual(["token", "todos.list"]);
  });

  it.each(PROTOCOL_ERAS)(
    "a tool of the %s era ends without a second call when the forced refresh takes longer",
    async (era) => {
      const { accessToken, login } = await signInAtPingOne(stack);
      const connection = await connect(stack.worker, accessToken, era);
      await queueFault(stack, "todos.add", { fault: "unauthorized" }, login);
      await queueFault(stack, "token", { fault: "delay", milliseconds: 15_000 }, login);
      const calls = await watchCalls(stack, login);
      const answer = await connection.call("addTodo", { text: "Buy milk" });
      // The tool call was answered before PingOne's response.
      const [refresh] = await stack.emulators.journal.find({ endpoint: "token", login, fault: "delay" });
      expect(refresh).toBeDefined();
      expect(refresh?.status).toBeUndefined();
      expect(answer).toMatchObject({ status: 200, isError: true });
      expect(answer.text).toMatch(/Try again after \d+ seconds/);
      expect(answer.text).not.toContain("may or may not");
      expect(await calls.since()).toEqual(["todos.add", "token"]);
    },
  );

  it("what the refresh before a tool has taken is missing from the tool's time", async () => {
    const { worker } = stack;
    let { accessToken } = await signInAtPingOne(stack);
    const fetch: TestWorker["fetch"] = (input, init) => {
      const request = new Request(input, init);
      request.headers.set("Authorization", `Bearer ${accessToken}`);
      return worker.fetch(request);
    };
    const connection = await connect({ ...worker, fetch }, accessToken, "modern");
    const [, { login, accessToken: deadToken }] = dead;
    accessToken = deadToken;
    await queueFault(stack, "token", SLOW, login);
    await queueFault(stack, "todos.add", SLOW, login);
    const calls = await watchCalls(stack, login);
    const answer = await connection.call("addTodo", { text: "Buy bread" });
    expect(answer.text).toContain("may or may not have been made");
    expect(await calls.since()).toEqual(["token", "todos.add"]);
  });

  it.each(PROTOCOL_ERAS)(
    "[FAIL-44] reading in the %s era is repeated no longer than it lasts",
    async (era) => {
      const { accessToken, login } = await signInAtPingOne(stack);
      const connection = await connect(stack.worker, accessToken, era);
      const fault = { fault: "server_error", delayMilliseconds: 1300, times: 3 } as const;
      const id = await queueFault(stack, "todos.list", fault, login);
      const calls = await watchCalls(stack, login);
      const answer = await connection.call("listTodos");
      expect(answer.text).toContain("The Todo API cannot be used at the moment");
      expect((await calls.since()).length).toBeLessThan(3);
      await stack.emulators.faults.remove(id);
    },
  );
});
