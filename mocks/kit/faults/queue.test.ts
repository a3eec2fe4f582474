import { describe, expect, it } from "vitest";
import { TEST_EMULATORS, type TestFaultRequest } from "../testing/emulator.ts";
import { FaultQueue } from "./queue.ts";

const { faults, endpoints } = TEST_EMULATORS;
const queueOf = (...requests: TestFaultRequest[]) => {
  const queue = new FaultQueue(faults, (value) => `#${value.length}`);
  for (const request of requests) queue.add(request);
  return queue;
};

describe("the catalogue of faults", () => {
  it("lists the faults of the wire first, then those of each emulator", () => {
    const owners = faults.entries.map(({ emulator }) => emulator);
    expect([...new Set(owners)]).toEqual([undefined, "Accounts", "Notes"]);
  });

  const afterwards = ["login", "times", "delayMilliseconds"];
  it.each<[string, readonly string[], readonly string[]]>([
    ["status", endpoints, [...afterwards, "status", "body", "headers", "afterProcessing"]],
    ["delay", endpoints, ["login", "times", "milliseconds"]],
    ["wrong_nonce", ["token"], ["login", "times"]],
    ["conflict", ["notes.list", "notes.add"], afterwards],
  ])("knows where %s can be queued, and its options", (name, places, options) => {
    const entry = faults.entries.find((candidate) => candidate.name === name);
    expect(entry?.endpoints).toEqual(places);
    expect(Object.keys(entry?.options ?? {})).toEqual(options);
  });
});

describe("FaultQueue", () => {
  it("hands out a fault as often as it was told, on its endpoint only, in the order of queueing", () => {
    const queue = queueOf(
      { endpoint: "jwks", fault: "reset", times: 2 },
      { endpoint: "jwks", fault: "truncated" },
    );
    expect(queue.takeOutside("token", undefined)).toBeUndefined();
    const met = Array.from({ length: 4 }, () => queue.takeOutside("jwks", undefined)?.fault);
    expect(met).toEqual(["reset", "reset", "truncated", undefined]);
  });

  it.each([
    [{ user: "alice" }, { username: "alice" }],
    [{ user: "alice-id" }, { userId: "alice-id" }],
    [{ user: "alice@example.com" }, { loginHint: "alice@example.com" }],
    [{ state: "s1" }, { state: "s1", username: "bob" }],
    [
      { clientId: "c1", user: "alice" },
      { clientId: "c1", username: "alice" },
    ],
  ])("keeps a fault for the login %j", (login, fitting) => {
    const queue = queueOf({ endpoint: "token", fault: "reset", login });
    expect(queue.takeOutside("token", undefined)).toBeUndefined();
    expect(
      queue.takeOutside("token", { username: "someone", userId: "x", state: "s2", clientId: "c2" }),
    ).toBeUndefined();
    expect(queue.takeOutside("token", fitting)?.fault).toBe("reset");
  });

  it("lets a login pass by a fault of another to its own", () => {
    const queue = queueOf(
      { endpoint: "token", fault: "reset", login: { user: "bob" } },
      { endpoint: "token", fault: "truncated", login: { user: "alice" } },
    );
    expect(queue.takeOutside("token", { username: "alice" })?.fault).toBe("truncated");
    expect(queue.pending().map(({ fault }) => fault)).toEqual(["reset"]);
  });

  it("tells faults that the emulator builds in from those of the wire", () => {
    const queue = queueOf({ endpoint: "token", fault: "wrong_nonce" }, { endpoint: "token", fault: "reset" });
    expect(queue.takeOutside("token", {})).toBeUndefined();
    expect(queue.takeInside("token", {})?.fault).toBe("wrong_nonce");
    expect(queue.takeInside("token", {})).toBeUndefined();
    expect(queue.takeOutside("token", {})?.fault).toBe("reset");
  });

  it.each<[string, unknown, RegExp]>([
    [
      "an unknown fault",
      { endpoint: "token", fault: "explode" },
      /no fault "explode".*Valid names: delay, status/,
    ],
    ["no fault", { endpoint: "token" }, /Valid names: delay/],
    ["nothing", undefined, /Valid names: delay/],
    [
      "an unknown endpoint",
      { endpoint: "login", fault: "reset" },
      /no endpoint for the fault reset "login".*jwks, authorize/,
    ],
    [
      "an endpoint that the fault is not for",
      { endpoint: "token", fault: "conflict" },
      /Valid names: notes\.list/,
    ],
    ["a defect of tokens elsewhere", { endpoint: "userinfo", fault: "wrong_nonce" }, /Valid names: token/],
    [
      "an option that the fault lacks",
      { endpoint: "token", fault: "reset", status: 500 },
      /Valid names: .*afterProcessing/,
    ],
    ["a login without a field", { endpoint: "token", fault: "reset", login: {} }, /at least one of/],
    ["an unknown field of a login", { endpoint: "token", fault: "reset", login: { name: "x" } }, /login/],
    ["no status", { endpoint: "token", fault: "status" }, /status/],
    ["a status out of range", { endpoint: "token", fault: "status", status: 99 }, /status/],
    ["a fraction of a time", { endpoint: "token", fault: "reset", times: 0.5 }, /times/],
    [
      "a header that splits the response",
      { endpoint: "token", fault: "status", status: 200, headers: { a: "b\r\nc: d" } },
      /headers/,
    ],
  ])("refuses %s and says what is valid", (_, fault, message) => {
    expect(() => queueOf(fault as TestFaultRequest)).toThrow(message);
  });

  it("fails the test whose fault was never met, and hides its state", () => {
    const queue = queueOf(
      { endpoint: "token", fault: "wrong_nonce", login: { user: "alice", state: "SECRET" } },
      { endpoint: "jwks", fault: "reset", times: 3 },
    );
    queue.takeOutside("jwks", undefined);
    expect(() => queue.assertNonePending()).toThrow(
      /no request met them:\n {2}wrong_nonce on token for user alice, state #6, 1 time\n {2}reset on jwks, 2 times\n/,
    );
    queue.clear();
    expect(() => queue.assertNonePending()).not.toThrow();
  });

  it("removes one fault by its id, and lists the ids when there is none such", () => {
    const queue = queueOf({ endpoint: "jwks", fault: "reset" }, { endpoint: "par", fault: "reset" });
    queue.remove(1);
    expect(queue.pending().map(({ id }) => id)).toEqual([2]);
    expect(() => queue.remove(1)).toThrow("No fault 1 is pending. Pending: 2.");
  });
});
