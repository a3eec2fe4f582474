/** GET /callback: which browser may complete a sign-in, and which OAuth errors the MCP client gets from PingOne's. */

import type { TestPage } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import { redeem } from "../support/mcp-client.ts";
import {
  beginTransaction,
  countHoldings,
  expectNoSecrets,
  expectSignInError,
  pendingSignInCookies,
  watch,
  watchLog,
} from "../support/observe.ts";
import {
  callbackUrl,
  comeBack,
  createWorkerOnlyBrowser,
  passPingOne,
  type StartedSignIn,
  startSignIn,
} from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";
import { beforeAnswerArrives } from "../support/upstream.ts";

const { it, stack, worker } = testWithStack();

/** Asserts an error page: no redirect to the client, no call to PingOne, nothing created. */
async function expectRefusedOnPage(
  open: () => Promise<TestPage>,
  text = /cannot (continue|be used)/,
): Promise<void> {
  const watched = await watch(stack);
  const page = await open();
  expect(page.url.origin).toBe(worker.origin);
  expect(page.response?.status).toBe(400);
  expect(page.text).toMatch(text);
  expectNoSecrets(page.text, ...page.url.searchParams.values());
  expect(await watched.upstreamCalls()).toEqual([]);
  await watched.expectNothingGained();
}

describe("a sign-in that comes back", () => {
  it("gives the client a code, its state and iss, and no cookie is left of it", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const watched = await watch(stack);
    const before = await countHoldings(worker);
    const back = await signIn.browser.open(callback);
    expect(back.url.origin + back.url.pathname).toBe(signIn.client.redirectUri);
    expect(Object.fromEntries(back.url.searchParams)).toEqual({
      code: expect.stringMatching(/^[^:]+:[^:]+:[^:]+$/),
      state: signIn.attempt.state,
      iss: worker.origin,
    });
    expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
    expect((await watched.upstreamCalls())[0]).toBe("token");
    expect(await countHoldings(worker)).toEqual({
      ...before,
      grants: before.grants + 1,
      pingSessions: before.pingSessions + 1,
    });
  });

  it("takes the iss of RFC 9207 where PingOne sends it", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    callback.searchParams.set("iss", stack.emulators.issuer);
    const back = await signIn.browser.open(callback);
    expect(back.url.searchParams.get("code")).not.toBeNull();
  });

  it("shows nothing to caches and to the next site", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const response = await worker.fetch(callback, {
      headers: { Cookie: await signIn.browser.cookies.getCookieString(worker.origin) },
    });
    expect(response.status).toBe(302);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(await response.text()).toBe("");
  });
});

