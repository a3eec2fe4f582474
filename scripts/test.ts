/**
 * `npm test`: every check and every test, each step whatever became of the ones before it. The last line of the output
 * is `N passed, N failed`: tests count one each, and so does each check. Before it stands where the time went.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tallyClaims } from "./checks/claims.ts";
import { type FileTime, renderSlowest, timePlaywrightFiles, timeVitestFiles } from "./checks/slowest.ts";
import {
  add,
  exitCodeOf,
  NOTHING,
  renderTally,
  type Tally,
  tallyCheck,
  tallyPlaywright,
  tallyVitest,
} from "./checks/tally.ts";
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
  readonly tally: (exitCode: number) => Tally;
  /** How long each test file took. */
  readonly times?: () => FileTime[];
  /** What a person does about a failure. */
  readonly remedy?: string;
}

const STEPS: readonly Step[] = [
  { title: "Format", args: FORMAT_CHECK, tally: tallyCheck, remedy: "npm run format" },
  { title: "Lint", args: LINT, tally: tallyCheck, remedy: "npm run lint" },
  { title: "Unused code", args: UNUSED, tally: tallyCheck, remedy: "npm run lint" },
  { title: "Generated types", args: TYPES_CHECK, tally: tallyCheck, remedy: "npm run types" },
  { title: "Type check", args: TYPE_CHECK, tally: tallyCheck, remedy: "npm run typecheck" },
  { title: "Deployment, dry run", args: BUNDLE_CHECK, tally: tallyCheck, remedy: "npm run build" },
  vitestStep("Unit tests", "unit"),
  vitestStep("Worker tests", "worker"),
  {
    title: "Browser tests",
    args: PLAYWRIGHT_RUN,
    tally: (exitCode) => tallyPlaywright(readReport("e2e.json"), exitCode),
    times: () => timePlaywrightFiles(readReport("e2e.json"), ROOT),
    remedy: "npm run test:e2e",
  },
];

function vitestStep(title: string, project: "unit" | "worker"): Step {
  const report = `${project}.json`;
  return {
    title,
    args: [
      ...VITEST_RUN,
      ...["--project", project, "--reporter=default", "--reporter=json"],
      `--outputFile.json=${join(REPORTS, report)}`,
    ],
    tally: (exitCode) => tallyVitest(readReport(report), exitCode),
    times: () => timeVitestFiles(readReport(report), ROOT),
    remedy: `npm run test:${project}`,
  };
}

function readReport(name: string): unknown {
  try {
    return JSON.parse(readFileSync(join(REPORTS, name), "utf8"));
  } catch {
    return undefined;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

let stopped: NodeJS.Signals | undefined;

/**
 * Vitest and Playwright stop what they started at one SIGINT and abandon it at a second. So each runs in a process
 * group of its own, which Ctrl-C in a terminal does not reach, and we send the one SIGINT.
 */
function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...WRANGLER_QUIET },
      stdio: ["ignore", "inherit", "inherit"],
      detached: process.platform !== "win32",
    });
    let timer: NodeJS.Timeout | undefined;
    const stopListening = onStopSignal((signal) => {
      if (stopped === undefined) child.kill("SIGINT");
      else killGroup(child);
      stopped = signal;
      timer ??= setTimeout(() => killGroup(child), STOP_GRACE_MS);
    });
    child.once("error", (error) => {
      print(error.message);
      resolve(1);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      stopListening();
      resolve(code ?? 1);
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (process.platform === "win32" || child.pid === undefined) child.kill("SIGKILL");
  else process.kill(-child.pid, "SIGKILL");
}

async function main(): Promise<number> {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const started = Date.now();
  const summary: string[] = [];
  const times: FileTime[] = [];
  let total = NOTHING;
  for (const { title, args, tally, times: timesOf, remedy } of STEPS) {
    print(`\n--- ${title}`);
    const stepStarted = Date.now();
    const exitCode = await run(args);
    if (stopped !== undefined) {
      print(`\nStopped by ${stopped} in: ${title}.`);
      return 1;
    }
    const counted = tally(exitCode);
    total = add(total, counted);
    times.push(...(timesOf?.() ?? []));
    const verdict = counted.failed === 0 ? "ok    " : "FAILED";
    const again = counted.failed === 0 || remedy === undefined ? "" : `   repeat it alone with: ${remedy}`;
    summary.push(
      `  ${verdict} ${title}: ${counted.passed} of ${counted.passed + counted.failed} in ${seconds(stepStarted)} s${again}`,
      ...counted.remarks.map((remark) => `           ${remark}`),
    );
  }
  const claims = tallyClaims(readDocuments(), ["unit.json", "worker.json", "e2e.json"].map(readReport));
  total = add(total, claims);
  summary.push(
    `  ${claims.failed === 0 ? "ok    " : "FAILED"} Claims of documents have a test that passed`,
    ...claims.remarks.map((remark) => `           ${remark}`),
  );
  print(`\n--- Summary after ${seconds(started)} s`);
  for (const line of summary) print(line);
  print("\n--- Slowest test files (some run at the same time)");
  for (const line of renderSlowest(times, SLOWEST_FILES)) print(line);
  print("");
  print(renderTally(total));
  return exitCodeOf(total);
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}

process.exitCode = await main();
