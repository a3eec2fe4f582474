import { describe, expect, it } from "vitest";
import { createTestEngine, PASSWORD, userFixture } from "../../testing/flow-driver.ts";

const FLOW = "sign-on-with-consent";

describe("a form that no person would send", () => {
  it.each([
    ["no button", { username: "alice", password: PASSWORD }, "choose one of the buttons"],
    ["an oversized field", { buttonValue: "SIGNON", username: "a".repeat(5000) }, "Username is longer"],
  ])("with %s gets the screen again with a reason", async (_, form, reason) => {
    const person = await createTestEngine().open(FLOW);
    await person.post(form as Record<string, string>);
    expect(person.outcome).toMatchObject({ kind: "screen", status: 400 });
    expect(person.heading).toBe("Sign On");
    expect(person.alert).toContain(reason);
    expect(person.html).not.toContain("a".repeat(5000));
  });

  it("with a button of another screen gets what the flow does with any other value", async () => {
    const person = await createTestEngine().open(FLOW);
    await person.post({ buttonValue: "ACCEPTED", username: "alice", password: PASSWORD });
    expect(person.outcome).toMatchObject({ kind: "screen", status: 200 });
    expect(person.heading).toBe("Sign On");
    expect(person.alert).toBe("Something went wrong. Please try again.");
    expect(person.html).toContain("buttonValue that no button of this screen has");
    expect((await person.signOn("alice")).heading).toBe("Application Consent");
  });

  it.each(["username", "buttonValue"])("with two of %s gets the screen again", async (key) => {
    const person = await createTestEngine().open(FLOW);
    const form = new URLSearchParams({ username: "alice", password: PASSWORD, buttonValue: "SIGNON" });
    form.append(key, "alice");
    await person.post(form);
    expect(person.outcome).toMatchObject({ kind: "screen", status: 400 });
    expect(person.alert).toContain(`more than one "${key}"`);
  });

  it("with two answers to consent gets the screen again", async () => {
    const person = await (await createTestEngine().open(FLOW)).signOn("alice");
    await person.post(new URLSearchParams("buttonValue=ACCEPTED&buttonValue=DECLINED"));
    expect(person.outcome).toMatchObject({ kind: "screen", status: 400 });
    expect(person.heading).toBe("Application Consent");
  });

  it("is done nothing with: a wrong button neither counts as a failure nor as an answer", async () => {
    const { open, users } = createTestEngine();
    const person = await open(FLOW);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await person.post({ buttonValue: "NOPE", username: "alice", password: "wrong" });
    }
    expect(users.checkPassword(users.findByLogin("alice")?.id ?? "", PASSWORD).status).toBe("OK");

    await person.signOn("alice");
    await person.post({ buttonValue: "APPROVED" });
    expect(person.heading).toBe("Application Consent");
    expect(person.alert).toContain("choose one of the buttons: Approve, Decline");
  });

  it("does not put a password or a code back into the page", async () => {
    const person = await createTestEngine().open(FLOW);
    await person.post({ buttonValue: "NOPE", username: "mfa", password: "s3cret-value" });
    expect(person.html).not.toContain("s3cret-value");
    await person.signOn("mfa");
    await person.press("VERIFY", { passcode: "424242" });
    expect(person.html).not.toContain("424242");
  });
});

describe("a form that is not filled in", () => {
  it("names the fields that are missing and keeps the others", async () => {
    const person = await createTestEngine().open(FLOW);
    await person.press("SIGNON", { username: "alice", password: " " });
    expect(person.outcome).toMatchObject({ status: 200 });
    expect(person.alert).toBe("Please fill in: Password.");
    expect(person.html).toContain('name="username" value="alice"');
    expect(person.html).toMatch(/id="password"[^>]*aria-invalid="true"/);
    expect(person.html).not.toMatch(/id="username"[^>]*aria-invalid/);
  });
});

