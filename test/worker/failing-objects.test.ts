/** A Durable Object or a store fails, as happens at every deployment: the caller can try again, and nothing is lost. */
import { describe, expect } from "vitest";
import { redeem, registerClient, requestRefresh, signIn } from "../support/mcp-client.ts";
import { expectOAuthError, expectSignInError } from "../support/observe.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();

/** Runs SQL in the object of a credential's person. */
function sqlOf(credential: string, query: string): Promise<unknown> {
  return worker.sql("Person", credential.split(":")[0] ?? "", query);
}

/** SQL that makes every such write to the grants fail, until the trigger is dropped. */
const refusing = (operation: "INSERT" | "UPDATE") =>
  `CREATE TRIGGER broken BEFORE ${operation} ON grants BEGIN SELECT raise(ABORT, 'no'); END`;

const WEB_ORIGIN = { Origin: "https://inspector.example.com" };

describe("when a person's object fails", () => {
  it("a refresh is answered in the form of the endpoint, readable by browsers, and succeeds later", async () => {
    const { tokens, client } = await signIn(worker);
    // Every look-up of a grant fails.
    await sqlOf(tokens.access_token, "ALTER TABLE grants RENAME COLUMN record TO broken");
    const failed = await requestRefresh(worker, client, tokens, {}, WEB_ORIGIN);
    expect(failed.headers.get("Retry-After")).toBe("5");
    expect(failed.headers.get("Access-Control-Allow-Origin")).toBe(WEB_ORIGIN.Origin);
    await expectOAuthError(failed, 503, "temporarily_unavailable");
    await sqlOf(tokens.access_token, "ALTER TABLE grants RENAME COLUMN broken TO record");
    expect((await requestRefresh(worker, client, tokens)).status).toBe(200);
  });

  it("[FAIL-58] a code can be redeemed again", async () => {
    const started = await startSignIn(worker);
    const back = await started.browser.open(await passPingOne(worker, started));
    const code = back.url.searchParams.get("code") ?? "";
    // The grant can be read, but the write with the new tokens fails.
    await sqlOf(code, refusing("UPDATE"));
    await expect(redeem(worker, started.client, started.attempt, back.url)).rejects.toMatchObject({
      cause: { status: 503 },
    });
    await sqlOf(code, "DROP TRIGGER broken");
    await redeem(worker, started.client, started.attempt, back.url);
  });

  it.each<[what: string, breaking: string, mending: string]>([
    ["cannot store the grant", refusing("INSERT"), "DROP TRIGGER broken"],
    [
      "cannot say whether they have allowed the client",
      "ALTER TABLE approvals RENAME COLUMN scopes TO broken",
      "ALTER TABLE approvals RENAME COLUMN broken TO scopes",
    ],
  ])("and %s, the callback ends at the client, and no session is left", async (_what, breaking, mending) => {
    const { tokens } = await signIn(worker, { username: "bob" });
    const started = await startSignIn(worker);
    const callback = await passPingOne(worker, started, { username: "bob" });
    const before = worker.countLivePingSessions();
    const after = await stack.emulators.journal.mark();
    await sqlOf(tokens.access_token, breaking);
    const back = await started.browser.open(callback);
    await sqlOf(tokens.access_token, mending);
    expectSignInError(back.url, started, "server_error");
    await stack.emulators.journal.expect({ endpoint: "revoke", after }, { withinMilliseconds: 5000 });
    expect(worker.countLivePingSessions()).toBe(before);
  });
});

describe("a refusal that the provider is not asked for", () => {
  it("can be read by a browser client", async () => {
    const client = await registerClient(worker);
    const unknown = { refresh_token: "of-another-format" };
    const response = await requestRefresh(worker, client, unknown, {}, WEB_ORIGIN);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe(WEB_ORIGIN.Origin);
    await expectOAuthError(response, 400, "invalid_grant");
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
