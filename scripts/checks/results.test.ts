import { describe, expect, it } from "vitest";
import { readPlaywright, readVitest, renderSlowest, type TestRun, tallyRun } from "./results.ts";

describe("readVitest", () => {
  const file = (status: string, ...tests: object[]) => ({
    name: "/clone/test/worker/a.test.ts",
    status,
    startTime: 1_000,
    endTime: 3_500,
    assertionResults: tests,
  });

  it("takes each test of each file", () => {
    const passed = { fullName: "a callback works", status: "passed", failureMessages: [] };
    const failed = {
      fullName: "a callback fails",
      status: "failed",
      failureMessages: ["expected 1 to be 2"],
    };
    expect(readVitest({ testResults: [file("failed", passed, failed)] }, "/clone")).toEqual({
      errors: 0,
      files: [
        {
          file: "test/worker/a.test.ts",
          seconds: 2.5,
          tests: [
            { title: "a callback works", status: "passed", reason: undefined },
            { title: "a callback fails", status: "failed", reason: "expected 1 to be 2" },
          ],
        },
      ],
    });
  });

  it("counts a file that cannot be loaded as an error", () => {
    expect(readVitest({ testResults: [file("failed")] }, "/clone")).toMatchObject({ errors: 1 });
  });
});

it("readPlaywright takes each test of each file, those in groups included", () => {
  const spec = (title: string, status: string, ...results: object[]) => ({
    title,
    tests: [{ status, results }],
  });
  const report = {
    config: { rootDir: "/clone/e2e" },
    errors: [{}],
    suites: [
      {
        title: "a.spec.ts",
        file: "journeys/a.spec.ts",
        specs: [spec("passes", "expected", { duration: 1_000 })],
        suites: [
          {
            title: "group",
            file: "journeys/a.spec.ts",
            specs: [
              spec("fails", "unexpected", { duration: 500, error: { message: "no" } }),
              spec("passes later", "flaky", { duration: 200 }, { duration: 50 }),
            ],
          },
        ],
      },
    ],
  };
  expect(readPlaywright(report, "/clone")).toMatchObject({
    errors: 1,
    files: [
      {
        file: "e2e/journeys/a.spec.ts",
        seconds: 1.75,
        tests: [
          { title: "a.spec.ts passes", status: "passed" },
          { title: "a.spec.ts group fails", status: "failed", reason: "no" },
          { title: "a.spec.ts group passes later", status: "flaky" },
        ],
      },
    ],
  });
});

describe("tallyRun", () => {
  const run = (statuses: readonly string[], errors = 0): TestRun => ({
    errors,
    files: [
      {
        file: "test/a.test.ts",
        seconds: 1,
        tests: statuses.map((status) => ({ title: "a test", status, reason: "first line\nsecond line" })),
      },
    ],
  });

  it.each([
    ["passed tests", run(["passed", "passed"]), 0, 2, 0, []],
    ["failed tests", run(["passed", "failed"]), 1, 1, 1, ["a.test.ts: a test: first line"]],
    [
      "what neither passed nor failed as failed",
      run(["passed", "skipped", "todo", "flaky"]),
      0,
      1,
      3,
      ["3 test(s) were skipped or repeated, which counts as failed."],
    ],
    ["an error outside of tests", run(["passed"], 1), 1, 1, 1, ["1 error(s) outside of any test."]],
    ["an exit code that nothing explains", run(["passed"]), 7, 1, 1, ["Exit code 7, though no test failed."]],
    ["a run without tests as failed", run([]), 0, 0, 1, ["No test ran."]],
    ["a missing report as failed", undefined, 137, 0, 1, ["Exit code 137, and no report that can be read."]],
  ])("counts %s", (_title, results, exitCode, passed, failed, remarks) => {
    expect(tallyRun(results, exitCode)).toEqual({ passed, failed, remarks });
  });
});

it("renderSlowest lists the slowest files first, and no more than asked for", () => {
  const files = [
    { file: "fast", seconds: 0.04, tests: [] },
    { file: "slowest", seconds: 120, tests: [] },
    { file: "slow", seconds: 9, tests: [] },
  ];
  expect(renderSlowest(files, 2)).toEqual(["  120.0 s  slowest", "    9.0 s  slow"]);
});
