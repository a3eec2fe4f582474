/** The outcome of each test, read from the JSON reports of Vitest and Playwright, and what the last lines of a run say. */
import { basename, join, relative } from "node:path";
// biome-ignore lint/style/noRestrictedImports: types of a package, not a test of this project.
import type { JSONReport, JSONReportSuite } from "@playwright/test/reporter";
import type { JsonTestResult, JsonTestResults } from "vitest/node";

export interface TestRun {
  readonly files: readonly TestFile[];
  /** Failures outside of any test, such as a file that cannot be loaded. */
  readonly errors: number;
}

interface TestFile {
  /** From the root of the project. */
  readonly file: string;
  /** Of all its tests, which may have run at the same time. */
  readonly seconds: number;
  readonly tests: readonly TestResult[];
}

interface TestResult {
  /** With the titles of its groups. */
  readonly title: string;
  /** "passed", "failed", or the runner's word for a test that did neither. */
  readonly status: string;
  readonly reason?: string | undefined;
}

/** @param report as Vitest's JSON reporter writes it @throws {TypeError} when it is something else */
export function readVitest(report: unknown, root: string): TestRun {
  const { testResults } = report as JsonTestResults;
  const isBroken = ({ status, assertionResults }: JsonTestResult) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed");
  return {
    errors: testResults.filter(isBroken).length,
    files: testResults.map(({ name, startTime, endTime, assertionResults }) => ({
      file: relative(root, name),
      seconds: (endTime - startTime) / 1000,
      tests: assertionResults.map(({ fullName, status, failureMessages }) => ({
        title: fullName,
        status,
        reason: failureMessages?.[0],
      })),
    })),
  };
}

/** @param report as Playwright's JSON reporter writes it @throws {TypeError} when it is something else */
export function readPlaywright(report: unknown, root: string): TestRun {
  const { config, suites, errors } = report as JSONReport;
  return {
    errors: errors.length,
    files: suites.map((suite) => {
      const tests = testsOf(suite);
      return {
        file: relative(root, join(config.rootDir, suite.file)),
        seconds: tests.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000,
        tests,
      };
    }),
  };
}

const PLAYWRIGHT_STATUS: Readonly<Record<string, string>> = { expected: "passed", unexpected: "failed" };

function testsOf({ title, specs, suites = [] }: JSONReportSuite): (TestResult & { milliseconds: number })[] {
  const own = specs.flatMap((spec) =>
    spec.tests.map(({ status, results }) => ({
      title: spec.title,
      status: PLAYWRIGHT_STATUS[status] ?? status,
      reason: results.at(-1)?.error?.message,
      milliseconds: results.reduce((sum, { duration }) => sum + duration, 0),
    })),
  );
  return [...own, ...suites.flatMap(testsOf)].map((test) => ({ ...test, title: `${title} ${test.title}` }));
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What failed and why, a line each. */
  readonly remarks: readonly string[];
}

/** One check. */
export function tallyCheck(isPassed: boolean, remarks: readonly string[] = []): Tally {
  return isPassed ? { passed: 1, failed: 0, remarks } : { passed: 0, failed: 1, remarks };
}

/** Only a test that passed is a passed one. An exit code that no failure explains, or no test at all, is a failure too. */
export function tallyRun(run: TestRun | undefined, exitCode: number): Tally {
  if (run === undefined) return tallyCheck(false, [`Exit code ${exitCode}, and no report that can be read.`]);
  const tests = run.files.flatMap(({ file, tests }) =>
    tests.map((test) => ({ ...test, file: basename(file) })),
  );
  const passed = tests.filter(({ status }) => status === "passed").length;
  const failures = tests.filter(({ status }) => status === "failed");
  const others = tests.length - passed - failures.length;
  const remarks = failures.map(
    ({ file, title, reason = "no reason given" }) => `${file}: ${title}: ${reason.split("\n", 1)[0]}`,
  );
  if (others > 0) remarks.push(`${others} test(s) were skipped or repeated, which counts as failed.`);
  if (run.errors > 0) remarks.push(`${run.errors} error(s) outside of any test.`);
  const failed = failures.length + others + run.errors;
  if (failed > 0) return { passed, failed, remarks };
  if (exitCode !== 0)
    return { passed, failed: 1, remarks: [`Exit code ${exitCode}, though no test failed.`] };
  return passed > 0 ? { passed, failed, remarks } : tallyCheck(false, ["No test ran."]);
}

export function renderSlowest(files: readonly TestFile[], count: number): string[] {
  return files
    .toSorted((left, right) => right.seconds - left.seconds)
    .slice(0, count)
    .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`);
}
