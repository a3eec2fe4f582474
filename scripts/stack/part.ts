/**
 * One program of the offline loop, in a process group of its own, so that ending it ends whatever it started
 * (wrangler starts workerd). Everything it prints goes to a log file, and line by line to whoever listens.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, readdirSync, readFileSync, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

const TERM_GRACE_MS = 5_000;
const KILL_GRACE_MS = 2_000;
const POLL_MS = 50;
const REMEMBERED_LINES = 200;

/** A part of the loop could not start or ended by itself; the message is one plain sentence. */
export class PartError extends Error {
  override name = "PartError";
}

export interface PartOptions {
  /** How a sentence names it: "the Worker". */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly onLine?: (line: string) => void;
}

/** A running program. Create with {@link startPart}. */
export class Part {
  readonly name: string;
  readonly logFile: string;
  /** Resolves with one sentence when the program ends, whoever ended it. */
  readonly ended: Promise<string>;
  #child: ChildProcess;
  #log: WriteStream;
  #lines: string[] = [];
  #listeners = new Set<(line: string) => void>();
  #stopping: Promise<void> | undefined;

  constructor(options: PartOptions) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.#log = createWriteStream(options.logFile, { flags: "a", mode: 0o600 });
    if (options.onLine !== undefined) this.#listeners.add(options.onLine);
    this.#child = spawn(process.execPath, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    living.add(this);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#heard(line));
    }
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`${this.name} cannot be started: ${error.message}.`));
      this.#child.once("exit", (code, signal) =>
        resolve(`${this.name} ended ${signal === null ? `with exit code ${code}` : `by signal ${signal}`}.`),
      );
    });
    void this.ended.then(() => setTimeout(() => this.#log.end(), 100).unref());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /**
   * Resolves with what `match` makes of the first line that it does not pass over with undefined.
   * @throws {PartError} when the program ends first or the time is up; whatever `match` throws.
   */
  async waitForLine<T>(match: (line: string) => T | undefined, timeoutMs: number): Promise<T> {
    let listener: ((line: string) => void) | undefined;
    const heard = new Promise<T>((resolve, reject) => {
      listener = (line) => {
        try {
          const found = match(line);
          if (found !== undefined) resolve(found);
        } catch (error) {
          reject(error);
        }
      };
      for (const line of this.#lines) listener(line);
      this.#listeners.add(listener);
    });
    try {
      return await this.#beforeEnd(heard, timeoutMs);
    } finally {
      if (listener !== undefined) this.#listeners.delete(listener);
    }
  }

  /**
   * Asks until the address answers as `accept` wants.
   * @throws {PartError} when the program ends first or the time is up.
   */
  async waitForAnswer(
    url: string,
    timeoutMs: number,
    accept: (response: Response) => boolean = (response) => response.ok,
  ): Promise<void> {
    let over = false;
    const polling = (async () => {
      while (!over) {
        try {
          const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5_000) });
          await response.body?.cancel();
          if (accept(response)) return;
        } catch {
          // Not listening yet.
        }
        await delay(100);
      }
    })();
    try {
      await this.#beforeEnd(polling, timeoutMs);
    } finally {
      over = true;
    }
  }

  /** What it said on its way here is no news: a later end is explained by what it says from now on. */
  forgetLines(): void {
    this.#lines = [];
  }

  /** Ends the whole group: SIGTERM, then SIGKILL for what is left. Resolves when nothing of it lives. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  /** The last resort of a process that is about to exit and cannot wait. */
  killNow(): void {
    signalGroup(this.#child, "SIGKILL");
  }

  async #beforeEnd<T>(wanted: Promise<T>, timeoutMs: number): Promise<T> {
    const timer = new AbortController();
    const timeUp = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
      throw new PartError(
        this.explain(`${this.name} did not answer within ${Math.round(timeoutMs / 1000)} s.`),
      );
    });
    const died = this.ended.then(async (sentence) => {
      // Its last words arrive after its end.
      await delay(100);
      throw new PartError(this.explain(sentence));
    });
    try {
      return await Promise.race([wanted, timeUp, died]);
    } finally {
      timer.abort();
      timeUp.catch(() => undefined);
      died.catch(() => undefined);
    }
  }

  /** The sentence, and what the program said last. */
  explain(sentence: string): string {
    const said = this.#lines
      .filter(saysSomething)
      .slice(-8)
      .map((line) => `  ${line}`);
    const capital = sentence.charAt(0).toUpperCase() + sentence.slice(1);
    return said.length === 0 ? capital : `${capital} It said:\n${said.join("\n")}`;
  }

  #heard(printed: string): void {
    // A FORCE_COLOR of the person's own (Playwright sets one, too) colours words that others look for.
    const line = stripVTControlCharacters(printed);
    this.#log.write(`${line}\n`);
    this.#lines.push(line);
    if (this.#lines.length > REMEMBERED_LINES) this.#lines.shift();
    for (const listener of [...this.#listeners]) listener(line);
  }

  async #end(): Promise<void> {
    signalGroup(this.#child, "SIGTERM");
    if (!(await this.#goneWithin(TERM_GRACE_MS))) {
      signalGroup(this.#child, "SIGKILL");
      await this.#goneWithin(KILL_GRACE_MS);
    }
    living.delete(this);
  }

  async #goneWithin(milliseconds: number): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    while (isGroupAlive(this.#child)) {
      if (Date.now() > deadline) return false;
      await delay(POLL_MS);
    }
    return true;
  }
}

export function startPart(options: PartOptions): Part {
  return new Part(options);
}

const living = new Set<Part>();

// However this process ends, short of SIGKILL, no part outlives it.
process.on("exit", () => {
  for (const part of living) part.killNow();
});

/** Not the stack and the source that Node prints around an uncaught error's message. The log has it all. */
function saysSomething(line: string): boolean {
  return !/^\s*$|^\s+at |^Node\.js v|^node:internal|^\s*\^+\s*$|^\s*throw |^file:\/\/|^\s*[{}]$/.test(line);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

function isGroupAlive(child: ChildProcess): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === "win32") return child.exitCode === null && child.signalCode === null;
  try {
    process.kill(-child.pid, 0);
  } catch {
    return false;
  }
  return process.platform !== "linux" || hasLivingMember(child.pid);
}

/** In a container whose first process does not reap, a dead grandchild stays listed; it is no reason to wait. */
function hasLivingMember(group: number): boolean {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      // After the program's name in parentheses: state, parent, process group.
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(processGroup) === group && state !== "Z" && state !== "X") return true;
    } catch {
      // Ended while we looked.
    }
  }
  return false;
}
