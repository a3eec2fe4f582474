/**
 * The log of a run: what it was made of, in the order in which it happened. Plain JSON, the ground for the endpoints, for
 * the page and for what tests assert on. Secrets are hidden in every value, and long values are cut.
 */

/** One authorization request in front of one flow. */
export interface FlowRunSummary {
  /** `global.interactionId` of the main flow, as at DaVinci. */
  readonly id: string;
  /** Epoch milliseconds by the emulator's clock. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** The same for a run and the runs of its sub-flows. */
  readonly transactionId: string;
  readonly policyId: string;
  readonly flow: FlowRef;
  readonly application: { readonly id: string; readonly name: string };
  /** Whom the flow has identified last. */
  readonly userId?: string;
  readonly result: RunResult;
  /** The node that it stands at, or ended at. */
  readonly node?: NodeRef;
  /** The flow of that node. */
  readonly nodeFlow?: FlowRef;
  /** How many events there were. */
  readonly eventCount: number;
  /** How many of them, the oldest, are not kept any more. */
  readonly droppedEvents: number;
}

export type RunResult =
  | { readonly kind: "running" }
  /** A screen waits for the person. */
  | { readonly kind: "waiting"; readonly screen: string }
  | {
      readonly kind: "success";
      readonly userId: string;
      readonly authenticationMethods: readonly string[];
      /** Reduced Scopes: those that the user kept. Absent: all. */
      readonly scopes?: readonly string[];
      /** True when Check Session accepted the session that the browser had. */
      readonly reusedSession: boolean;
      /** Claims that the flow gives beside PingOne's own. */
      readonly idTokenClaims?: Readonly<Record<string, unknown>>;
      readonly accessTokenClaims?: Readonly<Record<string, unknown>>;
    }
  /** The author's own error. */
  | { readonly kind: "error"; readonly error: string; readonly errorDescription: string }
  /** The client gets `login_required`. */
  | { readonly kind: "died"; readonly reason: string };

export interface FlowRef {
  readonly id: string;
  readonly name: string;
}

export interface NodeRef {
  readonly id: string;
  readonly title: string;
  readonly connectorId: string;
  readonly capabilityName: string;
}

interface EventBase {
  /** Counts from 1 in each run. */
  readonly number: number;
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number;
  readonly flow: FlowRef;
  /** The run of that flow: the run's own id for the main flow, an own one for each start of a sub-flow. */
  readonly flowRunId: string;
  /** 0 in the main flow, 1 in a flow that it has started, and so on. */
  readonly depth: number;
}

export interface NodeEvent extends EventBase {
  readonly kind: "node";
  readonly node: NodeRef;
  /** Inputs, bindings replaced. Templates and code are left out. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly output?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
    readonly httpResponseCode?: number;
  };
  /** Absent while it waits, for a person or a sub-flow, and where the flow ended in it. */
  readonly success?: boolean;
  /** The one that was taken of more than two; `-1`: none matched. */
  readonly outcome?: string;
  /** Where its exits led. */
  readonly next: readonly NodeRef[];
  /** The last event before it was done. */
  readonly doneAfter?: number;
  /** Epoch milliseconds by the emulator's clock. */
  readonly doneAt?: number;
  /** What the capability took, without the time that a person took. */
  readonly milliseconds: number;
}

export type LogEvent =
  | (EventBase & {
      readonly kind: "flowStarted";
      /** The node that started the sub-flow. */
      readonly caller?: NodeRef;
      /** `global.parameters` */
      readonly parameters: Readonly<Record<string, unknown>>;
    })
  | NodeEvent
  | (EventBase & {
      readonly kind: "screenShown";
      readonly node: NodeRef;
      readonly title: string;
      /** Names of the fields that it takes. */
      readonly fields: readonly string[];
      /** It was shown before, and is shown again with this. */
      readonly error?: string;
    })
  | (EventBase & {
      readonly kind: "screenAnswered";
      readonly node: NodeRef;
      /** As accepted, or as sent where the form was refused. */
      readonly fields: Readonly<Record<string, unknown>>;
      /** Why the form was refused; the screen was shown again. */
      readonly refused?: string;
    })
  | (EventBase & {
      /** A sub-flow was left. */
      readonly kind: "flowLeft";
      readonly success: boolean;
      readonly output: unknown;
    })
  | (EventBase & { readonly kind: "ended"; readonly node?: NodeRef; readonly result: RunResult });

export interface FlowLog {
  /** Oldest first. */
  runs(): readonly FlowRunSummary[];
  /** `undefined`: no such run is kept. */
  run(id: string): FlowRunSummary | undefined;
  /** Oldest first. `undefined`: no such run is kept. */
  events(runId: string): readonly LogEvent[] | undefined;
  /** How many runs, the oldest, are not kept any more. */
  readonly droppedRuns: number;
}
