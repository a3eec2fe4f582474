import { describe, expect, it } from "vitest";
import { totpCodeOf } from "../../tenant/totp.ts";
import { setUpMfa } from "../../testing/mfa-calls.ts";

function setUp(changes = {}) {
  const set = setUpMfa(changes);
  const { call, alice } = set;
  const pair = (properties: Record<string, unknown>) =>
    call("createDevice", { userId: alice.id, ...properties });
  const activate = (deviceId: string, properties: Record<string, unknown>) =>
    call("activateDevice", { userId: alice.id, deviceId, ...properties });
  return { ...set, pair, activate };
}

const PENDING = { status: "ACTIVATION_REQUIRED" };

describe("Create Device", () => {
  it.each([
    ["EMAIL", { email: "new@example.com" }, "new@example.com", undefined],
    ["SMS", { phone: "+1.2025550199" }, "+1.2025550199", "SMS"],
    ["VOICE", { phone: "+1.2025550199", extension: "12" }, "+1.2025550199", "VOICE"],
  ])(
    "[PING-270] of the type %s is activated by the code that is sent",
    async (deviceType, address, to, channel) => {
      const { pair, activate, begin, services, latestCode, alice } = setUp();
      const { output } = await pair({ deviceType, ...PENDING, ...address, nickname: "Mine" });
      expect(output).toMatchObject({
        device: { type: deviceType, status: "ACTIVATION_REQUIRED", nickname: "Mine", ...address },
        statusCode: 201,
      });
      expect(services.outbox.list()).toMatchObject([{ to, purpose: "pairing", userId: alice.id }]);
      expect(services.outbox.list()[0]?.channel).toBe(channel);
      expect(JSON.stringify(output)).not.toContain(latestCode());
      expect((await begin()).kind).toBe("failure");
      expect(await activate(output.device.id, { otp: "wrong" })).toMatchObject({
        error: { code: "invalidValue" },
      });
      const activated = await activate(output.device.id, { otp: latestCode() });
      expect(activated.output.device.status).toBe("ACTIVE");
      expect(services.mfa.devices.list(alice.id)[0]).not.toHaveProperty("sent");
      expect((await begin()).output.rawResponse.selectedDevice.id).toBe(output.device.id);
    },
  );

  it("can make it active at once, without a code", async () => {
    const { pair, services } = setUp();
    const { output } = await pair({ deviceType: "SMS", status: "ACTIVE", phone: "+1.2025550199" });
    expect(output.device.status).toBe("ACTIVE");
    expect(services.outbox.list()).toEqual([]);
  });

  it.each([{ deviceType: "enterDeviceType", customDeviceType: "sms" }, { deviceType: "Security Key" }])(
    "knows the type of %j",
    async (given) => {
      const { pair } = setUp();
      const { output } = await pair({ ...given, ...PENDING, phone: "+1.2025550199" });
      expect(["SMS", "SECURITY_KEY"]).toContain(output.device.type);
    },
  );

  it("of PingID names the type by a property of its own", async () => {
    const { call, alice } = setUp();
    const given = {
      userId: alice.id,
      workforceDeviceType: "EMAIL",
      email: "a@example.com",
      status: "ACTIVE",
    };
    expect((await call("createDevicePingID", given)).output.device.type).toBe("EMAIL");
  });

  it.each([
    ["no type", {}],
    ["an unknown type", { deviceType: "PIGEON" }],
    ["a phone", { deviceType: "MOBILE" }],
    ["no address", { deviceType: "EMAIL" }],
    ["a malformed address", { deviceType: "EMAIL", email: "nobody" }],
    ["no number", { deviceType: "SMS", email: "a@example.com" }],
    ["a malformed number", { deviceType: "VOICE", phone: "twelve" }],
    ["a name that is too long", { deviceType: "TOTP", nickname: "x".repeat(101) }],
  ])("refuses %s, and sends nothing", async (_, given) => {
    const { pair, services, alice } = setUp();
    expect(await pair({ ...PENDING, ...given })).toMatchObject({ error: { code: "invalidInput" } });
    expect(services.outbox.list()).toEqual([]);
    expect(services.mfa.devices.list(alice.id)).toEqual([]);
  });

  it("[PING-271] refuses a sixth device", async () => {
    const { pair } = setUp();
    const given = { deviceType: "TOTP" };
    for (let count = 0; count < 5; count += 1) expect((await pair(given)).kind).toBe("success");
    expect(await pair(given)).toMatchObject({
      error: { details: [{ rawResponse: { details: [{ code: "LIMIT_EXCEEDED" }] } }] },
    });
  });

  it("tells the code of a device for tests", async () => {
    const { pair, latestCode } = setUp();
    const given = { deviceType: "SMS", phone: "+1.2025550199", ...PENDING };
    const { output } = await pair({ ...given, createDeviceTestMode: "true" });
    expect(output.rawResponse.test).toEqual({ otp: latestCode() });
    expect((await pair(given)).output.rawResponse.test).toBeUndefined();
  });
});

