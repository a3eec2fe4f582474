import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import type { Services } from "../engine/capability.ts";
import { pingOneScopeConsentConnector as consent } from "./pingone-scope-consent.ts";

const SCOPES = ["openid", "profile", "todo_api:read"];
const OTHER = { id: "app-2", name: "Other App", type: "WEB_APP" };

function setUp(options: { readonly sandbox?: Partial<Services["sandbox"]> } = {}) {
  const alice = aliceFixture();
  const calls = createPingOneCalls({
    users: [alice],
    // Only what these tests read of an application.
    environment: { applications: [OTHER as never] },
    ...(options.sandbox && { services: { sandbox: options.sandbox as Services["sandbox"] } }),
  });
  const always = { promptConsent: true, matchUserAttribute: "id", userIdentifier: alice.id };
  return {
    ...calls,
    alice,
    ask: (properties = {}) => calls.call(consent, "appConsent", { ...always, ...properties }),
    press: (buttonValue: string | undefined, properties = {}, fields = {}) =>
      calls.answer(
        consent,
        "appConsent",
        { ...always, ...properties },
        { ...(buttonValue !== undefined && { buttonValue }), ...fields },
      ),
    accepted: () =>
      calls.services.consents.findAccepted({ userId: alice.id, applicationId: "app-1", scopes: SCOPES }),
  };
}

function screenOf(effect: Awaited<ReturnType<ReturnType<typeof setUp>["ask"]>>) {
  if (effect.kind !== "screen") throw new Error(`a screen was expected, not ${effect.kind}`);
  return effect.screen;
}

describe("the screen", () => {
  it("names the application and the user, and offers two answers", async () => {
    const { title, markup } = screenOf(await setUp().ask());
    expect(title).toBe("Application Consent");
    expect(markup).toContain("Remote MCP Server wants to access your account.");
    expect(markup).toContain("You are signed on as alice.");
    expect(markup).toMatch(/data-skbuttonvalue="ACCEPTED">Approve</);
    expect(markup).toMatch(/data-skbuttonvalue="DECLINED">Decline</);
    expect(markup).not.toContain("todo_api:read");
  });

  it("offers every scope but openid if scopes can be left out", async () => {
    const { markup } = screenOf(await setUp().ask({ reducedScopes: true }));
    expect(
      [...markup.matchAll(/type="checkbox"[^>]*value="([^"]*)" checked/g)].map(([, value]) => value),
    ).toEqual(["profile", "todo_api:read"]);
  });

  const html = (text: string) => ({ properties: { customHTML: { value: text } } });

  it("is the author's own if the node has one", async () => {
    const renderTemplate = async (template: string, scope: Record<string, unknown>) => ({
      kind: "ok" as const,
      value: `${template}|${JSON.stringify(scope.application)}|${JSON.stringify(scope.scopes)}`,
    });
    const { ask } = setUp({ sandbox: { renderTemplate } });
    const config = html("<b>{{application.name}}</b>");
    const script = { properties: { ...config.properties, customScript: { value: "alert(1)" } } };
    const screen = screenOf(await ask({ appConsentHtmlConfig_appConsentScreen: script }));
    expect(screen.markup).toContain("<b>{{application.name}}</b>|");
    expect(screen.markup).toContain("Remote MCP Server");
    expect(screen.markup).toContain('{"name":"todo_api:read"}');
    expect(screen.remarks).toEqual(["Its script is not run."]);
    const wrapped = screenOf(await ask({ appConsentHtmlConfig_appConsentScreen: { value: config } }));
    expect(wrapped).toMatchObject({ markup: expect.stringContaining("<b>"), remarks: [] });
  });

  it("is the emulator's when the author's does not render", async () => {
    const renderTemplate = async () => ({
      kind: "failed" as const,
      reason: "compile" as const,
      message: "odd",
    });
    const { ask, remarks } = setUp({ sandbox: { renderTemplate } });
    const { markup } = screenOf(await ask({ appConsentHtmlConfig_appConsentScreen: html("{{#if}}") }));
    expect(markup).toContain("Do you approve the request?");
    expect(remarks.join()).toContain("odd");
  });
});

