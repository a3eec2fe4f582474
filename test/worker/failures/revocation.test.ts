/** A client revokes its token while PingOne's revocation endpoint fails: access ends here nevertheless. */
import { describe, expect, vi } from "vitest";
import { requestRefresh, requestToken } from "../../support/mcp-client.ts";
import { countHoldings, watchLog } from "../../support/observe.ts";
import { testWithStack } from "../../support/test.ts";
import { beforeAnswerArrives } from "../../support/upstream.ts";
import {
  connect,
  DUE_AFTER_ONE_SECOND,
  expectSignInChallenge,
  type Fault,
  oauthError,
  post,
  queueFault,
  type SignedIn,
  seconds,
  signInAtPingOne,
  watchCalls,
} from "./signed-in.ts";

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "2" });

function revoke({ client, tokens }: SignedIn): Promise<Response> {
  return requestToken(stack.worker, client, { token: tokens.refresh_token ?? "" });
}

/** Asserts that the access token and the refresh token of this sign-in are refused. */
async function expectEnded(signedIn: SignedIn): Promise<void> {
  const { worker } = stack;
  expectSignInChallenge(stack, await post(worker, signedIn.accessToken, { method: "tools/list" }));
  const refreshed = await requestRefresh(worker, signedIn.client, signedIn.tokens);
  expect(await refreshed.json()).toMatchObject({ error: "invalid_grant" });
}

/** The Worker asks PingOne again after five seconds. */
const PATIENCE = { timeout: 20_000, interval: 200 };

describe("access ends at once, and PingOne is asked until it has revoked, when its revocation endpoint", () => {
  it.concurrent.each<[what: string, fault: Fault, failure: string]>([
    ["[FAIL-38] takes longer than the time-out", { fault: "delay", milliseconds: 2500 }, "unavailable"],
    ["[FAIL-39] answers 401", oauthError(401, "invalid_client"), "invalid_client"],
    ["answers 403 in PingOne's own form", { fault: "status", status: 403 }, "unavailable"],
    ["answers 500", { fault: "server_error", status: 500 }, "unavailable"],
    ["[FAIL-40] answers 503", { fault: "server_error" }, "unavailable"],
    ["[FAIL-41] answers 429", { fault: "rate_limited" }, "unavailable"],
    ["[FAIL-42] resets the connection", { fault: "reset" }, "unavailable"],
  ])("%s", async (_what, fault, failure) => {
    const { worker } = stack;
    const signedIn = await signInAtPingOne(stack);
    await queueFault(stack, "revoke", fault, signedIn.login);
    const calls = await watchCalls(stack, signedIn.login);
    const log = watchLog(worker);
    const known = worker.listObjectIds("PingSession");
    expect((await revoke(signedIn)).status).toBe(200);
    expect(await calls.since()).toEqual(["revoke"]);
    await log.line("ping_session.revocation_failed", { failure });
    await expectEnded(signedIn);
    const asksAgain = async () => expect(await calls.since()).toEqual(["revoke", "revoke"]);
    await vi.waitFor(asksAgain, PATIENCE);
    // Then the storage of the session is deleted.
    const isGone = () => expect(worker.listObjectIds("PingSession").length).toBeLessThan(known.length);
    await vi.waitFor(isGone, PATIENCE);
  });

  it("[FAIL-39] says no, which is its last word", async () => {
    const { worker } = stack;
    const before = await countHoldings(worker);
    const signedIn = await signInAtPingOne(stack);
    await queueFault(stack, "revoke", oauthError(400, "invalid_request"), signedIn.login);
    const calls = await watchCalls(stack, signedIn.login);
    const log = watchLog(worker);
    expect((await revoke(signedIn)).status).toBe(200);
    expect(await calls.since()).toEqual(["revoke"]);
    expect(await countHoldings(worker)).toEqual(before);
    expect(await log.line("ping_session.revocation_failed")).toMatchObject({ failure: "rejected" });
    await expectEnded(signedIn);
  });

  it("[FAIL-43] answers with something that nobody reads", async () => {
    const { worker } = stack;
    const signedIn = await signInAtPingOne(stack);
    await queueFault(stack, "revoke", { fault: "body", body: '{"half":' }, signedIn.login);
    const log = watchLog(worker);
    expect((await revoke(signedIn)).status).toBe(200);
    // RFC 7009 §2.2: the status alone reports success; the body is ignored.
    await log.line("ping_session.revoked");
    await expectEnded(signedIn);
  });
});

it("[FAIL-61] a session that ends while a refresh is under way does not come back with its answer", async () => {
  const { emulators, worker } = stack;
  const before = await countHoldings(worker);
  const signedIn = await signInAtPingOne(stack, { username: "bob", ttlSeconds: DUE_AFTER_ONE_SECOND });
  await seconds(1);
  const after = await emulators.journal.mark();
  // PingOne has rotated the token, and the session ends before the response arrives.
  using _ = beforeAnswerArrives(`${emulators.issuer}/token`, () => revoke(signedIn));
  await post(worker, signedIn.accessToken, { method: "tools/list" });
  // The new refresh token is revoked as well, because the one that the session had may no longer be valid.
  const revocations = { endpoint: "revoke", login: signedIn.login, after } as const;
  await emulators.journal.expect(revocations, { times: 2, withinMilliseconds: 5000 });
  const [first, second] = await emulators.journal.find(revocations);
  expect(first?.form.token).not.toEqual(second?.form.token);
  expect(await countHoldings(worker)).toEqual(before);
  const { pingone } = await emulators.state.summary();
  expect(pingone.users.find(({ username }) => username === "bob")?.refreshTokens).toBe(0);
});

it("a session ends once, however often its client says so", async () => {
  const signedIn = await signInAtPingOne(stack);
  const connection = await connect(stack.worker, signedIn.accessToken, "modern");
  const calls = await watchCalls(stack, signedIn.login);
  await Promise.all([revoke(signedIn), revoke(signedIn), revoke(signedIn)]);
  expect(await calls.since()).toEqual(["revoke"]);
  expectSignInChallenge(stack, await connection.call("listTodos"));
});
