/** Revocations that overlap, and the hours that pass between attempts. */
import { beforeEach, expect, it, vi } from "vitest";
import { MemoryStorage } from "../testing/storage.ts";
import { PingRevocation } from "./ping-revocation.ts";
import type { PingResult } from "./ping-types.ts";

const answers = new Map<string, () => Promise<PingResult<undefined>>>();
const asked: string[] = [];

function askPingOne(token: string): Promise<PingResult<undefined>> {
  asked.push(token);
  return answers.get(token)?.() ?? Promise.resolve({ kind: "ok", value: undefined });
}

const UNAVAILABLE: PingResult<undefined> = { kind: "failed", failure: "unavailable", detail: "test" };

let storage: MemoryStorage;

async function start(): Promise<PingRevocation> {
  const sealing = { secret: "TEST ONLY cookie key, at least 32 characters long", id: "object" };
  const revocation = new PingRevocation(storage as unknown as DurableObjectStorage, sealing, askPingOne);
  await revocation.load();
  return revocation;
}

beforeEach(() => {
  answers.clear();
  asked.length = 0;
  storage = new MemoryStorage();
  storage.stored.set("tokens", "sealed");
});

it("takes the place of the session's own record, and leaves nothing when it is done", async () => {
  const revocation = await start();
  await revocation.begin(["a", "b"], ["tokens"]);
  expect(asked).toEqual(["a", "b"]);
  expect([...storage.stored]).toEqual([]);
  expect(revocation.isPending).toBe(false);
});

it("a token that is added while PingOne answers is not lost with the answer", async () => {
  const first = Promise.withResolvers<PingResult<undefined>>();
  answers.set("a", () => first.promise);
  answers.set("b", async () => UNAVAILABLE);
  const revocation = await start();
  const begun = [revocation.begin(["a"], [])];
  await vi.waitFor(() => expect(asked).toEqual(["a"]));
  begun.push(revocation.begin(["b"], []));
  first.resolve({ kind: "ok", value: undefined });
  await Promise.all(begun);
  expect(asked).toEqual(["a", "b"]);
  expect(revocation.isPending).toBe(true);
  // Also for another instance.
  asked.length = 0;
  answers.clear();
  const later = await start();
  await later.goOn();
  expect(asked).toEqual(["b"]);
  expect([...storage.stored]).toEqual([]);
});

it("nobody waits longer than a second for PingOne", async () => {
  answers.set("a", () => new Promise(() => {}));
  const revocation = await start();
  const startedAt = Date.now();
  await revocation.begin(["a"], []);
  expect(Date.now() - startedAt).toBeLessThan(3000);
  expect([...storage.stored.keys()]).toContain("revocation");
});

it("asks again after 5 seconds, 1, 5 and 30 minutes, 2 and 12 hours, and then leaves the token to expire", async () => {
  answers.set("a", async () => UNAVAILABLE);
  let revocation = await start();
  await revocation.begin(["a"], []);
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    // An alarm may wake another instance.
    revocation = await start();
    expect(revocation.isPending).toBe(true);
    await revocation.goOn();
  }
  expect(asked).toHaveLength(7);
  expect([...new Set(storage.alarms)]).toEqual([5, 60, 300, 1800, 7200, 43_200]);
  expect([...storage.stored]).toEqual([]);
});

it("a refusal is PingOne's last word", async () => {
  answers.set("a", async () => ({ kind: "failed", failure: "rejected", detail: "test" }));
  const revocation = await start();
  await revocation.begin(["a"], []);
  expect([...storage.stored]).toEqual([]);
});
