import { expect, it } from "vitest";
import { renderSlowest, timePlaywrightFiles, timeVitestFiles } from "./slowest.ts";

const spec = (...durations: number[]) => ({
  tests: [{ results: durations.map((duration) => ({ duration })) }],
});

it("takes the time of a test file from Vitest's report", () => {
  const report = {
    testResults: [{ name: "/clone/test/worker/a.test.ts", startTime: 1_000, endTime: 3_500 }],
  };
  expect(timeVitestFiles(report, "/clone")).toEqual([{ file: "test/worker/a.test.ts", seconds: 2.5 }]);
});

it("adds up the tests of a file in Playwright's report, those in groups included", () => {
  const report = {
    config: { rootDir: "/clone/e2e" },
    suites: [
      {
        file: "journeys/a.spec.ts",
        specs: [spec(1_000)],
        suites: [{ file: "journeys/a.spec.ts", specs: [spec(500, 250)] }],
      },
    ],
  };
  expect(timePlaywrightFiles(report, "/clone")).toEqual([{ file: "e2e/journeys/a.spec.ts", seconds: 1.75 }]);
});

it("has nothing to say about a report that cannot be read", () => {
  expect(timeVitestFiles(undefined, "/clone")).toEqual([]);
  expect(timePlaywrightFiles({ suites: [] }, "/clone")).toEqual([]);
});

it("lists the slowest first, and no more than asked for", () => {
  const times = [
    { file: "fast", seconds: 0.04 },
    { file: "slowest", seconds: 120 },
    { file: "slow", seconds: 9 },
  ];
  expect(renderSlowest(times, 2)).toEqual(["  120.0 s  slowest", "    9.0 s  slow"]);
});
