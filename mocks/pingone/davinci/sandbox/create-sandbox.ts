/**
 * The sandbox: QuickJS, which is WebAssembly, in a thread. Jobs run one after the other, each with variables of its own
 * and limits that QuickJS checks. Native calls of QuickJS check none, so the thread of a job that exceeds its time by
 * `graceMs` is ended. The jobs behind it get another thread.
 */
import { type Answer, failed, type Limits, type Task } from "./job.ts";
import type { Sandbox, SandboxResult } from "./sandbox.ts";
import { startThread, type Thread } from "./thread.ts";

export interface SandboxOptions {
  /** Milliseconds of one job, from its start. Default: 2000. */
  readonly timeLimitMs?: number;
  /** Default: 1000. */
  readonly graceMs?: number;
  /** Default: 64. */
  readonly memoryLimitMb?: number;
  /** What `Date` reads, in milliseconds since the epoch. Default: real time. */
  readonly now?: () => number;
}

const MAX_OUTPUT_LENGTH = 1_000_000;
const MAX_CODE_LENGTH = 512_000;
const MAX_INPUT_LENGTH = 4_000_000;
const MAX_START_MS = 30_000;
/** Codes and templates that are remembered for the time they took. */
const MAX_SLOW = 100;

interface Job {
  readonly task: Task;
  readonly now: (() => number) | undefined;
  readonly resolve: (answer: Answer) => void;
}

/** @param start starts its threads */
export function createSandbox(options: SandboxOptions = {}, start = startThread): Sandbox {
  return sandboxOf(new JobQueue(options, start), options.now);
}

let shared: JobQueue | undefined;

/**
 * One thread for all emulators of the process: it keeps nothing between two jobs, and takes longer to start than an
 * emulator. It is never closed, and keeps no process alive.
 */
export function sharedSandbox(now: () => number): Sandbox {
  shared ??= new JobQueue({}, startThread);
  return { ...sandboxOf(shared, now), close: async () => {} };
}

function sandboxOf(queue: JobQueue, now: (() => number) | undefined): Sandbox {
  const jobs = { ask: (task: Task) => queue.ask(task, now), close: () => queue.close() };
  return {
    async callFunction(code, params, source = code) {
      const json = inputOf(code, "code", params);
      if (typeof json !== "string") return json;
      const answer = await jobs.ask({ kind: "callFunction", code, params: json, source });
      if (answer.kind === "failed" || answer.value === undefined) return answer;
      return { kind: "ok", value: JSON.parse(answer.value) };
    },
    async renderTemplate(template, scope) {
      const json = inputOf(template, "template", scope);
      if (typeof json !== "string") return json;
      const answer = await jobs.ask({ kind: "renderTemplate", template, scope: json });
      return answer.kind === "failed" ? answer : { kind: "ok", value: answer.value ?? "" };
    },
    checkFunction: async (code) =>
      lengthFailure(code, "code") ?? checked(await jobs.ask({ kind: "checkFunction", code })),
    checkTemplate: async (template) =>
      lengthFailure(template, "template") ?? checked(await jobs.ask({ kind: "checkTemplate", template })),
    close: () => jobs.close(),
  };
}

