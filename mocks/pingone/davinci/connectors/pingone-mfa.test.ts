/** The life cycle of device authentications. */
import { describe, expect, it } from "vitest";
import { totpCodeOf } from "../../tenant/totp.ts";
import { SECRET, setUpMfa } from "../../testing/mfa-calls.ts";

describe("Create Device Authentication with a device for one time", () => {
  const oneTime = { selectedDevice: "oneTime" };

  it("[PING-170] sends a code to the address, and shows neither code nor address", async () => {
    const { begin, services, alice, latestCode } = setUpMfa();
    const sent = await begin({
      ...oneTime,
      oneTimeDeviceType: "EMAIL",
      oneTimeEmailDevice: "other@example.com",
    });
    expect(sent).toMatchObject({
      kind: "success",
      output: {
        rawResponse: {
          status: "OTP_REQUIRED",
          user: { id: alice.id },
          _embedded: { devices: [{ type: "EMAIL", email: "o******@example.com" }] },
        },
        statusCode: 201,
      },
    });
    expect(services.outbox.list()).toMatchObject([{ to: "other@example.com", purpose: "mfa" }]);
    expect(JSON.stringify(sent)).not.toContain(latestCode());
    expect(JSON.stringify(sent)).not.toContain("other@example.com");
  });

  it.each([
    ["SMS", "oneTimeSmsDevice"],
    ["VOICE", "oneTimeVoiceDevice"],
  ])("sends a code by %s", async (oneTimeDeviceType, property) => {
    const { begin, services, validate, latestCode } = setUpMfa();
    const { output } = await begin({ ...oneTime, oneTimeDeviceType, [property]: "+1.2025550123" });
    expect(services.outbox.list()).toMatchObject([{ to: "+1.2025550123", channel: oneTimeDeviceType }]);
    expect(JSON.stringify(output)).not.toContain("2025550123");
    expect((await validate(output.rawResponse.id, latestCode())).kind).toBe("success");
  });

  it("sends another code when the same device is selected, and goes over to a paired one", async () => {
    const { begin, call, validate, latestCode, devices, services } = setUpMfa({
      devices: [{ type: "SMS", phone: "+1.2025550100" }],
    });
    const { id, selectedDevice } = (await begin({ ...oneTime, oneTimeEmailDevice: "a@example.com" })).output
      .rawResponse;
    const select = (deviceId = "") =>
      call("deviceSelectDeviceAuthentication", { deviceAuthenticationId: id, deviceId });
    const first = latestCode();
    expect((await select(selectedDevice.id)).output.rawResponse.selectedDevice).toEqual(selectedDevice);
    expect((await validate(id, first)).kind).toBe("failure");
    expect((await select(devices[0]?.id)).output.rawResponse.selectedDevice.id).toBe(devices[0]?.id);
    expect(services.outbox.list().map(({ to }) => to)).toEqual([
      "a@example.com",
      "a@example.com",
      "+1.2025550100",
    ]);
    expect(await select(selectedDevice.id)).toMatchObject({ error: { code: "invalidInput" } });
    expect((await validate(id, latestCode())).kind).toBe("success");
  });

  it("tells the code of a device for tests", async () => {
    const { begin, latestCode } = setUpMfa();
    const given = { ...oneTime, oneTimeEmailDevice: "a@example.com" };
    const test = await begin({ ...given, oneTimeDeviceTestMode: "true" });
    expect(test.output.rawResponse.test).toEqual({ otp: latestCode() });
    expect((await begin(given)).output.rawResponse.test).toBeUndefined();
  });

  it.each([
    ["an unknown user", { userId: "nobody", oneTimeEmailDevice: "a@example.com" }, "notFound"],
    ["no address", { oneTimeDeviceType: "EMAIL" }, "invalidInput"],
    [
      "the address of another type",
      { oneTimeDeviceType: "SMS", oneTimeEmailDevice: "a@b.example" },
      "invalidInput",
    ],
    ["an address that is too long", { oneTimeEmailDevice: "x".repeat(321) }, "invalidInput"],
    ["a type that is none", { oneTimeDeviceType: "constructor", constructor: "x" }, "invalidInput"],
  ])("fails for %s, and sends nothing", async (_, properties, code) => {
    const { begin, services } = setUpMfa();
    expect(await begin({ ...oneTime, ...properties })).toMatchObject({ kind: "failure", error: { code } });
    expect(services.outbox.list()).toEqual([]);
  });
});

