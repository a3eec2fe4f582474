import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls, NEW_PASSWORD, PASSWORD } from "../../testing/pingone-call.ts";
import { pingOneSSOConnector as pingOne } from "./pingone-sso.ts";

function setUp(changes = {}) {
  const alice = aliceFixture(changes);
  const calls = createPingOneCalls({ users: [alice] });
  const run = async (capability: string, properties: Record<string, unknown> = {}) => {
    const effect = await calls.call(pingOne, capability, { identifier: alice.id, ...properties });
    // Whatever a node leads to, no secret is in it.
    for (const secret of [PASSWORD, NEW_PASSWORD, "wr0ng-Secret"]) {
      expect(JSON.stringify([effect, calls.remarks])).not.toContain(secret);
    }
    return effect;
  };
  const check = (password: string) => run("checkPassword", { password });
  const latestCode = () => calls.services.outbox.list().at(-1)?.code ?? "";
  const statusOf = (password: string) => calls.services.users.checkPassword(alice.id, password).status;
  return { ...calls, alice, run, check, latestCode, statusOf };
}

/** PingOne's own error in that of a connector, as exports read it. */
function pingOneDetail(effect: { readonly error?: { details: { rawResponse: { details: object[] } }[] } }) {
  return effect.error?.details[0]?.rawResponse.details[0];
}

describe("Check Password", () => {
  it.each([
    ["OK", {}],
    ["MUST_CHANGE_PASSWORD", { password: { value: PASSWORD, status: "MUST_CHANGE_PASSWORD" } }],
    ["PASSWORD_EXPIRED", { password: { value: PASSWORD, status: "PASSWORD_EXPIRED" } }],
  ])("is true for the right password, and says %s", async (status, changes) => {
    const { check, state, alice } = setUp(changes);
    state.isSessionAccepted = true;
    expect(await check(PASSWORD)).toMatchObject({
      kind: "success",
      output: { passwordState: { status, user: { id: alice.id } }, rawResponse: { status }, statusCode: 200 },
    });
    expect(state).toMatchObject({ userId: alice.id, isSessionAccepted: false });
  });

  it("is false for a wrong one, and says how often it may be wrong", async () => {
    const { check, state } = setUp();
    state.isSessionAccepted = true;
    const effect = await check("wr0ng-Secret");
    expect(effect).toMatchObject({ kind: "failure", error: { code: "invalidValue", httpResponseCode: 400 } });
    expect(pingOneDetail(effect)).toMatchObject({ target: "password", innerError: { failuresRemaining: 4 } });
    expect(state.isSessionAccepted).toBe(true);
  });

  it("says for how long a password is locked, once it was wrong five times", async () => {
    const { check, advanceClock } = setUp();
    for (let entry = 0; entry < 5; entry += 1) await check("wr0ng-Secret");
    advanceClock(5);
    const effect = await check(PASSWORD);
    expect(effect).toMatchObject({ kind: "failure", error: { code: "passwordLockedOut" } });
    expect(pingOneDetail(effect)).toMatchObject({ innerError: { secondsUntilUnlock: 600 } });
    advanceClock(10);
    expect((await check(PASSWORD)).kind).toBe("success");
  });

  it.each([
    ["disabled", { enabled: false }, "userDisabled"],
    ["locked", { account: { status: "LOCKED" } }, "passwordLockedOut"],
  ])("is false for a user who is %s, whatever the password", async (_, changes, code) => {
    const { check } = setUp(changes);
    expect(await check(PASSWORD)).toMatchObject({ kind: "failure", error: { code } });
  });

  it("tells nobody with a wrong password that the user is disabled", async () => {
    expect(await setUp({ enabled: false }).check("wr0ng-Secret")).toMatchObject({
      error: { code: "invalidValue" },
    });
  });

  it("is false for nobody, and for a user without a password", async () => {
    expect(await setUp().run("checkPassword", { identifier: "nobody", password: PASSWORD })).toMatchObject({
      error: { code: "notFound" },
    });
    expect(await setUp({ password: {} }).check("")).toMatchObject({ error: { code: "invalidValue" } });
  });

  it("does not trim a password", async () => {
    expect(await setUp().check(` ${PASSWORD}`)).toMatchObject({ kind: "failure" });
  });
});

