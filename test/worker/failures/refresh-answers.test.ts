/**
 * PingOne has refreshed and rotated the token, but its response is lost or invalid: the Worker asks again with the
 * refresh token that it has, which PingOne accepts during its grace period.
 */
import { describe, expect, vi } from "vitest";
import { requestRefresh } from "../../support/mcp-client.ts";
import { watchLog } from "../../support/observe.ts";
import { testWithStack } from "../../support/test.ts";
import {
  connect,
  DEAD_AFTER_ONE_SECOND,
  expectRefreshFailuresLogged,
  expectSignInChallenge,
  type Fault,
  fakeAccessToken,
  oauthError,
  postToolCall,
  queueFault,
  type SignedIn,
  seconds,
  signInAtPingOne,
  signInForEach,
  watchCalls,
} from "./signed-in.ts";

/** The Worker waits five seconds between two attempts. */
const PATIENCE = { timeout: 20_000, interval: 500 };

const failuresMet: string[] = [];

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "2" });

it.afterAll(async () => {
  await expectRefreshFailuresLogged(stack, failuresMet);
});

const LOST: readonly [what: string, fault: Fault, failure: string][] = [
  ["comes after the time-out", { fault: "delay", milliseconds: 2500 }, "unavailable"],
  ["[FAIL-32] is lost with the connection", { fault: "reset", afterProcessing: true }, "unavailable"],
  ["[FAIL-33] breaks off", { fault: "truncated" }, "unavailable"],
  ["[FAIL-33] is malformed JSON", { fault: "malformed_json" }, "unavailable"],
  ["[FAIL-35] has a token for another audience", { fault: "wrong_audience" }, "untrusted"],
  [
    "[FAIL-35] has an access token that alone is for another audience",
    { fault: "body", body: strayTokens() },
    "wrong_audience",
  ],
  ["has tokens of another issuer", { fault: "wrong_issuer" }, "untrusted"],
  ["[FAIL-37] has an ID token that expired long ago", { fault: "expired" }, "untrusted"],
];

/** Cases in which the Worker asks again only after the grace period. */
const LATE = LOST.slice(1, 3);

/** Cases in which only the refresh token of the response is used, because the old one is no longer valid. */
const ROTATED = LOST.filter(([, , failure]) => failure === "untrusted");

/** Errors of the configuration, which the operator can correct. They do not mean that the session has ended. */
const REFUSALS = ["invalid_request", "unauthorized_client", "invalid_scope", "unsupported_grant_type"];

const UNSIGNED: readonly [what: string, fault: Fault][] = [
  ["is signed by another key", { fault: "wrong_signature" }],
  ["names a key that PingOne does not have", { fault: "unknown_kid" }],
];

const NOT_NEEDED: readonly [what: string, fault: Fault][] = [
  ["another nonce", { fault: "wrong_nonce" }],
  ["no ID token at all", { fault: "missing_id_token" }],
];

/** Sign-ins with an expired PingOne token, by test. */
let alice: (what: string) => SignedIn;
let bob: (what: string) => SignedIn;

it.beforeAll(async () => {
  const names = (rows: readonly (readonly [string, ...unknown[]])[]) => rows.map(([what]) => what);
  const ttlSeconds = DEAD_AFTER_ONE_SECOND;
  alice = await signInForEach(stack, names([...LOST, ...UNSIGNED, ...NOT_NEEDED]), { ttlSeconds });
  const ofBob = [...names(LATE), ...names(ROTATED), ...REFUSALS, "invalid_grant", "another person"];
  bob = await signInForEach(stack, ofBob, { username: "bob", ttlSeconds });
  await seconds(1);
  // The Worker waits before it asks again. Started here, these cases wait while other tests run.
  for (const [what, fault] of LATE) {
    const { accessToken, login } = bob(what);
    await queueFault(stack, "token", fault, login);
    expect((await postToolCall(stack.worker, accessToken, "listTodos")).status).toBe(503);
  }
});

