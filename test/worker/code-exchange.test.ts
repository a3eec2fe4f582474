/** GET /callback: PingOne's token endpoint fails, or its response does not pass validation. */

import type { FaultRequest } from "pingone-emulator";
import { describe, expect } from "vitest";
import { type RegisteredClient, redeem, registerClient } from "../support/mcp-client.ts";
import {
  expectNoSecrets,
  expectSignInError,
  pendingSignInCookies,
  watch,
  watchLog,
} from "../support/observe.ts";
import { passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "1" });
let client: RegisteredClient;

it.beforeAll(async () => {
  client = await registerClient(worker);
});

interface Outcome {
  /** The OAuth error sent to the MCP client. */
  readonly error: "server_error" | "temporarily_unavailable";
  /** The failure in the log. */
  readonly failure: string;
  /** True when PingOne issued tokens that the Worker rejects and revokes. */
  readonly revokes?: boolean;
}

/** Signs in, meets the fault at the callback, and asserts that nothing is left. */
async function expectFailedSignIn(fault: FaultRequest, expected: Outcome): Promise<void> {
  const signIn = await startSignIn(worker, { client });
  const callback = await passPingOne(worker, signIn);
  await stack.emulators.faults.queue(fault);
  const watched = await watch(stack);
  const log = watchLog(worker);
  const back = await signIn.browser.open(callback);
  expectSignInError(back.url, signIn, expected.error);
  expectNoSecrets(back.url.href, callback.searchParams.get("code"), signIn.state, signIn.nonce);
  expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
  // A code can be redeemed only once, so there is one token request; the JWKS may be fetched as well.
  const calls = await watched.upstreamCalls();
  expect(calls.filter((name) => name !== "jwks")).toEqual(expected.revokes ? ["token", "revoke"] : ["token"]);
  await watched.expectNothingGained();
  const line = await log.line("callback.pingone_failed");
  expect(line).toMatchObject({ failure: expected.failure, error: expected.error });
  expect(String(line.reference)).toMatch(/^[0-9a-f]{8}$/);
  expectNoSecrets(JSON.stringify(line), callback.searchParams.get("code"), signIn.state, signIn.nonce);
}

const UNAVAILABLE: Outcome = { error: "temporarily_unavailable", failure: "unavailable" };
const outcome = (failure: string): Outcome => ({ error: "server_error", failure });

type Fault = FaultRequest extends infer F
  ? F extends { endpoint: string }
    ? Omit<F, "endpoint">
    : never
  : never;

describe("the sign-in ends at the client when the token endpoint", () => {
  it.each<[what: string, fault: Fault, expected: Outcome]>([
    ["[FAIL-19] says invalid_grant", oauthError(400, "invalid_grant"), outcome("invalid_grant")],
    ["[FAIL-19] says invalid_client", oauthError(401, "invalid_client"), outcome("invalid_client")],
    [
      "says invalid_client with a challenge",
      {
        ...oauthError(401, "invalid_client"),
        headers: { "www-authenticate": 'Basic realm="PingOne"' },
      } as Fault,
      outcome("invalid_client"),
    ],
    ["says invalid_client with 400", oauthError(400, "invalid_client"), outcome("invalid_client")],
    ["says invalid_request", oauthError(400, "invalid_request"), outcome("rejected")],
    ["[FAIL-19] says invalid_scope", oauthError(400, "invalid_scope"), outcome("rejected")],
    ["says something hostile", oauthError(400, '<script>"x"</script>'), outcome("rejected")],
    ["says temporarily_unavailable", oauthError(400, "temporarily_unavailable"), UNAVAILABLE],
    ["says server_error", oauthError(400, "server_error"), UNAVAILABLE],
    ["answers 403 in PingOne's own form", { fault: "status", status: 403 }, UNAVAILABLE],
    ["[FAIL-20] answers 500", { fault: "server_error", status: 500 }, UNAVAILABLE],
    ["answers 503 after it took the code", { fault: "server_error", afterProcessing: true }, UNAVAILABLE],
    ["answers 503 and calls it invalid_grant", oauthError(503, "invalid_grant"), UNAVAILABLE],
    ["[FAIL-21] answers 429", { fault: "rate_limited" }, UNAVAILABLE],
    ["answers 429 and calls it invalid_request", oauthError(429, "invalid_request"), UNAVAILABLE],
    ["answers 408", { fault: "status", status: 408 }, UNAVAILABLE],
    ["[FAIL-22] resets the connection", { fault: "reset" }, UNAVAILABLE],
    ["[FAIL-18] takes longer than the time-out", { fault: "delay", milliseconds: 1500 }, UNAVAILABLE],
    [
      "sends its answer too slowly",
      { fault: "trickle", chunkBytes: 64, intervalMilliseconds: 300 },
      UNAVAILABLE,
    ],
    ["breaks off its answer", { fault: "truncated" }, UNAVAILABLE],
    ["[FAIL-23] answers malformed JSON", { fault: "malformed_json" }, UNAVAILABLE],
    ["answers HTML", { fault: "body", body: "<h1>Hotel Wi-Fi</h1>" }, UNAVAILABLE],
    ["[FAIL-23] answers 200 with an empty object", { fault: "body", body: {} }, outcome("untrusted")],
    ["answers 200 with null", { fault: "body", body: null }, outcome("untrusted")],
    [
      "answers 200 without an access token",
      { fault: "body", body: { token_type: "Bearer" } },
      outcome("untrusted"),
    ],
    [
      "gives a token of another type",
      { fault: "body", body: { access_token: "x", token_type: "mac" } },
      outcome("untrusted"),
    ],
    [
      "redirects",
      { fault: "status", status: 302, headers: { location: "https://evil.example/" } },
      UNAVAILABLE,
    ],
  ])("%s", async (_what, fault, expected) => {
    await expectFailedSignIn({ endpoint: "token", ...fault } as FaultRequest, expected);
  });
});

