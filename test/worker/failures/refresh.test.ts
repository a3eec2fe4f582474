/**
 * PingOne fails temporarily when a token is refreshed: the grant is kept, and a token that is still valid is used.
 * After it expires, the client gets 503 with `Retry-After`. When PingOne works again, no new sign-in is needed.
 */
import { describe, expect, vi } from "vitest";
import { PROTOCOL_ERAS, type ProtocolEra, requestRefresh } from "../../support/mcp-client.ts";
import { countHoldings, type Holdings } from "../../support/observe.ts";
import { testWithStack } from "../../support/test.ts";
import {
  connect,
  DEAD_AFTER_ONE_SECOND,
  DUE_AFTER_ONE_SECOND,
  expectRefreshFailuresLogged,
  type Fault,
  oauthError,
  post,
  postToolCall,
  queueFault,
  type SignedIn,
  seconds,
  signInForEach,
  watchCalls,
} from "./signed-in.ts";

/** Without a `Retry-After` from PingOne, the Worker asks again after this time. */
const RETRY_AFTER_SECONDS = 5;

/** PingOne processes none of these requests, so the Worker's refresh token stays valid. */
const FAULTS: readonly [what: string, fault: Fault, failure: string][] = [
  [
    "[FAIL-28] takes longer than the time-out",
    { fault: "server_error", delayMilliseconds: 2500 },
    "unavailable",
  ],
  ["[FAIL-30] answers 500", { fault: "server_error", status: 500 }, "unavailable"],
  ["[FAIL-31] answers 429", { fault: "rate_limited", retryAfterSeconds: RETRY_AFTER_SECONDS }, "unavailable"],
  ["[FAIL-32] resets the connection", { fault: "reset" }, "unavailable"],
  ["[FAIL-33] answers malformed JSON", answer(200, '{"access_token":"eyJ'), "unavailable"],
  ["answers without a token", answer(200, "{}"), "untrusted"],
  ["[FAIL-29] answers 403 in PingOne's own form", { fault: "status", status: 403 }, "unavailable"],
  ["[FAIL-29] says invalid_client", oauthError(401, "invalid_client"), "invalid_client"],
];

const failuresMet: string[] = [];

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "2" });
let holdings: Holdings;
/** Sign-ins by test: one with a token that is due for a refresh, and one with an expired token. */
let due: (what: string) => SignedIn;
let dead: (what: string) => SignedIn;

it.beforeAll(async () => {
  const names = FAULTS.map(([what]) => what);
  due = await signInForEach(stack, names, { ttlSeconds: DUE_AFTER_ONE_SECOND });
  dead = await signInForEach(stack, [...names, "asks to be left alone", "tells a browser"], {
    ttlSeconds: DEAD_AFTER_ONE_SECOND,
  });
  holdings = await countHoldings(stack.worker);
  await seconds(1);
});

it.afterAll(async () => {
  const { pingSessions, grants } = holdings;
  expect(await countHoldings(stack.worker)).toMatchObject({ pingSessions, grants });
  await expectRefreshFailuresLogged(stack, failuresMet);
});

/** Fails every refresh of this login until the returned function is called. */
async function failRefreshes({ login }: SignedIn, fault: Fault): Promise<() => Promise<void>> {
  const id = await queueFault(stack, "token", { ...fault, times: 100 } as Fault, login);
  return () => stack.emulators.faults.remove(id);
}

/** Asserts, in both lanes, that a token is used when its refresh fails. It is valid for another minute. */
async function expectUsedOn(signedIn: SignedIn, fault: Fault): Promise<void> {
  const isBack = await failRefreshes(signedIn, fault);
  const calls = await watchCalls(stack, signedIn.login);
  for (const era of PROTOCOL_ERAS) {
    const connection = await connect(stack.worker, signedIn.accessToken, era);
    expect(await connection.call("listTodos")).toMatchObject({ status: 200, isError: false });
  }
  const names = await calls.since();
  expect(names[0]).toBe("token");
  expect(names.filter((name) => name !== "token")).toEqual(["todos.list", "todos.list"]);
  await isBack();
}

describe.concurrent("a good token is used on, and nothing is lost without one, when PingOne's token endpoint", () => {
  it.each(FAULTS.map((row, index) => [...row, PROTOCOL_ERAS[index % 2] ?? "modern"] as const))(
    "%s",
    async (what, fault, failure, era: ProtocolEra) => {
      const { emulators, worker } = stack;
      await expectUsedOn(due(what), fault);
      const signedIn = dead(what);
      const { accessToken, login, client, tokens } = signedIn;
      const isBack = await failRefreshes(signedIn, fault);
      const calls = await watchCalls(stack, login);

      const refused = await postToolCall(worker, accessToken, "addTodo", { text: "Buy milk" });
      expect(refused.status).toBe(503);
      expect(refused.headers.get("WWW-Authenticate")).toBeNull();
      expect(refused.headers.get("Retry-After")).toMatch(/^[1-5]$/);
      expect(await refused.json()).toMatchObject({
        jsonrpc: "2.0",
        error: { message: "The sign-in service cannot be reached. Try again later." },
      });
      expect(await calls.since()).toEqual(["token"]);

      // Connecting and listing tools do not need PingOne, so they work.
      const connection = await connect(worker, accessToken, era);
      expect(await connection.listTools()).toBe(200);
      // A refresh of the Worker's own token is also deferred.
      const unrefreshed = await requestRefresh(worker, client, tokens);
      expect(unrefreshed.status).toBe(503);
      expect(await unrefreshed.json()).toMatchObject({ error: "temporarily_unavailable" });
      expect(unrefreshed.headers.get("Retry-After")).toMatch(/^[1-5]$/);
      expect((await calls.since()).filter((name) => name !== "token")).toEqual([]);

      await isBack();
      const recovers = async () => expect((await connection.call("listTodos")).status).toBe(200);
      await vi.waitFor(recovers, { timeout: 20_000, interval: 500 });
      expect((await requestRefresh(worker, client, tokens)).status).toBe(200);
      const refreshes = { endpoint: "token", login, form: { grant_type: "refresh_token" } } as const;
      const all = await emulators.journal.find(refreshes);
      const spared = all.filter(({ faults }) => faults.length === 0);
      expect(spared).toMatchObject([{ status: 200 }]);
      failuresMet.push(failure);
    },
  );
});

it("[FAIL-31] PingOne is left alone for as long as it asks, however many requests come", async () => {
  const { accessToken, login } = dead("asks to be left alone");
  await queueFault(stack, "token", { fault: "rate_limited", retryAfterSeconds: 300 }, login);
  const calls = await watchCalls(stack, login);
  const requests = Array.from({ length: 20 }, () => postToolCall(stack.worker, accessToken, "listTodos"));
  for (const refused of await Promise.all(requests)) {
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(200);
  }
  expect(await calls.since()).toEqual(["token"]);
});

it("tells a browser client when to come back", async () => {
  const { accessToken, login } = dead("tells a browser");
  await queueFault(stack, "token", { fault: "rate_limited", retryAfterSeconds: 30 }, login);
  const origin = "https://inspector.example.com";
  const call = { method: "tools/call", params: { name: "listTodos" } };
  const refused = await post(stack.worker, accessToken, call, { Origin: origin });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("Retry-After")).toBe("30");
  expect(refused.headers.get("Access-Control-Allow-Origin")).toBe(origin);
  expect(refused.headers.get("Access-Control-Expose-Headers")).toMatch(/Retry-After/i);
});

function answer(status: number, body: string): Fault {
  return { fault: "status", status, body, headers: { "content-type": "application/json" } };
}
