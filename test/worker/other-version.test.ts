/** Grants of another version of this Worker with props that it cannot read: clients get 401 and sign in again. */
import { describe, expect } from "vitest";
import { PROTOCOL_ERAS, registerClient, requestRefresh } from "../support/mcp-client.ts";
import { countHoldings, expectOAuthError } from "../support/observe.ts";
import { grantWithProps } from "../support/other-version.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { testWithLonelyWorker } from "../support/test.ts";

const { it, worker } = testWithLonelyWorker();

const PERSON = { sub: "somebody" };

describe.each<[what: string, props: Record<string, unknown>]>([
  ["of the first version, with a token in them", { subjectToken: "t" }],
  ["of a version to come", { version: 2, person: PERSON, pingSessionId: "p" }],
  ["without a person", { version: 1, pingSessionId: "p" }],
  ["without a PingSession", { version: 1, person: PERSON }],
])("props %s", (_what, props) => {
  it.each(PROTOCOL_ERAS)("are a 401 at /mcp in the %s era", async (era) => {
    const tokens = await grantWithProps(worker, await registerClient(worker), props);
    const before = await countHoldings(worker);
    const call = era === "legacy" ? "initialize" : "tools/list";
    const response = await sendInEra(worker, era, { call, token: tokens.access_token });
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toMatch(/error="invalid_token".*resource_metadata="/);
    expect(await countHoldings(worker)).toEqual(before);
  });

  it("[FAIL-54] are invalid_grant at /token", async () => {
    const client = await registerClient(worker);
    const tokens = await grantWithProps(worker, client, props);
    await expectOAuthError(await requestRefresh(worker, client, tokens), 400, "invalid_grant");
  });
});
