import { describe, expect, it } from "vitest";
import { createTestEngine } from "../../testing/flow-driver.ts";
import { loadScenarios } from "../scenarios/load-scenarios.ts";
import type { Scenario } from "../scenarios/scenario-schema.ts";

const FLOW = "sign-on-with-consent";

interface SessionChanges {
  readonly ageMinutes?: number;
  readonly methods?: readonly string[];
  readonly user?: string;
}

/** The shipped flow, whose Check Session names these methods. */
function flowAccepting(methods: readonly string[]): Scenario {
  const flow = loadScenarios("fixtures/davinci").find(({ scenario }) => scenario.name === FLOW)?.scenario;
  const node = flow?.nodes.checkSession;
  if (!flow || node?.type !== "checkSession") throw new Error(`${FLOW} has no Check Session.`);
  return { ...flow, nodes: { ...flow.nodes, checkSession: { ...node, methods: [...methods] } } };
}

describe("Check Session", () => {
  const openWithSession = async (
    flow: string,
    session: SessionChanges = {},
    changes: { forceAuthentication?: boolean; silent?: boolean } = {},
    scenarios?: readonly Scenario[],
  ) => {
    const test = createTestEngine(scenarios && { scenarios });
    const user = test.users.findByLogin(session.user ?? "alice");
    return test.open(flow, {
      ...changes,
      session: {
        id: "session-1",
        userId: user?.id ?? "",
        authenticationMethods: session.methods ?? ["pwd"],
        authenticatedAt: test.clock() - (session.ageMinutes ?? 0) * 60_000,
      },
    });
  };

  it("lets a person with a session past the sign-on screen", async () => {
    const person = await openWithSession(FLOW, { methods: ["pwd", "otp", "mfa"], ageMinutes: 480 });
    expect(person.heading).toBe("Application Consent");
    expect((await person.press("ACCEPTED")).outcome).toMatchObject({
      kind: "success",
      reusedSession: true,
      authenticationMethods: ["pwd", "otp", "mfa"],
    });
  });

  it.each<[string, string, SessionChanges, object]>([
    ["an authentication too long ago", FLOW, { ageMinutes: 481 }, {}],
    ["a session by another method", FLOW, { methods: ["mfa"] }, {}],
    ["a session of a disabled user", FLOW, { user: "disabled" }, {}],
    ["a session of nobody", FLOW, { user: "nobody" }, {}],
    ["prompt=login", FLOW, {}, { forceAuthentication: true }],
    ["a flow without Check Session", "sign-on-every-time", {}, {}],
  ])("asks for the password with %s", async (_, flow, session, changes) => {
    expect((await openWithSession(flow, session, changes)).heading).toBe("Sign On");
  });

  it.each([
    [["pwd", "mfa"], ["pwd"], "Application Consent"],
    [["pwd", "mfa"], ["pwd", "otp", "mfa"], "Application Consent"],
    [["mfa"], ["pwd"], "Sign On"],
    [["anyAuthenticationMethod"], ["pwdless"], "Application Consent"],
    [["mfa", "anyAuthenticationMethod"], ["pwd"], "Application Consent"],
  ])("[PING-130] that names %j leads a session by %j to the heading %j", async (named, methods, heading) => {
    const person = await openWithSession(FLOW, { methods }, {}, [flowAccepting(named)]);
    expect(person.heading).toBe(heading);
  });

  it("does not carry over to a person who signs on instead", async () => {
    const person = await openWithSession(FLOW, {}, { forceAuthentication: true });
    await (await person.signOn("bob")).press("ACCEPTED");
    expect(person.outcome).toMatchObject({
      kind: "success",
      reusedSession: false,
      authenticationMethods: ["pwd"],
    });
  });
});

describe("prompt=none", () => {
  it.each([FLOW, "sign-on-every-time"])("dies at the first screen of %s", async (flow) => {
    const person = await createTestEngine().open(flow, { silent: true });
    expect(person.outcome).toEqual({ kind: "died", reason: expect.stringContaining("signOn") });
  });

  it("dies at a consent that is not remembered, and succeeds at one that is", async () => {
    const { open, users, consents, clock } = createTestEngine();
    const userId = users.findByLogin("alice")?.id ?? "";
    const session = { id: "s", userId, authenticationMethods: ["pwd"], authenticatedAt: clock() };
    expect((await open(FLOW, { silent: true, session })).outcome?.kind).toBe("died");

    const scopes = ["openid", "profile", "todo_api:read", "todo_api:write"];
    consents.record({ userId, applicationId: "app-1", scopes }, { status: "ACCEPTED", scopes });
    expect((await open(FLOW, { silent: true, session })).outcome?.kind).toBe("success");
  });
});

