import { describe, expect, it } from "vitest";
import usersFixture from "../../../fixtures/pingone/users.json" with { type: "json" };
import type { UserFixture } from "../users.ts";
import { createTestEngine, PASSWORD } from "./flow-driver.ts";

const FLOW = "sign-on-with-consent";
const NEW_PASSWORD = "N3w-Passw0rd!";
const shippedUsers = usersFixture._embedded.users as readonly UserFixture[];
const engineWithShippedUsers = () => createTestEngine({ users: shippedUsers });

describe("sign on", () => {
  it("makes a person whose password must be changed choose another", async () => {
    const { open, users } = engineWithShippedUsers();
    const person = await (await open(FLOW)).signOn("mustchange");

    expect(person.heading).toBe("Update Password");
    expect(person.inputs).toEqual(["currentPassword", "newPassword", "verifyNewPassword"]);
    expect(person.buttons).toEqual(["UPDATE: Update Password", "CANCEL: Cancel"]);

    const change = (changes: Record<string, string>) =>
      person.press("UPDATE", {
        currentPassword: PASSWORD,
        newPassword: NEW_PASSWORD,
        verifyNewPassword: NEW_PASSWORD,
        ...changes,
      });
    expect((await change({ verifyNewPassword: "Another-0ne!" })).alert).toBe("Passwords do not match.");
    expect((await change({ currentPassword: "wrong" })).alert).toContain("Invalid current password");
    expect((await change({ newPassword: "short", verifyNewPassword: "short" })).alert).toContain(
      "new password",
    );
    expect((await change({ newPassword: PASSWORD, verifyNewPassword: PASSWORD })).alert).toBeDefined();

    expect((await change({})).heading).toBe("Password Reset Success");
    expect((await person.press("NEXT")).heading).toBe("Application Consent");
    expect((await person.press("ACCEPTED")).outcome?.kind).toBe("success");
    expect(users.checkPassword(users.findByLogin("mustchange")?.id ?? "", NEW_PASSWORD).status).toBe("OK");
  });

  it("does not let a user who was disabled meanwhile change the password", async () => {
    const { open, users } = engineWithShippedUsers();
    const person = await (await open(FLOW)).signOn("mustchange");
    const id = users.findByLogin("mustchange")?.id ?? "";
    users.setEnabled(id, false);
    await person.press("UPDATE", {
      currentPassword: PASSWORD,
      newPassword: NEW_PASSWORD,
      verifyNewPassword: NEW_PASSWORD,
    });
    expect(person.alert).toContain("Invalid current password");
    expect(users.checkPassword(id, NEW_PASSWORD).status).toBe("INVALID");
  });

  it("treats an expired password like one that must be changed", async () => {
    const person = await (await engineWithShippedUsers().open(FLOW)).signOn("expired");
    expect(person.heading).toBe("Update Password");
    expect((await person.press("CANCEL")).heading).toBe("Sign On");
  });

  it("says when a locked account will unlock, and goes back", async () => {
    const person = await (await engineWithShippedUsers().open(FLOW)).signOn("locked");
    expect(person.heading).toBe("Account Locked");
    expect(person.html).toContain("Your account will unlock in 24 hours.");
    expect(person.buttons).toEqual(["BACK: Back"]);
    expect((await person.press("BACK")).heading).toBe("Sign On");
  });

  it("locks the password after five failures for a quarter of an hour", async () => {
    const { open, advanceClock } = engineWithShippedUsers();
    const person = await open(FLOW);
    for (let failure = 1; failure < 5; failure += 1) {
      expect((await person.signOn("alice", "wrong")).heading).toBe("Sign On");
    }
    expect((await person.signOn("alice", "wrong")).heading).toBe("Account Locked");
    expect(person.html).toContain("unlock in 15 minutes.");
    await person.press("BACK");
    expect((await person.signOn("alice")).heading).toBe("Account Locked");

    await person.press("BACK");
    advanceClock(15 * 60_000);
    expect((await person.signOn("alice")).heading).toBe("Application Consent");
  });

  it("tells a disabled user no more than a wrong password", async () => {
    const person = await (await engineWithShippedUsers().open(FLOW)).signOn("disabled");
    expect(person.alert).toBe("Invalid username and/or password");
  });

  it("asks an unverified person for the code that was sent", async () => {
    const { open, engine, users } = engineWithShippedUsers();
    const person = await (await open(FLOW)).signOn("unverified");
    expect(person.inputs).toEqual(["passcode"]);
    expect(person.buttons).toEqual(["VERIFY: Verify", "RESEND: Resend Code"]);

    const { code } = engine.outbox.latest("unverified@example.com");
    expect(person.html).toContain(`>${code}</code>`);
    await person.press("VERIFY", { passcode: code });
    expect(users.findByLogin("unverified")?.lifecycle.status).toBe("ACCOUNT_OK");
    expect((await person.press("NEXT")).heading).toBe("Application Consent");
  });

  it("asks a user with MFA for a one-time code and says so in the methods", async () => {
    const { open, engine } = engineWithShippedUsers();
    const person = await (await open(FLOW)).signOn("mfa");
    expect(person.heading).toBe("Enter Your Passcode");

    const { code } = engine.outbox.latest("mfa@example.com");
    expect((await person.press("VERIFY", { passcode: "x" })).alert).toBe("Invalid passcode");
    await (await person.press("VERIFY", { passcode: code })).press("ACCEPTED");
    expect(person.outcome).toMatchObject({ kind: "success", authenticationMethods: ["pwd", "otp", "mfa"] });
  });

  it("fills in the login hint", async () => {
    const person = await createTestEngine().open(FLOW, { parameters: { login_hint: "alice@example.com" } });
    expect(person.html).toContain('name="username" value="alice@example.com"');
  });
});

