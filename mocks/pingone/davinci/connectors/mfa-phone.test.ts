import { describe, expect, it } from "vitest";
import { setUpMfa } from "../../testing/mfa-calls.ts";

const PHONE = { type: "MOBILE", nickname: "Alice's phone" } as const;

describe("a push", () => {
  const setUp = () => {
    const set = setUpMfa({ devices: [PHONE, { type: "SMS", phone: "+1.2025550100" }] });
    const read = async (deviceAuthenticationId: string) =>
      (await set.call("readDeviceAuthentication", { deviceAuthenticationId })).output.rawResponse.status;
    const answer = (isApproved: boolean) => set.services.mfa.answerAtPhone(set.alice.id, isApproved);
    return { ...set, read, answer };
  };

  it("[PING-276] waits in the outbox until the person approves it, and then the person has authenticated", async () => {
    const { begin, read, answer, services, state, remarks } = setUp();
    state.isSessionAccepted = true;
    const { id, status } = (await begin()).output.rawResponse;
    expect(status).toBe("PUSH_CONFIRMATION_REQUIRED");
    expect(services.outbox.list()).toMatchObject([
      { to: "Alice's phone", purpose: "push", channel: "PUSH", code: "" },
    ]);
    expect(await read(id)).toBe("PUSH_CONFIRMATION_REQUIRED");
    expect(remarks.join()).toContain("mfa.approve");
    expect(state.isSessionAccepted).toBe(true);
    expect(answer(true)).toBe(true);
    expect(await read(id)).toBe("COMPLETED");
    expect(state.isSessionAccepted).toBe(false);
    expect(answer(true)).toBe(false);
  });

  it("fails when it is denied", async () => {
    const { begin, read, answer, state } = setUp();
    state.isSessionAccepted = true;
    const { id } = (await begin()).output.rawResponse;
    answer(false);
    expect(await read(id)).toBe("FAILED");
    expect(state.isSessionAccepted).toBe(true);
  });

  it("[PING-277] times out after two minutes, and then cannot be approved", async () => {
    const { begin, read, answer, advanceClock } = setUp();
    const { id } = (await begin()).output.rawResponse;
    advanceClock(1.9);
    expect(await read(id)).toBe("PUSH_CONFIRMATION_REQUIRED");
    advanceClock(0.1);
    expect(answer(true)).toBe(false);
    expect(await read(id)).toBe("PUSH_CONFIRMATION_TIMED_OUT");
  });

  it("can be taken back for another device", async () => {
    const { begin, call, answer, devices, validate, latestCode } = setUp();
    const deviceAuthenticationId = (await begin()).output.rawResponse.id;
    const cancelled = await call("cancelPushNotification", { deviceAuthenticationId });
    expect(cancelled.output.rawResponse.status).toBe("DEVICE_SELECTION_REQUIRED");
    expect(answer(true)).toBe(false);
    expect(await call("cancelPushNotification", { deviceAuthenticationId })).toMatchObject({
      error: { code: "invalidInput" },
    });
    await call("deviceSelectDeviceAuthentication", { deviceAuthenticationId, deviceId: devices[1]?.id });
    expect((await validate(deviceAuthenticationId, latestCode())).kind).toBe("success");
  });
});

describe("Cancel Device Authentication", () => {
  it("ends it for good", async () => {
    const { begin, call, validate, latestCode, devices } = setUpMfa({
      devices: [{ type: "SMS", phone: "+1.2025550100" }],
    });
    const deviceAuthenticationId = (await begin()).output.rawResponse.id;
    const cancel = () => call("cancelDeviceAuthenticationPingID", { deviceAuthenticationId });
    expect((await cancel()).output.rawResponse.status).toBe("FAILED");
    expect((await validate(deviceAuthenticationId, latestCode())).kind).toBe("failure");
    const select = { deviceAuthenticationId, deviceId: devices[0]?.id };
    expect((await call("deviceSelectDeviceAuthentication", select)).kind).toBe("failure");
    const completed = (await begin()).output.rawResponse.id;
    await validate(completed, latestCode());
    expect(
      await call("cancelDeviceAuthenticationPingID", { deviceAuthenticationId: completed }),
    ).toMatchObject({ error: { code: "notFound" } });
  });
});

describe("a pairing key", () => {
  const setUp = () => {
    const set = setUpMfa();
    const userId = set.alice.id;
    const create = async () => (await set.call("createPairingKey", { userId })).output.rawResponse;
    const read = (pairingKeyId: string) => set.call("readPairingKey", { userId, pairingKeyId });
    return { ...set, create, read };
  };

  it("[PING-278] pairs the phone that scans it, once", async () => {
    const { create, read, services, alice, begin, advanceClock } = setUp();
    const { id, code, status } = await create();
    expect(status).toBe("UNCLAIMED");
    expect(code).toMatch(/^\d{14}$/);
    expect(services.mfa.scan("somebody-else", code)).toBeUndefined();
    expect(services.mfa.scan(alice.id, code)).toBe("pairingKey");
    expect((await read(id)).output.rawResponse.status).toBe("CLAIMED");
    expect(services.mfa.scan(alice.id, code)).toBeUndefined();
    advanceClock(48 * 60);
    expect((await read(id)).output.rawResponse.status).toBe("CLAIMED");
    expect((await begin()).output.rawResponse.status).toBe("PUSH_CONFIRMATION_REQUIRED");
  });

  it("expires after two days", async () => {
    const { create, read, services, alice, advanceClock } = setUp();
    const { id, code } = await create();
    advanceClock(48 * 60);
    expect((await read(id)).output.rawResponse.status).toBe("EXPIRED");
    expect(services.mfa.scan(alice.id, code)).toBeUndefined();
  });

  it("can be deleted as long as it was not used", async () => {
    const { create, read, services, alice, call } = setUp();
    const [unused, used] = [await create(), await create()];
    services.mfa.scan(alice.id, used.code);
    const remove = (pairingKeyId: string) => call("deletePairingKey", { userId: alice.id, pairingKeyId });
    expect((await remove(unused.id)).output.statusCode).toBe(204);
    expect(await read(unused.id)).toMatchObject({ error: { code: "notFound" } });
    expect(await remove(used.id)).toMatchObject({ error: { code: "notFound" } });
  });
});

