import { describe, expect, it } from "vitest";
import {
  compareNames,
  comparePairs,
  findBrokenLinks,
  findMissingPaths,
  findMissingTests,
  titlesOf,
} from "./comparisons.ts";
import { anchorsOf, sectionOf, tableRows } from "./markdown.ts";

describe("titlesOf", () => {
  it.each([
    ['it("plain", () => {});', "plain"],
    ["test('single quotes', () => {});", "single quotes"],
    ['it.each(CASES)(\n  "of a table: %s",\n  () => {});', "of a table: %s"],
    ['it.each(list.map((entry) => ({ entry })))("after nested calls", () => {});', "after nested calls"],
    ["it(`a template`, () => {});", "a template"],
  ])("finds the title in %j", (source, title) => {
    expect(titlesOf(source)).toEqual([title]);
  });

  it("takes no other string for a title", () => {
    expect(titlesOf('submit("Allow"); describe("a group", () => {});')).toEqual([]);
  });
});

describe("findMissingTests", () => {
  const source = 'describe("a group", () => { it("a title", () => {}); });';

  it.each(["a title", "a group > a title"])("finds %j", (name) => {
    expect(findMissingTests(`\`a.test.ts\`: "${name}"`, () => source)).toEqual([]);
  });

  it.each(["a group", "no group > a title", "a group > no title"])("misses %j", (name) => {
    expect(findMissingTests(`\`a.test.tsx\`: "${name}"`, () => source)).toEqual([
      `a.test.tsx has no test "${name}"`,
    ]);
  });

  it("misses a file", () => {
    expect(findMissingTests('`a.test.ts`: "a title"', () => undefined)).toEqual(["there is no a.test.ts"]);
  });
});

describe("compareNames and comparePairs", () => {
  it("name what is left out, what does not exist and what stands there twice", () => {
    expect(compareNames("x", ["a", "a", "c"], ["a", "b"])).toEqual([
      "x: b is left out",
      "x: there is no c",
      "x: a stands there twice",
    ]);
  });

  it("name what differs", () => {
    expect(comparePairs("x", { a: "1" }, { a: "2" })).toEqual(["x: a is 2, not 1"]);
  });
});

describe("markdown", () => {
  it("ends a section at the next heading of its level and ignores fenced blocks", () => {
    const text = "## A\none\n```\n## B\n```\n   ```\n## B\n   ```\n### C\ntwo\n## D\nthree\n";
    expect(sectionOf(text, "A").split(/\s+/)).toEqual(["one", "###", "C", "two"]);
    expect(() => sectionOf(text, "B")).toThrow('There is no heading "B".');
  });

  it("reads rows of several tables by their own columns", () => {
    expect(tableRows("| a | b |\n|---|---|\n| 1 | x \\| y |\n\n| c |\n|---|\n| 2 |\n")).toEqual([
      { a: "1", b: "x | y" },
      { c: "2" },
    ]);
  });

  it("makes anchors as GitHub does", () => {
    expect([...anchorsOf("# Log events\n## What's `new`?\n## Log events\n")]).toEqual([
      "log-events",
      "whats-new",
      "log-events-1",
    ]);
  });
});

describe("links and paths", () => {
  const exists = (file: string) => file === "docs" || file === "docs/a.md";

  it("resolve links from the document's folder and leave other sites alone", () => {
    const files = { "docs/a.md": "[x](a.md) [y](../docs/) [z](https://example.com) [w](b.md)" };
    expect(findBrokenLinks(files, (file) => exists(file.replace(/\/$/, "")))).toEqual([
      "docs/a.md: the link to b.md leads nowhere",
    ]);
  });

  it("look for what stands before a pattern", () => {
    const files = { "README.md": "`docs/*.md` `docs/<name>.md` `gone/x` `docs/gone/*.ts`" };
    expect(findMissingPaths(files, exists)).toEqual(["README.md: there is no docs/gone/*.ts"]);
  });
});