describe("Create Device Authentication with paired devices", () => {
  const email = { type: "EMAIL", email: "alice@example.com", nickname: "Mail" } as const;
  const sms = { type: "SMS", phone: "+1.2025550100" } as const;

  it("[PING-171] takes the first active device", async () => {
    const { begin, services, devices } = setUpMfa({
      devices: [{ ...email, status: "ACTIVATION_REQUIRED" }, sms, email],
    });
    const { output } = await begin();
    expect(output.rawResponse).toMatchObject({
      status: "OTP_REQUIRED",
      selectedDevice: { id: devices[1]?.id },
      _embedded: {
        devices: [
          { type: "SMS", phone: "******0100" },
          { type: "EMAIL", nickname: "Mail" },
        ],
      },
    });
    expect(services.outbox.list()).toMatchObject([{ to: "+1.2025550100" }]);
  });

  it.each([
    ["PROMPT_TO_SELECT", [sms, email], "DEVICE_SELECTION_REQUIRED"],
    ["PROMPT_TO_SELECT", [sms], "OTP_REQUIRED"],
    ["ALWAYS_DISPLAY_DEVICES", [sms], "DEVICE_SELECTION_REQUIRED"],
  ] as const)("by the policy %s: %j leads to %s", async (deviceSelection, devices, status) => {
    const { begin, services } = setUpMfa({ devices: [...devices] }, { deviceSelection });
    const { output } = await begin();
    expect(output.rawResponse).toMatchObject({ status });
    expect("selectedDevice" in output.rawResponse).toBe(status === "OTP_REQUIRED");
    expect(output.rawResponse._embedded.devices).toHaveLength(devices.length);
    expect(services.outbox.list()).toHaveLength(status === "OTP_REQUIRED" ? 1 : 0);
  });

  it("[PING-172] takes the one that is named, or that is selected then", async () => {
    const { begin, call, devices, services } = setUpMfa({ devices: [sms, email] });
    const { output } = await begin({ selectedDevice: "id", selectedDeviceId: devices[1]?.id });
    expect(output.rawResponse.selectedDevice.id).toBe(devices[1]?.id);
    const select = (deviceId?: string) =>
      call("deviceSelectDeviceAuthentication", { deviceAuthenticationId: output.rawResponse.id, deviceId });
    expect((await select(devices[0]?.id)).output.rawResponse).toMatchObject({
      status: "OTP_REQUIRED",
      selectedDevice: { id: devices[0]?.id },
    });
    expect(services.outbox.list().map(({ to }) => to)).toEqual(["alice@example.com", "+1.2025550100"]);
    expect(await select("d-1")).toMatchObject({ error: { code: "invalidInput" } });
  });

  it("[PING-173] fails for a user without one that can be used, and says how to get one", async () => {
    const none = setUpMfa();
    expect(await none.begin()).toMatchObject({
      error: {
        code: "invalidInput",
        details: [{ rawResponse: { details: [{ code: "NO_USABLE_DEVICES" }] } }],
      },
    });
    expect(none.remarks.join()).toContain("seed.device");
    const inactive = setUpMfa({ devices: [{ ...sms, status: "ACTIVATION_REQUIRED" }] });
    expect(await inactive.begin()).toMatchObject({ error: { code: "invalidInput" } });
    const named = { selectedDevice: "id", selectedDeviceId: inactive.devices[0]?.id };
    expect(await inactive.begin(named)).toMatchObject({ error: { code: "invalidInput" } });
    const other = setUpMfa({ devices: [sms] });
    expect(await other.begin(named)).toMatchObject({ error: { code: "invalidInput" } });
    expect(other.services.outbox.list()).toEqual([]);
    expect(inactive.services.outbox.list()).toEqual([]);
  });

  it("says that MFA is off for the user", async () => {
    const { begin, remarks } = setUpMfa({ devices: [sms], mfaEnabled: false });
    expect((await begin()).kind).toBe("success");
    expect(remarks.join()).toContain("MFA is off for alice");
  });
});

