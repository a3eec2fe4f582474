/**
 * `npm test`: every check and every test; a failed step does not end the run. The last line of the output is
 * `N passed, N failed`, where each test and each check counts one. The slowest test files stand before it.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { tallyClaims } from "./checks/claims.ts";
import {
  readPlaywright,
  readVitest,
  renderSlowest,
  type Tally,
  type TestRun,
  tallyCheck,
  tallyRun,
} from "./checks/results.ts";
import { readDocuments } from "./docs/documents.ts";
import {
  BUNDLE_CHECK,
  FORMAT_CHECK,
  LINT,
  PLAYWRIGHT_RUN,
  TYPE_CHECK,
  TYPES_CHECK,
  UNUSED,
  VITEST_RUN,
  WRANGLER_QUIET,
} from "./setup/commands.mjs";
import { onStopSignal } from "./setup/script.mjs";

const ROOT = join(import.meta.dirname, "..");
const REPORTS = join(ROOT, "test-results");
/** How long a runner may take to stop its browsers and servers after a signal. */
const STOP_GRACE_MS = 20_000;
const SLOWEST_FILES = 8;

interface Step {
  readonly title: string;
  readonly args: readonly string[];
  /** Runs it alone. */
  readonly command: string;
  /** Reads the results of tests; a step without is one check. */
  readonly results?: () => TestRun | undefined;
}

const STEPS: readonly Step[] = [
  { title: "Format", args: FORMAT_CHECK, command: "npm run format" },
  { title: "Lint", args: LINT, command: "npm run lint" },
  { title: "Unused code", args: UNUSED, command: "npm run lint" },
  { title: "Generated types", args: TYPES_CHECK, command: "npm run types" },
  { title: "Type check", args: TYPE_CHECK, command: "npm run typecheck" },
  { title: "Deployment, dry run", args: BUNDLE_CHECK, command: "npm run build" },
  vitestStep("Unit tests", "unit"),
  vitestStep("Worker tests", "worker"),
  vitestStep("The emulator as a package", "package"),
  {
    title: "Browser tests",
    args: PLAYWRIGHT_RUN,
    command: "npm run test:e2e",
    results: () => readReport("e2e.json", readPlaywright),
  },
];

function vitestStep(title: string, project: "unit" | "worker" | "package"): Step {
  const report = `${project}.json`;
  return {
    title,
    args: [
      ...VITEST_RUN,
      ...["--project", project, "--reporter=default", "--reporter=json"],
      `--outputFile.json=${join(REPORTS, report)}`,
    ],
    command: `npm run test:${project}`,
    results: () => readReport(report, readVitest),
  };
}

function readReport(name: string, read: (report: unknown, root: string) => TestRun): TestRun | undefined {
  try {
    return read(JSON.parse(readFileSync(join(REPORTS, name), "utf8")), ROOT);
  } catch {
    return undefined;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

let stopped: NodeJS.Signals | undefined;

/**
 * Vitest and Playwright stop what they started at one SIGINT and abandon it at a second one. So each runs in a process
 * group of its own, which Ctrl-C in a terminal does not reach, and gets one SIGINT from here.
 */
async function run(args: readonly string[]): Promise<number> {
  const child = execa(process.execPath, args, {
    cwd: ROOT,
    env: WRANGLER_QUIET,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    detached: process.platform !== "win32",
    reject: false,
  });
  let timer: NodeJS.Timeout | undefined;
  const stopListening = onStopSignal((signal) => {
    if (stopped === undefined) child.kill("SIGINT");
    else killGroup(child);
    stopped = signal;
    timer ??= setTimeout(() => killGroup(child), STOP_GRACE_MS);
  });
  const { exitCode, cause } = await child;
  clearTimeout(timer);
  stopListening();
  if (cause instanceof Error) print(cause.message);
  return exitCode ?? 1;
}

function killGroup(child: { readonly pid?: number | undefined; kill(signal: "SIGKILL"): boolean }): void {
  if (process.platform === "win32" || child.pid === undefined) child.kill("SIGKILL");
  else process.kill(-child.pid, "SIGKILL");
}

async function main(): Promise<number> {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const started = Date.now();
  const summary: string[] = [];
  const runs: (TestRun | undefined)[] = [];
  let [passed, failed] = [0, 0];
  const record = (title: string, counted: Tally, note: string, command?: string) => {
    passed += counted.passed;
    failed += counted.failed;
    const count = `${counted.passed} of ${counted.passed + counted.failed}`;
    const verdict = counted.failed === 0 ? "ok    " : "FAILED";
    const again = counted.failed > 0 && command !== undefined ? `   repeat it alone with: ${command}` : "";
    summary.push(`  ${verdict} ${title}: ${count}${note}${again}`);
    for (const remark of counted.remarks) summary.push(`           ${remark}`);
  };
  for (const { title, args, command, results } of STEPS) {
    print(`\n--- ${title}`);
    const stepStarted = Date.now();
    const exitCode = await run(args);
    if (stopped !== undefined) {
      print(`\nStopped by ${stopped} in: ${title}.`);
      return 1;
    }
    const report = results?.();
    if (results !== undefined) runs.push(report);
    const counted = results === undefined ? tallyCheck(exitCode === 0) : tallyRun(report, exitCode);
    record(title, counted, ` in ${seconds(stepStarted)} s`, command);
  }
  record("Claims of documents have a test that passed", tallyClaims(readDocuments(), runs), "");
  const slowest = renderSlowest(
    runs.flatMap((each) => each?.files ?? []),
    SLOWEST_FILES,
  );
  print(
    [
      `\n--- Summary after ${seconds(started)} s`,
      ...summary,
      "\n--- Slowest test files (some run at the same time)",
      ...slowest,
      `\n${passed} passed, ${failed} failed`,
    ].join("\n"),
  );
  return failed === 0 ? 0 : 1;
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}

process.exitCode = await main();
