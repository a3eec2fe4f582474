import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFlowOption } from "./flow-option.ts";

describe("what is given as flow", () => {
  it.each([
    ["flow.json", true],
    ["FLOW.JSON", true],
    ["flows/main", true],
    ["flows\\main", true],
    ["sign-on-with-consent", false],
    ["0f3c6a1d9b2e4875a6c1d3e5f7091b2c", false],
    ["My flow (json)", false],
  ])("%s is a path: %s", (given, isPath) => {
    expect(readFlowOption(given)).toEqual(
      isPath ? { paths: [given], name: undefined } : { paths: [], name: given },
    );
  });

  it("may be a folder without a slash, if it is there", () => {
    const folder = mkdtempSync(join(tmpdir(), "flow-option-"));
    const before = process.cwd();
    try {
      process.chdir(dirname(folder));
      expect(readFlowOption([basename(folder), "name"])).toEqual({ paths: [basename(folder)], name: "name" });
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });

  it("may be nothing", () => {
    expect(readFlowOption(undefined)).toEqual({ paths: [], name: undefined });
  });

  it("may not be two names", () => {
    expect(() => readFlowOption(["one", "a.json", "two"])).toThrow("Several flows are to be run: one, two.");
  });
});
