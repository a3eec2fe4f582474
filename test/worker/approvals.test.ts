/** Approval of clients. The callback checks it for the user who has just signed in. */

import type { TestBrowser, TestPage } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import { registerClient } from "../support/mcp-client.ts";
import { countHoldings, expectSignInError, watch, watchLog } from "../support/observe.ts";
import { callbackUrl, createWorkerOnlyBrowser, passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";
import { visitsOf } from "./visits.ts";

const { it, stack, worker } = testWithStack();
const { visit, isAtClient, finish, statusOf, approvedByAlice, bobIsAsked, openSignOut } = visitsOf(worker);

describe("an approval is a person's, not a browser's", () => {
  it("[SEC-02] the second person in a browser is asked after the sign-on, by name, and then gets access", async () => {
    const { visited } = await bobIsAsked();
    const { page } = visited;
    expect(page.response?.status).toBe(200);
    expect(page.heading).toBe("Allow Test client to use your todos?");
    expect(page.text).toContain("You are signed in as <strong>Bob Burns</strong>.");
    expect(page.text).not.toContain("you sign in at PingOne next");
    expect(page.url.pathname).toBe("/callback");
    const allowed = { ...visited, page: await page.submit("Allow") };
    expect(isAtClient(allowed)).toBe(true);
    expect(Object.fromEntries(allowed.page.url.searchParams)).toEqual({
      code: expect.any(String),
      state: visited.signIn.attempt.state,
      iss: worker.origin,
    });
    expect(await statusOf(await finish(allowed))).toBe(200);
  });

  it("somebody who is asked and has never allowed anything leaves no object behind", async () => {
    const approved = await approvedByAlice();
    const before = worker.listObjectIds("Person");
    // No other test of this file uses this account.
    const visited = await visit("decliner", approved);
    expect(visited.page.heading).toBe("Allow Test client to use your todos?");
    expect(worker.listObjectIds("Person")).toEqual(before);
  });

  it("both reconnect silently from then on, within the same minute", async () => {
    const { visited, ...options } = await bobIsAsked();
    await finish({ ...visited, page: await visited.page.submit("Allow") });
    for (const person of ["alice", "bob", "alice"]) {
      const again = await visit(person, options);
      expect(isAtClient(again), person).toBe(true);
      await finish(again);
    }
  });

  it("the page's code is not kept in the page, and its form goes to the callback without a state in its address", async () => {
    const { visited } = await bobIsAsked();
    expect(visited.page.root.querySelector("form")?.getAttribute("action")).toBe("/callback");
    expect(visited.page.text).not.toContain(visited.page.url.searchParams.get("code") ?? "");
  });

  it("what the page did not show is asked about when PingOne grants it later", async () => {
    const approved = await approvedByAlice();
    const signIn = await startSignIn(worker, approved);
    signIn.pingOneUrl.searchParams.set("scope", "openid profile todo_api:read");
    const page = await signIn.browser.open(await passPingOne(worker, signIn, { username: "bob" }));
    expect(page.text).toContain("See your todos");
    expect(page.text).not.toContain("Add, change and delete your todos");
    const narrow = await finish({ signIn, page: await page.submit("Allow") });
    expect(narrow.scope).toBe("todo_api:read");
    const again = await visit("bob", approved);
    expect(again.page.heading).toBe("Allow Test client to use your todos?");
    expect(again.page.text).toContain("Add, change and delete your todos");
  });

  it("scopes that the person has not approved are asked about", async () => {
    const client = await registerClient(worker);
    const browser = createWorkerOnlyBrowser(worker);
    await finish(await visit("alice", { client, browser, overrides: { scope: "todo_api:read" } }));
    // In another browser, bob approves both scopes. Alice has approved only one.
    const other = createWorkerOnlyBrowser(worker);
    await finish(await visit("bob", { client, browser: other }));
    const wider = await visit("alice", { client, browser: other });
    expect(wider.page.heading).toBe("Allow Test client to use your todos?");
    await finish({ ...wider, page: await wider.page.submit("Allow") });
    expect(isAtClient(await visit("alice", { client, browser: other }))).toBe(true);
  });
});

function handleOf(page: TestPage): string {
  return page.root.querySelector('input[name="handle"]')?.getAttribute("value") ?? "";
}

/** Answers the page from any browser. */
function approve(browser: TestBrowser, handle: string): Promise<TestPage> {
  const body = new URLSearchParams({ handle, decision: "approve" });
  return browser.request(new URL("/callback", worker.origin), { method: "POST", body });
}

describe("while the page is shown, what PingOne has issued waits", () => {
  const added = (before: string[]) =>
    worker.listObjectIds("PingSession").filter((id) => !before.includes(id));

  it("and is revoked when the person refuses, who is the client's access_denied", async () => {
    const before = await countHoldings(worker);
    const { visited } = await bobIsAsked();
    const watched = await watch(stack);
    const log = watchLog(worker);
    const back = await visited.page.submit("Refuse");
    expectSignInError(back.url, visited.signIn, "access_denied");
    await log.line("authorize.consent_refused");
    expect(await watched.upstreamCalls()).toEqual(["revoke"]);
    // The new grant belongs to alice.
    expect(await countHoldings(worker)).toEqual({
      ...before,
      grants: before.grants + 1,
      accessTokens: before.accessTokens + 1,
      pingSessions: before.pingSessions + 1,
    });
  });

  it("and is revoked by itself when nobody answers", async () => {
    const approved = await approvedByAlice();
    const before = worker.listObjectIds("PingSession");
    await visit("bob", approved);
    const [id = ""] = added(before);
    expect(worker.readAlarms("PingSession").get(id)).toBeLessThanOrEqual(600);
    const watched = await watch(stack);
    const { PING_SESSION } = await worker.getEnv();
    await PING_SESSION.get(PING_SESSION.idFromString(id)).endUnlessRedeemed();
    expect(await watched.upstreamCalls()).toEqual(["revoke"]);
    expect(added(before)).toEqual([]);
  });

  it("[SEC-02] gives nothing to a second answer", async () => {
    const { visited } = await bobIsAsked();
    const [first, second] = await Promise.all([visited.page.submit("Allow"), visited.page.submit("Allow")]);
    const third = await visited.page.submit("Allow");
    const codes = [first, second, third].map(({ url }) => url.searchParams.get("code"));
    expect(codes.filter((code) => code !== null)).toHaveLength(1);
    expect(third.response?.status).toBe(400);
    expect(third.heading).toBe("This sign-in cannot continue");
  });

  it("[FAIL-52] takes nothing back after the first answer", async () => {
    const { visited } = await bobIsAsked();
    const { OAUTH_KV } = await worker.getEnv();
    const { keys } = await OAUTH_KV.list({ prefix: "transaction:" });
    const records = await Promise.all(
      keys.map(async ({ name }) => [name, await OAUTH_KV.get(name)] as const),
    );
    const { cookies } = visited.signIn.browser;
    const sent = await cookies.getCookies(worker.origin);
    const tokens = await finish({ ...visited, page: await visited.page.submit("Allow") });
    for (const button of ["Allow", "Refuse"]) {
      // As a location whose KV does not have the first answer yet, and a browser that has sent both at once.
      for (const [name, record] of records) await OAUTH_KV.put(name, record ?? "");
      for (const cookie of sent) await cookies.setCookie(cookie, worker.origin);
      const late = await visited.page.submit(button);
      expect(late.response?.status, button).toBe(400);
    }
    expect(await statusOf(tokens)).toBe(200);
  });

  it("[FAIL-52] gives nothing to another browser, and the person can still answer", async () => {
    const { visited } = await bobIsAsked();
    const watched = await watch(stack);
    const elsewhere = await approve(createWorkerOnlyBrowser(worker), handleOf(visited.page));
    expect(elsewhere.response?.status).toBe(400);
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
    const allowed = { ...visited, page: await visited.page.submit("Allow") };
    expect(isAtClient(allowed)).toBe(true);
  });

  it("[FAIL-52] [SEC-02] gives nothing when somebody else has signed in in this browser since", async () => {
    const { visited, ...options } = await bobIsAsked();
    expect(isAtClient(await visit("alice", options))).toBe(true);
    const { journal } = stack.emulators;
    const after = await journal.mark();
    const late = await visited.page.submit("Allow");
    expect(late.response?.status).toBe(400);
    expect(late.text).toContain("Another person has signed in in this browser since this page was shown.");
    const calls = await journal.find({ after, login: { state: visited.signIn.state } });
    expect(calls.map(({ endpoint }) => endpoint)).toEqual(["revoke"]);
  });

  it("gives nothing when somebody else has signed in at the sign-out page since", async () => {
    const { visited } = await bobIsAsked();
    await openSignOut(visited.signIn.browser, "alice");
    const late = await visited.page.submit("Allow");
    expect(late.text).toContain("Another person has signed in in this browser since this page was shown.");
  });

  it.each<[what: string, form: Record<string, string>]>([
    ["no handle", { decision: "approve" }],
    ["a made-up handle", { decision: "approve", handle: "A".repeat(43) }],
    ["no decision", { handle: "A".repeat(43) }],
  ])("refuses a form with %s", async (_what, form) => {
    const { visited } = await bobIsAsked();
    const watched = await watch(stack);
    const refused = await visited.page.post("/callback", form);
    expect(refused.response?.status).toBe(400);
    await watched.expectNothingGained();
  });

  it("does not take the state of a sign-in at PingOne for an answer", async () => {
    const signIn = await startSignIn(worker);
    const watched = await watch(stack);
    const refused = await approve(signIn.browser, signIn.state);
    expect(refused.response?.status).toBe(400);
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
  });

  it("nor the handle of a page for what PingOne sends back", async () => {
    const { visited } = await bobIsAsked();
    const watched = await watch(stack);
    const url = callbackUrl(worker, { state: handleOf(visited.page), code: "c" });
    const refused = await visited.signIn.browser.open(url);
    expect(refused.response?.status).toBe(400);
    expect(await watched.upstreamCalls()).toEqual([]);
  });
});

describe("a person with 10,000 approvals", () => {
  it("[FAIL-51] signs in as anyone else, and ends everything", async () => {
    const { PERSON } = await worker.getEnv();
    const person = PERSON.getByName("busy");
    const scopes = ["todo_api:read"];
    const admit = (clientId: string, isAllowed = false) =>
      person.admit({
        client: { clientId, redirectUri: "http://localhost:7777/callback", resource: worker.resource },
        scopes,
        approval: isAllowed ? { at: "now", scopes } : undefined,
      });
    await admit("client-0", true);
    await worker.sql(
      "Person",
      "busy",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) INSERT INTO approvals " +
        "SELECT 'client-' || i, redirect_uri, resource, scopes, expires_at FROM approvals, n",
    );
    expect(await admit("client-9999")).toMatchObject({ kind: "approved" });
    expect(await admit("client-10000")).toEqual({ kind: "ask" });
    await person.endEverything("request");
    expect(await admit("client-9999")).toEqual({ kind: "ask" });
  });
});
