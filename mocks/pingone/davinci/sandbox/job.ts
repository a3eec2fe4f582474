/** What goes to the thread of the sandbox and what comes back. */
import type { SandboxResult } from "./sandbox.ts";

export type Task =
  /** `params` is JSON. `source` is the code without values of the run. */
  | { readonly kind: "callFunction"; readonly code: string; readonly params: string; readonly source: string }
  | { readonly kind: "checkFunction"; readonly code: string }
  /** `scope` is JSON. */
  | { readonly kind: "renderTemplate"; readonly template: string; readonly scope: string }
  | { readonly kind: "checkTemplate"; readonly template: string };

export interface Job {
  readonly task: Task;
  readonly limits: Limits;
  /** Milliseconds since the epoch that `Date` starts at; absent: real time. */
  readonly now?: number;
}

export interface Limits {
  readonly timeMs: number;
  readonly memoryBytes: number;
  /** Characters of what is returned or rendered. */
  readonly outputLength: number;
}

/** The limits of a job that has started. */
export interface Budget extends Limits {
  /** As `performance.now()` counts in the thread. */
  readonly end: number;
}

/** JSON for a function, undefined if it returned nothing; a page for a template; "" for a check. */
export type Answer = SandboxResult<string | undefined>;

export type FromThread = { readonly kind: "ready" } | { readonly kind: "answer"; readonly answer: Answer };

export type Failure = Extract<Answer, { kind: "failed" }>;

export function failed(reason: Failure["reason"], message: string): Failure {
  return { kind: "failed", reason, message };
}
