import { describe, expect, it } from "vitest";
import { setUpMfa } from "../../testing/mfa-calls.ts";

const EMAIL = { type: "EMAIL", email: "alice@example.com" } as const;
const SMS = { type: "SMS", phone: "+1.2025550100", nickname: "Phone" } as const;
const PASSKEY = { type: "FIDO2", status: "ACTIVATION_REQUIRED" } as const;

function setUp(options = {}) {
  const set = setUpMfa({ devices: [EMAIL, SMS, PASSKEY] }, options);
  const { alice, call } = set;
  const idOf = (index: number) => set.devices[index]?.id ?? "";
  return {
    ...set,
    idOf,
    ofAlice: (name: Parameters<typeof call>[0], properties = {}) =>
      call(name, { userId: alice.id, ...properties }),
  };
}

describe("Read All Devices", () => {
  it("[PING-178] lists them in the user's order, with the default first, and says what may be paired", async () => {
    const { ofAlice, idOf } = setUp({ deviceSelection: "PROMPT_TO_SELECT" });
    const { output } = await ofAlice("readAllDevices");
    expect(output).toMatchObject({
      devices: [
        { id: idOf(0), type: "EMAIL", email: "alice@example.com", status: "ACTIVE" },
        { id: idOf(1), type: "SMS", phone: "+1.2025550100", nickname: "Phone" },
        { id: idOf(2), type: "FIDO2", status: "ACTIVATION_REQUIRED" },
      ],
      order: [{ id: idOf(0) }, { id: idOf(1) }],
      mfaSettings: { pairing: { maxAllowedDevices: 5 } },
      mfaPolicy: { authentication: { deviceSelection: "PROMPT_TO_SELECT" } },
    });
    expect(output.allowedtypes).toContain("TOTP");
    expect(output.rawResponse).toMatchObject({ size: 3, _embedded: { devices: output.devices } });
  });

  it.each([
    [{ statusFilter: "ACTIVE" }, 3],
    [{ setFilterFlag: true, statusFilter: "ALL" }, 3],
    [{ setFilterFlag: true, statusFilter: "ACTIVE" }, 2],
    [{ setFilterFlag: "true", statusFilter: "ACTIVATION REQUIRED" }, 1],
    [{ setFilterFlag: true, deviceTypes: ["SMS", { value: "FIDO2" }] }, 2],
    [{ setFilterFlag: true, statusFilter: "ACTIVE", deviceTypes: ["FIDO2"] }, 0],
  ])("by the filter %j shows %i", async (filter, count) => {
    const { ofAlice } = setUp();
    expect((await ofAlice("readAllDevices", filter)).output.devices).toHaveLength(count);
  });

  it("of PingID has a filter of its own name", async () => {
    const { ofAlice } = setUp();
    const filter = { setFilterFlag: true, workforceDeviceTypes: ["SMS"] };
    expect((await ofAlice("readAllDevicesPingID", filter)).output.devices).toHaveLength(1);
    expect((await ofAlice("readAllDevices", filter)).output.devices).toHaveLength(3);
  });

  it("says which type of the filter is none", async () => {
    const { ofAlice, remarks } = setUp();
    await ofAlice("readAllDevices", { setFilterFlag: true, deviceTypes: ["PIGEON"] });
    expect(remarks.join()).toContain("PIGEON");
  });
});

describe("one device", () => {
  it("is read, named and deleted", async () => {
    const { ofAlice, idOf } = setUp();
    const device = { deviceId: idOf(1) };
    expect(
      (await ofAlice("updateDeviceNickname", { ...device, nickname: " Old phone " })).output.nickname,
    ).toBe("Old phone");
    expect((await ofAlice("readDevice", device)).output).toMatchObject({
      device: { nickname: "Old phone", phone: "+1.2025550100" },
      rawResponse: { nickname: "Old phone" },
    });
    expect((await ofAlice("deleteDevice", device)).output.statusCode).toBe(204);
    expect(await ofAlice("readDevice", device)).toMatchObject({ error: { code: "notFound" } });
    expect((await ofAlice("readAllDevices")).output.devices).toHaveLength(2);
  });

  it.each([
    "readDevice",
    "deleteDevice",
    "updateDeviceNickname",
    "activateDevice",
    "resendOTPForPairing",
  ] as const)("%s does not find a device that is not the user's", async (name) => {
    const { ofAlice, call, idOf } = setUp();
    expect(await ofAlice(name, { deviceId: "d-1", nickname: "x" })).toMatchObject({
      error: { code: "notFound" },
    });
    const ofNobody = { userId: "nobody", deviceId: idOf(0), nickname: "x" };
    expect(await call(name, ofNobody)).toMatchObject({ error: { code: "notFound" } });
  });

  it.each(["", "x".repeat(101)])("is not named %j", async (nickname) => {
    const { ofAlice, idOf } = setUp();
    const given = { deviceId: idOf(1), nickname };
    expect(await ofAlice("updateDeviceNickname", given)).toMatchObject({ error: { code: "invalidInput" } });
  });
});

