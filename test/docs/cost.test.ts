/** The model behind `docs/cost.md` and `npm run cost`, and that the files in `docs/` are what it renders. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Amounts,
  BASE_PRICE,
  billOf,
  firstLimit,
  METERS,
  type MeterName,
  monthlyAmounts,
} from "../bench/cost.ts";
import { readRecorded, renderFiles } from "../bench/record.ts";

const DOCS = path.join(import.meta.dirname, "../../docs");
const report = await readRecorded();

it.each([...renderFiles(report)])("docs/%s is rendered from docs/bench.json", async (name, rendered) => {
  const text = await readFile(path.join(DOCS, name), "utf8");
  expect(text === rendered, `Run: npm run cost -- --write`).toBe(true);
});

const NOTHING = Object.fromEntries(Object.keys(METERS).map((meter) => [meter, 0])) as Record<
  MeterName,
  number
>;

describe("a bill", () => {
  it("is the plan's base price as long as nothing exceeds what is included", () => {
    const included = Object.fromEntries(
      Object.entries(METERS).map(([meter, { included }]) => [meter, included]),
    );
    expect(billOf(included as Amounts)).toEqual({ total: BASE_PRICE, parts: [] });
  });

  it("adds what each meter exceeds, the dearest first", () => {
    const { total, parts } = billOf({ ...NOTHING, kvWrites: 3e6, requests: 20e6 });
    expect(parts).toEqual([
      { meter: "kvWrites", dollars: 10 },
      { meter: "requests", dollars: 3 },
    ]);
    expect(total).toBe(BASE_PRICE + 13);
  });
});

describe("the first limit", () => {
  it("is the meter at which fewest people fit in", () => {
    const onePerson = { ...NOTHING, requests: 100, kvWrites: 20 };
    expect(firstLimit(onePerson, "paid")).toEqual({ meter: "kvWrites", people: 50_000 });
    expect(firstLimit(onePerson, "free")).toEqual({ meter: "kvWrites", people: 1500 });
  });
});

describe("a month", () => {
  const usage = { people: 10, signInsPerDay: 0, callsPerDay: 20 };

  it("has thirty days of each person's calls, with a refresh for every twenty", () => {
    const { requests, kvReads } = monthlyAmounts(report, "stateless lane", usage);
    // With what clients send besides, three requests for every twenty calls.
    expect(requests).toBeCloseTo(10 * 30 * (20 + 3 + 1), 6);
    expect(kvReads).toBeCloseTo(10 * 30 * (20 + 3 + 1), 6);
  });

  it("has the sessions of the old protocol only in its lane", () => {
    const stateless = monthlyAmounts(report, "stateless lane", usage);
    const session = monthlyAmounts(report, "session lane", usage);
    expect(session.requests - stateless.requests).toBeCloseTo(10 * 30 * 2, 6);
    expect(session.objectSeconds).toBeGreaterThan(stateless.objectSeconds);
  });

  it("grows with people and with nothing else", () => {
    const one = monthlyAmounts(report, "session lane", { ...usage, people: 1 });
    const many = monthlyAmounts(report, "session lane", { ...usage, people: 1000 });
    for (const meter of Object.keys(METERS) as MeterName[]) {
      expect(many[meter]).toBeCloseTo(one[meter] * 1000, 3);
    }
  });
});
