/** Checks that the requested flow policy signed the user in (`acr`, OpenID Connect Core §2). */
import { describe, expect } from "vitest";
import { redeem, registerClient } from "../support/mcp-client.ts";
import { countHoldings, expectSignInError, watch, watchLog } from "../support/observe.ts";
import { comeBack, createWorkerOnlyBrowser, passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithCraftedIssuer, testWithStack } from "../support/test.ts";

/** Assigned to the application, but not first by priority. */
const DEMANDED = "5f385b61aea5d59d2fb7ac968ad2247d";
const FIRST = "0f3c6a1d9b2e4875a6c1d3e5f7091b2c";

const emulated = testWithStack({ PINGONE_DV_POLICY_ID: DEMANDED });
const crafted = testWithCraftedIssuer({ PINGONE_DV_POLICY_ID: DEMANDED });

describe("with PINGONE_DV_POLICY_ID", () => {
  const { it, stack } = emulated;

  it("a sign-in through that policy gives access", async () => {
    const signIn = await startSignIn(stack.worker);
    expect(signIn.pingOneUrl.searchParams.get("acr_values")).toBe(DEMANDED);
    const back = await signIn.browser.open(await passPingOne(stack.worker, signIn));
    await redeem(stack.worker, signIn.client, signIn.attempt, back.url);
  });

  it("[SEC-04] whoever drops the parameter in the browser gets access_denied, and the operator reads which policy came", async () => {
    const signIn = await startSignIn(stack.worker);
    signIn.pingOneUrl.searchParams.delete("acr_values");
    const callback = await passPingOne(stack.worker, signIn);
    const watched = await watch(stack);
    const log = watchLog(stack.worker);
    const back = await signIn.browser.open(callback);
    expectSignInError(back.url, signIn, "access_denied");
    expect((await watched.upstreamCalls()).filter((name) => name !== "jwks")).toEqual(["token", "revoke"]);
    await watched.expectNothingGained();
    expect(await log.line("callback.pingone_failed")).toMatchObject({
      failure: "wrong_policy",
      policy: FIRST,
      error: "access_denied",
    });
  });

  it("nor does it open the sign-out page", async () => {
    const browser = createWorkerOnlyBrowser(stack.worker);
    const { url } = await browser.open(`${stack.worker.origin}/signout`);
    url.searchParams.delete("acr_values");
    const page = await browser.open(await passPingOne(stack.worker, { pingOneUrl: url } as never));
    expect(page.response?.status).toBe(502);
    expect(page.heading).toBe("PingOne did not sign you in");
  });
});

describe("an ID token whose acr is", () => {
  const { it, worker, issuer } = crafted;

  it.each<[what: string, acr: unknown, policy: string]>([
    ["missing", undefined, "none"],
    ["a list that has it", [DEMANDED], "none"],
    ["longer by a character", `${DEMANDED}0`, `${DEMANDED}0`],
    ["the same in capitals", DEMANDED.toUpperCase(), DEMANDED.toUpperCase()],
    ["the name of a sign-on policy", "Single Factor", "Single Factor"],
    ["oversized", "x".repeat(10_000), "unreadable"],
    ["hostile", '"}\n{"event":"forged"}', "unreadable"],
  ])("[FAIL-53] %s is refused, and logged in a form that can be read", async (_what, acr, policy) => {
    const client = await registerClient(worker);
    const signIn = await startSignIn(worker, { client });
    issuer.answerWith({ nonce: signIn.nonce, idToken: { acr } });
    const before = await countHoldings(worker);
    const log = watchLog(worker);
    const back = await comeBack(worker, signIn, { code: "the-code" });
    expect(back.url.searchParams.get("error")).toBe("access_denied");
    expect(await countHoldings(worker)).toEqual(before);
    expect(await log.line("callback.pingone_failed")).toMatchObject({ failure: "wrong_policy", policy });
  });

  it("exactly the policy gives access", async () => {
    const signIn = await startSignIn(worker);
    issuer.answerWith({ nonce: signIn.nonce, idToken: { acr: DEMANDED } });
    const back = await comeBack(worker, signIn, { code: "the-code" });
    expect(back.url.searchParams.get("code")).not.toBeNull();
  });
});