describe("one-time codes", () => {
  const atCode = async () => {
    const test = engineWithShippedUsers();
    const person = await (await test.open(FLOW)).signOn("mfa");
    const latest = () => test.engine.outbox.latest("mfa@example.com").code;
    return { ...test, person, latest };
  };

  it("are worthless once another was sent", async () => {
    const { person, latest } = await atCode();
    const first = latest();
    await person.press("RESEND");
    expect((await person.press("VERIFY", { passcode: first })).alert).toBe("Invalid passcode");
    expect((await person.press("VERIFY", { passcode: latest() })).heading).toBe("Application Consent");
  });

  it("are worthless after fifteen minutes", async () => {
    const { person, latest, advanceClock } = await atCode();
    advanceClock(15 * 60_000);
    expect((await person.press("VERIFY", { passcode: latest() })).alert).toBe("Invalid passcode");
  });

  it("are worthless after five wrong guesses", async () => {
    const { person, latest } = await atCode();
    for (let guess = 0; guess < 5; guess += 1) await person.press("VERIFY", { passcode: "wrong" });
    expect((await person.press("VERIFY", { passcode: latest() })).alert).toBe("Invalid passcode");
  });

  it("of one purpose are worthless for another", async () => {
    const { open, engine } = engineWithShippedUsers();
    const person = await (await open(FLOW)).press("TROUBLE");
    await person.press("CONTINUE", { username: "mfa" });
    const { code } = engine.outbox.latest("mfa@example.com");
    await (await person.press("CANCEL")).signOn("mfa");
    expect((await person.press("VERIFY", { passcode: code })).alert).toBe("Invalid passcode");
  });

  it("of one person do not vouch for the next one at the same screen", async () => {
    const { open, engine, users } = engineWithShippedUsers();
    const person = await (await open(FLOW)).press("TROUBLE");
    await person.press("CONTINUE", { username: "alice" });
    const { code } = engine.outbox.latest("alice@example.com");
    await (await person.press("CANCEL")).press("TROUBLE");
    await person.press("CONTINUE", { username: "nobody" });
    await person.press("UPDATE", {
      recoveryCode: code,
      newPassword: NEW_PASSWORD,
      verifyNewPassword: NEW_PASSWORD,
    });
    expect(person.alert).toBe("Invalid recovery code and/or password");
    expect(users.checkPassword(users.findByLogin("alice")?.id ?? "", PASSWORD).status).toBe("OK");
  });
});

describe("registration", () => {
  const profile = {
    email: "zoe@example.com",
    givenName: "Zoe",
    familyName: "Zimmer",
    password: NEW_PASSWORD,
  };

  it("creates an account, verifies its address and signs on", async () => {
    const { open, engine, users } = createTestEngine();
    const person = await (await open(FLOW)).press("REGISTER");
    expect(person.inputs).toEqual(["email", "givenName", "familyName", "password"]);
    expect(person.buttons).toEqual(["REGISTER: Continue", "CANCEL: Cancel"]);

    await person.press("REGISTER", profile);
    expect(users.findByLogin("zoe@example.com")?.lifecycle.status).toBe("VERIFICATION_REQUIRED");
    expect((await person.press("VERIFY", { passcode: "wrong" })).alert).toBe("Invalid verification code");
    await person.press("VERIFY", { passcode: engine.outbox.latest("zoe@example.com").code });
    await (await person.press("NEXT")).press("ACCEPTED");
    expect(person.outcome).toMatchObject({
      kind: "success",
      userId: users.findByLogin("zoe@example.com")?.id,
      authenticationMethods: ["pwd"],
    });
  });

  it.each([
    ["an address that is taken", { email: "alice@example.com" }, "already exists"],
    ["something that is no address", { email: "zoe" }, "valid email address"],
    ["a weak password", { password: "password" }, "requirements"],
  ])("refuses %s, and keeps all but the password", async (_, change, message) => {
    const { open } = createTestEngine();
    const person = await (await open(FLOW)).press("REGISTER");
    await person.press("REGISTER", { ...profile, ...change });
    expect(person.alert).toContain(message);
    expect(person.html).toContain('name="givenName" value="Zoe"');
    expect(person.html).not.toContain(NEW_PASSWORD);
  });
});

