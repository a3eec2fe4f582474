/** The state that an interaction keeps between nodes. The test flow loops through one screen that shows all of it. */
import { describe, expect, it } from "vitest";
import { createTestEngine, PASSWORD } from "../../testing/flow-driver.ts";
import { findFaults } from "../scenarios/scenario-faults.ts";
import { scenarioSchema } from "../scenarios/scenario-schema.ts";

const button = (key: string, next: string) => ({ type: "FLOW_BUTTON", key, label: key, next });
const submit = (key: string, next: string) => ({ type: "SUBMIT_BUTTON", key, label: key, next });
const text = (key: string) => ({ type: "TEXT", key, label: key });

const hubFlow = scenarioSchema.parse({
  name: "hub",
  description: "For a test.",
  policyId: "0123456789abcdef0123456789abcdef",
  start: "session",
  nodes: {
    session: {
      type: "checkSession",
      methods: ["pwd"],
      lastUsedWithinMinutes: 1,
      on: { session: "hub", noSession: "signOn" },
    },
    signOn: {
      type: "screen",
      heading: "Sign On",
      fields: [text("username"), text("password")],
      buttons: [submit("SIGNON", "lookUp"), submit("TROUBLE", "lookUpForRecovery")],
    },
    lookUp: {
      type: "userLookup",
      by: ["username"],
      input: "username",
      on: { found: "hub", notFound: "hub" },
    },
    lookUpForRecovery: {
      type: "userLookup",
      by: ["username"],
      input: "username",
      on: { found: "sendRecovery", notFound: "sendRecovery" },
    },
    sendRecovery: { type: "sendCode", purpose: "recovery", on: { sent: "recover" } },
    recover: {
      type: "screen",
      heading: "Recover",
      fields: [text("code"), text("newPassword")],
      buttons: [submit("UPDATE", "recoverPassword"), button("BACK", "signOn")],
    },
    recoverPassword: {
      type: "recoverPassword",
      code: "code",
      newPassword: "newPassword",
      verifyNewPassword: "newPassword",
      on: { ok: "recover", invalid: "wrong", mismatch: "wrong" },
    },
    hub: {
      type: "screen",
      heading: "user={{user.username}} mfa={{mfa.verified}} consent={{consent.status}}",
      text: ["constructor={{parameters.constructor}}"],
      buttons: [
        button("SEND", "sendCode"),
        button("CODE", "enterCode"),
        button("CONSENT", "consent"),
        button("OTHER", "signOn"),
        button("BRANCH", "branch"),
        button("DONE", "success"),
      ],
    },
    sendCode: { type: "sendCode", purpose: "mfa", on: { sent: "enterCode" } },
    enterCode: {
      type: "screen",
      heading: "Code",
      fields: [text("code")],
      buttons: [submit("VERIFY", "checkCode")],
    },
    checkCode: { type: "checkCode", purpose: "mfa", input: "code", on: { ok: "hub", invalid: "wrong" } },
    consent: { type: "consent", promptConsent: true, next: "hub" },
    branch: { type: "branch", value: "parameters.word", equals: {}, otherwise: "hub" },
    wrong: { type: "errorMessage", message: "Wrong" },
    success: { type: "success", authenticationMethods: ["pwd"] },
  },
});

async function openHub(parameters: Record<string, string> = {}) {
  const test = createTestEngine({ scenarios: [hubFlow] });
  const session = {
    id: "session-1",
    userId: test.users.findByLogin("alice")?.id ?? "",
    authenticationMethods: ["pwd", "otp"],
    authenticatedAt: test.clock(),
  };
  return { ...test, person: await test.open("hub", { session, parameters }) };
}

it("is a flow without faults", () => {
  expect(findFaults(hubFlow)).toEqual([]);
});

describe("an interaction", () => {
  it("forgets with one person what that one proved and answered", async () => {
    const { person, engine } = await openHub();
    await person.press("SEND");
    await person.press("VERIFY", { code: engine.outbox.latest("alice@example.com").code });
    await (await person.press("CONSENT")).press("ACCEPTED");
    expect(person.heading).toBe("user=alice mfa=true consent=ACCEPTED");
    await person.press("OTHER");
    await person.press("SIGNON", { username: "bob", password: PASSWORD });
    expect(person.heading).toBe("user=bob mfa=false consent=");
    expect((await person.press("DONE")).outcome).toMatchObject({
      kind: "success",
      reusedSession: false,
      authenticationMethods: ["pwd"],
    });
  });

  it("does not show one person's code to the next", async () => {
    const { person, engine } = await openHub();
    await person.press("OTHER");
    await person.press("TROUBLE", { username: "alice", password: "-" });
    const { code } = engine.outbox.latest("alice@example.com");
    expect(person.html).toContain(code);
    await person.press("BACK");
    await person.press("SIGNON", { username: "bob", password: "-" });
    expect(person.heading).toContain("user=bob");
    expect(person.html).not.toContain(code);
  });

  it("forgets why no code was sent", async () => {
    const { person } = await openHub();
    await person.press("OTHER");
    await person.press("TROUBLE", { username: "nobody", password: "-" });
    expect(person.html).toContain("No code was sent");
    await person.press("BACK");
    await person.press("SIGNON", { username: "bob", password: "-" });
    expect(person.html).not.toContain("No code was sent");
  });

  it("shows a code only while it can be entered", async () => {
    const { person, engine, advanceClock } = await openHub();
    await person.press("SEND");
    const { code } = engine.outbox.latest("alice@example.com");
    expect(person.html).toContain(`>${code}<`);
    await person.press("VERIFY", { code });
    expect(person.html).not.toContain(code);
    await person.press("SEND");
    const again = engine.outbox.latest("alice@example.com").code;
    expect(person.html).toContain(`>${again}<`);
    advanceClock(30 * 60_000);
    await person.press("VERIFY", { code: again });
    expect(person.html).not.toContain(`>${again}<`);
  });

  it("takes a code once", async () => {
    const { person, engine } = await openHub();
    await person.press("SEND");
    const { code } = engine.outbox.latest("alice@example.com");
    await person.press("VERIFY", { code });
    await person.press("CODE");
    expect((await person.press("VERIFY", { code })).alert).toBe("Wrong");
  });

  it("takes a recovery code once", async () => {
    const { person, engine, users } = await openHub();
    await person.press("OTHER");
    await person.press("TROUBLE", { username: "alice", password: "-" });
    const { code } = engine.outbox.latest("alice@example.com");
    const update = (newPassword: string) => person.press("UPDATE", { code, newPassword });
    expect((await update("weak")).alert).toBe("Wrong");
    expect((await update("First-Passw0rd")).alert).toBeUndefined();
    expect((await update("Second-Passw0rd")).alert).toBe("Wrong");
    expect(users.checkPassword(users.findByLogin("alice")?.id ?? "", "First-Passw0rd").status).toBe("OK");
  });

  it.each(["DONE", "CONSENT"])("dies when %s is reached without a user", async (key) => {
    const { person } = await openHub();
    await person.press("OTHER");
    await person.press("SIGNON", { username: "nobody", password: "-" });
    expect((await person.press(key)).outcome).toEqual({
      kind: "died",
      reason: expect.stringMatching(/without a user|no user id/),
    });
  });

  it("does not take properties that every object has for parameters or branches", async () => {
    const { person } = await openHub({ word: "constructor" });
    expect(person.html).toContain("<p>constructor=</p>");
    expect((await person.press("BRANCH")).heading).toContain("user=alice");
  });
});
