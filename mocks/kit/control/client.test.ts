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
    const state = await control().state.summary();
    expect(state.accounts.users.map(({ username }) => username)).toEqual(["alice", "bob"]);
    expect(state.notes).toEqual({ count: 2 });
    expect(state.clock.offsetSeconds).toBe(0);
    expect(state.faults).toEqual([]);
  });

  it("read, find, mark and empty the journal", async () => {
    await meet("/env/as/userinfo");
    const mark = await control().journal.mark();
    await meet("/env/as/userinfo");
    expect(await control().journal.find()).toHaveLength(2);
    expect(await control().journal.find({ endpoint: "userinfo", after: mark })).toHaveLength(1);
    expect(await control().journal.find({ endpoint: "token" })).toEqual([]);
    await control().journal.clear();
    expect(await control().journal.find()).toEqual([]);
  });

  it("expect that a request came, or never came", async () => {
    await meet("/env/as/userinfo");
    expect(await control().journal.expect({ endpoint: "userinfo" }, { times: 1 })).toHaveLength(1);
    await control().journal.expectNone({ endpoint: "token" });
    await expect(control().journal.expectNone({ endpoint: "userinfo" })).rejects.toThrow(
      "Expected no request",
    );
    const failed = control().journal.expect({ endpoint: "token" });
    await expect(failed).rejects.toThrow(ExpectationError);
    await expect(failed).rejects.toThrow(/- endpoint: expected token\n {2}\+ endpoint: was userinfo/);
  });

  it("queue, list, remove and clear faults, and fail while one has not been met", async () => {
    const id = await control().faults.queue({ endpoint: "userinfo", fault: "status", status: 503 });
    await control().faults.queue({ endpoint: "jwks", fault: "reset" });
    expect(await control().faults.pending()).toMatchObject([{ id, fault: "status" }, { fault: "reset" }]);
    await control().faults.remove(id);
    await expect(control().faults.expectNone()).rejects.toThrow(/queued.*:\n {2}reset on jwks, 1 time\n/);
    await control().faults.clear();
    expect(await control().faults.pending()).toEqual([]);
    await control().faults.expectNone();
  });

  it("move the clock and bring it back", async () => {
    await control().clock.advance(90);
    await control().clock.advance(-30);
    expect((await control().state.summary()).clock.offsetSeconds).toBe(60);
    await control().clock.reset();
    expect((await control().state.summary()).clock.offsetSeconds).toBe(0);
  });

  it("pass the verbs of the emulators on, with fields by position and the rest as options", async () => {
    expect(await control().keys.rotate()).toBe("key-2");
    await control().keys.rotate({ drop: true });
    expect(await control().tokens.expire("alice")).toBe(2);
    await control().choosePlan("policy-2");
    await control().choosePlan("policy-2", "app");
    await control().switches.set({ resourceParam: "honour" });
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
    const failed = control().tokens.expire("carol");
    await expect(failed).rejects.toThrow(ControlRequestError);
    await expect(failed).rejects.toThrow("Users: alice, bob.");
  });

  it("reset everything", async () => {
    await meet("/env/as/userinfo");
    await control().faults.queue({ endpoint: "jwks", fault: "reset" });
    await control().clock.advance(60);
    await control().reset();
    expect(emulator.calls).toEqual(["accounts.reset()", "notes.reset()"]);
    const state = await control().state.summary();
    expect(state.clock.offsetSeconds).toBe(0);
    expect(state.faults).toEqual([]);
    expect(state.journal.entries).toBe(0);
  });
});

describe("createClient", () => {
  it("fails on disposal when a fault was never met", async () => {
    await client.faults.queue({ endpoint: "jwks", fault: "reset" });
    await expect(client[Symbol.asyncDispose]()).rejects.toThrow(/reset on jwks/);
    await client.faults.clear();
    await client[Symbol.asyncDispose]();
  });

  it("says which address has no answer", async () => {
    const gone = createClient(TEST_EMULATORS.verbs, "http://127.0.0.1:9");
    await expect(gone.health()).rejects.toThrow(
      "GET http://127.0.0.1:9/__mocks/health: no answer. Is the emulator running at this address?",
    );
  });

  it("takes any address of the emulator for its origin", async () => {
    const other = createClient(TEST_EMULATORS.verbs, `${emulator.origin}/env/as`);
    expect(await other.health()).toEqual({ status: "ok", emulator: "accounts" });
  });
});
