/** Counts what the test runners report. A test that did not run is no passed test: skipped and todo count as failed. */
import { basename } from "node:path";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What failed and why, a line each, also where the runner's own output does not show it as a failure. */
  readonly remarks: readonly string[];
}

export const NOTHING: Tally = { passed: 0, failed: 0, remarks: [] };

export function add(left: Tally, right: Tally): Tally {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    remarks: [...left.remarks, ...right.remarks],
  };
}

/** A program that only passes or fails. */
export function tallyCheck(exitCode: number): Tally {
  return exitCode === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

/** The last line of the whole run. */
export function renderTally({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}

/** 0 only when something passed and nothing failed. */
export function exitCodeOf({ passed, failed }: Tally): number {
  return passed > 0 && failed === 0 ? 0 : 1;
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; assertionResults: VitestResult[] }[];
}

interface VitestResult {
  status: string;
  fullName: string;
  failureMessages?: string[] | null;
}

/** @param report what Vitest's JSON reporter wrote, parsed; undefined when it wrote nothing that can be read */
export function tallyVitest(report: unknown, exitCode: number): Tally {
  if (!isVitestReport(report)) return withoutReport("Vitest", exitCode);
  const remarks = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(
        ({ fullName, failureMessages }) =>
          `${basename(name)}: ${fullName}: ${failureMessages?.[0]?.split("\n", 1)[0] ?? "no reason given"}`,
      ),
  );
  // A file that cannot be loaded has no tests to fail.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  if (brokenFiles > 0) remarks.push(`${brokenFiles} test file(s) failed outside of any test.`);
  const notRun = report.numPendingTests + report.numTodoTests;
  if (notRun > 0) remarks.push(`${notRun} test(s) did not run: nothing may be skipped.`);
  return settle("Vitest", exitCode, {
    passed: report.numPassedTests,
    failed: report.numFailedTests + notRun + brokenFiles,
    remarks,
  });
}

interface PlaywrightReport {
  stats: { expected: number; skipped: number; unexpected: number; flaky: number };
  errors: unknown[];
}

/** @param report what Playwright's JSON reporter wrote, parsed; undefined when it wrote nothing that can be read */
export function tallyPlaywright(report: unknown, exitCode: number): Tally {
  if (!isPlaywrightReport(report)) return withoutReport("Playwright", exitCode);
  const { expected, skipped, unexpected, flaky } = report.stats;
  const remarks: string[] = [];
  if (skipped > 0) remarks.push(`${skipped} browser test(s) did not run: nothing may be skipped.`);
  if (flaky > 0) remarks.push(`${flaky} browser test(s) passed only when repeated.`);
  if (report.errors.length > 0) remarks.push(`${report.errors.length} error(s) outside of any browser test.`);
  return settle("Playwright", exitCode, {
    passed: expected,
    failed: unexpected + skipped + flaky + report.errors.length,
    remarks,
  });
}

/** An exit code that the counts do not explain, or no tests at all, is one failure more. */
function settle(runner: string, exitCode: number, tally: Tally): Tally {
  if (tally.failed > 0) return tally;
  if (exitCode !== 0) return fail(tally, `${runner} ended with exit code ${exitCode} though no test failed.`);
  if (tally.passed === 0) return fail(tally, `${runner} ran no tests.`);
  return tally;
}

function withoutReport(runner: string, exitCode: number): Tally {
  return fail(NOTHING, `${runner} ended with exit code ${exitCode} and left no report.`);
}

function fail(tally: Tally, remark: string): Tally {
  return { ...tally, failed: tally.failed + 1, remarks: [...tally.remarks, remark] };
}

function isVitestReport(report: unknown): report is VitestReport {
  return (
    isRecord(report) &&
    ["numPassedTests", "numFailedTests", "numPendingTests", "numTodoTests"].every(
      (name) => typeof report[name] === "number",
    ) &&
    Array.isArray(report.testResults)
  );
}

function isPlaywrightReport(report: unknown): report is PlaywrightReport {
  if (!isRecord(report)) return false;
  const { stats, errors } = report;
  return (
    isRecord(stats) &&
    ["expected", "skipped", "unexpected", "flaky"].every((name) => typeof stats[name] === "number") &&
    Array.isArray(errors)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