describe("the sign-in ends at the client when PingOne's tokens", () => {
  it.each<[what: string, fault: Fault["fault"], failure?: RegExp]>([
    ["[FAIL-24] are signed by another key", "wrong_signature"],
    ["[FAIL-24] name a key that the JWKS does not have", "unknown_kid"],
    ["are from another issuer", "wrong_issuer"],
    ["[FAIL-26] carry another nonce", "wrong_nonce"],
    ["expired before they came", "expired"],
    ["come without an ID token", "missing_id_token"],
    ["[FAIL-25] [SEC-13] are for another audience", "wrong_audience", /^(wrong_audience|untrusted)$/],
  ])("%s", async (_what, fault, failure = /^untrusted$/) => {
    const expected = { ...outcome(expect.stringMatching(failure) as unknown as string), revokes: true };
    await expectFailedSignIn({ endpoint: "token", fault } as FaultRequest, expected);
  });
});

describe("the keys of PingOne", () => {
  async function signInCompletely(): Promise<string[]> {
    const signIn = await startSignIn(worker, { client });
    const callback = await passPingOne(worker, signIn);
    const watched = await watch(stack);
    const back = await signIn.browser.open(callback);
    await redeem(worker, client, signIn.attempt, back.url);
    return watched.upstreamCalls();
  }

  it("are asked for once, then one request to PingOne is all that a sign-in costs", async () => {
    await signInCompletely();
    expect(await signInCompletely()).toEqual(["token"]);
  });

  it("are asked for again at once when they have rolled over between two sign-ins", async () => {
    await signInCompletely();
    await stack.emulators.keys.rotate();
    expect(await signInCompletely()).toEqual(["token", "jwks"]);
    await stack.emulators.keys.rotate({ drop: true });
    expect(await signInCompletely()).toEqual(["token", "jwks"]);
    expect(await signInCompletely()).toEqual(["token"]);
  });

  it.each<[what: string, fault: Fault, expected: Outcome]>([
    ["[FAIL-07] take longer than the time-out", { fault: "delay", milliseconds: 1500 }, UNAVAILABLE],
    ["[FAIL-08] answer 404", { fault: "status", status: 404 }, UNAVAILABLE],
    ["[FAIL-09] answer 500", { fault: "server_error", status: 500 }, UNAVAILABLE],
    ["[FAIL-10] answer 429", { fault: "rate_limited" }, UNAVAILABLE],
    ["[FAIL-11] reset the connection", { fault: "reset" }, UNAVAILABLE],
    ["[FAIL-12] answer malformed JSON", { fault: "malformed_json" }, UNAVAILABLE],
    ["[FAIL-12] are no keys", { fault: "body", body: { keys: "none" } }, outcome("untrusted")],
  ])("[FAIL-63] end the sign-in when they %s, and the next one succeeds", async (_what, fault, expected) => {
    await stack.emulators.keys.rotate();
    await expectFailedSignIn({ endpoint: "jwks", ...fault } as FaultRequest, { ...expected, revokes: true });
    expect(await signInCompletely()).toContain("token");
  });
});

function oauthError(status: number, error: string): Fault {
  return {
    fault: "status",
    status,
    body: { error, error_description: "Words of PingOne (Correlation ID: 1)" },
  };
}
