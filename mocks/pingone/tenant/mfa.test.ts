/** What is kept of MFA: bounded, without clear codes, over a restart, and not longer than its user. */
import { describe, expect, it } from "vitest";
import { Mfa, oneTimeDevice } from "./mfa.ts";

/** TEST ONLY. */
const SECRET = "TESTONLYTESTONLYTESTONLYTESTONLY";
const ALICE = { id: "alice", devices: [{ type: "TOTP", secret: SECRET }, { type: "MOBILE" }] } as const;

function setUp() {
  let now = Date.parse("2026-11-24T12:00:00Z");
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const mfa = new Mfa([ALICE], { clock: () => now, onChange });
  const advance = (minutes: number) => {
    now += minutes * 60_000;
  };
  return { mfa, advance, changes: () => changes };
}
const begin = (mfa: Mfa) => mfa.authentications.begin({ userId: "alice", policyId: "p" });

describe("MFA of a tenant", () => {
  it("goes on after a restart with what was under way, and keeps no code in clear text", () => {
    const { mfa } = setUp();
    const authentication = begin(mfa);
    const device = oneTimeDevice("EMAIL", "a@example.com");
    mfa.authentications.change(authentication, {
      oneTime: device,
      sent: mfa.sentOtp("482913"),
      status: "OTP_REQUIRED",
    });
    const key = mfa.phoneKeys.createPairingKey("alice", []);
    const { cookie } = mfa.rememberedBrowsers.remember("alice");
    const saved = JSON.parse(JSON.stringify(mfa.snapshot()));
    expect(JSON.stringify(saved)).not.toContain("482913");
    const { mfa: other } = setUp();
    other.restore(saved);
    expect(other.snapshot()).toEqual(saved);
    const found = other.authentications.find(authentication.id);
    expect(other.check(found?.oneTime ?? device, found?.sent, "482913")).toEqual({ kind: "right" });
    expect(other.scan("alice", key.code)).toBe("pairingKey");
    expect(other.rememberedBrowsers.isRemembered("alice", cookie)).toBe(true);
  });

  it("keeps nothing of a user who is no more, and nothing but the fixture after a reset", () => {
    const { mfa, changes } = setUp();
    const fresh = mfa.snapshot();
    for (const act of [() => mfa.forget("alice"), () => mfa.reset()]) {
      begin(mfa);
      mfa.phoneKeys.createPairingKey("alice", []);
      mfa.rememberedBrowsers.remember("alice");
      const before = changes();
      act();
      expect(changes()).toBeGreaterThan(before);
      expect(mfa.snapshot()).toMatchObject({ authentications: [], phoneKeys: [], rememberedBrowsers: [] });
    }
    expect(mfa.snapshot()).toEqual(fresh);
    mfa.forget("alice");
    expect(mfa.devices.list("alice")).toEqual([]);
  });

  it("keeps the last thousand authentications and keys, and none that is over", { timeout: 30_000 }, () => {
    const { mfa, advance } = setUp();
    const first = begin(mfa);
    const firstKey = mfa.phoneKeys.createPairingKey("alice", []);
    const browser = mfa.rememberedBrowsers.remember("alice");
    for (let count = 0; count < 1000; count += 1) {
      begin(mfa);
      mfa.phoneKeys.createPairingKey("alice", []);
      mfa.rememberedBrowsers.remember("alice");
    }
    expect(mfa.rememberedBrowsers.isRemembered("alice", browser.cookie)).toBe(false);
    expect(mfa.snapshot().rememberedBrowsers).toHaveLength(1000);
    expect(mfa.snapshot().authentications).toHaveLength(1000);
    expect(mfa.snapshot().phoneKeys).toHaveLength(1000);
    expect(mfa.authentications.find(first.id)).toBeUndefined();
    expect(mfa.phoneKeys.findPairingKey("alice", firstKey.id)).toBeUndefined();
    advance(30);
    begin(mfa);
    expect(mfa.snapshot().authentications).toHaveLength(1);
  });

  it("shows the codes only of apps that somebody waits for", () => {
    const { mfa } = setUp();
    const [app] = mfa.devices.list("alice");
    expect(mfa.awaitedApps("alice")).toEqual([]);
    const authentication = begin(mfa);
    mfa.authentications.change(authentication, { status: "OTP_REQUIRED", selectedDeviceId: app?.id });
    expect(mfa.awaitedApps("alice")).toEqual([app]);
    mfa.authentications.change(authentication, { status: "COMPLETED" });
    expect(mfa.awaitedApps("alice")).toEqual([]);
    const pairing = mfa.devices.add("alice", { type: "TOTP", status: "ACTIVATION_REQUIRED", secret: SECRET });
    expect(mfa.awaitedApps("alice")).toEqual([pairing]);
  });
});
