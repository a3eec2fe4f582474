import { describe, expect, it } from "vitest";
import { type CodePurpose, CodeStore } from "./codes.ts";

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
  /** Sends a code to alice, and checks what is offered for it. */
  const issue = (purpose: CodePurpose = "recovery", code = CODE) => {
    codes.issue(purpose, "alice", code);
    return (offered: string) => codes.check(purpose, "alice", offered);
  };
  return { codes, advance, issue, changes: () => changes };
}

describe("a one-time code", () => {
  it("is right for its user and purpose only, whatever its letter case", () => {
    const { codes, issue } = codesOf();
    const check = issue();
    expect(check(` ${CODE.toLowerCase()} `)).toBe("right");
    expect(codes.check("recovery", "bob", CODE)).toBe("none");
    expect(codes.check("verification", "alice", CODE)).toBe("none");
    expect(check("other")).toBe("wrong");
  });

  it.each([
    ["verification", 24 * 60],
    ["recovery", 5],
  ] as const)("[PING-151] of the purpose %s expires after %i minutes", (purpose, minutes) => {
    const { issue, advance } = codesOf();
    const check = issue(purpose);
    advance(minutes - 1);
    expect(check(CODE)).toBe("right");
    advance(1);
    expect(check(CODE)).toBe("expired");
  });

  it("is worthless after five wrong entries, until a new one is sent", () => {
    const { issue } = codesOf();
    const check = issue();
    const checks = Array.from({ length: 5 }, () => check("wrong"));
    expect(checks).toEqual(["wrong", "wrong", "wrong", "wrong", "exhausted"]);
    expect(check(CODE)).toBe("exhausted");
    expect(issue()(CODE)).toBe("right");
  });

  it("takes the place of the one before", () => {
    const { codes, issue } = codesOf();
    codes.issue("recovery", "alice", "first");
    const check = issue("recovery", "second");
    expect(check("first")).toBe("wrong");
    expect(check("second")).toBe("right");
  });

  it("is kept no longer than it is good", () => {
    const { codes, issue, advance } = codesOf();
    issue("recovery");
    advance(5);
    issue("verification");
    expect(codes.snapshot()).toHaveLength(1);
  });

  it("is gone when it was consumed, its user was deleted, or at reset", () => {
    const { codes, issue, changes } = codesOf();
    for (const act of [
      () => codes.consume("recovery", "alice"),
      () => codes.forget("alice"),
      () => codes.reset(),
    ]) {
      codes.issue("recovery", "bob", CODE);
      const check = issue();
      const before = changes();
      act();
      expect(changes()).toBeGreaterThan(before);
      expect(check(CODE)).toBe("none");
    }
    codes.issue("recovery", "bob", CODE);
    codes.forget("alice");
    expect(codes.check("recovery", "bob", CODE)).toBe("right");
  });
});

describe("a snapshot of codes", () => {
  it("has hashes only, and brings back codes with their failures", () => {
    const { codes, issue } = codesOf();
    const check = issue();
    for (let entry = 0; entry < 4; entry += 1) check("wrong");
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