describe("within PingOne's grace period nothing is lost when the answer", () => {
  it.beforeAll(async () => {
    await stack.emulators.switches.set({ gracePeriodSeconds: 60 });
  });

  it.afterAll(async () => {
    await stack.emulators.switches.set({ gracePeriodSeconds: null });
  });

  it.concurrent.each(LOST)("%s", async (what, fault, failure) => {
    const { worker } = stack;
    const { accessToken, login, client, tokens } = alice(what);
    await queueFault(stack, "token", fault, login);
    const calls = await watchCalls(stack, login);
    const refused = await postToolCall(worker, accessToken, "listTodos");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("Retry-After")).toMatch(/^[1-5]$/);
    // The tokens of the response were not used at the Todo API.
    expect(await calls.since()).toEqual(["token"]);

    const connection = await connect(worker, accessToken, "modern");
    const recovers = async () => expect((await connection.call("listTodos")).status).toBe(200);
    await vi.waitFor(recovers, PATIENCE);
    expect(await calls.since()).toEqual(["token", "token", "todos.list"]);
    expect((await requestRefresh(worker, client, tokens)).status).toBe(200);
    failuresMet.push(failure);
  });
});

describe("without any grace period nothing is lost when the answer", () => {
  it.concurrent.each(ROTATED)("%s", async (what, fault, failure) => {
    const { accessToken, login } = bob(what);
    await queueFault(stack, "token", fault, login);
    expect((await postToolCall(stack.worker, accessToken, "listTodos")).status).toBe(503);
    const connection = await connect(stack.worker, accessToken, "modern");
    await vi.waitFor(async () => expect((await connection.call("listTodos")).status).toBe(200), PATIENCE);
    failuresMet.push(failure);
  });
});

describe("after PingOne's grace period the person signs in once more when the answer", () => {
  it.concurrent.each(LATE)("%s", async (what) => {
    const { worker } = stack;
    const signedIn = bob(what);
    // PingOne treats this as a replay and revokes the whole token family.
    const calls = await watchCalls(stack, signedIn.login);
    const isRefused = async () =>
      expectSignInChallenge(stack, await postToolCall(worker, signedIn.accessToken, "listTodos"));
    await vi.waitFor(isRefused, PATIENCE);
    expect(await calls.since()).toEqual(["token"]);
    const refreshed = await requestRefresh(worker, signedIn.client, signedIn.tokens);
    expect(await refreshed.json()).toMatchObject({ error: "invalid_grant" });
  });
});

it("the session ends at once when the answer is invalid_grant", async () => {
  const { accessToken, login } = bob("invalid_grant");
  await queueFault(stack, "token", oauthError(400, "invalid_grant"), login);
  const calls = await watchCalls(stack, login);
  expectSignInChallenge(stack, await postToolCall(stack.worker, accessToken, "listTodos"));
  expect(await calls.since()).toEqual(["token"]);
});

describe("the session is kept, and works again when PingOne does, when the answer is", () => {
  it.concurrent.each(REFUSALS)("[FAIL-29] %s", async (error) => {
    const { accessToken, login } = bob(error);
    const id = "89736fdc-0001-4000-8000-000000000001";
    const body = { error, error_description: `Words of PingOne (Correlation ID: ${id})` };
    await queueFault(stack, "token", { fault: "status", status: 400, body }, login);
    const log = watchLog(stack.worker);
    const refused = await postToolCall(stack.worker, accessToken, "listTodos");
    expect(refused.status).toBe(503);
    const line = await log.line("ping_session.refresh_failed", { detail: `refresh_${error}` });
    expect(line).toMatchObject({ failure: "rejected", correlation_id: id });
    failuresMet.push("rejected");
    const connection = await connect(stack.worker, accessToken, "modern");
    const recovers = async () => expect((await connection.call("listTodos")).status).toBe(200);
    await vi.waitFor(recovers, PATIENCE);
  });
});

