/** Access that a user or an operator has ended stays ended, even if requests are in progress. */
import { describe, expect, vi } from "vitest";
import { grantBehind } from "../support/grants.ts";
import { registerClient, requestRefresh } from "../support/mcp-client.ts";
import { countHoldings, expectOAuthError, parseLog, watch } from "../support/observe.ts";
import { createWorkerOnlyBrowser, passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";
import { visitsOf } from "./visits.ts";

const { it, stack, worker } = testWithStack();
const { visit, isAtClient, finish, statusOf, approvedByAlice, bobIsAsked, openSignOut } = visitsOf(worker);

describe("access that was ended", () => {
  /** Ends one or all connections of a user on the sign-out page, in a new browser. */
  async function endAccess(person: string, action: "end" | "end_all", grantId = ""): Promise<void> {
    const page = await openSignOut(createWorkerOnlyBrowser(worker), person);
    const token = page.root.querySelector('input[name="form_token"]')?.getAttribute("value") ?? "";
    await page.post("/signout", { form_token: token, action, grant: grantId });
  }

  it.each(["end", "end_all"] as const)(
    "(%s) does not come back through a browser that remembers an approval",
    async (action) => {
      const { tokens, ...options } = await approvedByAlice();
      const otherBrowser = createWorkerOnlyBrowser(worker);
      await finish(await visit("alice", { ...options, browser: otherBrowser }));
      const latest = await finish(await visit("alice", options));
      await endAccess("alice", action, latest.access_token.split(":")[1]);
      expect(await statusOf(latest)).toBe(401);
      for (const browser of [options.browser, otherBrowser]) {
        const again = await visit("alice", { ...options, browser });
        expect(again.page.heading).toBe("Allow Test client to use your todos?");
      }
      // The old access token and refresh token are refused at once.
      expect(await statusOf(tokens)).toBe(401);
      await expectOAuthError(await requestRefresh(worker, options.client, latest), 400, "invalid_grant");
    },
  );

  it("[SEC-03] does not come back through an approval that was given before the end", async () => {
    const client = await registerClient(worker);
    const browser = createWorkerOnlyBrowser(worker);
    const signIn = await startSignIn(worker, { client, browser });
    const callback = await passPingOne(worker, signIn, { username: "alice" });
    await endAccess("alice", "end_all");
    const page = await browser.open(callback);
    expect(page.heading).toBe("Allow Test client to use your todos?");
    // An approval given after the end is valid.
    expect(isAtClient({ signIn, page: await page.submit("Allow") })).toBe(true);
  });

  it("[SEC-03] does not come back through a code that was not redeemed yet", async () => {
    const client = await registerClient(worker);
    const pending = await visit("alice", { client, browser: createWorkerOnlyBrowser(worker) });
    await endAccess("alice", "end_all");
    await expect(finish(pending)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("does not come back through another code of the client that was ended", async () => {
    const { tokens, ...options } = await approvedByAlice();
    const pending = await visit("alice", options);
    await endAccess("alice", "end", tokens.access_token.split(":")[1]);
    await expect(finish(pending)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("leaves other people's access to the same client alone", async () => {
    const { visited, tokens } = await bobIsAsked();
    const bobs = await finish({ ...visited, page: await visited.page.submit("Allow") });
    await endAccess("alice", "end_all");
    expect(await statusOf(tokens)).toBe(401);
    expect(await statusOf(bobs)).toBe(200);
  });

  it("is not made when the person ends it while the callback is at work", async () => {
    const client = await registerClient(worker);
    const { PERSON } = await worker.getEnv();
    const person = PERSON.getByName("somebody");
    const scopes = ["todo_api:read"];
    const { clientId, redirectUri } = client;
    const request = { client: { clientId, redirectUri, resource: worker.resource }, scopes };
    const admission = await person.admit({ ...request, approval: { at: Date.now(), scopes } });
    if (admission.kind !== "approved") throw new Error("It was approved.");
    await person.endEverything("request");
    const record = {
      userId: "somebody",
      clientId,
      scope: scopes,
      createdAt: 1,
      authCodeWrappedKey: "key",
      metadata: { pingSessionId: "none", admittedAt: admission.admittedAt },
    };
    const grant = { grantId: "g".repeat(16), record: JSON.stringify(record), expiresAt: 4_000_000_000 };
    expect(await person.writeGrant(grant)).toBe("ended");
    expect(await person.admit({ ...request, approval: undefined })).toEqual({ kind: "ask" });
  });

  it("[SEC-03] does not come back with a write that was under way", async () => {
    const { tokens } = await approvedByAlice();
    const grant = await grantBehind(worker, tokens.access_token);
    const record = await grant.read();
    await endAccess("alice", "end_all");
    const { PERSON } = await worker.getEnv();
    const [userId = "", grantId = ""] = tokens.access_token.split(":");
    const late = { grantId, record: JSON.stringify(record), expiresAt: 4_000_000_000 };
    expect(await PERSON.getByName(userId).writeGrant(late)).toBe("ended");
    expect(await grant.find()).toBeUndefined();
  });
});

it("a person's object ends a grant once when two requests ask for it, and is gone afterwards", async () => {
  // No other test of this file uses this account.
  const options = { client: await registerClient(worker), browser: createWorkerOnlyBrowser(worker) };
  const tokens = await finish(await visit("decliner", options));
  const [userId = "", grantId = ""] = tokens.access_token.split(":");
  const { PERSON } = await worker.getEnv();
  const person = PERSON.getByName(userId);
  // Without approvals, the object stores only the grant and deletes its tables when the grant ends.
  await worker.sql("Person", userId, "DELETE FROM approvals");
  const ended = () => parseLog(worker).filter(({ event }) => event === "person.grant_ended").length;
  const before = ended();
  const requests = [person.deleteGrant(grantId, undefined), person.deleteGrant(grantId, undefined)];
  const outcomes = await Promise.allSettled(requests);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  await expect.poll(ended, { timeout: 5000 }).toBe(before + 1);
  expect(worker.listObjectIds("Person")).not.toContain(PERSON.idFromName(userId).toString());
});

describe("a code", () => {
  it("[SEC-08] is redeemed once, however many redeem it at the same moment", async () => {
    const client = await registerClient(worker);
    const pending = await visit("alice", { client, browser: createWorkerOnlyBrowser(worker) });
    const before = await countHoldings(worker);
    const outcomes = await Promise.allSettled([finish(pending), finish(pending), finish(pending)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
    // RFC 6749 §4.1.2: tokens issued for a code that is used again are revoked.
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") expect(await statusOf(outcome.value)).toBe(401);
    }
    expect((await countHoldings(worker)).grants).toBe(before.grants - 1);
  });
});

it("an operator ends a person's grants in their object, as docs/operations.md says", async () => {
  const { tokens, client } = await approvedByAlice();
  const [userId = ""] = tokens.access_token.split(":");
  await worker.sql(
    "Person",
    userId,
    "UPDATE grants SET expires_at = 0; DELETE FROM approvals; INSERT OR REPLACE INTO ended VALUES ('*', unixepoch() * 1000);",
  );
  const watched = await watch(stack);
  await expectOAuthError(await requestRefresh(worker, client, tokens), 400, "invalid_grant");
  // All of the user's access ends, also at PingOne.
  await vi.waitFor(async () => expect(await watched.upstreamCalls()).toContain("revoke"), {
    timeout: 10_000,
  });
  await vi.waitFor(async () => expect(await statusOf(tokens)).toBe(401), { timeout: 10_000 });
});