describe("consent", () => {
  const atConsent = async (flow: string, scopes?: string[]) => {
    const test = createTestEngine();
    const open = () => test.open(flow, scopes && { scopes });
    return { ...test, reopen: open, person: await (await open()).signOn("decliner") };
  };

  it("[PING-081] shows the application and no scope: those stand beside the page, as the emulator's own", async () => {
    const scopes = ["openid", "profile", "todo_api:read", "todo_api:write"];
    const { person } = await atConsent(FLOW, scopes);
    const [page = "", beside = ""] = person.html.split("<aside");
    expect(page).toContain("Remote MCP Server wants to access your account.");
    for (const scope of scopes) expect(page).not.toContain(scope);
    expect(beside).toContain("Shown by the emulator, not by PingOne");
    expect(beside).toContain(scopes.join(", "));
  });

  it("is recorded with all scopes where there is no choice, whatever the form says", async () => {
    const { person, consents } = await atConsent(FLOW);
    await person.press("ACCEPTED", { scopes: "profile" });
    expect(consents.list()).toMatchObject([
      { scopes: ["openid", "profile", "todo_api:read", "todo_api:write"] },
    ]);
  });

  it("always prompts where the flow says so", async () => {
    const { person, reopen } = await atConsent("consent-always");
    await person.press("ACCEPTED");
    expect((await (await reopen()).signOn("decliner")).heading).toBe("Application Consent");
  });

  it("[PING-083] yields tokens for Decline where the flow does not branch", async () => {
    const { person } = await atConsent("consent-not-branched");
    const outcome = (await person.press("DECLINED")).outcome;
    expect(outcome).toMatchObject({ kind: "success" });
    expect(outcome).not.toHaveProperty("scopes");
  });

  it("[PING-084] strands the person in the official sub-flow", async () => {
    const { person } = await atConsent("consent-strands-the-person");
    await person.press("DECLINED");
    expect(person.heading).toBe("You have declined the request.");
    expect(person.html).not.toContain("<form");
    expect(person.html).not.toContain("<a ");
  });

  it("returns an author's own error", async () => {
    const { person } = await atConsent("consent-declined-as-access-denied");
    expect((await person.press("DECLINED")).outcome).toEqual({
      kind: "error",
      error: "access_denied",
      errorDescription: "decliner declined the request of Remote MCP Server.",
    });
  });

  it("is not asked for without the node", async () => {
    const person = await (await createTestEngine().open("sign-on-without-consent")).signOn("alice");
    expect(person.outcome?.kind).toBe("success");
  });

  it("grants the scopes that the person left, with openid in any case, and remembers them", async () => {
    const { person, reopen } = await atConsent("consent-reduced-scopes");
    const choices = [...person.html.matchAll(/type="checkbox"[^>]*value="([^"]+)" checked/g)].map(
      (found) => found[1],
    );
    expect(choices).toEqual(["profile", "todo_api:read", "todo_api:write"]);

    await person.press("ACCEPTED", { scopes: "todo_api:read" });
    expect(person.outcome).toMatchObject({ kind: "success", scopes: ["openid", "todo_api:read"] });
    const again = await (await reopen()).signOn("decliner");
    expect(again.outcome).toMatchObject({ kind: "success", scopes: ["openid", "todo_api:read"] });
  });

  it("never grants more than was asked for", async () => {
    const { person } = await atConsent("consent-reduced-scopes", ["openid", "todo_api:read"]);
    await person.press("ACCEPTED", { scopes: "todo_api:write" });
    expect(person.outcome).toMatchObject({ kind: "success", scopes: ["openid"] });
  });

  it("offers no choice where openid is all that was asked for", async () => {
    const { person } = await atConsent("consent-reduced-scopes", ["openid"]);
    expect(person.html).not.toContain("<fieldset");
    expect((await person.press("ACCEPTED")).outcome).toMatchObject({ scopes: ["openid"] });
  });
});

describe("one-time-code-for-all", () => {
  it("asks everybody", async () => {
    const { open, engine } = createTestEngine();
    const person = await (await open("one-time-code-for-all")).signOn("alice");
    await person.press("VERIFY", { passcode: engine.outbox.latest("alice@example.com").code });
    expect((await person.press("ACCEPTED")).outcome).toMatchObject({
      authenticationMethods: ["pwd", "otp", "mfa"],
    });
  });
});

describe("flows that die", () => {
  it("end before any screen when a connector fails", async () => {
    const person = await createTestEngine().open("dies-before-any-screen");
    expect(person.outcome).toEqual({ kind: "died", reason: expect.stringContaining("before any screen") });
  });

  it("[PING-087] end after sign on when the terminal is that of a sub-flow", async () => {
    const person = await (await createTestEngine().open("ends-as-sub-flow")).signOn("alice");
    expect((await person.press("ACCEPTED")).outcome).toEqual({
      kind: "died",
      reason: expect.stringContaining("createSuccessResponse"),
    });
  });

  it("end when the user is disabled between sign on and consent", async () => {
    const { open, users } = createTestEngine();
    const person = await (await open(FLOW)).signOn("alice");
    users.setEnabled(users.findByLogin("alice")?.id ?? "", false);
    expect((await person.press("ACCEPTED")).outcome?.kind).toBe("died");
  });

  it("end when no flow has the policy id", async () => {
    const person = await createTestEngine().open(FLOW, { policyId: "f".repeat(32) });
    expect(person.outcome).toEqual({ kind: "died", reason: expect.stringContaining("policy id") });
  });
});
