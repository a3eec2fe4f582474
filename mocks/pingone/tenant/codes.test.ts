import { describe, expect, it } from "vitest";
import { CodeStore } from "./codes.ts";

/** TEST ONLY. */
const CODE = "A1B2C3";

function codesOf() {
  let now = Date.parse("2026-11-24T12:00:00Z");
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const codes = new CodeStore({ clock: () => now, onChange });
  const advance = (minutes: number) => {
    now += minutes * 60_000;
  };
  return { codes, advance, changes: () => changes };
}

describe("a one-time code", () => {
  it("is right for its user and purpose only, whatever its letter case", () => {
    const { codes } = codesOf();
    codes.issue("recovery", "alice", CODE);
    expect(codes.check("recovery", "alice", ` ${CODE.toLowerCase()} `)).toBe("right");
    expect(codes.check("recovery", "bob", CODE)).toBe("none");
    expect(codes.check("mfa", "alice", CODE)).toBe("none");
    expect(codes.check("recovery", "alice", "other")).toBe("wrong");
  });

  it.each([
    ["verification", 24 * 60],
    ["recovery", 5],
    ["mfa", 30],
  ] as const)("of the purpose %s expires after %i minutes", (purpose, minutes) => {
    const { codes, advance } = codesOf();
    const { id } = codes.issue(purpose, "alice", CODE);
    advance(minutes - 1);
    expect(codes.check(purpose, "alice", CODE, id)).toBe("right");
    advance(1);
    expect(codes.check(purpose, "alice", CODE, id)).toBe("expired");
  });

  it("is worthless after five wrong entries, until a new one is sent", () => {
    const { codes } = codesOf();
    codes.issue("recovery", "alice", CODE);
    const checks = Array.from({ length: 5 }, () => codes.check("recovery", "alice", "wrong"));
    expect(checks).toEqual(["wrong", "wrong", "wrong", "wrong", "exhausted"]);
    expect(codes.check("recovery", "alice", CODE)).toBe("exhausted");
    codes.issue("recovery", "alice", CODE);
    expect(codes.check("recovery", "alice", CODE)).toBe("right");
  });

  it("takes the place of the one before", () => {
    const { codes } = codesOf();
    const first = codes.issue("recovery", "alice", "first");
    const second = codes.issue("recovery", "alice", "second");
    expect(codes.check("recovery", "alice", "first")).toBe("wrong");
    expect(codes.find(first.id)).toBeUndefined();
    expect(codes.find(second.id)).toMatchObject({ purpose: "recovery", userId: "alice" });
  });

  it("of MFA stays valid beside another, because each belongs to one authentication", () => {
    const { codes } = codesOf();
    const [first, second] = [codes.issue("mfa", "alice", "first"), codes.issue("mfa", "alice", "second")];
    expect(codes.check("mfa", "alice", "first", first.id)).toBe("right");
    expect(codes.check("mfa", "alice", "second", second.id)).toBe("right");
    expect(codes.check("mfa", "alice", "second", first.id)).toBe("wrong");
    codes.consume("mfa", "alice", first.id);
    expect(codes.find(first.id)).toBeUndefined();
    expect(codes.find(second.id)).toBeDefined();
  });

  it("is gone when it was consumed, its user was deleted, or at reset", () => {
    const { codes, changes } = codesOf();
    const issue = () => codes.issue("verification", "alice", CODE);
    for (const act of [
      () => codes.consume("verification", "alice"),
      () => codes.forget("alice"),
      () => codes.reset(),
    ]) {
      issue();
      const before = changes();
      act();
      expect(changes()).toBeGreaterThan(before);
      expect(codes.check("verification", "alice", CODE)).toBe("none");
    }
  });
});

describe("a snapshot of codes", () => {
  it("[PING-151] has hashes only, and brings back codes with their failures", () => {
    const { codes } = codesOf();
    codes.issue("recovery", "alice", CODE);
    for (let entry = 0; entry < 4; entry += 1) codes.check("recovery", "alice", "wrong");
    const snapshot = JSON.parse(JSON.stringify(codes.snapshot()));
    expect(JSON.stringify(snapshot)).not.toContain(CODE);
    const { codes: other } = codesOf();
    other.restore(snapshot);
    expect(other.check("recovery", "alice", CODE)).toBe("right");
    expect(other.check("recovery", "alice", "wrong")).toBe("exhausted");
  });

  it("that is damaged is refused", () => {
    expect(() => codesOf().codes.restore([{ id: 1 }])).toThrow("snapshot of codes");
  });
});