describe("an authentication code", () => {
  const setUp = (devices: readonly (typeof PHONE)[] = [PHONE]) => {
    const set = setUpMfa({ devices: [...devices] });
    const create = (properties = {}) =>
      set.call("createAuthenticationCode", { duration: "60", timeUnit: "SECONDS", ...properties });
    const read = async (authenticationCodeId: string) =>
      (await set.call("readAuthenticationCode", { authenticationCodeId })).output.authenticationCode;
    return { ...set, create, read };
  };

  it("[PING-279] says who has scanned it, and is completed when that person approves", async () => {
    const { create, read, services, alice, state } = setUp();
    state.isSessionAccepted = true;
    const context = [
      { name: "shop", value: "north" },
      { name: "__proto__", value: "x" },
    ];
    const made = (await create({ clientContext: context })).output.authenticationCode;
    expect(made).toMatchObject({
      status: "UNCLAIMED",
      userApproval: "REQUIRED",
      clientContext: { shop: "north" },
    });
    expect(made.uri).toBe(`pingonesdk?authentication_code=${made.code}`);
    expect(services.mfa.scan(alice.id, made.code)).toBe("authenticationCode");
    expect(await read(made.id)).toMatchObject({ status: "CLAIMED", user: { id: alice.id } });
    expect(state.isSessionAccepted).toBe(true);
    services.mfa.answerAtPhone(alice.id, true);
    expect((await read(made.id)).status).toBe("COMPLETED");
    expect(state.isSessionAccepted).toBe(false);
  });

  it("is completed at once where no approval is needed, and denied by who denies", async () => {
    const { create, read, services, alice } = setUp();
    const quick = (await create({ userApproval: "NOT_REQUIRED" })).output.authenticationCode;
    services.mfa.scan(alice.id, quick.code);
    expect((await read(quick.id)).status).toBe("COMPLETED");
    const denied = (await create()).output.authenticationCode;
    services.mfa.scan(alice.id, denied.code);
    services.mfa.answerAtPhone(alice.id, false);
    expect((await read(denied.id)).status).toBe("DENIED");
  });

  it("expires, and cannot be scanned without a paired phone", async () => {
    const { create, read, services, alice, advanceClock } = setUp();
    const { id, code } = (await create({ duration: 10 })).output.authenticationCode;
    advanceClock(10 / 60);
    expect(services.mfa.scan(alice.id, code)).toBeUndefined();
    expect((await read(id)).status).toBe("EXPIRED");
    const none = setUp([]);
    const other = (await none.create()).output.authenticationCode;
    expect(none.services.mfa.scan(none.alice.id, other.code)).toBe("no-phone");
    expect(await none.call("readAuthenticationCode", { authenticationCodeId: "x" })).toMatchObject({
      error: { code: "notFound" },
    });
  });

  it.each([
    [{ duration: 9 }],
    [{ duration: 31, timeUnit: "MINUTES" }],
    [{ duration: "" }],
    [{ duration: "long" }],
    [{ clientContext: [{ name: "big", value: "x".repeat(10_000) }] }],
  ])("is not made for %j", async (given) => {
    expect(await setUp().create(given)).toMatchObject({ error: { code: "invalidInput" } });
  });
});

describe("a remembered browser", () => {
  const setUp = () => {
    const set = setUpMfa();
    const userId = set.alice.id;
    const register = async () =>
      (await set.call("registerRememberMe", { userId })).output.headers["set-cookie"] as string;
    const check = (rememberMeCookie: string, user = userId) =>
      set.call("checkRememberMe", { userId: user, rememberMeCookie });
    return { ...set, register, check };
  };

  it("[PING-280] is known by its cookie for 30 days", async () => {
    const { register, check, advanceClock, services } = setUp();
    const cookie = await register();
    const value = /=([^;]+)/.exec(cookie)?.[1] ?? "";
    expect((await check(value)).output.rawResponse.status).toBe("COMPLETED");
    expect((await check(`a=b; ${cookie}`)).kind).toBe("success");
    expect(JSON.stringify(services.mfa.snapshot())).not.toContain(value.split(".")[1]);
    advanceClock(30 * 24 * 60);
    expect(await check(value)).toMatchObject({ kind: "failure", error: { code: "notFound" } });
  });

  it("is not known without it, nor for another user", async () => {
    const { register, check, services } = setUp();
    const value = /=([^;]+)/.exec(await register())?.[1] ?? "";
    for (const wrong of ["", "x", `${value.split(".")[0]}.wrong`]) {
      expect((await check(wrong)).kind).toBe("failure");
    }
    const other = services.users.create({ username: "other" });
    expect((await check(value, "nobody")).kind).toBe("failure");
    expect(other.kind === "done" && (await check(value, other.user.id)).kind).toBe("failure");
  });
});

it("Evaluate Policy of PingID asks for an authentication", async () => {
  const { call, alice } = setUpMfa();
  const { output } = await call("evalPolicyPingID", { userId: alice.id });
  expect(output.rawResponse.action).toBe("AUTHENTICATE");
});
