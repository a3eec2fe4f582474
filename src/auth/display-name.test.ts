import { describe, expect, it } from "vitest";
import { displayName } from "./display-name.ts";

/** Characters that no editor shows, by their numbers. */
const char = (...codes: number[]) => String.fromCodePoint(...codes);

describe("displayName", () => {
  it.each(["Claude", "Claude Code (todo)", "Aufgaben für Jörg", "やることリスト", "תזכורות", "Todo 🚀"])(
    "leaves %s as it is",
    (name) => {
      expect(displayName(name)).toBe(name);
    },
  );

  it.each<[what: string, character: string]>([
    ["a null character", char(0)],
    ["a right-to-left override", char(0x202e)],
    ["a zero-width space", char(0x200b)],
    ["a byte order mark", char(0xfeff)],
    ["a Hangul filler", char(0x3164)],
    ["a variation selector", char(0xfe0f)],
    ["a private-use character", char(0xe000)],
    ["a lone surrogate", "\ud800"],
  ])("takes %s out", (_what, character) => {
    expect(displayName(`Cla${character}ude${character}`)).toBe("Claude");
  });

  it("makes one space of any white space", () => {
    expect(displayName(`  Claude\r\n\n\t${char(0x2028)}for${char(0x3000, 0xa0)}you `)).toBe("Claude for you");
  });

  it("makes one space of spaces that stood around what it took out", () => {
    expect(displayName(`Claude ${char(0x200b)} Code`)).toBe("Claude Code");
  });

  it("cuts after a hundred characters and says so", () => {
    expect(displayName("x".repeat(100))).toBe("x".repeat(100));
    expect(displayName("x".repeat(101))).toBe(`${"x".repeat(99)}…`);
    expect(displayName(`${"x".repeat(98)} ${"y".repeat(50)}`)).toBe(`${"x".repeat(98)}…`);
  });

  it("does not cut a character in two", () => {
    expect(displayName("🚀".repeat(101))).toBe(`${"🚀".repeat(99)}…`);
  });

  it.each(["", " ", char(0x200b, 0x202e), char(0x3164)])("has words for a name of nothing", (name) => {
    expect(displayName(name)).toBe("An app without a name");
  });
});
