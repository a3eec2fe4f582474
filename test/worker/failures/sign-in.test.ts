/** PingOne fails while a person signs in, or has signed in: its discovery document, its pages, the sign-out page. */
import { TestBrowser } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import type { PingTokens } from "../../../src/auth/ping-types.ts";
import { answerPages, createBrowser, redeem, registerClient } from "../../support/mcp-client.ts";
import { watchLog } from "../../support/observe.ts";
import { startSignIn } from "../../support/sign-in.ts";
import { workerSettings } from "../../support/stack.ts";
import { testWithStack } from "../../support/test.ts";
import { startTestWorker, type TestWorker } from "../../support/worker.ts";
import { type Fault, queueFault, watchCalls } from "./signed-in.ts";

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "2" });

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
    ["[FAIL-01] takes longer than the time-out", { fault: "delay", milliseconds: 2600 }],
    ["[FAIL-02] answers 404", { fault: "status", status: 404 }],
    ["[FAIL-03] answers 500", { fault: "server_error", status: 500 }],
    ["[FAIL-04] answers 429", { fault: "rate_limited" }],
    ["[FAIL-05] resets the connection", { fault: "reset" }],
    ["[FAIL-06] is malformed", { fault: "malformed_json" }],
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

describe("the person can go on by reloading when PingOne's own page", () => {
  it.each<[what: string, fault: Fault]>([
    ["[FAIL-15] answers 503", { fault: "server_error" }],
    ["[FAIL-16] answers 429", { fault: "rate_limited" }],
    ["[FAIL-17] is cut off", { fault: "malformed_json" }],
  ])("%s", async (_what, fault) => {
    const { worker } = stack;
    const client = await registerClient(worker);
    const signIn = await startSignIn(worker, { client });
    const atPingOne = new TestBrowser({ fetch: worker.fetch, stopAt: (url) => url.origin === worker.origin });
    await queueFault(stack, "authorize", fault, { state: signIn.state });
    await atPingOne.open(signIn.pingOneUrl);
    const reloaded = await answerPages(await atPingOne.open(signIn.pingOneUrl));
    const back = await signIn.browser.open(reloaded.url);
    await redeem(worker, client, signIn.attempt, back.url);
  });
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
