/** A program that runs beside this process: started, awaited, ended, and explained when it fails. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";

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
  closeSync(log);
  const output = { file: logFile, append: true } as const;
  // execa ends it with this process, and kills it when it ignores SIGTERM for five seconds.
  const child = execa(process.execPath, args, {
    cwd,
    env,
    extendEnv: false,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    buffer: false,
    reject: false,
  });
  let isStopping = false;
  const ended = child.then(({ exitCode, signal }) => {
    return `${name} ended ${signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`}.`;
  });
  const withLastLines = (sentence: string) => `${sentence}${lastLines(logFile, logStart)}`;
  const stop = async () => {
    isStopping = true;
    child.kill();
    await ended;
  };
  const waiting = new AbortController();
  const problem = await Promise.race([
    waitForAnswer(url, AbortSignal.any([waiting.signal, AbortSignal.timeout(timeoutMs)])).then((ok) =>
      ok ? undefined : `${name} did not answer within ${timeoutMs / 1000} s.`,
    ),
    ended,
  ]);
  waiting.abort();
  if (problem !== undefined) {
    await stop();
    throw new StartError(withLastLines(problem));
  }
  return {
    failed: ended.then((sentence) => (isStopping ? new Promise<never>(() => {}) : withLastLines(sentence))),
    stop,
  };
}

async function waitForAnswer(url: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { redirect: "manual", signal });
      await response.body?.cancel();
      if (response.ok) return true;
    } catch {
      // Not listening yet.
    }
    await delay(POLL_MS);
  }
  return false;
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
