import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readDocuments } from "../../scripts/docs/documents.ts";
import { findBrokenLinks, findMissingPaths } from "./links.ts";
import { anchorsOf } from "./markdown.ts";

const documents = readDocuments();
const exists = (file: string) => existsSync(path.join(ROOT, file));

describe("the documents", () => {
  it("have no broken links", () => {
    expect(findBrokenLinks(documents, exists)).toEqual([]);
  });

  it("name no path that does not exist", () => {
    expect(findMissingPaths(documents, exists)).toEqual([]);
  });
});

describe("what is found", () => {
  const isThere = (file: string) => ["docs", "docs/", "docs/a.md"].includes(file);

  it("are links, resolved from the document's folder, to files and headings; other sites are left alone", () => {
    const text = "# A b\n[x](a.md#a-b) [y](../docs/) [z](https://example.com) [w](b.md) [v](#c)";
    expect(findBrokenLinks({ "docs/a.md": text }, isThere)).toEqual([
      "docs/a.md: the link to b.md leads nowhere",
      "docs/a.md: docs/a.md has no heading #c",
    ]);
  });

  it("are paths, of a pattern what stands before it", () => {
    const documents = { "README.md": "`docs/*.md` `docs/<name>.md` `gone/x` `docs/gone/*.ts`" };
    expect(findMissingPaths(documents, isThere)).toEqual(["README.md: there is no docs/gone/*.ts"]);
  });

  it("are anchors as GitHub makes them", () => {
    const text = "# Log events\n## What's `new`?\n## Log events\n```\n# no heading\n```\n";
    expect([...anchorsOf(text)]).toEqual(["log-events", "whats-new", "log-events-1"]);
  });
});
