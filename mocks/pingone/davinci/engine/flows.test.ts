import { describe, expect, it } from "vitest";
import { createTestEngine, PASSWORD } from "../../testing/flow-driver.ts";

const FLOW = "sign-on-with-consent";
const NEW_PASSWORD = "N3w-Passw0rd!";
const renewal = { newPassword: NEW_PASSWORD, verifyNewPassword: NEW_PASSWORD };

describe("sign on", () => {
  it("makes a person whose password must be changed choose another", async () => {
    const { open, users } = createTestEngine();
    const person = await (await open(FLOW)).signOn("mustchange");

    expect(person.heading).toBe("Update Password");
    expect(person.inputs).toEqual(["currentPassword", "newPassword", "verifyNewPassword"]);
    expect(person.buttons).toEqual(["UPDATE: Continue", "CANCEL: Cancel"]);

    const change = (changes: Record<string, string>) =>
      person.press("UPDATE", { currentPassword: PASSWORD, ...renewal, ...changes });
    expect((await change({ verifyNewPassword: "Another-0ne!" })).alert).toBe("Passwords do not match.");
    expect((await change({ currentPassword: "wrong" })).alert).toBe("Current password is not valid.");
    expect((await change({ newPassword: "short", verifyNewPassword: "short" })).alert).toBe(
      "New password does not meet requirements.",
    );
    expect((await change({ newPassword: PASSWORD, verifyNewPassword: PASSWORD })).alert).toBeDefined();

    expect((await change({})).heading).toBe("Success");
    expect((await person.press("NEXT")).heading).toBe("Application Consent");
    expect((await person.press("ACCEPTED")).outcome?.kind).toBe("success");
    expect(users.checkPassword(users.findByLogin("mustchange")?.id ?? "", NEW_PASSWORD).status).toBe("OK");
  });

  it("does not let a user who was disabled meanwhile change the password", async () => {
    const { open, users } = createTestEngine();
    const person = await (await open(FLOW)).signOn("mustchange");
    const id = users.findByLogin("mustchange")?.id ?? "";
    users.setEnabled(id, false);
    await person.press("UPDATE", { currentPassword: PASSWORD, ...renewal });
    expect(person.alert).toBe("Current password is not valid.");
    expect(users.checkPassword(id, NEW_PASSWORD).status).toBe("INVALID");
  });

  it("treats an expired password like one that must be changed", async () => {
    const person = await (await createTestEngine().open(FLOW)).signOn("expired");
    expect(person.heading).toBe("Update Password");
    expect((await person.press("CANCEL")).heading).toBe("Sign On");
  });

  it("says when a locked account will unlock, and goes back", async () => {
    const person = await (await createTestEngine().open(FLOW)).signOn("locked");
    expect(person.heading).toBe("Account Locked");
    expect(person.html).toContain("Your account will unlock in 24 hours.");
    expect(person.buttons).toEqual(["BACK: Back to sign on"]);
    expect((await person.press("BACK")).heading).toBe("Sign On");
  });

  it("says when the password will unlock after five failures", async () => {
    const person = await createTestEngine().open(FLOW);
    for (let failure = 1; failure < 5; failure += 1) {
      expect((await person.signOn("alice", "wrong")).heading).toBe("Sign On");
    }
    expect((await person.signOn("alice", "wrong")).heading).toBe("Account Locked");
    expect(person.html).toContain("unlock in 15 minutes.");
  });

  it("tells a disabled user no more than a wrong password", async () => {
    const person = await (await createTestEngine().open(FLOW)).signOn("disabled");
    expect(person.alert).toBe("Invalid username and/or password");
  });

  it("lets a person sign on whose address is not verified yet, as PingOne's template does", async () => {
    const person = await (await createTestEngine().open(FLOW)).signOn("unverified");
    expect(person.heading).toBe("Application Consent");
  });

  it("asks a user with MFA for a one-time code and says so in the methods", async () => {
    const { open, engine } = createTestEngine();
    const person = await (await open(FLOW)).signOn("mfa");
    expect(person.heading).toBe("Enter Your Passcode");

    const { code } = engine.outbox.latest("mfa@example.com");
    expect((await person.press("VERIFY", { passcode: "x" })).alert).toBe("Invalid passcode");
    await (await person.press("VERIFY", { passcode: code })).press("ACCEPTED");
    expect(person.outcome).toMatchObject({ kind: "success", authenticationMethods: ["pwd", "otp", "mfa"] });
  });
});

describe("one-time codes", () => {
  const atCode = async () => {
    const test = createTestEngine();
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

  it("are worthless after half an hour", async () => {
    const { person, latest, advanceClock } = await atCode();
    advanceClock(30 * 60_000);
    expect((await person.press("VERIFY", { passcode: latest() })).alert).toBe("Invalid passcode");
  });

  it("are worthless after five wrong guesses", async () => {
    const { person, latest } = await atCode();
    for (let guess = 0; guess < 5; guess += 1) await person.press("VERIFY", { passcode: "wrong" });
    expect((await person.press("VERIFY", { passcode: latest() })).alert).toBe("Invalid passcode");
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
    expect(person.buttons).toEqual(["REGISTER: Continue", "CANCEL: Already have an account? Sign On"]);

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
    expect(person.buttons).toEqual(["CONTINUE: Continue", "CANCEL: Back"]);
    await person.press("CONTINUE", { username: "alice" });
    expect(person.heading).toBe("Enter New Password");
    expect(person.inputs).toEqual(["recoveryCode", "newPassword", "verifyNewPassword"]);
    expect(person.buttons.map((button) => button.split(":")[0])).toEqual(["UPDATE", "RESEND", "CANCEL"]);

    await person.press("RESEND");
    const recoveryCode = engine.outbox.latest("alice@example.com").code;
    const update = (changes: Record<string, string>) =>
      person.press("UPDATE", { recoveryCode, ...renewal, ...changes });
    expect((await update({ verifyNewPassword: "x" })).alert).toBe("Passwords do not match.");
    expect((await update({ recoveryCode: "x" })).alert).toBe("Invalid recovery code and/or password");
    expect((await update({})).heading).toBe("Success");

    // As in PingOne's template: who has recovered a password is signed on.
    expect((await person.press("NEXT")).heading).toBe("Application Consent");
    const other = await open(FLOW);
    expect((await other.signOn("alice", PASSWORD)).alert).toBe("Invalid username and/or password");
    expect((await other.signOn("alice", NEW_PASSWORD)).heading).toBe("Application Consent");
  });

  it("shows an unknown user the same page, and tells the developer why there is no code", async () => {
    const { open, engine } = createTestEngine();
    const person = await (await open(FLOW)).press("TROUBLE");
    await person.press("CONTINUE", { username: "nobody" });
    expect(person.heading).toBe("Enter New Password");
    expect(person.html).toContain("No code was sent");
    expect(engine.outbox.list()).toEqual([]);
  });
});
