/**
 * PingOne has refreshed and rotated, but its answer is lost or not to be trusted: the Worker asks again with the token
 * that it has, which PingOne takes for as long as its grace period lasts.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { requestToken } from "../../support/mcp-client.ts";
import { lastLogLine } from "../../support/observe.ts";
import { startTestStack, type TestStack } from "../../support/stack.ts";
import {
  connect,
  DEAD_AFTER_ONE_SECOND,
  expectSignInChallenge,
  type Fault,
  logLines,
  postToolCall,
  queueFault,
  type SignedIn,
  seconds,
  signInAtPingOne,
  watchCalls,
} from "./signed-in.ts";

/** The Worker pauses five seconds between two attempts. */
const PATIENCE = { timeout: 20_000, interval: 500 };

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack({ UPSTREAM_TIMEOUT_SECONDS: "3" });
});

afterAll(async () => {
  await stack.standIns.control.assertNoPendingFaults();
  await stack[Symbol.asyncDispose]();
});

/** Somebody whose PingOne token is dead when the promise is. */
async function signInDead(username = "alice"): Promise<SignedIn> {
  const signedIn = await signInAtPingOne(stack, { username, ttlSeconds: DEAD_AFTER_ONE_SECOND });
  await seconds(1);
  return signedIn;
}

const LOST: readonly [what: string, fault: Fault, failure: string][] = [
  ["comes after the time-out", { fault: "delay", milliseconds: 3600 }, "unavailable"],
  ["is lost with the connection", { fault: "reset", afterProcessing: true }, "unavailable"],
  ["breaks off", { fault: "truncated" }, "unavailable"],
  ["is malformed JSON", { fault: "malformed_json" }, "unavailable"],
  ["has a token for another audience", { fault: "wrong_audience" }, "untrusted"],
  ["has tokens of another issuer", { fault: "wrong_issuer" }, "untrusted"],
  ["has an ID token that expired long ago", { fault: "expired" }, "untrusted"],
];

/** By the fault that they will meet, so that none waits alone for its token to age. */
async function signInDeadForEach(rows: readonly (readonly [what: string, ...unknown[]])[], username: string) {
  const signedIn = new Map<string, SignedIn>();
  for (const [what] of rows) {
    signedIn.set(what, await signInAtPingOne(stack, { username, ttlSeconds: DEAD_AFTER_ONE_SECOND }));
  }
  await seconds(1);
  return (what: string) => {
    const found = signedIn.get(what);
    if (found === undefined) throw new Error(`Nobody has signed in for "${what}".`);
    return found;
  };
}

describe("within PingOne's grace period nothing is lost when the answer", () => {
  let signedInFor: (what: string) => SignedIn;

  beforeAll(async () => {
    signedInFor = await signInDeadForEach(LOST, "alice");
    await stack.standIns.control.setSwitches({ gracePeriodSeconds: 60 });
  });

  afterAll(async () => {
    await stack.standIns.control.setSwitches({ gracePeriodSeconds: null });
  });

  it.concurrent.each(LOST)("%s", async (what, fault, failure) => {
    const { worker } = stack;
    const { accessToken, login, client, tokens } = signedInFor(what);
    await queueFault(stack, "token", fault, login);
    const calls = await watchCalls(stack, login);
    const refused = await postToolCall(worker, accessToken, "listTodos");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("Retry-After")).toMatch(/^[1-5]$/);
    // Nothing of the answer was used: neither its token at the Todo API, nor anything that it said.
    expect(await calls.since()).toEqual(["token"]);

    const connection = await connect(worker, accessToken, "modern");
    const recovers = async () => expect((await connection.call("listTodos")).status).toBe(200);
    await vi.waitFor(recovers, PATIENCE);
    expect(await calls.since()).toEqual(["token", "token", "todos.list"]);
    const refresh = { grant_type: "refresh_token", refresh_token: tokens.refresh_token ?? "" };
    expect((await requestToken(worker, client, refresh)).status).toBe(200);
    const failures = logLines(worker).filter(({ event }) => event === "ping_session.refresh_failed");
    expect(failures.map((line) => line.failure)).toContain(failure);
  });
});

describe("without a grace period the person signs in once more when the answer", () => {
  const rows = LOST.slice(1, 3);
  let signedInFor: (what: string) => SignedIn;

  beforeAll(async () => {
    signedInFor = await signInDeadForEach(rows, "bob");
  });

  it.concurrent.each(rows)("%s", async (what, fault) => {
    const { worker } = stack;
    const signedIn = signedInFor(what);
    await queueFault(stack, "token", fault, signedIn.login);
    expect((await postToolCall(worker, signedIn.accessToken, "listTodos")).status).toBe(503);
    // To PingOne this is a replay, and it ends the whole family.
    const calls = await watchCalls(stack, signedIn.login);
    const isRefused = async () =>
      expectSignInChallenge(stack, await postToolCall(worker, signedIn.accessToken, "listTodos"));
    await vi.waitFor(isRefused, PATIENCE);
    expect(await calls.since()).toEqual(["token"]);
    const refreshed = await requestToken(worker, signedIn.client, {
      grant_type: "refresh_token",
      refresh_token: signedIn.tokens.refresh_token ?? "",
    });
    expect(await refreshed.json()).toMatchObject({ error: "invalid_grant" });
  });
});

