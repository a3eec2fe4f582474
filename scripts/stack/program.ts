/** A program that the offline loop cannot run in its own process: started, waited for, ended, explained. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

const TERM_GRACE_MS = 5_000;
const POLL_MS = 50;
const LAST_LINES = 8;

/** A part of the loop could not start or ended by itself; the message is for the person who ran the command. */
export class PartError extends Error {
  override name = "PartError";
}

/** A part that runs, in whatever way. */
export interface RunningPart {
  /** Resolves with one sentence when the part ends although nobody told it to. */
  readonly failed: Promise<string>;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** How a sentence names it: "The MCP Inspector". */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Gets all that it prints. */
  readonly logFile: string;
}

/**
 * Starts a program on this Node and waits until the address answers.
 * @throws {PartError} with its last lines when it ends first or the time is up; it does not run then
 */
export async function startProgram(
  options: ProgramOptions,
  url: string,
  timeoutMs: number,
): Promise<RunningPart> {
  const { name, args, cwd, env, logFile } = options;
  const log = openSync(logFile, "a", 0o600);
  const logStart = fstatSync(log).size;
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", log, log] });
  closeSync(log);
  // However this process ends, short of SIGKILL, the program does not outlive it.
  const killAtExit = () => child.kill("SIGKILL");
  process.on("exit", killAtExit);
  let stopping = false;
  const ended = untilEnd(child, name).finally(() => process.off("exit", killAtExit));
  const explain = (sentence: string) => `${sentence}${quote(lastLines(logFile, logStart))}`;
  const stop = async () => {
    stopping = true;
    await endProcess(child);
    await ended;
  };
  const ready = await Promise.race([untilAnswer(url, timeoutMs), ended]);
  if (ready !== "answers") {
    await stop();
    throw new PartError(
      explain(ready === "silent" ? `${name} did not answer within ${timeoutMs / 1000} s.` : ready),
    );
  }
  return {
    failed: ended.then((sentence) => (stopping ? new Promise<never>(() => {}) : explain(sentence))),
    stop,
  };
}

async function untilEnd(child: ChildProcess, name: string): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return `${name} ended ${signal === null ? `with exit code ${code}` : `by signal ${signal}`}.`;
  } catch (error) {
    return `${name} cannot be started: ${error instanceof Error ? error.message : error}.`;
  }
}

async function untilAnswer(url: string, timeoutMs: number): Promise<"answers" | "silent"> {
  const deadline = AbortSignal.timeout(timeoutMs);
  while (!deadline.aborted) {
    try {
      const response = await fetch(url, { redirect: "manual", signal: deadline });
      await response.body?.cancel();
      if (response.ok) return "answers";
    } catch {
      // Not listening yet.
    }
    await delay(POLL_MS);
  }
  return "silent";
}

/** SIGTERM, then SIGKILL when that does not help. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), TERM_GRACE_MS);
  await gone;
  clearTimeout(timer);
}

/** Without the stack and the source that Node prints around an uncaught error's message; the log has it all. */
function lastLines(logFile: string, start: number): string[] {
  return stripVTControlCharacters(readFileSync(logFile).subarray(start).toString("utf8"))
    .split("\n")
    .filter(
      (line) => !/^\s*$|^\s+at |^Node\.js v|^node:internal|^\s*\^+\s*$|^\s*throw |^file:\/\//.test(line),
    )
    .slice(-LAST_LINES);
}

function quote(lines: readonly string[]): string {
  return lines.length === 0 ? "" : ` It said:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