it("[FAIL-35] tokens of another person end the session, whatever they would be good for", async () => {
  const { accessToken, login } = bob("another person");
  await queueFault(stack, "token", { fault: "other_subject" }, login);
  const calls = await watchCalls(stack, login);
  const log = watchLog(stack.worker);
  expectSignInChallenge(stack, await postToolCall(stack.worker, accessToken, "listTodos"));
  // The received tokens are not used, and are revoked.
  expect(await calls.since()).toEqual(["token", "revoke", "revoke"]);
  expect(await log.line("ping_session.refresh_failed")).toMatchObject({ failure: "wrong_subject" });
});

describe("a refreshed token", () => {
  it.concurrent.each(UNSIGNED)(
    "[FAIL-34] that %s is refused by the Todo API, and the Worker gets another",
    async (what, fault) => {
      const { accessToken, login } = alice(what);
      await queueFault(stack, "token", fault, login);
      // The Worker forwards access tokens without verifying their signatures; the Todo API verifies them.
      const connection = await connect(stack.worker, accessToken, "modern");
      expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
      const refreshes = { endpoint: "token", login, form: { grant_type: "refresh_token" } } as const;
      expect(await stack.emulators.journal.find(refreshes)).toHaveLength(2);
    },
  );

  it.concurrent.each(NOT_NEEDED)(
    "[FAIL-36] that comes with %s is used: a refresh answers no sign-in",
    async (what, fault) => {
      const { accessToken, login } = alice(what);
      await queueFault(stack, "token", fault, login);
      const calls = await watchCalls(stack, login);
      const connection = await connect(stack.worker, accessToken, "legacy");
      expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
      expect(await calls.since()).toEqual(["token", "todos.list"]);
    },
  );
});

describe("when the clocks of PingOne and the Todo API are", () => {
  it.afterEach(async () => {
    await stack.emulators.clock.reset();
  });

  it.each([
    ["[FAIL-27] 45 seconds behind the Worker's", -45],
    ["45 seconds ahead of the Worker's", 45],
    ["two hours ahead of the Worker's", 7200],
  ])("[FAIL-37] %s, a sign-in and a refresh succeed", async (_what, offset) => {
    const { emulators, worker } = stack;
    await emulators.clock.advance(offset);
    const { accessToken, login } = await signInAtPingOne(stack, { username: "bob" });
    const connection = await connect(worker, accessToken, "modern");
    await queueFault(stack, "todos.list", { fault: "unauthorized" }, login);
    const calls = await watchCalls(stack, login);
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
    expect(await calls.since()).toEqual(["todos.list", "token", "todos.list"]);
    // The lifetime of a token is `expires_in`, counted from its arrival.
    expect(await connection.call("listTodos")).toMatchObject({ isError: false });
    expect((await calls.since()).filter((name) => name === "token")).toHaveLength(1);
  });

  it("[FAIL-27] two hours behind, a sign-in fails and says why in the log", async () => {
    await stack.emulators.clock.advance(-7200);
    const log = watchLog(stack.worker);
    await expect(signInAtPingOne(stack, { username: "bob" })).rejects.toMatchObject({
      error: "server_error",
    });
    expect(await log.line("callback.pingone_failed")).toMatchObject({
      failure: "untrusted",
      detail: expect.stringContaining("TIMESTAMP"),
    });
  });

  it("[FAIL-50] set forward, a token that the Todo API finds expired is replaced once", async () => {
    const { emulators, worker } = stack;
    const { accessToken, login } = await signInAtPingOne(stack);
    const connection = await connect(worker, accessToken, "legacy");
    await emulators.clock.advance(7200);
    const calls = await watchCalls(stack, login);
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
    expect(await calls.since()).toEqual(["todos.list", "token", "todos.list"]);
  });
});

/** Tokens without an ID token: only the access token shows the wrong audience. */
function strayTokens() {
  const access_token = fakeAccessToken("https://another.example");
  return { access_token, token_type: "Bearer", expires_in: 3600 };
}
