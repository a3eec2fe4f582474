/**
 * One QuickJS runtime with limits of memory and time; QuickJS limits its stack by itself. A native call of QuickJS that checks neither, such as
 * `new Array(1e9).join()`, is ended from outside of the thread (create-sandbox.ts). An exception of the host, such as a stack
 * overflow inside WebAssembly, leaves the module in an unknown state: nothing here catches it, so it ends the thread.
 */
import type {
  QuickJSContext,
  QuickJSHandle,
  QuickJSRuntime,
  QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { type Answer, type Budget, type Failure, failed } from "./job.ts";

const JOBS_AT_ONCE = 100;

/** Ends a job with this answer. */
export class JobFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export class Engine {
  readonly context: QuickJSContext;
  readonly #runtime: QuickJSRuntime;
  readonly #handles: QuickJSHandle[] = [];
  #budget: Budget;
  #isOverdue = false;

  constructor(quickjs: QuickJSWASMModule, budget: Budget) {
    this.#budget = budget;
    this.#runtime = quickjs.newRuntime();
    this.#runtime.setMemoryLimit(budget.memoryBytes);
    this.#runtime.setInterruptHandler(() => this.#checkTime());
    this.context = this.#runtime.newContext();
  }

  /** Lets the engine serve another job. */
  startJob(budget: Budget): void {
    this.#budget = budget;
    this.#isOverdue = false;
  }

  /** Disposes of the handle with the engine: QuickJS aborts if one is left. */
  keep(handle: QuickJSHandle): QuickJSHandle {
    this.#handles.push(handle);
    return handle;
  }

  dispose(): void {
    for (const handle of this.#handles) handle.dispose();
    this.context.dispose();
    this.#runtime.dispose();
  }

  /** Runs code of the emulator or of Handlebars. */
  evaluate(code: string, file: string): QuickJSHandle {
    return this.keep(this.#unwrap(this.context.evalCode(code, file)));
  }

  call(callee: QuickJSHandle, ...args: readonly QuickJSHandle[]): QuickJSHandle {
    return this.keep(this.#unwrap(this.context.callFunction(callee, this.context.undefined, ...args)));
  }

  /** Calls a function that takes JSON, since other texts end at a NUL, and returns JSON. Keeps nothing, for an engine that lives long. */
  callWithJson(callee: QuickJSHandle, json: string, ...more: readonly QuickJSHandle[]): unknown {
    const input = this.context.newString(json);
    const result = this.context.callFunction(callee, this.context.undefined, input, ...more);
    input.dispose();
    return JSON.parse(this.#takeText(this.#unwrap(result)));
  }

  /**
   * Parses code of a stranger and, unless it is only checked, runs it.
   * @param isQuoted whether the parser's message, which quotes the code, is told
   */
  compile(code: string, file: string, { isOnlyChecked = false, isQuoted = true }): QuickJSHandle {
    const compiled = this.context.evalCode(code, file, { compileOnly: isOnlyChecked });
    if (!compiled.error) return this.keep(compiled.value);
    const read = (property: string) => {
      const handle = this.context.getProp(compiled.error, property);
      const value: unknown = this.context.dump(handle);
      handle.dispose();
      return value;
    };
    const [name, message, line] = [read("name"), read("message"), read("lineNumber")];
    compiled.error.dispose();
    if (this.#isOverdue || name !== "SyntaxError" || message === "stack overflow") throw this.#limitReached();
    throw new JobFailed(
      failed("compile", `The code does not compile: line ${line}${isQuoted ? `: ${message}` : ""}.`),
    );
  }

  /**
   * Runs what a promise of a text waits for.
   * @param wake lets the next timer of the code fire; false: there is none.
   * @returns undefined if the promise is rejected.
   */
  settle(promise: QuickJSHandle, wake: () => boolean): string | undefined {
    for (;;) {
      const ran = this.#runtime.executePendingJobs(JOBS_AT_ONCE);
      if (ran.error) ran.error.dispose();
      if (ran.error || this.#checkTime()) throw this.#limitReached();
      if (ran.value > 0) continue;
      const state = this.context.getPromiseState(promise);
      if (state.type === "fulfilled") return this.#takeText(state.value);
      if (state.type === "rejected") {
        state.error.dispose();
        return undefined;
      }
      if (!wake()) throw new JobFailed(failed("limit", "The promise that the code returned never settles."));
    }
  }

  #checkTime(): boolean {
    this.#isOverdue ||= performance.now() > this.#budget.end;
    return this.#isOverdue;
  }

  #unwrap(result: ReturnType<QuickJSContext["evalCode"]>): QuickJSHandle {
    if (!result.error) return result.value;
    result.error.dispose();
    throw this.#limitReached();
  }

  #takeText(handle: QuickJSHandle): string {
    const text = this.context.getString(handle);
    handle.dispose();
    return text;
  }

  #limitReached(): JobFailed {
    return new JobFailed(failed("limit", this.#isOverdue ? tooLong(this.#budget) : tooLarge(this.#budget)));
  }
}

/** Runs a job in an engine of its own. After an exception of the host nothing of it can be used, not even to end it. */
export function runInEngine(
  quickjs: QuickJSWASMModule,
  budget: Budget,
  run: (engine: Engine) => string | undefined,
): Answer {
  return answerOf(() => {
    const engine = new Engine(quickjs, budget);
    try {
      const value = run(engine);
      engine.dispose();
      return value;
    } catch (error) {
      if (error instanceof JobFailed) engine.dispose();
      throw error;
    }
  });
}

export function answerOf(run: () => string | undefined): Answer {
  try {
    return { kind: "ok", value: run() };
  } catch (error) {
    if (error instanceof JobFailed) return error.failure;
    throw error;
  }
}

function tooLong({ timeMs }: Budget): string {
  return `It was ended because it ran for more than ${timeMs} ms.`;
}

export function tooLarge({ memoryBytes }: Budget): string {
  return `It was ended because it needs more than ${Math.round(memoryBytes / 2 ** 20)} MB of memory or calls itself too deeply.`;
}

export function checkOutput(text: string, { outputLength }: Budget): void {
  if (text.length > outputLength)
    throw new JobFailed(failed("limit", `Its output has more than ${outputLength} characters.`));
}
