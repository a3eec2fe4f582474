/** Devices, populations and agreements of a running emulator: from files, by seeds, in saved states. */
import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createControlClient, type PingOneControl, startPingOne } from "./index.ts";
import { loadFiles } from "./pingone/load-files.ts";
import { totpCodeOf } from "./pingone/tenant/totp.ts";
import { WORKER_ORIGIN } from "./pingone/testing/client.ts";
import { SECRET } from "./pingone/testing/mfa-calls.ts";
import { startTenant, writeOwnTenant } from "./pingone/testing/tenant.ts";

describe("the shipped users with MFA devices", () => {
  it("[PING-284] are one for each situation", async () => {
    await using tenant = await startTenant();
    const { mfa } = tenant.emulator;
    const shown = mfa.devices().map(({ username, type, status }) => `${username} ${type} ${status}`);
    expect(shown).toEqual([
      "devices EMAIL ACTIVE",
      "devices SMS ACTIVE",
      "devices TOTP ACTIVE",
      "passkey FIDO2 ACTIVE",
      "push MOBILE ACTIVE",
      "pairing SMS ACTIVATION_REQUIRED",
    ]);
    expect(JSON.stringify([mfa.devices(), tenant.emulator.admin.describe()])).not.toContain("TESTONLY");
    expect(mfa.codes("devices")).toMatchObject([
      { username: "devices", code: expect.stringMatching(/^\d{6}$/) },
    ]);
  });

  it("with faults are named with file, line and column", async () => {
    const text = `[{
  "id": "c0000000-0000-4000-8000-000000000001",
  "username": "dana",
  "devices": [
    { "type": "SMS" },
    { "type": "TOTP", "secret": "no" },
    { "type": "PIGEON" }
  ]
}]`;
    const tenantDir = await writeOwnTenant({ "pingone/users.json": text });
    const load = () => loadFiles({ workerOrigin: WORKER_ORIGIN, fixturesDir: "fixtures", tenantDir });
    try {
      expect(load).toThrow(/users\.json:5:\d+.*phone/);
      expect(load).toThrow(/users\.json:6:\d+.*secret/);
      expect(load).toThrow(/users\.json:7:\d+.*type/);
    } finally {
      await rm(tenantDir, { recursive: true });
    }
  });
});

describe("seeding MFA devices", () => {
  it.each(["in code", "over HTTP"])("[PING-285] %s gives and takes them, until reset", async (way) => {
    await using pingone = await startPingOne();
    const by: PingOneControl = way === "in code" ? pingone : createControlClient(pingone.origin);
    const { seed, mfa, reset } = by;
    await seed.user({ username: "carol", devices: [{ type: "EMAIL", email: "carol@example.com" }] });
    const app = await seed.device({ user: "carol", type: "TOTP", secret: SECRET, nickname: "App" });
    expect(app).toMatchObject({ type: "TOTP", status: "ACTIVE", secret: SECRET });
    expect(app.keyUri).toContain("otpauth://totp/");
    expect((await mfa.devices("carol")).map(({ type }) => type)).toEqual(["EMAIL", "TOTP"]);
    const [code] = await mfa.codes("carol");
    const now = Date.now();
    expect([totpCodeOf(SECRET, now).code, totpCodeOf(SECRET, now - 30_000).code]).toContain(code?.code);
    await mfa.removeDevice(app.id);
    expect((await mfa.devices("carol")).map(({ type }) => type)).toEqual(["EMAIL"]);
    await seed.user({ username: "carol" });
    expect(await mfa.devices("carol")).toEqual([]);
    await seed.device({ user: "alice", type: "FIDO2" });
    await reset();
    expect(await mfa.devices("alice")).toEqual([]);
  });

  it("turns MFA on for the user, unless it is told otherwise", async () => {
    await using tenant = await startTenant();
    const { seed, admin } = tenant.emulator;
    const isOn = () =>
      (
        tenant.emulator.snapshot() as { users: { profile: { username: string; mfaEnabled: boolean } }[] }
      ).users
        .filter(({ profile }) => ["carol", "dora", "alice"].includes(profile.username))
        .map(({ profile }) => `${profile.username} ${profile.mfaEnabled}`);
    const devices = [{ type: "FIDO2" as const }];
    seed.user({ username: "carol", devices });
    seed.user({ username: "dora", devices, mfaEnabled: false });
    seed.device({ user: "alice", type: "FIDO2" });
    expect(isOn()).toEqual(["alice true", "carol true", "dora false"]);
    expect(admin.describe().users.find(({ username }) => username === "carol")?.devices).toMatchObject([
      { label: "FIDO2" },
    ]);
  });

  it("refuses what it does not know with what it knows, and adds nothing", async () => {
    await using pingone = await startPingOne();
    const { seed, mfa } = createControlClient(pingone.origin);
    const before = await pingone.state.export();
    await expect(seed.device({ user: "nobody", type: "FIDO2" })).rejects.toThrow(/alice, bob/);
    await expect(seed.device({ user: "alice", type: "SMS" })).rejects.toThrow(/phone/);
    await expect(seed.device({ user: "alice", type: "TOTP", secret: "short" })).rejects.toThrow(/base32/);
    await expect(seed.user({ username: "x", devices: [{ type: "EMAIL" }] })).rejects.toThrow(
      /devices.0.email/,
    );
    await expect(mfa.removeDevice("d-1")).rejects.toThrow(/no device "d-1"/);
    await expect(mfa.codes("nobody")).rejects.toThrow(/alice, bob/);
    await expect(mfa.scan("alice", "123")).rejects.toThrow(/No pairing key of alice/);
    expect(await mfa.approve("alice")).toBe(0);
    expect(await pingone.state.export()).toEqual(before);
  });
});