describe("activating a device", () => {
  const sms = { deviceType: "SMS", phone: "+1.2025550199", ...PENDING };

  it("needs another code after three wrong ones, or after half an hour", async () => {
    const { pair, activate, latestCode, call, alice, advanceClock } = setUp();
    const { id } = (await pair(sms)).output.device;
    for (const otp of ["1", "2", "3"]) await activate(id, { otp });
    expect((await activate(id, { otp: latestCode() })).kind).toBe("failure");
    const resend = () => call("resendOTPForPairing", { userId: alice.id, deviceId: id });
    expect((await resend()).kind).toBe("success");
    advanceClock(30);
    expect((await activate(id, { otp: latestCode() })).kind).toBe("failure");
    const former = latestCode();
    await resend();
    expect((await activate(id, { otp: former })).kind).toBe("failure");
    expect((await activate(id, { otp: latestCode() })).kind).toBe("success");
    expect(await activate(id, { otp: latestCode() })).toMatchObject({ error: { code: "invalidInput" } });
    expect(await resend()).toMatchObject({ error: { code: "invalidInput" } });
  });

  it("[PING-272] of an authenticator app gives a secret until it is active, and takes the app's code", async () => {
    const { pair, activate, clock, call, alice, services } = setUp();
    const { device } = (await pair({ deviceType: "TOTP", status: "ACTIVE" })).output;
    expect(device).toMatchObject({ status: "ACTIVATION_REQUIRED" });
    const uri = new URL(device.keyUri);
    expect(uri.protocol).toBe("otpauth:");
    expect(uri.searchParams.get("secret")).toBe(device.secret);
    expect(decodeURIComponent(uri.pathname)).toContain("alice");
    expect(services.outbox.list()).toEqual([]);
    expect((await activate(device.id, { otp: "" })).kind).toBe("failure");
    const { code } = totpCodeOf(device.secret, clock());
    const activated = await activate(device.id, { otp: code });
    expect(activated.output.device).toMatchObject({ status: "ACTIVE" });
    const read = await call("readDevice", { userId: alice.id, deviceId: device.id });
    expect(JSON.stringify([activated, read])).not.toContain(device.secret);
    expect(await call("resendOTPForPairing", { userId: alice.id, deviceId: device.id })).toMatchObject({
      error: { code: "invalidInput" },
    });
  });

  it.each(["FIDO2", "PLATFORM", "SECURITY_KEY"])(
    "[PING-273] of the type %s is answered by the emulator, which says so",
    async (deviceType) => {
      const { pair, activate, remarks, services, alice } = setUp();
      const challenge = "A".repeat(43);
      const { device } = (await pair({ deviceType, rpId: "example.com", challenge })).output;
      const options = JSON.parse(device.publicKeyCredentialCreationOptions);
      expect(options).toMatchObject({ rp: { id: "example.com" }, user: { name: "alice" } });
      expect(options.challenge).toEqual(Array.from({ length: 32 }, () => 0));
      expect(await activate(device.id, { attestation: "nonsense" })).toMatchObject({
        error: { code: "invalidInput" },
      });
      expect((await activate(device.id, { attestation: "" })).output.device.status).toBe("ACTIVE");
      expect(services.mfa.devices.list(alice.id)[0]).not.toHaveProperty("challenge");
      expect(remarks.join()).toContain("there is no ceremony");
    },
  );
});

describe("FIDO Assertion", () => {
  const passkey = { type: "FIDO2" } as const;
  const assert = (set: ReturnType<typeof setUp>, deviceAuthenticationId: string, assertion = "") =>
    set.call("validateAssertionDeviceAuthentication", { deviceAuthenticationId, assertion });

  it("[PING-274] is answered by the emulator for a user with a FIDO device", async () => {
    const set = setUp({ devices: [passkey] });
    set.state.isSessionAccepted = true;
    const { rawResponse } = (await set.begin()).output;
    expect(rawResponse.status).toBe("ASSERTION_REQUIRED");
    expect(JSON.parse(rawResponse.publicKeyCredentialRequestOptions).allowCredentials).toHaveLength(1);
    expect(await assert(set, rawResponse.id, "nonsense")).toMatchObject({ error: { code: "invalidValue" } });
    const { output } = await assert(set, rawResponse.id, '{"id":"x"}');
    expect(output.rawResponse.status).toBe("COMPLETED");
    expect(set.state.isSessionAccepted).toBe(false);
    expect(set.remarks.join()).toContain("there is no ceremony");
    expect(await assert(set, rawResponse.id)).toMatchObject({ error: { code: "notFound" } });
  });

  it("[PING-275] fails for a user without one, and when the device refuses", async () => {
    const none = setUp({ devices: [{ type: "SMS", phone: "+1.2025550100" }] });
    const { id } = (await none.begin()).output.rawResponse;
    expect(await assert(none, id)).toMatchObject({ error: { code: "invalidInput" } });
    const refusing = setUp({ devices: [passkey] });
    const begun = (await refusing.begin()).output.rawResponse;
    expect(refusing.services.mfa.answerAtPhone(refusing.alice.id, false)).toBe(true);
    expect(await assert(refusing, begun.id)).toMatchObject({ error: { code: "invalidValue" } });
  });

  it("without a user id says who it is", async () => {
    const set = setUp({ devices: [passkey] });
    const begin = () => set.begin({ usernameLess: true, userId: "" });
    const { rawResponse } = (await begin()).output;
    expect(rawResponse).toMatchObject({ status: "ASSERTION_REQUIRED" });
    expect(rawResponse.user).toBeUndefined();
    const other = await assert(set, rawResponse.id, '{"id":"another"}');
    expect(other).toMatchObject({ error: { code: "invalidValue" } });
    const { output } = await assert(set, rawResponse.id);
    expect(output.rawResponse).toMatchObject({ status: "COMPLETED", user: { id: set.alice.id } });
    expect(set.state.userId).toBe(set.alice.id);
    const nobody = setUp();
    const begun = (await nobody.begin({ usernameLess: true })).output.rawResponse;
    expect(await assert(nobody, begun.id)).toMatchObject({ error: { code: "invalidValue" } });
  });
});