describe("a form of an earlier screen", () => {
  it("after the back button shows the current screen, and says so", async () => {
    const { open, users } = createTestEngine();
    const person = await open(FLOW);
    const { step } = person;
    await person.signOn("alice");

    await person.post({ step, buttonValue: "SIGNON", username: "alice", password: "wrong" });
    expect(person.heading).toBe("Application Consent");
    expect(person.notice).toContain("no longer the current one");
    expect(users.checkPassword(users.findByLogin("alice")?.id ?? "", "wrong")).toMatchObject({
      failuresRemaining: 4,
    });
  });

  it("sent twice counts one failure and keeps the message", async () => {
    const { open, users } = createTestEngine();
    const person = await open(FLOW);
    const form = { step: person.step, buttonValue: "SIGNON", username: "alice", password: "wrong" };
    await Promise.all([person.post(form), person.post(form)]);

    expect(person.alert).toBe("Invalid username and/or password");
    expect(users.checkPassword(users.findByLogin("alice")?.id ?? "", "wrong")).toMatchObject({
      failuresRemaining: 3,
    });
  });

  it("with a step that is no number is an earlier one", async () => {
    const person = await createTestEngine().open(FLOW);
    await person.post({ step: "x", buttonValue: "SIGNON", username: "alice", password: PASSWORD });
    expect(person.notice).toBeDefined();
    expect(person.heading).toBe("Sign On");
  });
});

describe("an interaction that has ended", () => {
  const approved = async () => {
    const test = createTestEngine();
    const person = await (await test.open(FLOW)).signOn("alice");
    const form = { step: person.step, buttonValue: "ACCEPTED" };
    await person.post(form);
    return { ...test, person, form };
  };

  it("answers a double click with the same outcome, whatever button the second one was on", async () => {
    const { person, form } = await approved();
    const first = person.outcome;
    expect(first?.kind).toBe("success");
    expect((await person.post(form)).outcome).toBe(first);
    expect((await person.post({ ...form, buttonValue: "DECLINED" })).outcome).toBe(first);
  });

  it("is unknown a moment later, and at once to any other form", async () => {
    const { person, form, advanceClock } = await approved();
    expect((await person.post({ ...form, step: "1" })).outcome).toBeUndefined();
    expect((await person.post({ buttonValue: "ACCEPTED" })).outcome).toBeUndefined();
    advanceClock(10_000);
    expect((await person.post(form)).outcome).toBeUndefined();
  });
});

describe("interactions", () => {
  it("do not see each other", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `user${index}`);
    const { open, users } = createTestEngine({ users: names.map((name) => userFixture(name)) });
    const people = await Promise.all(names.map(() => open(FLOW)));

    await Promise.all(people.map((person, index) => person.signOn(names[index] ?? "")));
    await Promise.all(people.map((person) => person.press("ACCEPTED")));
    expect(people.map(({ outcome }) => (outcome?.kind === "success" ? outcome.userId : undefined))).toEqual(
      names.map((name) => users.findByLogin(name)?.id),
    );
  });
});

describe("findFlow", () => {
  it("takes a name or a policy id, and lists the names otherwise", () => {
    const { engine } = createTestEngine();
    const byName = engine.findFlow("consent-always");
    expect(engine.findFlow(byName.policyId)).toEqual(byName);
    expect(() => engine.findFlow("consent-allways")).toThrow(/no flow "consent-allways".*consent-always, /);
  });
});

describe("the outbox", () => {
  it("[PING-142] has no message for a user without an address, whose page says so", async () => {
    const nobody = { ...userFixture("mfa", { mfaEnabled: true }), email: undefined };
    const { open, engine } = createTestEngine({ users: [nobody] });
    const person = await (await open(FLOW)).signOn("mfa");
    expect(engine.outbox.list()).toEqual([]);
    expect(person.html).toContain("No code was sent: the user has no e-mail address.");
    await person.press(person.buttons[0]?.split(":")[0] ?? "", { code: "" });
    expect(person.outcome?.kind).toBe("screen");
  });

  it("keeps the last 200 messages", { timeout: 30_000 }, async () => {
    const { open, engine } = createTestEngine();
    const person = await (await open(FLOW)).signOn("mfa");
    const first = engine.outbox.latest("mfa@example.com");
    for (let sent = 1; sent < 201; sent += 1) await person.press("RESEND");
    expect(engine.outbox.list()).toHaveLength(200);
    expect(engine.outbox.list()).not.toContain(first);
  });

  it("names the addresses that did get a message", async () => {
    const { open, engine } = createTestEngine();
    await (await open(FLOW)).signOn("mfa");
    expect(() => engine.outbox.latest("alice@example.com")).toThrow("Messages went to: mfa@example.com.");
    expect(engine.outbox.latest("MFA@example.com")).toMatchObject({ purpose: "mfa" });
  });
});