describe("Set Device Order", () => {
  it.each([
    ["a default device", (id: string) => ({ defaultDeviceId: id })],
    ["a list", (id: string) => ({ setDeviceOrder: "setDeviceOrder", deviceOrderList: [id] })],
    [
      "JSON",
      (id: string) => ({
        setDeviceOrder: "setDeviceOrder",
        useDeviceOrderJsonAttributes: true,
        jsonAttributes: JSON.stringify({ order: [{ id }] }),
      }),
    ],
  ])("[PING-179] by %s makes it the device that authenticates", async (_, given) => {
    const { ofAlice, idOf, begin, services } = setUp();
    const { output } = await ofAlice("setDeviceOrder", given(idOf(1)));
    expect(output.order).toEqual([{ id: idOf(1) }, { id: idOf(0) }]);
    await begin();
    expect(services.outbox.list()).toMatchObject([{ to: "+1.2025550100" }]);
  });

  it("by a default device leaves a list aside that an author has entered before", async () => {
    const { ofAlice, idOf } = setUp();
    const given = { setDeviceOrder: "defaultDevice", defaultDeviceId: idOf(1), deviceOrderList: [idOf(0)] };
    expect((await ofAlice("setDeviceOrder", given)).output.order[0]).toEqual({ id: idOf(1) });
  });

  it.each([{}, { defaultDeviceId: "d-1" }, { useDeviceOrderJsonAttributes: true, jsonAttributes: "{" }])(
    "refuses %j and changes nothing",
    async (given) => {
      const { ofAlice, idOf } = setUp();
      expect(await ofAlice("setDeviceOrder", given)).toMatchObject({ error: { code: "invalidInput" } });
      expect((await ofAlice("readAllDevices")).output.order[0]).toEqual({ id: idOf(0) });
    },
  );
});

describe("MFA status and policy", () => {
  it("turns MFA on and off for a user", async () => {
    const { ofAlice, services, alice } = setUp();
    expect((await ofAlice("readUserMFAEnabled")).output.mfaEnabled).toBe(true);
    expect((await ofAlice("updateUserMFAEnabled", { mfaEnabled: false })).output.mfaEnabled).toBe(false);
    expect(services.users.findById(alice.id)?.mfaEnabled).toBe(false);
    expect((await ofAlice("readUserMFAEnabled")).output.mfaEnabled).toBe(false);
    expect((await ofAlice("updateUserMFAEnabled", { mfaEnabled: "true" })).output.mfaEnabled).toBe(true);
  });

  it("reads the one policy, whatever its id", async () => {
    const { call } = setUp();
    const { output } = await call("readDeviceAuthenticationPolicy", { deviceAuthenticationPolicyId: "own" });
    expect(output.deviceAuthenticationPolicy).toMatchObject({
      id: "own",
      email: {
        enabled: true,
        otp: { failure: { count: 3 }, lifeTime: { duration: 30, timeUnit: "MINUTES" } },
      },
      authentication: { deviceSelection: "DEFAULT_TO_FIRST" },
    });
    expect(output.rawResponse).toEqual(output.deviceAuthenticationPolicy);
  });

  it.each([
    "readAllDevices",
    "createDevice",
    "setDeviceOrder",
    "readUserMFAEnabled",
    "updateUserMFAEnabled",
    "createPairingKey",
    "registerRememberMe",
    "evalPolicyPingID",
  ] as const)("%s does not find an unknown user", async (name) => {
    const { call } = setUp();
    expect(await call(name, { userId: "nobody" })).toMatchObject({ error: { code: "notFound" } });
  });
});
