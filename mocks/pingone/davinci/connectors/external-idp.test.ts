import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneAuthenticationConnector } from "./pingone-authentication.ts";

const alice = aliceFixture();
const carl = aliceFixture({ username: "carl", email: "carl@example.com", enabled: false });

function setUp() {
  const calls = createPingOneCalls({ users: [alice, carl] });
  const answer = (properties: Record<string, unknown>, fields: Record<string, string>) =>
    calls.answer(pingOneAuthenticationConnector, "loginFirstFactor", properties, {
      buttonValue: "signOn",
      ...fields,
    });
  return { ...calls, answer };
}
const LINKED = { linkWithP1User: "true" };

describe("Sign On with External Identity Provider", () => {
  it("[PING-184] shows a page that says what it stands in for", async () => {
    const { call } = setUp();
    const effect = await call(pingOneAuthenticationConnector, "loginFirstFactor", {
      identityProvider: "useIdpId",
      identityProviderId: "idp-<b>1",
      loginHint: "ann@example.com",
    });
    if (effect.kind !== "screen") throw new Error(effect.kind);
    expect(effect.screen.markup).toContain("In the place of idp-&lt;b&gt;1.");
    expect(effect.screen.markup).toContain('value="ann@example.com"');
    expect(effect.screen.remarks.join()).toContain("stands in");
  });

  it("links the user of the address", async () => {
    const { answer, state } = setUp();
    const { output } = await answer(LINKED, { email: "ALICE@example.com" });
    expect(output).toMatchObject({ isLinkedUser: true, user: { id: alice.id }, statusCode: 200 });
    expect(state.userId).toBe(alice.id);
  });

  it("makes a user where there is none", async () => {
    const { answer, services } = setUp();
    const { output } = await answer(LINKED, {
      email: "new@example.com",
      given_name: "New",
      family_name: "Person",
    });
    expect(services.users.findById(output.user.id)).toMatchObject({
      email: "new@example.com",
      name: { given: "New", family: "Person" },
      lifecycle: { status: "ACCOUNT_OK" },
    });
  });

  it("only tells what the provider says where nothing is linked", async () => {
    const { answer, services, state } = setUp();
    const before = services.users.list().length;
    const { output } = await answer({}, { email: "new@example.com" });
    expect(output).toMatchObject({ isLinkedUser: false, rawIdpAttributes: { email: "new@example.com" } });
    expect(services.users.list()).toHaveLength(before);
    expect(state.userId).toBeUndefined();
  });

  it("is false when it is cancelled, and for a disabled user", async () => {
    const { answer, state } = setUp();
    expect((await answer(LINKED, { buttonValue: "cancel" })).error.code).toBe("accessFailed");
    expect((await answer(LINKED, { email: "carl@example.com" })).error.code).toBe("accessFailed");
    expect(state.userId).toBeUndefined();
  });
});