describe("a sign-in is refused on a page when", () => {
  it.each<[what: string, parameters: Record<string, string>]>([
    ["there is no state", { code: "c" }],
    ["the state is empty", { code: "c", state: "" }],
    ["the state is unknown", { code: "c", state: "A".repeat(43) }],
    ["the state is hostile", { code: "c", state: '"><script>alert(1)</script>' }],
    ["there is nothing at all", {}],
    ["there is only an error", { error: "access_denied" }],
    ["it claims to belong to the sign-out page", { code: "c", state: `signout.${"A".repeat(43)}` }],
  ])("%s", async (_what, parameters) => {
    const { browser } = await startSignIn(worker);
    await expectRefusedOnPage(() => browser.open(callbackUrl(worker, parameters)));
  });

  it("[SEC-09] another browser brings it", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    await expectRefusedOnPage(() => createWorkerOnlyBrowser(worker).open(callback));
    // The attempt in another browser does not end the user's sign-in.
    expect((await signIn.browser.open(callback)).url.searchParams.get("code")).not.toBeNull();
  });

  it("a browser brings it that has a sign-in of its own under way", async () => {
    const victim = await startSignIn(worker);
    const attacker = await startSignIn(worker);
    const callback = await passPingOne(worker, attacker);
    await expectRefusedOnPage(() => victim.browser.open(callback));
  });

  it("[SEC-09] it has come back before", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const back = await signIn.browser.open(callback);
    await expectRefusedOnPage(() => signIn.browser.open(callback));
    // The grant of the first callback remains.
    await redeem(worker, signIn.client, signIn.attempt, back.url);
  });

  it("it has come back before, with an error", async () => {
    const signIn = await startSignIn(worker);
    await comeBack(worker, signIn, { error: "access_denied" });
    await expectRefusedOnPage(() => comeBack(worker, signIn, { code: "c" }));
  });

  it.each(["state", "code", "error", "iss"])(
    "[FAIL-17] %s is sent twice, and the sign-in can still come back",
    async (name) => {
      const signIn = await startSignIn(worker);
      const callback = await passPingOne(worker, signIn);
      const mangled = new URL(callback);
      const value = callback.searchParams.get(name) ?? "x";
      mangled.searchParams.delete(name);
      mangled.searchParams.append(name, value);
      mangled.searchParams.append(name, value);
      await expectRefusedOnPage(() => signIn.browser.open(mangled), /must be sent once/);
      expect((await signIn.browser.open(callback)).url.searchParams.get("code")).not.toBeNull();
    },
  );

  it("[FAIL-13] its ten minutes are over", async () => {
    const { begun: signIn, forget } = await beginTransaction(worker, () => startSignIn(worker));
    const callback = await passPingOne(worker, signIn);
    await forget();
    await expectRefusedOnPage(() => signIn.browser.open(callback), /expired or was already used/);
  });

  it("its browser has lost its cookies", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    await signIn.browser.cookies.removeAllCookies();
    await expectRefusedOnPage(() => signIn.browser.open(callback));
  });
});

/** Asserts an error redirect to the client: nothing created, no cookie left, only these calls to PingOne. */
async function expectErrorAtClient(
  signIn: StartedSignIn,
  parameters: Record<string, string>,
  error: string,
  upstreamCalls: string[] = [],
): Promise<void> {
  const watched = await watch(stack);
  const back = await comeBack(worker, signIn, parameters);
  expectSignInError(back.url, signIn, error);
  expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
  expect(await watched.upstreamCalls()).toEqual(upstreamCalls);
  await watched.expectNothingGained();
}

describe("PingOne's refusal reaches the client as an OAuth error", () => {
  it.each([
    ["access_denied", "access_denied"],
    // Codes that DaVinci offers in "Return Error Response".
    ["invalid_request", "access_denied"],
    ["unauthorized_client", "access_denied"],
    ["unsupported_response_type", "access_denied"],
    ["invalid_scope", "invalid_scope"],
    ["server_error", "server_error"],
    ["temporarily_unavailable", "temporarily_unavailable"],
    // A flow that failed, and a silent sign-in without a session.
    ["login_required", "access_denied"],
    ["interaction_required", "access_denied"],
    // Custom codes of a flow author.
    ["My own code <script>alert(1)</script>", "access_denied"],
    ["", "access_denied"],
  ])("[FAIL-14] %j as %s, in words of our own", async (sent, told) => {
    const signIn = await startSignIn(worker);
    const description = '<script>alert("of DaVinci")</script> Correlation ID: 1b2c';
    await expectErrorAtClient(signIn, { error: sent, error_description: description }, told);
    expect(worker.logs()).not.toContain("of DaVinci");
  });

  it.each([
    ["login_required", "login_required"],
    ["invalid_request", "invalid_request"],
    ["my own code", "other"],
  ])("and what it really said, %j, is in the log with its correlation id", async (sent, logged) => {
    const signIn = await startSignIn(worker);
    const log = watchLog(worker);
    const id = "89736FDC-0001-4000-8000-000000000001";
    const description = `The request could not be completed.: words of alice (Correlation ID: ${id})`;
    await comeBack(worker, signIn, { error: sent, error_description: description });
    const line = await log.line("callback.refused_at_pingone");
    expect(line).toMatchObject({ error: "access_denied", pingone_error: logged, correlation_id: id });
    expect(JSON.stringify(line)).not.toContain("alice");
  });

  it.each([
    "(Correlation ID: 1b2c)",
    '(Correlation ID: 89736fdc-0001-4000-8000-000000000001"})',
    "Correlation ID: 89736fdc-0001-4000-8000-000000000001",
    "",
  ])("and nothing of the description %j", async (description) => {
    const signIn = await startSignIn(worker);
    const log = watchLog(worker);
    await comeBack(worker, signIn, { error: "server_error", error_description: description });
    expect(await log.line("callback.refused_at_pingone")).not.toHaveProperty("correlation_id");
  });

  it("even when a code comes along, which is not redeemed", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const code = callback.searchParams.get("code") ?? "";
    await expectErrorAtClient(signIn, { error: "access_denied", code }, "access_denied");
  });

  it("when the person declines at DaVinci", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn, { username: "bob", consent: "Decline" });
    expect(callback.searchParams.get("error")).toBe("invalid_request");
    const watched = await watch(stack);
    const back = await signIn.browser.open(callback);
    expect(back.url.searchParams.get("error")).toBe("access_denied");
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
  });
});