describe("Change Password", () => {
  const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };

  it("takes the new password, and the person has then authenticated", async () => {
    const { run, state, statusOf } = setUp({ password: { value: PASSWORD, status: "MUST_CHANGE_PASSWORD" } });
    state.isSessionAccepted = true;
    expect(await run("resetPassword", change)).toMatchObject({ output: { passwordState: { status: "OK" } } });
    expect(state.isSessionAccepted).toBe(false);
    expect(statusOf(NEW_PASSWORD)).toBe("OK");
  });

  it.each([
    ["a wrong current password", {}, { currentPassword: "wr0ng-Secret" }, "currentPasswordNotValid"],
    ["a weak new password", {}, { newPassword: "weak" }, "newPasswordNotValid"],
    ["the same password", {}, { newPassword: PASSWORD }, "newPasswordNotValid"],
    ["a user who is disabled", { enabled: false }, {}, "userDisabled"],
    ["nobody", {}, { identifier: "nobody" }, "notFound"],
  ])("refuses %s, and leaves the password", async (_, changes, properties, code) => {
    const { run, state, services, alice } = setUp(changes);
    state.isSessionAccepted = true;
    expect(await run("resetPassword", { ...change, ...properties })).toMatchObject({ error: { code } });
    expect(services.users.checkPassword(alice.id, NEW_PASSWORD).status).toBe("INVALID");
    expect(state.isSessionAccepted).toBe(true);
  });

  it("counts wrong current passwords, and locks", async () => {
    const { run } = setUp();
    const wrong = { ...change, currentPassword: "wr0ng-Secret" };
    for (let entry = 0; entry < 5; entry += 1) await run("resetPassword", wrong);
    expect(await run("resetPassword", change)).toMatchObject({ error: { code: "passwordLockedOut" } });
  });
});

describe("Set Password", () => {
  it.each([{ passwordValue: NEW_PASSWORD }, { newPassword: NEW_PASSWORD }])(
    "sets the password of %j without the current one",
    async (properties) => {
      const { run, statusOf } = setUp();
      expect(await run("setPassword", properties)).toMatchObject({
        output: { passwordState: { status: "OK" } },
      });
      expect(statusOf(NEW_PASSWORD)).toBe("OK");
    },
  );

  it("makes the person change it if it is told to", async () => {
    const { run, statusOf } = setUp();
    await run("setPassword", { passwordValue: NEW_PASSWORD, forceChange: true });
    expect(statusOf(NEW_PASSWORD)).toBe("MUST_CHANGE_PASSWORD");
  });

  it("keeps to the policy unless that is bypassed", async () => {
    const { run, statusOf } = setUp();
    const weak = { passwordValue: "weak" };
    expect(await run("setPassword", weak)).toMatchObject({ error: { code: "passwordPolicyNotValid" } });
    expect(await run("setPassword", { ...weak, bypassPolicy: true })).toMatchObject({ kind: "success" });
    expect(statusOf("weak")).toBe("OK");
  });

  it("refuses no password, and nobody", async () => {
    const { run } = setUp();
    expect(await run("setPassword", { bypassPolicy: true })).toMatchObject({
      error: { code: "requiredValue" },
    });
    expect(await run("setPassword", { identifier: "nobody", passwordValue: NEW_PASSWORD })).toMatchObject({
      error: { code: "notFound" },
    });
  });
});

describe("Send Password Recovery Code", () => {
  it("sends a code that the output does not have", async () => {
    const { run, services, alice, latestCode } = setUp();
    const effect = await run("sendRecoveryCode");
    expect(effect).toMatchObject({ kind: "success", output: { rawResponse: { user: { id: alice.id } } } });
    expect(services.outbox.list()).toMatchObject([{ to: "alice@example.com", purpose: "recovery" }]);
    expect(JSON.stringify(effect)).not.toContain(latestCode());
  });

  it.each([
    ["nobody", {}, { identifier: "nobody" }, "notFound"],
    ["a user who is disabled", { enabled: false }, {}, "userDisabled"],
    [
      "a locked password",
      { password: { value: PASSWORD, status: "PASSWORD_LOCKED_OUT" } },
      {},
      "passwordLockedOut",
    ],
    ["a user without a password", { password: {} }, {}, "invalidValue"],
    ["a user without an address", { email: undefined }, {}, "requiredValue"],
  ])("[PING-153] sends none for %s, and tells the developer", async (_, changes, properties, code) => {
    const { run, services, remarks } = setUp(changes);
    expect(await run("sendRecoveryCode", properties)).toMatchObject({ kind: "failure", error: { code } });
    expect(services.outbox.list()).toEqual([]);
    expect(remarks.join()).toContain("No code was sent");
  });
});

