import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createControlClient } from "../../mocks/kit/control/client.ts";
import { VERB_NAMES, VERBS } from "../../mocks/kit/control/verbs.ts";
import { ENDPOINTS } from "../../mocks/kit/endpoints.ts";
import { endpointsOf, FAULT_NAMES, optionsOf } from "../../mocks/kit/faults/catalogue.ts";
import { requestPatternSchema } from "../../mocks/kit/journal/request-pattern.ts";

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
    expect(rows.map(([verb]) => names(verb)[0])).toEqual(VERB_NAMES);
    for (const [verb, request, takes] of rows) {
      const name = VERB_NAMES.find((candidate) => candidate === names(verb)[0]);
      if (name === undefined) throw new Error(`${verb} is no verb.`);
      expect(names(request)).toEqual([`${VERBS[name].method} ${VERBS[name].path}`]);
      const { input } = VERBS[name];
      const fields = input instanceof z.ZodObject ? Object.keys(input.shape) : [];
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
    expect(rows.map(([fault]) => names(fault)[0])).toEqual(FAULT_NAMES);
    for (const [fault, on, options] of rows) {
      const name = FAULT_NAMES.find((candidate) => candidate === names(fault)[0]);
      if (name === undefined) throw new Error(`${fault} is no fault.`);
      const common = ["login", "times", "delayMilliseconds"];
      expect(names(options)).toEqual(optionsOf(name).filter((option) => !common.includes(option)));
      const places = {
        any: ENDPOINTS,
        "Todo API": ENDPOINTS.filter((endpoint) => endpoint.startsWith("todos.")),
      };
      expect(endpointsOf(name)).toEqual(places[on as keyof typeof places] ?? names(on));
    }
  });

  it("lists every endpoint and every field of a pattern", () => {
    expect(names(/Endpoints of PingOne:[\s\S]*?todos\.delete`/.exec(page)?.[0])).toEqual(ENDPOINTS);
    expect(tableBelow("Patterns").map(([field]) => names(field)[0])).toEqual(
      Object.keys(requestPatternSchema.shape),
    );
  });
});
