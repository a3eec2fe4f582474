import { describe, expect, it } from "vitest";
import { claimsOf, compareClaims, tallyClaims, titlesOf } from "./claims.ts";

const documents = {
  "docs/security.md": "| a threat | `SEC-01`, `SEC-02` |\n",
  "docs/cost.md": "AES-256 and RFC-7636",
};

const test = (title: string, status: string) => ({
  title,
  tests: [{ results: status === "listed" ? [] : [{ status }] }],
});
const playwright = {
  suites: [
    {
      title: "a.spec.ts",
      specs: [test("[SEC-01] passes", "passed"), test("[SEC-02] fails", "failed")],
      suites: [{ title: "group", specs: [test("[SEC-03] is listed", "listed")] }],
    },
  ],
};
const vitest = {
  testResults: [
    {
      assertionResults: [
        { fullName: "group [SEC-01] passes", status: "passed" },
        { fullName: "group [SEC-02] is skipped", status: "skipped" },
      ],
    },
  ],
};

describe("claimsOf", () => {
  it("takes each id once, and nothing else that looks like one", () => {
    expect(claimsOf(Object.values(documents).join(documents["docs/security.md"]))).toEqual([
      "SEC-01",
      "SEC-02",
    ]);
  });
});

describe("titlesOf", () => {
  it.each([
    ["a report of Vitest, with what passed", vitest, ["group [SEC-01] passes"]],
    ["a list of Vitest", [{ name: "group > [SEC-01] passes" }], ["group > [SEC-01] passes"]],
    [
      "a report of Playwright, with what did not fail",
      playwright,
      ["a.spec.ts [SEC-01] passes", "a.spec.ts group [SEC-03] is listed"],
    ],
  ])("reads %s", (_what, report, titles) => {
    expect(titlesOf(report)).toEqual(titles);
  });

  it("refuses what no runner writes", () => {
    expect(() => titlesOf({ results: [] })).toThrow();
  });
});

describe("compareClaims", () => {
  it("finds nothing where each id has a test, be it for several claims or one of several", () => {
    expect(compareClaims(documents, ["[SEC-01] [SEC-02] one", "[SEC-02] two", "without"])).toEqual([]);
  });

  it("finds a claim that no test shows, and a test that no document names", () => {
    expect(compareClaims(documents, ["[SEC-01] one", "[PING-001] another"])).toEqual([
      "docs/security.md: no test that passed has [SEC-02] in its title",
      "no document names PING-001: [PING-001] another",
    ]);
  });
});

describe("tallyClaims", () => {
  it("counts as one check", () => {
    expect(tallyClaims({ "a.md": "SEC-01" }, [vitest])).toMatchObject({ passed: 1, failed: 0 });
    expect(tallyClaims(documents, [vitest, playwright])).toMatchObject({ passed: 0, failed: 1 });
  });

  it("says so when a runner left no report, rather than what its tests would have shown", () => {
    expect(tallyClaims(documents, [vitest, undefined]).remarks).toEqual([
      "Not compared: a test runner left no report.",
    ]);
  });
});
