/** A Durable Object or a store fails, as happens at every deployment: the caller can try again, and nothing is lost. */
import { describe, expect } from "vitest";
import { redeem, registerClient, requestRefresh, signIn } from "../support/mcp-client.ts";
import { expectOAuthError } from "../support/observe.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();

/** Makes every look-up of a grant fail until the returned function is called. */
async function breakPerson(userId: string): Promise<() => Promise<unknown>> {
  await worker.sql("Person", userId, "ALTER TABLE grants RENAME COLUMN record TO broken");
  return () => worker.sql("Person", userId, "ALTER TABLE grants RENAME COLUMN broken TO record");
}

const WEB_ORIGIN = { Origin: "https://inspector.example.com" };

describe("when a person's object fails", () => {
  it("a refresh is answered in the form of the endpoint, readable by browsers, and succeeds later", async () => {
    const { tokens, client } = await signIn(worker);
    const userId = tokens.access_token.split(":")[0] ?? "";
    const mend = await breakPerson(userId);
    const body = new URLSearchParams({
      client_id: client.clientId,
      grant_type: "refresh_token",
      refresh_token: tokens.refresh_token ?? "",
    }).toString();
    const send = () =>
      worker.fetch(`${worker.origin}/token`, {
        method: "POST",
        headers: { ...WEB_ORIGIN, "Content-Type": "application/x-www-form-urlencoded" },
        body,
      });
    const failed = await send();
    expect(failed.headers.get("Retry-After")).toBe("5");
    expect(failed.headers.get("Access-Control-Allow-Origin")).toBe(WEB_ORIGIN.Origin);
    await expectOAuthError(failed, { status: 503, error: "temporarily_unavailable" });
    await mend();
    expect((await send()).status).toBe(200);
  });

  it("[FAIL-58] a code can be redeemed again", async () => {
    const started = await startSignIn(worker);
    const back = await started.browser.open(await passPingOne(worker, started));
    const code = back.url.searchParams.get("code") ?? "";
    const userId = code.split(":")[0] ?? "";
    // The grant can be read, but the write with the new tokens fails.
    await worker.sql(
      "Person",
      userId,
      "CREATE TRIGGER broken BEFORE UPDATE ON grants BEGIN SELECT raise(ABORT, 'no'); END",
    );
    await expect(redeem(worker, started.client, started.attempt, back.url)).rejects.toMatchObject({
      cause: { status: 503 },
    });
    await worker.sql("Person", userId, "DROP TRIGGER broken");
    await redeem(worker, started.client, started.attempt, back.url);
  });

  it("the callback ends at the client, and nothing is left alive at PingOne", async () => {
    const { tokens } = await signIn(worker, { username: "bob" });
    const userId = tokens.access_token.split(":")[0] ?? "";
    const started = await startSignIn(worker);
    const callback = await passPingOne(worker, started, { username: "bob" });
    await worker.sql(
      "Person",
      userId,
      "CREATE TRIGGER broken BEFORE INSERT ON grants BEGIN SELECT raise(ABORT, 'no'); END",
    );
    const after = await stack.emulators.journal.mark();
    const back = await started.browser.open(callback);
    await worker.sql("Person", userId, "DROP TRIGGER broken");
    expect(back.url.origin + back.url.pathname).toBe(started.client.redirectUri);
    expect(back.url.searchParams.get("error")).toBe("server_error");
    await stack.emulators.journal.expect({ endpoint: "revoke", after }, { withinMilliseconds: 5000 });
  });
});

it("no session is left when the person's object cannot say whether they have allowed the client", async () => {
  const { tokens } = await signIn(worker, { username: "bob" });
  const userId = tokens.access_token.split(":")[0] ?? "";
  const started = await startSignIn(worker);
  const callback = await passPingOne(worker, started, { username: "bob" });
  const before = worker.countLivePingSessions();
  const after = await stack.emulators.journal.mark();
  await worker.sql("Person", userId, "ALTER TABLE approvals RENAME COLUMN scopes TO broken");
  const back = await started.browser.open(callback);
  await worker.sql("Person", userId, "ALTER TABLE approvals RENAME COLUMN broken TO scopes");
  expect(back.url.searchParams.get("error")).toBe("server_error");
  await stack.emulators.journal.expect({ endpoint: "revoke", after }, { withinMilliseconds: 5000 });
  expect(worker.countLivePingSessions()).toBe(before);
});

describe("a refusal that the provider is not asked for", () => {
  it("can be read by a browser client", async () => {
    const client = await registerClient(worker);
    const response = await worker.fetch(`${worker.origin}/token`, {
      method: "POST",
      headers: { ...WEB_ORIGIN, "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        client_id: client.clientId,
        grant_type: "refresh_token",
        refresh_token: "of-another-format",
      }).toString(),
    });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe(WEB_ORIGIN.Origin);
    await expectOAuthError(response, { status: 400, error: "invalid_grant" });
  });
});

it("an evicted object goes on where it was", async () => {
  const { tokens, client } = await signIn(worker);
  const userId = tokens.access_token.split(":")[0] ?? "";
  await worker.evict("Person", userId);
  expect((await requestRefresh(worker, client, tokens)).status).toBe(200);
  const response = await sendInEra(worker, "modern", { call: "tools/list", token: tokens.access_token });
  expect(response.status).toBe(200);
});