describe("populations and agreements by seeds", () => {
  it("[PING-286] are there for flows, and gone at reset", async () => {
    await using tenant = await startTenant();
    const { seed, admin } = tenant.emulator;
    const first = seed.population({ name: "Customers", default: true });
    const second = seed.population({ name: "Partners", default: true });
    expect(first).toMatchObject({ name: "Customers", default: true });
    seed.user({ username: "carol", population: { id: "Customers" } });
    expect(() => seed.user({ username: "dora", population: { id: "Nobody" } })).toThrow(
      /Customers, Partners/,
    );
    expect(() => seed.population({ name: "Customers", id: second.id })).toThrow(/is that of the population/);
    const terms = seed.agreement({ name: "Terms", text: "Be kind." });
    seed.acceptance({ user: "carol", agreement: "Terms" });
    expect(() => seed.acceptance({ user: "carol", agreement: "Rules" })).toThrow(
      /no agreement "Rules".*Terms/,
    );
    const saved = tenant.emulator.snapshot() as Record<string, { populations?: unknown }>;
    expect(saved).toMatchObject({
      seededAgreements: [{ id: terms.id, name: "Terms" }],
      agreements: [{ agreementId: terms.id, status: "ACCEPTED" }],
      seeds: { populations: [{ id: first.id }, { id: second.id }] },
    });
    await using next = await startTenant({ snapshot: JSON.parse(JSON.stringify(saved)) });
    expect(next.emulator.snapshot()).toMatchObject(JSON.parse(JSON.stringify(saved)));
    await admin.reset();
    expect(tenant.emulator.snapshot()).toMatchObject({
      seededAgreements: [],
      agreements: [],
      seeds: { populations: [] },
    });
  });
});

describe("a saved state", () => {
  it("[PING-287] carries devices, and what is under way with them", async () => {
    await using tenant = await startTenant();
    const { seed, mfa } = tenant.emulator;
    seed.device({ user: "alice", type: "TOTP", secret: SECRET });
    const saved = JSON.parse(JSON.stringify(tenant.emulator.snapshot()));
    await using next = await startTenant({ snapshot: saved });
    expect(next.emulator.mfa.devices()).toEqual(mfa.devices());
    expect(next.emulator.mfa.codes("alice")).toHaveLength(1);
    const { mfa: _, ...older } = saved;
    await using other = await startTenant({ snapshot: older });
    expect(other.emulator.mfa.devices("alice")).toEqual([]);
    expect(other.emulator.mfa.devices("passkey")).toHaveLength(1);
  });

  it.each(["devices", "authentications", "phoneKeys", "rememberedBrowsers"])(
    "with damaged %s is refused",
    async (part) => {
      await using tenant = await startTenant();
      const saved = tenant.emulator.snapshot() as { mfa: object };
      const snapshot = { ...saved, mfa: { ...saved.mfa, [part]: [1] } };
      await expect(startTenant({ snapshot })).rejects.toThrow("its part of PingOne is damaged");
    },
  );
});

it("the control page gives devices, shows them and takes them away", async () => {
  await using pingone = await startPingOne();
  const page = async () => (await fetch(`${pingone.origin}/__mocks`)).text();
  const post = (verb: string, fields: Record<string, string>) =>
    fetch(`${pingone.origin}/__mocks/page/${verb}`, { method: "POST", body: new URLSearchParams(fields) });
  expect(await page()).toContain("Give this device");
  const given = await post("seed.device", { user: "alice", type: "EMAIL", email: "alice@example.com" });
  expect(given.status).toBeLessThan(400);
  const [device] = await pingone.mfa.devices("alice");
  expect(await page()).toContain("alice: EMAIL");
  await post("mfa.removeDevice", { device: device?.id ?? "" });
  expect(await pingone.mfa.devices("alice")).toEqual([]);
});
