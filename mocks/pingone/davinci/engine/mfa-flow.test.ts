/** A flow with a choice among MFA devices, from its first screen to its end. */
import { parse } from "node-html-parser";
import { describe, expect, it } from "vitest";
import { totpCodeOf } from "../../tenant/totp.ts";
import { createTestEngine, type Person, userFixture } from "../../testing/flow-driver.ts";
import { SECRET } from "../../testing/mfa-calls.ts";
import { mfaFlow } from "../../testing/mfa-flow.ts";

const alice = userFixture("alice", {
  mfaEnabled: true,
  devices: [
    { type: "EMAIL", email: "alice@example.com" },
    { type: "SMS", phone: "+1.2025550100" },
    { type: "TOTP", secret: SECRET, nickname: "My app" },
  ],
});

function setUp(deviceSelection: "DEFAULT_TO_FIRST" | "PROMPT_TO_SELECT" = "PROMPT_TO_SELECT") {
  const engine = createTestEngine({ users: [alice, userFixture("bob")], flows: [mfaFlow], deviceSelection });
  const begin = async (username: string) => (await engine.open("MFA flow")).press("NEXT", { username });
  return { ...engine, begin };
}

const codesShown = ({ html }: Person) =>
  parse(html)
    .querySelectorAll('[data-testid="one-time-code"]')
    .map((code) => code.text);
const choiceOf = (person: Person, label: string) =>
  person.buttons.find((button) => button.includes(label))?.split(":")[0] ?? "";

describe("a flow that signs on by MFA", () => {
  it("[PING-282] lets the person choose, and ends with the right code, which the page shows", async () => {
    const { begin, engine } = setUp();
    const person = await begin("alice");
    expect(person.heading).toBe("Choose a device");
    expect(person.buttons.map((button) => button.replace(/^[^:]+: /, ""))).toEqual([
      "EMAIL a******@example.com",
      "SMS ******0100",
      "TOTP",
    ]);
    expect(codesShown(person)).toEqual([]);
    await person.press(choiceOf(person, "SMS"));
    expect(person.heading).toBe("Enter the code");
    const [code = ""] = codesShown(person);
    expect(person.html).toContain("sent by SMS to +1.2025550100");
    expect(engine.outbox.list().at(-1)).toMatchObject({ code, channel: "SMS" });
    await person.press("NEXT", { otp: "000" });
    expect(person.alert).toBe("This code is not right.");
    await person.press("NEXT", { otp: code });
    expect(person.outcome).toMatchObject({ kind: "success", authenticationMethods: ["mfa"] });
  });

  it("[PING-283] shows what the authenticator app shows, by the emulator's clock", async () => {
    const { begin, clock, advanceClock } = setUp();
    const person = await begin("alice");
    await person.press(choiceOf(person, "TOTP"));
    const [code = ""] = codesShown(person);
    expect(code).toBe(totpCodeOf(SECRET, clock()).code);
    expect(person.html).toContain("My app");
    expect(person.html).not.toContain(SECRET);
    advanceClock(60_000);
    await person.press("NEXT", { otp: code });
    expect(person.alert).toBe("This code is not right.");
    await person.press("NEXT", { otp: codesShown(person)[0] ?? "" });
    expect(person.outcome?.kind).toBe("success");
  });

  it("shows no code of a device that was selected before", async () => {
    const { begin, mfa } = setUp();
    const person = await begin("alice");
    await person.press(choiceOf(person, "SMS"));
    const [code = ""] = codesShown(person);
    const waiting = mfa.authentications.waiting(alice.id, "OTP_REQUIRED");
    if (!waiting) throw new Error("nothing waits");
    delete waiting.sent;
    mfa.authentications.change(waiting, { selectedDeviceId: mfa.devices.list(alice.id)[2]?.id });
    await person.press("NEXT", { otp: "000" });
    expect(codesShown(person)).toHaveLength(1);
    expect(codesShown(person)).not.toContain(code);
  });

  it("takes the first device where the policy says so, and tells who has none", async () => {
    const { begin } = setUp("DEFAULT_TO_FIRST");
    expect((await begin("alice")).heading).toBe("Enter the code");
    const bob = await begin("bob");
    expect(bob.alert).toBe("You have no device.");
    expect(bob.html).toContain("bob has no MFA device");
  });
});