describe("Device Passcode", () => {
  const device = { type: "EMAIL", email: "alice@example.com" } as const;

  it("accepts the code once, and the person has then authenticated", async () => {
    const { begin, validate, latestCode, state } = setUpMfa({ devices: [device] });
    const { id } = (await begin()).output.rawResponse;
    state.isSessionAccepted = true;
    expect(await validate(id, ` ${latestCode()} `)).toMatchObject({
      kind: "success",
      output: { rawResponse: { status: "COMPLETED" } },
    });
    expect(state.isSessionAccepted).toBe(false);
    expect(await validate(id, latestCode())).toMatchObject({ kind: "failure", error: { code: "notFound" } });
  });

  it("[PING-174] counts wrong entries, and fails for good at the third", async () => {
    const { begin, validate, latestCode, state, call } = setUpMfa({ devices: [device] });
    state.isSessionAccepted = true;
    const { id } = (await begin()).output.rawResponse;
    const detailOf = async (otp: string) => {
      const { error } = await validate(id, otp);
      return [error.code, error.details[0].rawResponse.details[0].innerError.attemptsRemaining];
    };
    expect(await detailOf("wrong")).toEqual(["invalidValue", 2]);
    expect(await detailOf("")).toEqual(["invalidValue", 1]);
    expect(await detailOf("wrong")).toEqual(["invalidValue", 0]);
    expect(await detailOf(latestCode())).toEqual(["invalidValue", 0]);
    const read = await call("readDeviceAuthentication", { deviceAuthenticationId: id });
    expect(read.output.rawResponse.status).toBe("FAILED");
    expect(state.isSessionAccepted).toBe(true);
    const other = (await begin()).output.rawResponse;
    expect((await validate(other.id, latestCode())).kind).toBe("success");
  });

  it("counts those of a device for one time too", async () => {
    const { begin, validate, latestCode } = setUpMfa();
    const { id } = (await begin({ selectedDevice: "oneTime", oneTimeEmailDevice: "a@example.com" })).output
      .rawResponse;
    for (const otp of ["1", "2", "3"]) await validate(id, otp);
    expect(await validate(id, latestCode())).toMatchObject({ error: { code: "invalidValue" } });
  });

  it("[PING-175] accepts only the code that was sent last, and none after half an hour", async () => {
    const { begin, validate, latestCode, advanceClock, call, devices } = setUpMfa({ devices: [device] });
    const { id } = (await begin()).output.rawResponse;
    const first = latestCode();
    await call("deviceSelectDeviceAuthentication", { deviceAuthenticationId: id, deviceId: devices[0]?.id });
    expect((await validate(id, first)).kind).toBe("failure");
    advanceClock(29);
    const { id: later } = (await begin()).output.rawResponse;
    const code = latestCode();
    advanceClock(1);
    expect(await validate(id, code)).toMatchObject({ error: { code: "notFound" } });
    expect((await validate(later, code)).kind).toBe("success");
  });

  it("is not there any more when the device was deleted", async () => {
    const { begin, validate, latestCode, call, alice, devices } = setUpMfa({ devices: [device] });
    const { id } = (await begin()).output.rawResponse;
    await call("deleteDevice", { userId: alice.id, deviceId: devices[0]?.id });
    expect(await validate(id, latestCode())).toMatchObject({ error: { code: "notFound" } });
  });

  it.each([
    "readDeviceAuthentication",
    "deviceSelectDeviceAuthentication",
    "validateOtpDeviceAuthentication",
    "validateAssertionDeviceAuthentication",
    "cancelPushNotification",
    "cancelDeviceAuthenticationPingID",
  ] as const)("%s does not find what there is not", async (name) => {
    const { call } = setUpMfa();
    expect(await call(name, { deviceAuthenticationId: "nothing" })).toMatchObject({
      error: { code: "notFound" },
    });
  });

  it("is for authentications that wait for a code", async () => {
    const { validate, begin } = setUpMfa({ devices: [{ type: "FIDO2" }] });
    expect(await validate("nothing", "123456")).toMatchObject({ error: { code: "notFound" } });
    const { id } = (await begin()).output.rawResponse;
    expect(await validate(id, "123456")).toMatchObject({ error: { code: "invalidInput" } });
  });
});

