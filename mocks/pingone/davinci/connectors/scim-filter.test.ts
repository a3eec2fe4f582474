import { describe, expect, it } from "vitest";
import { matchesFilter, parseScimFilter } from "./scim-filter.ts";

const ALICE: Record<string, unknown> = {
  username: "Alice",
  email: "alice@example.com",
  "population.id": "p-1",
  enabled: true,
  "name.given": "",
};

function matches(text: string): boolean | undefined {
  const filter = parseScimFilter(text);
  return filter && matchesFilter(filter, (path) => ALICE[path]);
}

describe("a SCIM filter", () => {
  it.each([
    ['username eq "alice"', true],
    ['username eq "bob"', false],
    ['username ne "bob"', true],
    ['nickname ne "bob"', true],
    ['nickname eq "bob"', false],
    ['email co "@EXAMPLE"', true],
    ['email sw "alice"', true],
    ['email sw "example"', false],
    ['email ew ".com"', true],
    ['email ew ".org"', false],
    ["enabled eq true", true],
    ["email pr", true],
    ["name.given pr", false],
    ["nickname pr", false],
    ['not (username eq "alice")', false],
    ['(username eq "x" or email eq "alice@example.com") and population.id eq "p-1"', true],
    ['(username eq "x" or email eq "alice@example.com") and population.id eq "p-2"', false],
    // `and` binds more tightly than `or`.
    ['username eq "alice" or username eq "x" and email eq "x"', true],
    ['username eq "a\\"b"', false],
  ])("%s: %s", (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  it.each([
    "",
    "username",
    "username eq",
    'username eq "alice',
    'username gt "a"',
    'username eq "a" and',
    'username eq "a" )',
    '(username eq "a"',
    'emails[type eq "work"].value eq "a"',
    `${"(".repeat(10_000)}`,
    Array.from({ length: 500 }, () => "email pr").join(" or "),
  ])("that is malformed, unknown or too long is refused: %s", (text) => {
    expect(parseScimFilter(text)).toBeUndefined();
  });
});