class JobQueue {
  readonly #limits: Limits;
  readonly #hardLimitMs: number;
  readonly #start: typeof startThread;
  readonly #waiting: Job[] = [];
  /** Texts that were ended for their time: they wait until nothing else does, so that they hold up only each other. */
  readonly #slow = new Set<string>();
  /** Posted to the thread. */
  #running: Job | undefined;
  #startedAt = 0;
  #thread: Thread | undefined;
  #isReady = false;
  /** Of the job that runs, or of the thread that starts. */
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { timeLimitMs = 2000, graceMs = 1000, memoryLimitMb = 64 }: SandboxOptions,
    start: typeof startThread,
  ) {
    this.#start = start;
    this.#limits = {
      timeMs: timeLimitMs,
      memoryBytes: memoryLimitMb * 2 ** 20,
      outputLength: MAX_OUTPUT_LENGTH,
    };
    this.#hardLimitMs = timeLimitMs + graceMs;
  }

  ask(task: Task, now: (() => number) | undefined): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push({ task, now, resolve });
      this.#continue();
    });
  }

  async close(): Promise<void> {
    const thread = this.#forgetThread();
    const unanswered = [this.#running, ...this.#waiting.splice(0)];
    this.#running = undefined;
    for (const job of unanswered) job?.resolve(failed("limit", "The emulator stopped before it was run."));
    await thread?.end();
  }

  #continue(): void {
    if (this.#running !== undefined) return;
    if (this.#waiting.length === 0) {
      this.#thread?.keepAlive(false);
      return;
    }
    this.#thread ??= this.#startThread();
    this.#thread.keepAlive(true);
    if (!this.#isReady) return;
    const job = this.#takeWaiting();
    if (job === undefined) return;
    this.#running = job;
    this.#startedAt = performance.now();
    this.#endThreadAfter(
      this.#hardLimitMs,
      `It was ended because it ran for more than ${this.#hardLimitMs} ms.`,
    );
    const now = job.now?.();
    this.#thread.post({ task: job.task, limits: this.#limits, ...(now !== undefined && { now }) });
  }

  #takeWaiting(): Job | undefined {
    const first = this.#waiting.findIndex(({ task }) => !this.#slow.has(textOf(task)));
    return this.#waiting.splice(Math.max(first, 0), 1)[0];
  }

  #startThread(): Thread {
    this.#endThreadAfter(MAX_START_MS, "The thread for code and templates did not start in time.");
    return this.#start({
      onReady: () => {
        clearTimeout(this.#timer);
        this.#isReady = true;
        this.#continue();
      },
      onAnswer: (answer) => this.#answer(answer),
      onEnded: (error) => {
        const message = this.#isReady
          ? "It was ended because it or its data is nested too deeply."
          : `The thread for code and templates cannot be started: ${error instanceof Error ? error.message : "it ended"}.`;
        this.#forgetThread();
        this.#answer(failed("limit", message));
      },
    });
  }

  #endThreadAfter(ms: number, message: string): void {
    this.#timer = setTimeout(() => {
      void this.#forgetThread()?.end();
      this.#answer(failed("limit", message));
    }, ms);
  }

  #forgetThread(): Thread | undefined {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    this.#isReady = false;
    return thread;
  }

  /** A thread that does not start fails the job that waits for it, so that nothing waits for ever. */
  #answer(answer: Answer): void {
    clearTimeout(this.#timer);
    const job = this.#running ?? this.#waiting.shift();
    const took = performance.now() - this.#startedAt;
    if (
      this.#running &&
      answer.kind === "failed" &&
      answer.reason === "limit" &&
      took >= this.#limits.timeMs
    ) {
      if (this.#slow.size >= MAX_SLOW) this.#slow.clear();
      this.#slow.add(textOf(this.#running.task));
    }
    this.#running = undefined;
    job?.resolve(answer);
    this.#continue();
  }
}

/** What its author wrote. */
function textOf(task: Task): string {
  switch (task.kind) {
    case "callFunction":
      return task.source;
    case "checkFunction":
      return task.code;
    case "renderTemplate":
    case "checkTemplate":
      return task.template;
  }
}

function checked(answer: Answer): SandboxResult<null> {
  return answer.kind === "failed" ? answer : { kind: "ok", value: null };
}

function lengthFailure(text: string, what: "code" | "template") {
  if (text.length <= MAX_CODE_LENGTH) return undefined;
  return failed("limit", `The ${what} has more than ${MAX_CODE_LENGTH} characters.`);
}

function inputOf(code: string, what: "code" | "template", input: Readonly<Record<string, unknown>>) {
  const tooLong = lengthFailure(code, what);
  if (tooLong !== undefined) return tooLong;
  let json: string;
  try {
    json = JSON.stringify(input);
  } catch {
    return failed("limit", `The values for the ${what} cannot be written as JSON.`);
  }
  if (json.length <= MAX_INPUT_LENGTH) return json;
  return failed("limit", `The values for the ${what} have more than ${MAX_INPUT_LENGTH} characters.`);
}
