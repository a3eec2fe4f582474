import { describe, expect, it } from "vitest";
import { composeEmulators } from "./composition.ts";
import { createTestEmulator, TEST_EMULATORS } from "./testing/emulator.ts";

const [accounts, notes] = TEST_EMULATORS.emulators;

describe("composeEmulators", () => {
  it("takes names, endpoints, verbs and faults together", () => {
    expect(TEST_EMULATORS.endpoints.slice(-3)).toEqual(["par", "notes.list", "notes.add"]);
    expect(Object.keys(TEST_EMULATORS.verbs)).toEqual(
      expect.arrayContaining(["state.summary", "faults.queue", ...Object.keys(accounts.verbs)]),
    );
  });

  it.each([
    ["emulator", { ...notes, endpoints: {}, faults: {}, verbs: {}, name: "accounts" }],
    ["endpoint", { ...notes, name: "more", faults: {} }],
    ["fault", { ...notes, name: "more", endpoints: {} }],
    ["fault", { ...notes, name: "more", endpoints: {}, faults: { reset: notes.faults.conflict } }],
    ["verb", { ...notes, name: "more", endpoints: {}, faults: {}, verbs: accounts.verbs }],
    [
      "verb",
      { ...notes, name: "more", endpoints: {}, faults: {}, verbs: { reset: accounts.verbs.breakDown } },
    ],
  ])("refuses two of the same %s", (what, other) => {
    expect(() => composeEmulators(accounts, notes, other)).toThrow(`There are two of the ${what} "`);
  });
});

describe("runKit", () => {
  it("takes the snapshots of all emulators, by name", async () => {
    await using emulator = await createTestEmulator();
    expect(emulator.exportState()).toEqual({ version: 1, accounts: { calls: 0 }, notes: "notes" });
  });

  it("serves requests while an emulator starts, and refuses to give its state", async () => {
    await using emulator = await createTestEmulator({ isStarting: true });
    const body = new URLSearchParams({ code: "c1" });
    expect((await fetch(`${emulator.origin}/env/as/token`, { method: "POST", body })).status).toBe(200);
    expect(await emulator.control.journal.find()).toHaveLength(1);
    await expect(emulator.client.state.summary()).rejects.toThrow("The Accounts emulator is still starting.");
  });
});
