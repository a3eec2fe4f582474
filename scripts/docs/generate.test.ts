import { describe, expect, it } from "vitest";
import { readDocuments } from "./documents.ts";
import { codes, generate, staleOf, table } from "./generate.ts";
import { readParts } from "./parts.ts";

const text = "before\n<!-- generated:a -->\nold\n<!-- /generated -->\nafter\n";

describe("generate", () => {
  it("replaces what stands between the marks, and nothing else", () => {
    const documents = { "a.md": text, "b.md": "plain" };
    const generated = generate(documents, { a: "new" });
    expect(generated).toEqual({ "a.md": text.replace("old", "new"), "b.md": "plain" });
    expect(staleOf(documents, generated)).toEqual(["a.md"]);
    expect(generate(generated, { a: "new" })).toEqual(generated);
  });

  it.each([
    ["a part without an end", "<!-- generated:a -->\n", 'x.md: each "<!-- generated:NAME -->" needs one'],
    ["a part that nothing generates", text, 'x.md: nothing generates "a". There are: b.'],
    ["what no document has a place for", "plain", "No document has a place for: b."],
  ])("refuses %s", (_what, document, message) => {
    expect(() => generate({ "x.md": document }, { b: "" })).toThrow(message);
  });
});

it("table keeps a cell in its column", () => {
  expect(table(["a", "b"], [["x | y", codes([])]])).toBe("| a | b |\n|---|---|\n| x \\| y | - |");
});

it("the documents are up to date; run: npm run docs", () => {
  const documents = readDocuments();
  expect(staleOf(documents, generate(documents, readParts()))).toEqual([]);
});
