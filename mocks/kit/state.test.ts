import { afterEach, beforeEach, expect, it } from "vitest";
import { ControlRequestError } from "./refusal.ts";
import { createTestEmulator, type TestEmulator } from "./testing/emulator.ts";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await createTestEmulator();
  for (const user of ["alice", "bob"]) await emulator.control.tokens.expire(user);
});
afterEach(() => emulator[Symbol.asyncDispose]());

it("goes out and comes back in, through JSON", async () => {
  const state = await emulator.client.state.export();
  expect(state).toEqual({ version: 1, accounts: { calls: 2 }, notes: "notes" });
  await emulator.control.tokens.expire("alice");
  await emulator.client.state.import(state);
  expect(emulator.calls).toHaveLength(2);
});

it.each<[string, object, string]>([
  ["nothing exported", {}, "This is no exported state: it has no version. Pass what state.export gave."],
  [
    "another version",
    { version: 7, accounts: { calls: 0 }, notes: "notes" },
    "The state has version 7, and this emulator reads version 1. Export it again with this version of the emulator.",
  ],
  [
    "the state of one emulator more",
    { version: 1, accounts: { calls: 0 }, notes: "notes", todo: {} },
    "The state is that of accounts and notes and todo, and here runs accounts and notes. Export and import with the same emulators.",
  ],
  [
    "the state of one emulator less",
    { version: 1, accounts: { calls: 0 } },
    "The state is that of accounts, and here runs accounts and notes. Export and import with the same emulators.",
  ],
  [
    "a part that is damaged, after a good one",
    { version: 1, accounts: { calls: 0 }, notes: 5 },
    "The state cannot be used: the notes are lost.",
  ],
])("refuses %s, and changes nothing", async (_, state, message) => {
  const before = await emulator.control.state.export();
  for (const { state: verbs } of [emulator.control, emulator.client]) {
    await expect(verbs.import(state as never)).rejects.toThrow(new ControlRequestError(message));
  }
  expect(await emulator.control.state.export()).toEqual(before);
});

it("comes in one after the other, so that one that fails takes nothing back of the next", async () => {
  const damaged = emulator.control.state.import({ version: 1, accounts: { calls: 5 }, notes: 5 });
  const good = emulator.control.state.import({ version: 1, accounts: { calls: 1 }, notes: "notes" });
  await expect(damaged).rejects.toThrow(ControlRequestError);
  await good;
  expect(emulator.calls).toHaveLength(1);
});