describe("forgotten password", () => {
  it("sets a new password by recovery code", async () => {
    const { open, engine } = createTestEngine();
    const person = await (await open(FLOW)).press("TROUBLE");
    expect(person.heading).toBe("Recover Your Account");
    expect(person.buttons).toEqual(["CONTINUE: Continue", "CANCEL: Cancel"]);
    await person.press("CONTINUE", { username: "alice" });
    expect(person.heading).toBe("Enter New Password");
    expect(person.inputs).toEqual(["recoveryCode", "newPassword", "verifyNewPassword"]);
    expect(person.buttons.map((button) => button.split(":")[0])).toEqual(["UPDATE", "RESEND", "CANCEL"]);

    await person.press("RESEND");
    const recoveryCode = engine.outbox.latest("alice@example.com").code;
    const update = (changes: Record<string, string>) =>
      person.press("UPDATE", {
        recoveryCode,
        newPassword: NEW_PASSWORD,
        verifyNewPassword: NEW_PASSWORD,
        ...changes,
      });
    expect((await update({ verifyNewPassword: "x" })).alert).toBe("Passwords do not match.");
    expect((await update({ recoveryCode: "x" })).alert).toBe("Invalid recovery code and/or password");
    expect((await update({})).heading).toBe("Password Reset Success");

    await person.press("NEXT");
    expect((await person.signOn("alice", PASSWORD)).alert).toBe("Invalid username and/or password");
    expect((await person.signOn("alice", NEW_PASSWORD)).heading).toBe("Application Consent");
  });

  it("shows an unknown user the same page, and tells the developer why there is no code", async () => {
    const { open, engine } = createTestEngine();
    const person = await (await open(FLOW)).press("TROUBLE");
    await person.press("CONTINUE", { username: "nobody" });
    expect(person.heading).toBe("Enter New Password");
    expect(person.html).toContain("No code was sent");
    expect(engine.outbox.list()).toEqual([]);
  });

  it("unlocks a locked password", async () => {
    const { open, engine } = engineWithShippedUsers();
    const person = await (await open(FLOW)).press("TROUBLE");
    await person.press("CONTINUE", { username: "locked" });
    await person.press("UPDATE", {
      recoveryCode: engine.outbox.latest("locked@example.com").code,
      newPassword: NEW_PASSWORD,
      verifyNewPassword: NEW_PASSWORD,
    });
    await person.press("NEXT");
    expect((await person.signOn("locked", NEW_PASSWORD)).heading).toBe("Application Consent");
  });
});

describe("Check Session", () => {
  const openWithSession = async (
    flow: string,
    session: { ageMinutes?: number; methods?: string[]; user?: string } = {},
    changes: { forceAuthentication?: boolean; silent?: boolean } = {},
  ) => {
    const test = engineWithShippedUsers();
    const user = test.users.findByLogin(session.user ?? "alice");
    return test.open(flow, {
      ...changes,
      session: {
        id: "session-1",
        userId: user?.id ?? "",
        authenticationMethods: session.methods ?? ["pwd"],
        lastUsedAt: test.clock() - (session.ageMinutes ?? 0) * 60_000,
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

  it.each([
    ["a session last used too long ago", FLOW, { ageMinutes: 481 }, {}],
    ["a session by another method", FLOW, { methods: ["mfa"] }, {}],
    ["a session of a disabled user", FLOW, { user: "disabled" }, {}],
    ["a session of nobody", FLOW, { user: "nobody" }, {}],
    ["prompt=login", FLOW, {}, { forceAuthentication: true }],
    ["a flow without Check Session", "sign-on-every-time", {}, {}],
  ] as const)("asks for the password with %s", async (_, flow, session, changes) => {
    const { methods, ...rest } = { methods: undefined, ...session };
    const person = await openWithSession(
      flow,
      { ...rest, ...(methods && { methods: [...methods] }) },
      changes,
    );
    expect(person.heading).toBe("Sign On");
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
    const session = { id: "s", userId, authenticationMethods: ["pwd"], lastUsedAt: clock() };
    expect((await open(FLOW, { silent: true, session })).outcome?.kind).toBe("died");

    const scopes = ["openid", "profile", "todo_api:read", "todo_api:write"];
    consents.record({ userId, applicationId: "app-1", scopes }, { status: "ACCEPTED", scopes });
    expect((await open(FLOW, { silent: true, session })).outcome?.kind).toBe("success");
  });
});

describe("consent", () => {
  const atConsent = async (flow: string, scopes?: string[]) => {
    const test = engineWithShippedUsers();
    const open = () => test.open(flow, scopes && { scopes });
    return { ...test, reopen: open, person: await (await open()).signOn("decliner") };
  };

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

  it("yields tokens for Decline where the flow does not branch", async () => {
    const { person } = await atConsent("consent-not-branched");
    const outcome = (await person.press("DECLINED")).outcome;
    expect(outcome).toMatchObject({ kind: "success" });
    expect(outcome).not.toHaveProperty("scopes");
  });

  it("strands the person in the official sub-flow", async () => {
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
    expect(person.outcome).toMatchObject({ kind: "screen", status: 400 });
    expect(person.alert).toContain("only allow what was asked for");
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

  it("end after sign on when the terminal is that of a sub-flow", async () => {
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
