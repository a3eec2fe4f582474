import { describe, expect, it } from "vitest";
import { claimsOf, compareClaims, tallyClaims } from "./claims.ts";

const documents = {
  "docs/security.md": "| a threat | `SEC-01`, `SEC-02` |\n",
  "docs/cost.md": "AES-256 and RFC-7636",
};

const run = (tests: Record<string, string>) => ({
  errors: 0,
  files: [
    {
      file: "a.test.ts",
      seconds: 1,
      tests: Object.entries(tests).map(([title, status]) => ({ title, status })),
    },
  ],
});

describe("claimsOf", () => {
  it("takes each id once, and nothing else that looks like one", () => {
    expect(claimsOf(Object.values(documents).join(documents["docs/security.md"]))).toEqual([
      "SEC-01",
      "SEC-02",
    ]);
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
  it("is one check, which takes the tests that passed", () => {
    const one = run({ "group [SEC-01] works": "passed" });
    expect(tallyClaims({ "a.md": "SEC-01" }, [one])).toEqual({ passed: 1, failed: 0, remarks: [] });
    const other = run({ "[SEC-02] fails": "failed", "[SEC-02] is skipped": "skipped" });
    expect(tallyClaims(documents, [one, other])).toMatchObject({ passed: 0, failed: 1 });
  });

  it("compares nothing when a runner left no report", () => {
    expect(tallyClaims(documents, [run({}), undefined]).remarks).toEqual([
      "Not compared: a test runner left no report.",
    ]);
  });
});
