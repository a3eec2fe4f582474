import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createControlClient, OFFLINE } from "../../mocks/control.ts";

const { endpoints, faults, patternSchema, verbs } = OFFLINE;

const page = await readFile(join(import.meta.dirname, "../../docs/control-api.md"), "utf8");

/** Rows of the table below a heading, as cells. */
function tableBelow(heading: string): string[][] {
  const section = page.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const names = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

describe("docs/control-api.md", () => {
  it("lists every verb with its request and what it takes", () => {
    const rows = tableBelow("Verbs").filter(([verb]) => verb !== "`health`");
    expect(rows.map(([verb]) => names(verb)[0])).toEqual(Object.keys(verbs));
    for (const [verb, request, takes] of rows) {
      const { method, path, input } = verbs[names(verb)[0] ?? ""] ?? {};
      expect(names(request)).toEqual([`${method} ${path}`]);
      // What is described below the table, or in another document, is not listed in it.
      const isDescribedElsewhere = input === patternSchema || path === "/switches";
      const fields = input instanceof z.ZodObject && !isDescribedElsewhere ? Object.keys(input.shape) : [];
      expect(names(takes)).toEqual(fields);
    }
  });

  it("names every verb of the client", () => {
    for (const verb of Object.keys(createControlClient("http://127.0.0.1:1"))) {
      expect(page).toMatch(new RegExp(`\`${verb}(\\(\\w*\\))?\``));
    }
  });

  it("lists every fault with its options, and where it can be queued", () => {
    const rows = tableBelow("Faults");
    expect(rows.map(([fault]) => names(fault)[0])).toEqual(faults.entries.map(({ name }) => name));
    for (const [fault, on, options] of rows) {
      const entry = faults.get(names(fault)[0] ?? "");
      const common = ["login", "times", "delayMilliseconds"];
      expect(names(options)).toEqual(Object.keys(entry.options).filter((option) => !common.includes(option)));
      const places = {
        any: endpoints,
        "Todo API": endpoints.filter((endpoint) => endpoint.startsWith("todos.")),
      };
      expect(entry.endpoints).toEqual(places[on as keyof typeof places] ?? names(on));
    }
  });

  it("lists every endpoint and every field of a pattern", () => {
    expect(names(/Endpoints of PingOne:[\s\S]*?todos\.delete`/.exec(page)?.[0])).toEqual(endpoints);
    expect(tableBelow("Patterns").map(([field]) => names(field)[0])).toEqual(
      Object.keys(patternSchema.shape),
    );
  });
});