describe("an authenticator app", () => {
  const app = { type: "TOTP", secret: SECRET } as const;

  it("[PING-176] is waited for without a message, and its code is accepted once", async () => {
    const { begin, validate, services, clock } = setUpMfa({ devices: [app] });
    const first = (await begin()).output.rawResponse;
    expect(first.status).toBe("OTP_REQUIRED");
    expect(services.outbox.list()).toEqual([]);
    expect(JSON.stringify(first)).not.toContain(SECRET);
    const { code } = totpCodeOf(SECRET, clock());
    expect((await validate(first.id, code)).kind).toBe("success");
    const again = (await begin()).output.rawResponse;
    expect(await validate(again.id, code)).toMatchObject({ error: { code: "invalidValue" } });
  });

  it.each([
    [-60, "failure"],
    [-30, "success"],
    [30, "success"],
    [60, "failure"],
  ])("accepts a code that is %i seconds off as %s", async (seconds, kind) => {
    const { begin, validate, clock } = setUpMfa({ devices: [app] });
    const { id } = (await begin()).output.rawResponse;
    const { code } = totpCodeOf(SECRET, clock() + seconds * 1000);
    expect((await validate(id, code)).kind).toBe(kind);
  });

  it("[PING-177] is locked for two minutes after three wrong codes", async () => {
    const { begin, validate, advanceClock, call, alice, devices } = setUpMfa({ devices: [app] });
    const { id } = (await begin()).output.rawResponse;
    for (const otp of ["1", "2", "3"]) await validate(id, otp);
    expect(await begin()).toMatchObject({ error: { code: "invalidInput" } });
    const read = () => call("readDevice", { userId: alice.id, deviceId: devices[0]?.id });
    expect((await read()).output.device.lock).toMatchObject({ status: "LOCKED" });
    advanceClock(2);
    expect((await begin()).kind).toBe("success");
    expect((await read()).output.device.lock).toBeUndefined();
  });

  it("that was locked by one authentication is locked for the other", async () => {
    const { begin, validate, clock } = setUpMfa({ devices: [app] });
    const [one, other] = [(await begin()).output.rawResponse, (await begin()).output.rawResponse];
    for (const otp of ["1", "2", "3"]) await validate(one.id, otp);
    const { code } = totpCodeOf(SECRET, clock());
    expect(await validate(other.id, code)).toMatchObject({ error: { code: "invalidValue" } });
  });

  it("does not take a code that was sent before it was selected", async () => {
    const { begin, validate, call, latestCode, devices, clock } = setUpMfa({
      devices: [{ type: "SMS", phone: "+1.2025550100" }, app],
    });
    const { id } = (await begin()).output.rawResponse;
    await call("deviceSelectDeviceAuthentication", { deviceAuthenticationId: id, deviceId: devices[1]?.id });
    expect((await validate(id, latestCode())).kind).toBe("failure");
    expect((await validate(id, totpCodeOf(SECRET, clock()).code)).kind).toBe("success");
  });

  it("can be asked for its code before the authentication begins", async () => {
    const { begin, clock, state } = setUpMfa({ devices: [{ type: "SMS", phone: "+1.2025550100" }, app] });
    state.isSessionAccepted = true;
    const right = await begin({ otp: totpCodeOf(SECRET, clock()).code });
    expect(right.output.rawResponse.status).toBe("COMPLETED");
    expect(state.isSessionAccepted).toBe(false);
    expect(await begin({ otp: "000000" })).toMatchObject({ error: { code: "invalidValue" } });
    const none = setUpMfa({ devices: [{ type: "SMS", phone: "+1.2025550100" }] });
    expect(await none.begin({ otp: "000000" })).toMatchObject({ error: { code: "invalidInput" } });
  });
});
