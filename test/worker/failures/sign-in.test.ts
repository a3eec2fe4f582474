/** PingOne fails during a sign-in: its discovery document, its JWKS, its pages, the callback. */

import { TestBrowser } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import type { PingTokens } from "../../../src/auth/ping-types.ts";
import { answerPages, createBrowser, redeem, registerClient } from "../../support/mcp-client.ts";
import { countHoldings, expectSignInError, pendingSignInCookies, watchLog } from "../../support/observe.ts";
import { passPingOne, startSignIn } from "../../support/sign-in.ts";
import { workerSettings } from "../../support/stack.ts";
import { testWithStack } from "../../support/test.ts";
import { startTestWorker, type TestWorker } from "../../support/worker.ts";
import { type Fault, queueFault, signInAtPingOne, watchCalls } from "./signed-in.ts";

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "2" });

const UNAVAILABLE: readonly [what: string, fault: Fault][] = [
  ["[FAIL-01] [FAIL-07] takes longer than the time-out", { fault: "delay", milliseconds: 2600 }],
  ["[FAIL-02] [FAIL-08] answers 404", { fault: "status", status: 404 }],
  ["[FAIL-03] [FAIL-09] answers 500", { fault: "server_error", status: 500 }],
  ["[FAIL-04] [FAIL-10] answers 429", { fault: "rate_limited" }],
  ["[FAIL-05] [FAIL-11] resets the connection", { fault: "reset" }],
  ["[FAIL-06] [FAIL-12] is malformed", { fault: "malformed_json" }],
];

describe("[FAIL-62] a refresh is put off, and the session kept, when the discovery document", () => {
  /** This Worker never gets a valid document, because a valid one is cached for an hour. */
  let unaware: TestWorker;

  it.beforeAll(async () => {
    unaware = await startTestWorker({ ...workerSettings(stack.emulators), UPSTREAM_TIMEOUT_SECONDS: "2" });
  });

  it.afterAll(async () => {
    await unaware.close();
  });

  /** An old session in a Worker that has made no request to PingOne yet, as in a new isolate. */
  async function oldSession(name: string) {
    const session = (await unaware.getEnv()).PING_SESSION.getByName(name);
    const dead: PingTokens = {
      version: 2,
      subject: "alice",
      accessToken: "TEST-ONLY-dead",
      accessTokenExpiresAt: 1,
      refreshAt: 1,
      refreshToken: "TEST-ONLY-unknown",
      scopes: ["todo_api:read"],
    };
    await session.open({ id: name, userId: "alice", tokens: dead });
    return session;
  }

  it.each<[what: string, fault: Fault]>([
    ...UNAVAILABLE,
    ["names another issuer", { fault: "body", body: { issuer: "https://elsewhere.example/as" } }],
  ])("%s", async (what, fault) => {
    const session = await oldSession(what);
    await queueFault(stack, "discovery", fault);
    const calls = await watchCalls(stack);
    expect(await session.getAccessToken()).toEqual({
      kind: "unavailable",
      retryAfterSeconds: expect.any(Number),
    });
    expect(await calls.since()).toEqual(["discovery"]);
    expect(await session.bind()).toEqual({ kind: "renewable" });
  });
});

describe("[FAIL-63] a sign-in ends at the client, and the next one succeeds, when the document of PingOne's keys", () => {
  it.each(UNAVAILABLE)("%s", async (_what, fault) => {
    const { emulators, worker } = stack;
    await emulators.keys.rotate();
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const before = await countHoldings(worker);
    await queueFault(stack, "jwks", fault);
    const log = watchLog(worker);
    const back = await signIn.browser.open(callback);
    expectSignInError(back.url, signIn, "temporarily_unavailable");
    expect(await countHoldings(worker)).toEqual(before);
    expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
    expect(await log.line("callback.pingone_failed")).toMatchObject({ failure: "unavailable" });
    await signInAtPingOne(stack, { client: signIn.client });
  });
});

describe("the person can go on by reloading when PingOne's own page", () => {
  it.each<[what: string, fault: Fault]>([
    ["[FAIL-15] answers 503", { fault: "server_error" }],
    ["[FAIL-16] answers 429", { fault: "rate_limited" }],
    ["[FAIL-17] is cut off", { fault: "malformed_json" }],
  ])("%s", async (_what, fault) => {
    const { worker } = stack;
    const client = await registerClient(worker);
    const signIn = await startSignIn(worker, { client });
    const atPingOne = new TestBrowser(worker.fetch, (url) => url.origin === worker.origin);
    await queueFault(stack, "authorize", fault, { state: signIn.state });
    await atPingOne.open(signIn.pingOneUrl);
    const reloaded = await answerPages(await atPingOne.open(signIn.pingOneUrl));
    const back = await signIn.browser.open(reloaded.url);
    await redeem(worker, client, signIn.attempt, back.url);
  });
});

it("[FAIL-13] a sign-in that comes back too late is refused on a page, and PingOne is not asked", async () => {
  const { worker } = stack;
  const signIn = await startSignIn(worker);
  const callback = await passPingOne(worker, signIn);
  // Deletes the transactions, as expiry after ten minutes would.
  const { OAUTH_KV } = await worker.getEnv();
  const { keys } = await OAUTH_KV.list({ prefix: "transaction:" });
  await Promise.all(keys.map(({ name }) => OAUTH_KV.delete(name)));
  const before = await countHoldings(worker);
  const calls = await watchCalls(stack);
  const page = await signIn.browser.open(callback);
  expect(page.response?.status).toBe(400);
  expect(page.text).toContain("expired or was already used");
  expect(await calls.since()).toEqual([]);
  expect(await countHoldings(worker)).toEqual(before);
});

describe("the sign-in of the sign-out page ends on a page that offers another try when PingOne", () => {
  it.each<[what: string, fault: Fault, status: number]>([
    ["[FAIL-59] answers 503", { fault: "server_error" }, 503],
    ["resets the connection", { fault: "reset" }, 503],
    ["gives tokens for another nonce", { fault: "wrong_nonce" }, 502],
    ["gives tokens signed by another key", { fault: "wrong_signature" }, 502],
  ])("%s", async (_what, fault, status) => {
    const { worker } = stack;
    const browser = createBrowser(worker, await registerClient(worker));
    await queueFault(stack, "token", fault);
    const log = watchLog(worker);
    const page = await answerPages(await browser.open(`${worker.origin}/signout`));
    expect(page.response?.status).toBe(status);
    expect(page.heading).toBe("PingOne did not sign you in");
    const cookies = (await browser.cookies.getCookies(worker.origin)).map(({ key }) => key);
    expect(cookies.filter((name) => name.includes("signout"))).toEqual([]);
    expect(await log.line("signout.pingone_failed")).toMatchObject({
      failure: status === 503 ? "unavailable" : "untrusted",
    });
    const again = await answerPages(await browser.open(`${worker.origin}/signout`));
    expect(again.heading).toBe("Apps that act for you");
  });
});