describe("the session ends at once when the answer is a refusal that no second attempt would change", () => {
  const rows = ["invalid_grant", "invalid_request", "unauthorized_client"].map((error) => [error] as const);
  let signedInFor: (what: string) => SignedIn;

  beforeAll(async () => {
    signedInFor = await signInDeadForEach(rows, "bob");
  });

  it.concurrent.each(rows)("%s", async (error) => {
    const { accessToken, login } = signedInFor(error);
    const body = { error, error_description: "Words of PingOne" };
    await queueFault(stack, "token", { fault: "status", status: 400, body }, login);
    const calls = await watchCalls(stack, login);
    expectSignInChallenge(stack, await postToolCall(stack.worker, accessToken, "listTodos"));
    expect(await calls.since()).toEqual(["token"]);
  });
});

it("tokens of another person end the session, whatever they would be good for", async () => {
  const { accessToken, login } = await signInDead("bob");
  await queueFault(stack, "token", { fault: "other_subject" }, login);
  const calls = await watchCalls(stack);
  expectSignInChallenge(stack, await postToolCall(stack.worker, accessToken, "listTodos"));
  expect(await calls.since()).toEqual(["token"]);
  expect(lastLogLine(stack.worker, "ping_session.refresh_failed")).toMatchObject({
    failure: "wrong_subject",
  });
});

describe("a refreshed token", () => {
  const UNSIGNED: readonly [what: string, fault: Fault][] = [
    ["is signed by another key", { fault: "wrong_signature" }],
    ["names a key that PingOne does not have", { fault: "unknown_kid" }],
  ];
  const NOT_NEEDED: readonly [what: string, fault: Fault][] = [
    ["another nonce", { fault: "wrong_nonce" }],
    ["no ID token at all", { fault: "missing_id_token" }],
  ];
  let signedInFor: (what: string) => SignedIn;

  beforeAll(async () => {
    signedInFor = await signInDeadForEach([...UNSIGNED, ...NOT_NEEDED], "alice");
  });

  it.concurrent.each(UNSIGNED)(
    "that %s is refused by the Todo API, and the Worker gets another",
    async (what, fault) => {
      const { accessToken, login } = signedInFor(what);
      await queueFault(stack, "token", fault, login);
      // The Worker passes access tokens on; to judge their signatures is the Todo API's part.
      const connection = await connect(stack.worker, accessToken, "modern");
      expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
      const refreshes = { endpoint: "token", login, form: { grant_type: "refresh_token" } } as const;
      expect(await stack.standIns.control.requests(refreshes)).toHaveLength(2);
    },
  );

  it.concurrent.each(NOT_NEEDED)(
    "that comes with %s is used: a refresh answers no sign-in",
    async (what, fault) => {
      const { accessToken, login } = signedInFor(what);
      await queueFault(stack, "token", fault, login);
      const calls = await watchCalls(stack, login);
      const connection = await connect(stack.worker, accessToken, "legacy");
      expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
      expect(await calls.since()).toEqual(["token", "todos.list"]);
    },
  );
});

describe("when the clocks of PingOne and the Todo API are", () => {
  afterEach(async () => {
    await stack.standIns.control.resetClock();
  });

  it.each([
    ["45 seconds behind the Worker's", -45],
    ["45 seconds ahead of the Worker's", 45],
    ["two hours ahead of the Worker's", 7200],
  ])("%s, a sign-in and a refresh succeed", async (_what, offset) => {
    const { standIns, worker } = stack;
    await standIns.control.advanceClock(offset);
    const { accessToken } = await signInDead("bob");
    const connection = await connect(worker, accessToken, "modern");
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
    // How long a token lives is counted from its arrival, by its expires_in.
    const calls = await watchCalls(stack);
    expect(await connection.call("listTodos")).toMatchObject({ isError: false });
    expect(await calls.since()).toEqual(["todos.list"]);
  });

  it("two hours behind, a sign-in fails and says why in the log", async () => {
    await stack.standIns.control.advanceClock(-7200);
    await expect(signInAtPingOne(stack, { username: "bob" })).rejects.toThrow("server_error");
    expect(lastLogLine(stack.worker, "callback.pingone_failed")).toMatchObject({
      failure: "untrusted",
      detail: expect.stringContaining("TIMESTAMP"),
    });
  });

  it("set forward, a token that the Todo API finds expired is replaced once", async () => {
    const { standIns, worker } = stack;
    const { accessToken } = await signInAtPingOne(stack);
    const connection = await connect(worker, accessToken, "legacy");
    await standIns.control.advanceClock(7200);
    const calls = await watchCalls(stack);
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
    expect(await calls.since()).toEqual(["todos.list", "token", "todos.list"]);
  });
});
