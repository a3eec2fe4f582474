/** A program that runs beside this process: started, awaited, ended, and explained when it fails. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

const TERM_GRACE_MS = 5_000;
const POLL_MS = 50;
const LAST_LINES = 8;

/** A failure whose message is all that the person who ran the command needs to see. */
export class StartError extends Error {
  override name = "StartError";
}

export interface RunningPart {
  /** Resolves with one sentence when the part ends before `stop` is called. */
  readonly failed: Promise<string>;
  /** Resolves when the part has ended. */
  stop(): Promise<void>;
}

interface Program {
  /** Its name in a sentence: "The MCP Inspector". */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Gets all that it prints. */
  readonly logFile: string;
  /** Answers when the program is ready. */
  readonly url: string;
  readonly timeoutMs: number;
}

/**
 * Starts a program on this Node and waits until its address answers.
 * @throws {StartError} with its last lines when it ends first or the time is up; it has ended then
 */
export async function startProgram(program: Program): Promise<RunningPart> {
  const { name, args, cwd, env, logFile, url, timeoutMs } = program;
  const log = openSync(logFile, "a", 0o600);
  const logStart = fstatSync(log).size;
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", log, log] });
  closeSync(log);
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);
  let isStopping = false;
  const ended = describeEnd(child, name).finally(() => process.off("exit", killAtExit));
  const withLastLines = (sentence: string) => `${sentence}${lastLines(logFile, logStart)}`;
  const stop = async () => {
    isStopping = true;
    await endProcess(child);
    await ended;
  };
  const problem = await Promise.race([
    waitForAnswer(url, timeoutMs).then((ok) =>
      ok ? undefined : `${name} did not answer within ${timeoutMs / 1000} s.`,
    ),
    ended,
  ]);
  if (problem !== undefined) {
    await stop();
    throw new StartError(withLastLines(problem));
  }
  return {
    failed: ended.then((sentence) => (isStopping ? new Promise<never>(() => {}) : withLastLines(sentence))),
    stop,
  };
}

async function describeEnd(child: ChildProcess, name: string): Promise<string> {
  const [code, signal] = await once(child, "exit");
  return `${name} ended ${signal === null ? `with exit code ${code}` : `by signal ${signal}`}.`;
}

async function waitForAnswer(url: string, timeoutMs: number): Promise<boolean> {
  const deadline = AbortSignal.timeout(timeoutMs);
  while (!deadline.aborted) {
    try {
      const response = await fetch(url, { redirect: "manual", signal: deadline });
      await response.body?.cancel();
      if (response.ok) return true;
    } catch {
      // Not listening yet.
    }
    await delay(POLL_MS);
  }
  return false;
}

/** Sends SIGTERM, then SIGKILL to a program that is still there. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), TERM_GRACE_MS);
  await gone;
  clearTimeout(timer);
}

/** Without the stack and the source that Node prints around the message of an uncaught error; the log has those. */
function lastLines(logFile: string, start: number): string {
  const lines = stripVTControlCharacters(readFileSync(logFile).subarray(start).toString("utf8"))
    .split("\n")
    .filter(
      (line) => !/^\s*$|^\s+at |^Node\.js v|^node:internal|^\s*\^+\s*$|^\s*throw |^file:\/\//.test(line),
    )
    .slice(-LAST_LINES);
  return lines.length === 0 ? "" : ` It said:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
