import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import {
  createTestEmulator,
  TEST_EMULATORS,
  type TestClient,
  type TestControl,
  type TestEmulator,
} from "../testing/emulator.ts";
import { createClient } from "./client.ts";

let emulator: TestEmulator;
let client: TestClient;
beforeEach(async () => {
  emulator = await createTestEmulator();
  client = emulator.client;
});
afterEach(() => emulator[Symbol.asyncDispose]());

const meet = (path: string, init?: RequestInit) => fetch(`${emulator.origin}${path}`, init);

// Every verb behaves the same over HTTP and in process.
describe.each<[string, () => TestControl]>([
  ["over HTTP", () => client],
  ["in process", () => emulator.control],
])("the verbs %s", (_, control) => {
  it("tell the state in counts and names", async () => {
    const state = await control().state();
    expect(state.accounts.users.map(({ username }) => username)).toEqual(["alice", "bob"]);
    expect(state.notes).toEqual({ count: 2 });
    expect(state.clock.offsetSeconds).toBe(0);
    expect(state.faults).toEqual([]);
  });

  it("read, find, mark and empty the journal", async () => {
    await meet("/env/as/userinfo");
    const mark = await control().lastRequestNumber();
    await meet("/env/as/userinfo");
    expect(await control().requests()).toHaveLength(2);
    expect(await control().requests({ endpoint: "userinfo", after: mark })).toHaveLength(1);
    expect(await control().requests({ endpoint: "token" })).toEqual([]);
    await control().clearRequests();
    expect(await control().requests()).toEqual([]);
  });

  it("expect that a request came, or never came", async () => {
    await meet("/env/as/userinfo");
    expect(await control().expectRequest({ endpoint: "userinfo" }, { times: 1 })).toHaveLength(1);
    await control().expectNoRequest({ endpoint: "token" });
    await expect(control().expectNoRequest({ endpoint: "userinfo" })).rejects.toThrow("Expected no request");
    const failed = control().expectRequest({ endpoint: "token" });
    await expect(failed).rejects.toThrow(ExpectationError);
    await expect(failed).rejects.toThrow(/- endpoint: expected token\n {2}\+ endpoint: was userinfo/);
  });

  it("queue, list, remove and clear faults, and fail while one has not been met", async () => {
    const id = await control().queueFault({ endpoint: "userinfo", fault: "status", status: 503 });
    await control().queueFault({ endpoint: "jwks", fault: "reset" });
    expect(await control().pendingFaults()).toMatchObject([{ id, fault: "status" }, { fault: "reset" }]);
    await control().removeFault(id);
    await expect(control().assertNoPendingFaults()).rejects.toThrow(/queued.*:\n {2}reset on jwks, 1 time\n/);
    await control().clearFaults();
    expect(await control().pendingFaults()).toEqual([]);
    await control().assertNoPendingFaults();
  });

  it("move the clock and bring it back", async () => {
    await control().advanceClock(90);
    await control().advanceClock(-30);
    expect((await control().state()).clock.offsetSeconds).toBe(60);
    await control().resetClock();
    expect((await control().state()).clock.offsetSeconds).toBe(0);
  });

  it("pass the verbs of the emulators on, with fields by position and the rest as options", async () => {
    expect(await control().rotateKeys()).toBe("key-2");
    await control().rotateKeys({ drop: true });
    expect(await control().expireTokens("alice")).toBe(2);
    await control().choosePlan("policy-2");
    await control().choosePlan("policy-2", "app");
    await control().setSwitches({ resourceParam: "honour" });
    expect(emulator.calls).toEqual([
      "rotateKeys(false)",
      "rotateKeys(true)",
      "expireTokens(alice)",
      "choosePlan(policy-2,undefined)",
      "choosePlan(policy-2,app)",
      'setSwitches({"resourceParam":"honour"})',
    ]);
  });

  it("list the valid names when given another", async () => {
    const failed = control().expireTokens("carol");
    await expect(failed).rejects.toThrow(ControlRequestError);
    await expect(failed).rejects.toThrow("Users: alice, bob.");
  });

  it("reset everything", async () => {
    await meet("/env/as/userinfo");
    await control().queueFault({ endpoint: "jwks", fault: "reset" });
    await control().advanceClock(60);
    await control().reset();
    expect(emulator.calls).toEqual(["accounts.reset()", "notes.reset()"]);
    const state = await control().state();
    expect(state.clock.offsetSeconds).toBe(0);
    expect(state.faults).toEqual([]);
    expect(state.journal.entries).toBe(0);
  });
});

describe("createClient", () => {
  it("fails on disposal when a fault was never met", async () => {
    await client.queueFault({ endpoint: "jwks", fault: "reset" });
    await expect(client[Symbol.asyncDispose]()).rejects.toThrow(/reset on jwks/);
    await client.clearFaults();
    await client[Symbol.asyncDispose]();
  });

  it("takes any address of the emulator for its origin", async () => {
    const other = createClient(TEST_EMULATORS.verbs, `${emulator.origin}/env/as`);
    expect(await other.health()).toEqual({ status: "ok", emulator: "accounts" });
  });
});
