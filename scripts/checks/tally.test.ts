import { describe, expect, it } from "vitest";
import { add, exitCodeOf, NOTHING, renderTally, tallyCheck, tallyPlaywright, tallyVitest } from "./tally.ts";

const vitestReport = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: "passed", assertionResults: [{ status: "passed" }] }],
};
const brokenFile = { status: "failed", assertionResults: [] };
const failedFile = {
  name: "/clone/test/worker/callback.test.ts",
  status: "failed",
  assertionResults: [
    { status: "passed", fullName: "a callback works" },
    {
      status: "failed",
      fullName: "a callback fails",
      failureMessages: ["expected 1 to be 2\n    at line 3"],
    },
  ],
};

describe("tallyVitest", () => {
  it.each([
    ["counts passed tests", vitestReport, 0, 7, 0],
    ["counts failed tests", { ...vitestReport, numFailedTests: 2, testResults: [failedFile] }, 1, 7, 2],
    ["counts a skipped test as failed", { ...vitestReport, numPendingTests: 1 }, 0, 7, 1],
    ["counts a todo as failed", { ...vitestReport, numTodoTests: 3 }, 0, 7, 3],
    ["counts a file that cannot be loaded", { ...vitestReport, testResults: [brokenFile] }, 1, 7, 1],
    ["counts an exit code that nothing explains", vitestReport, 1, 7, 1],
    ["counts a run without tests as failed", { ...vitestReport, numPassedTests: 0 }, 0, 0, 1],
    ["counts a missing report as failed", undefined, 0, 0, 1],
    ["counts a report of another shape as failed", { numPassedTests: 7 }, 0, 0, 1],
  ])("%s", (_title, report, exitCode, passed, failed) => {
    expect(tallyVitest(report, exitCode)).toMatchObject({ passed, failed });
  });

  it("names each test that failed, with the first line of its reason", () => {
    const report = { ...vitestReport, numFailedTests: 1, testResults: [failedFile] };
    expect(tallyVitest(report, 1).remarks).toEqual([
      "callback.test.ts: a callback fails: expected 1 to be 2",
    ]);
  });

  it("says why it counts what no test reported", () => {
    expect(tallyVitest({ ...vitestReport, numPendingTests: 1 }, 0).remarks).toEqual([
      "1 test(s) did not run: nothing may be skipped.",
    ]);
    expect(tallyVitest(undefined, 137).remarks).toEqual([
      "Vitest ended with exit code 137 and left no report.",
    ]);
  });
});

const playwrightStats = { expected: 5, skipped: 0, unexpected: 0, flaky: 0 };

describe("tallyPlaywright", () => {
  it.each([
    ["counts passed tests", { stats: playwrightStats, errors: [] }, 0, 5, 0],
    ["counts failed tests", { stats: { ...playwrightStats, unexpected: 2 }, errors: [] }, 1, 5, 2],
    ["counts a skipped test as failed", { stats: { ...playwrightStats, skipped: 1 }, errors: [] }, 0, 5, 1],
    ["counts a flaky test as failed", { stats: { ...playwrightStats, flaky: 1 }, errors: [] }, 0, 5, 1],
    ["counts an error outside of tests", { stats: playwrightStats, errors: [{}] }, 1, 5, 1],
    ["counts an exit code that nothing explains", { stats: playwrightStats, errors: [] }, 1, 5, 1],
    [
      "counts a run without tests as failed",
      { stats: { ...playwrightStats, expected: 0 }, errors: [] },
      0,
      0,
      1,
    ],
    ["counts a missing report as failed", undefined, 1, 0, 1],
  ])("%s", (_title, report, exitCode, passed, failed) => {
    expect(tallyPlaywright(report, exitCode)).toMatchObject({ passed, failed });
  });
});

describe("the whole run", () => {
  it("adds up, and ends with one plain line", () => {
    const total = [tallyCheck(0), tallyCheck(0), tallyCheck(2), tallyVitest(vitestReport, 0)].reduce(
      add,
      NOTHING,
    );
    expect(renderTally(total)).toBe("9 passed, 1 failed");
  });

  it.each([
    [3, 0, 0],
    [3, 1, 1],
    [0, 0, 1],
  ])("%i passed and %i failed end with exit code %i", (passed, failed, exitCode) => {
    expect(exitCodeOf({ passed, failed, remarks: [] })).toBe(exitCode);
  });
});
