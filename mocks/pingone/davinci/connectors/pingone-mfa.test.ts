import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneMfaConnector as mfa } from "./pingone-mfa.ts";

function setUp(changes = {}) {
  const alice = aliceFixture(changes);
  const calls = createPingOneCalls({ users: [alice] });
  const send = (properties = {}) =>
    calls.call(mfa, "createDeviceAuthentication", { userId: alice.id, ...properties });
  const validate = (deviceAuthenticationId: string, otp: string) =>
    calls.call(mfa, "validateOtpDeviceAuthentication", { deviceAuthenticationId, otp });
  const latestCode = () => calls.services.outbox.list().at(-1)?.code ?? "";
  return { ...calls, alice, send, validate, latestCode };
}

describe("Create Device Authentication", () => {
  it("sends a code to the user's address, and shows neither code nor address", async () => {
    const { send, services, alice, latestCode } = setUp();
    const sent = await send();
    expect(sent).toMatchObject({
      kind: "success",
      output: { rawResponse: { status: "OTP_REQUIRED", user: { id: alice.id } }, statusCode: 201 },
    });
    expect(services.outbox.list()).toMatchObject([{ to: "alice@example.com", purpose: "mfa" }]);
    expect(JSON.stringify(sent)).not.toContain(latestCode());
    expect(JSON.stringify(sent)).not.toContain("alice@example.com");
  });

  it("sends it to a one-time address if it is given one", async () => {
    const { send, services } = setUp();
    const oneTime = { selectedDevice: "oneTime", oneTimeDeviceType: "EMAIL" };
    await send({ ...oneTime, oneTimeEmailDevice: "other@example.com" });
    await send(oneTime);
    await send({ oneTimeEmailDevice: "not-selected@example.com" });
    expect(services.outbox.list().map(({ to }) => to)).toEqual([
      "other@example.com",
      "alice@example.com",
      "alice@example.com",
    ]);
  });

  it.each([
    ["an unknown user", {}, { userId: "nobody" }, "notFound"],
    ["a user without an address", { email: undefined }, {}, "invalidInput"],
    ["a device of another kind", {}, { selectedDevice: "oneTime", oneTimeDeviceType: "SMS" }, "invalidInput"],
    ["a paired device", {}, { selectedDevice: "id", selectedDeviceId: "d-1" }, "invalidInput"],
  ])("fails for %s, and sends nothing", async (_, user, properties, code) => {
    const { send, services } = setUp(user);
    expect(await send(properties)).toMatchObject({ kind: "failure", error: { code } });
    expect(services.outbox.list()).toEqual([]);
  });
});

describe("Device Passcode", () => {
  it("accepts the code once, and the person has then authenticated", async () => {
    const { send, validate, latestCode, state } = setUp();
    const { id } = (await send()).output.rawResponse;
    state.isSessionAccepted = true;
    expect(await validate(id, latestCode())).toMatchObject({
      kind: "success",
      output: { rawResponse: { status: "COMPLETED" } },
    });
    expect(state.isSessionAccepted).toBe(false);
    expect(await validate(id, latestCode())).toMatchObject({ kind: "failure", error: { code: "notFound" } });
  });

  it("refuses a wrong code, one that is too old, and the code of another purpose", async () => {
    const { send, validate, latestCode, advanceClock, services, alice, state } = setUp();
    state.isSessionAccepted = true;
    const { id } = (await send()).output.rawResponse;
    expect(await validate(id, "wrong")).toMatchObject({ kind: "failure", error: { code: "invalidValue" } });
    advanceClock(30);
    expect(await validate(id, latestCode())).toMatchObject({ error: { code: "invalidValue" } });
    const other = services.codes.issue("recovery", alice.id, "123456");
    expect(await validate(other.id, "123456")).toMatchObject({ error: { code: "notFound" } });
    expect(state.isSessionAccepted).toBe(true);
  });
});
