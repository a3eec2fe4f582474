/** Every row of the fidelity table names tests that are there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeSpans, type Row, tableRows } from "./markdown.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/pingone-fidelity.md");

/** Titles of a test file as vitest prints them, `describe > it`, with the placeholders of tables left as they stand. */
function titlesIn(source: string): Set<string> {
  const titles = new Set<string>();
  const open: { indent: number; title: string }[] = [];
  // A title is the first argument of describe, it or test, or of what their `each` returns.
  for (const match of source.matchAll(/(?:\b(?:describe|it|test)|\))\(\s*"((?:[^"\\]|\\.)*)",/g)) {
    const before = source.slice(0, source.indexOf("\n", match.index));
    const indent = /^ */.exec(before.slice(before.lastIndexOf("\n") + 1))?.[0] ?? "";
    const opener = before
      .match(new RegExp(`^${indent}(describe|it|test)\\b`, "gm"))
      ?.at(-1)
      ?.trim();
    const title = JSON.parse(`"${match[1]}"`) as string;
    while ((open.at(-1)?.indent ?? -1) >= indent.length) open.pop();
    if (opener === "describe") open.push({ indent: indent.length, title });
    else titles.add([...open.map((level) => level.title), title].join(" > "));
  }
  return titles;
}

/** What is wrong with the tests that a row names. */
function problemsOf(row: Row, read: (file: string) => string | undefined): string[] {
  const problems: string[] = [];
  let titles: Set<string> | undefined;
  let named = 0;
  for (const span of codeSpans(row.Test ?? "")) {
    if (span.endsWith(".test.ts")) {
      const source = read(span);
      titles = source === undefined ? undefined : titlesIn(source);
      if (!titles) problems.push(`there is no file ${span}`);
    } else {
      named += 1;
      if (titles && !titles.has(span)) problems.push(`there is no test "${span}"`);
    }
  }
  return named === 0 ? [...problems, "the row names no test"] : problems;
}

function readTestFile(file: string): string | undefined {
  const path = join(import.meta.dirname, "../../mocks/pingone", file);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

const markdown = readFileSync(DOCUMENT, "utf8");
const rows = tableRows(markdown);
const testedRows = rows.filter((row) => "Test" in row);

describe("the fidelity table", () => {
  it.each(testedRows.map((row) => [row.PingOne ?? "", row] as const))("has its tests: %s", (_, row) => {
    expect(problemsOf(row, readTestFile)).toEqual([]);
  });

  it("says how sure each row is, and from where", () => {
    const sources = /documented|seen|reported|specified|unverified|sample|flows/;
    const described = rows.filter((row) => "Confidence, source" in row);
    expect(described.length).toBeGreaterThan(60);
    for (const row of described) expect(row["Confidence, source"]).toMatch(sources);
  });

  it("says of each row that is left out why", () => {
    const leftOut = rows.filter((row) => "Why it is left out" in row);
    expect(leftOut.length).toBeGreaterThan(5);
    for (const row of leftOut) expect(row["Why it is left out"]).toMatch(/\w{3}/);
  });

  it.each([
    [
      "a title that is not there",
      "`tokens/sign.test.ts`: `discovery > is nothing`",
      'there is no test "discovery > is nothing"',
    ],
    [
      "a title without its describe",
      "`tokens/sign.test.ts`: `is PingOne's document, member by member`",
      "there is no test",
    ],
    ["a file that is not there", "`nothing.test.ts`: `a > b`", "there is no file nothing.test.ts"],
    ["no test", "by hand", "the row names no test"],
  ])("is found wrong with %s", (_, cell, problem) => {
    expect(problemsOf({ Test: cell }, readTestFile).join()).toContain(problem);
  });
});