describe("a response that PingOne did not send for this sign-in ends at the client as server_error", () => {
  it.each<[what: string, parameters: Record<string, string>, upstreamCalls?: string[]]>([
    ["another issuer (RFC 9207)", { code: "c", iss: "https://evil.example/as" }],
    ["another issuer's error (RFC 9207)", { error: "access_denied", iss: "https://evil.example/as" }],
    ["no code", {}],
    ["[FAIL-17] an empty code", { code: "" }],
    ["a code that PingOne does not know", { code: "unknown" }, ["token"]],
    ["tokens in the address", { id_token: "x", access_token: "y" }],
  ])("[SEC-10] %s", async (_what, parameters, upstreamCalls) => {
    await expectErrorAtClient(await startSignIn(worker), parameters, "server_error", upstreamCalls);
  });

  it("[SEC-12] a code of somebody else's sign-in, which PKCE and nonce do not fit", async () => {
    const attacker = await passPingOne(worker, await startSignIn(worker));
    const code = attacker.searchParams.get("code") ?? "";
    await expectErrorAtClient(await startSignIn(worker), { code }, "server_error", ["token"]);
  });

  it("a code that was redeemed before", async () => {
    const first = await startSignIn(worker);
    const callback = await passPingOne(worker, first);
    await first.browser.open(callback);
    const code = callback.searchParams.get("code") ?? "";
    await expectErrorAtClient(await startSignIn(worker), { code }, "server_error", ["token"]);
  });
});

describe("a sign-in whose client is deregistered meanwhile", () => {
  async function deregister({ client }: StartedSignIn): Promise<void> {
    await (await worker.getEnv()).OAUTH_KV.delete(`client:${client.clientId}`);
  }

  it("ends on a page before PingOne's code is spent", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    await deregister(signIn);
    await expectRefusedOnPage(() => signIn.browser.open(callback), /no longer registered/);
    expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
  });

  it("ends at the client as server_error, and gives PingOne's tokens back when they have come already", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const watched = await watch(stack);
    const log = watchLog(worker);
    using _ = beforeAnswerArrives(`${stack.emulators.issuer}/token`, () => deregister(signIn));
    const back = await signIn.browser.open(callback);
    expectSignInError(back.url, signIn, "server_error");
    expect(String((await log.line("callback.failed")).reference)).toMatch(/^[0-9a-f]{8}$/);
    expectNoSecrets(back.url.href, ...callback.searchParams.values());
    expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
    expect((await watched.upstreamCalls()).filter((name) => name !== "jwks")).toEqual(["token", "revoke"]);
    await watched.expectNothingGained();
  });
});