describe("Validate Password Recovery Code", () => {
  async function atCode(changes = {}) {
    const set = setUp(changes);
    await set.run("sendRecoveryCode");
    const recover = (recoveryCode: string, newPassword = NEW_PASSWORD) =>
      set.run("recoverPassword", { recoveryCode, newPassword });
    return { ...set, recover };
  }

  it("replaces the password once, and the person has then authenticated", async () => {
    const { recover, latestCode, statusOf, state } = await atCode();
    state.isSessionAccepted = true;
    expect(await recover(latestCode())).toMatchObject({ output: { passwordState: { status: "OK" } } });
    expect(state.isSessionAccepted).toBe(false);
    expect(statusOf(NEW_PASSWORD)).toBe("OK");
    expect(await recover(latestCode(), PASSWORD)).toMatchObject({ error: { code: "invalidValue" } });
  });

  it("keeps the code for another try when the new password is refused", async () => {
    const { recover, latestCode } = await atCode();
    const refused = await recover(latestCode(), "weak");
    expect(refused).toMatchObject({ error: { code: "invalidValue" } });
    expect(pingOneDetail(refused)).toMatchObject({ target: "newPassword" });
    expect(await recover(latestCode())).toMatchObject({ kind: "success" });
  });

  it("refuses a code that is wrong, too old, or of another purpose", async () => {
    const { recover, latestCode, advanceClock, run, statusOf, state } = await atCode();
    state.isSessionAccepted = true;
    const code = latestCode();
    expect(pingOneDetail(await recover("wrong"))).toMatchObject({ target: "recoveryCode" });
    await run("sendVerificationCode");
    expect(await recover(latestCode())).toMatchObject({ kind: "failure" });
    advanceClock(5);
    expect(await recover(code)).toMatchObject({ kind: "failure" });
    expect(statusOf(PASSWORD)).toBe("OK");
    expect(state.isSessionAccepted).toBe(true);
  });

  it("[PING-153] locks the password after five wrong codes", async () => {
    const { recover, statusOf, run, latestCode } = await atCode();
    for (let entry = 0; entry < 4; entry += 1) await recover("wrong");
    expect(statusOf(PASSWORD)).toBe("OK");
    await recover("wrong");
    expect(statusOf(PASSWORD)).toBe("PASSWORD_LOCKED_OUT");
    expect(await recover(latestCode())).toMatchObject({ kind: "failure" });
    expect(await run("sendRecoveryCode")).toMatchObject({ error: { code: "passwordLockedOut" } });
  });

  it("unlocks a password that was locked after the code was sent", async () => {
    const { recover, latestCode, services, alice, statusOf } = await atCode();
    services.users.lockPassword(alice.id);
    expect(await recover(latestCode())).toMatchObject({ kind: "success" });
    expect(statusOf(NEW_PASSWORD)).toBe("OK");
  });

  it("refuses a user who was disabled meanwhile", async () => {
    const { recover, latestCode, services, alice } = await atCode();
    services.users.setEnabled(alice.id, false);
    expect(await recover(latestCode())).toMatchObject({ error: { code: "userDisabled" } });
  });
});

describe("verification of an address", () => {
  const unverified = { lifecycle: { status: "VERIFICATION_REQUIRED" } };

  it("sends a code, accepts it once, and the account is then usable", async () => {
    const { run, services, latestCode } = setUp(unverified);
    const sent = await run("sendVerificationCode");
    expect(services.outbox.list()).toMatchObject([{ to: "alice@example.com", purpose: "verification" }]);
    expect(JSON.stringify(sent)).not.toContain(latestCode());
    const verificationCode = latestCode();
    expect(await run("verifyEmail", { verificationCode })).toMatchObject({
      output: {
        user: { lifecycle: { status: "ACCOUNT_OK" }, emailVerified: true, account: { status: "OK" } },
      },
    });
    expect(await run("verifyEmail", { verificationCode })).toMatchObject({ error: { code: "invalidValue" } });
  });

  it.each([
    ["no code", {}, "emptyValue"],
    ["a wrong code", { verificationCode: "wrong" }, "invalidValue"],
    ["nobody", { identifier: "nobody", verificationCode: "1" }, "notFound"],
  ])("refuses %s", async (_, properties, code) => {
    const { run, services, alice } = setUp(unverified);
    await run("sendVerificationCode");
    expect(await run("verifyEmail", properties)).toMatchObject({ kind: "failure", error: { code } });
    expect(services.users.findById(alice.id)?.lifecycle.status).toBe("VERIFICATION_REQUIRED");
  });

  it("sends nothing to nobody, and nothing without an address", async () => {
    const { run, services } = setUp({ email: undefined });
    expect(await run("sendVerificationCode", { identifier: "nobody" })).toMatchObject({
      error: { code: "notFound" },
    });
    expect(await run("sendVerificationCode")).toMatchObject({ error: { code: "requiredValue" } });
    expect(services.outbox.list()).toEqual([]);
  });
});