describe("the answer", () => {
  it("is recorded and told, when the person approves", async () => {
    const { press, accepted, state, alice, services } = setUp();
    const { kind, output } = await press("ACCEPTED");
    expect(kind).toBe("success");
    expect(output).toMatchObject({
      consentStatus: "ACCEPTED",
      consentScopes: SCOPES,
      application: { id: "app-1", name: "Remote MCP Server" },
      matchedUser: { id: alice.id, username: "alice" },
    });
    expect(output.consentId).toBe(services.consents.list(alice.id)[0]?.id);
    expect(accepted()).toEqual(SCOPES);
    expect(state.consentedScopes).toEqual(SCOPES);
  });

  it("is recorded and told, when the person declines: the node is true then too", async () => {
    const { press, accepted, state, alice, services } = setUp();
    expect(await press("DECLINED")).toMatchObject({
      kind: "success",
      output: { consentStatus: "DECLINED", consentScopes: [] },
    });
    expect(services.consents.list(alice.id)).toMatchObject([{ status: "DECLINED" }]);
    expect(accepted()).toBeUndefined();
    expect(state.consentedScopes).toEqual([]);
  });

  it.each([
    ["accept", "ACCEPTED", false],
    ["Approve", "ACCEPTED", false],
    ["allow_all", "ACCEPTED", false],
    ["submit", "ACCEPTED", false],
    ["cancel", "DECLINED", false],
    ["Deny", "DECLINED", false],
    ["no", "DECLINED", false],
    // What is not clearly a consent is none.
    ["unaccept", "DECLINED", true],
    ["button1", "DECLINED", true],
    [undefined, "DECLINED", true],
  ])("by the button %s of an author is %s", async (button, consentStatus, isRemarked) => {
    const { press, remarks } = setUp();
    expect((await press(button)).output.consentStatus).toBe(consentStatus);
    expect(remarks.length > 0).toBe(isRemarked);
  });

  it.each([
    [["profile"], ["openid", "profile"]],
    ["profile", ["openid", "profile"]],
    [undefined, ["openid"]],
    // Never more than what was asked for.
    [
      ["profile", "admin"],
      ["openid", "profile"],
    ],
  ])("of somebody who keeps %j has %j", async (scopes, kept) => {
    const { press, state } = setUp();
    const { output } = await press("ACCEPTED", { reducedScopes: true }, { scopes });
    expect(output.consentScopes).toEqual(kept);
    expect(state.consentedScopes).toEqual(kept);
  });

  it("has all scopes when none can be left out, whatever the form says", async () => {
    expect((await setUp().press("ACCEPTED", {}, { scopes: ["profile"] })).output.consentScopes).toEqual(
      SCOPES,
    );
  });
});

describe("a consent that was given before", () => {
  it("spares the question, unless the node always asks", async () => {
    const { ask, press, state } = setUp();
    const once = { promptConsent: false };
    expect((await ask(once)).kind).toBe("screen");
    await press("ACCEPTED", { reducedScopes: true }, { scopes: ["profile"] });
    state.consentedScopes = undefined;
    expect(await ask(once)).toMatchObject({
      kind: "success",
      output: { consentStatus: "ACCEPTED", consentScopes: ["openid", "profile"] },
    });
    expect(state.consentedScopes).toEqual(["openid", "profile"]);
    expect((await ask({ promptConsent: true })).kind).toBe("screen");
  });

  it("does not cover further scopes, or another application", async () => {
    const { ask, press } = setUp();
    await press("ACCEPTED", { scopes: "openid profile" });
    const once = { promptConsent: false };
    expect((await ask({ ...once, scopes: "openid profile" })).kind).toBe("success");
    expect((await ask(once)).kind).toBe("screen");
    const other = { ...once, scopes: "openid", applicationIdentifierIDForAppConsent: "app-2" };
    expect(screenOf(await ask(other)).markup).toContain("Other App wants");
  });
});

describe("whom and what it is about", () => {
  it("is the user that the flow has identified, if the node names none", async () => {
    const { ask, state, alice } = setUp();
    const unnamed = { userIdentifier: undefined };
    expect(await ask(unnamed)).toMatchObject({ kind: "failure", error: { code: "notFound" } });
    state.userId = alice.id;
    expect((await ask(unnamed)).kind).toBe("screen");
    // Bound to what is not there.
    expect(await ask({ userIdentifier: "" })).toMatchObject({ error: { code: "notFound" } });
  });

  it("is nobody when the user that it names is not there", async () => {
    const { ask, press, state, alice } = setUp();
    state.userId = alice.id;
    expect(await ask({ userIdentifier: "nobody" })).toMatchObject({ error: { code: "notFound" } });
    expect(await press("ACCEPTED", { userIdentifier: "nobody" })).toMatchObject({
      error: { code: "notFound" },
    });
    expect((await ask({ matchUserAttribute: "username", userIdentifier: "alice" })).kind).toBe("screen");
  });

  it.each([
    ["app-1", false],
    ["Remote MCP Server", false],
    ["useApplicationId", false],
    ["unknown", true],
  ])("is the application of the request for %s", async (applicationIdentifier, isRemarked) => {
    const { press, remarks } = setUp();
    expect((await press("ACCEPTED", { applicationIdentifier })).output.application.id).toBe("app-1");
    expect(remarks.length > 0).toBe(isRemarked);
  });
});
