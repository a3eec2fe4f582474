/** How far one person is in one flow: plain JSON, so that a sign-on survives a restart. */
import { z } from "zod";
import type { FlowOutcome } from "../contracts.ts";
import type { Screen, ScreenMessages, SubmittedFields } from "../screens/screen.ts";

/** One flow that is under way: the main flow, or a sub-flow that a node of the frame below has started. */
export interface Frame {
  readonly flowId: string;
  /** Of this run of the flow, for the log. Absent in a state that was saved without it. */
  readonly runId?: string;
  /** The node of the frame below that waits for this one. */
  readonly callerNodeId: string | undefined;
  /** `global.parameters` */
  readonly parameters: Record<string, unknown>;
  /** `global.variables`: those of the flow instance. */
  readonly variables: Record<string, unknown>;
  /** `local.<node>.payload` */
  readonly local: Record<string, { readonly payload: NodePayload }>;
  /** How each node that was completed ended: true, false. */
  readonly states: Record<string, boolean>;
  /** goToNode nodes that wait for a returnBackToCallingNode, the last one on top. */
  readonly calls: string[];
}

export interface NodePayload {
  readonly output?: unknown;
  readonly error?: ConnectorError;
}

export interface ConnectorError {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly unknown[];
  readonly httpResponseCode?: number;
}

/** The screen that the person sees, and the node of the topmost frame that it belongs to. */
export interface ShownScreen {
  readonly nodeId: string;
  readonly screen: Screen;
  /** What the person typed, to be shown again; no secrets. */
  values: SubmittedFields;
  /** How often its button was pressed that asks again. */
  polls?: number;
  messages: ScreenMessages;
}

/** A cookie that a flow sets of its own. */
export interface FlowCookie {
  readonly name: string;
  readonly value: string;
  readonly seconds: number;
}

export interface RunState {
  readonly frames: Frame[];
  shown?: ShownScreen;
  /** Counts the screens shown, so that the form of an earlier screen is detected. */
  step: number;
  /** How often each node has run, by `<flow>.<node>`. */
  visits?: Readonly<Record<string, number>>;
  /** The user whom the flow has identified last. */
  userId?: string;
  /** Set when Check Session accepted the browser's session and nobody has authenticated since. */
  isSessionAccepted?: boolean;
  /** Of flows, since the run began. */
  cookies?: readonly FlowCookie[];
  /** For the developer; the last ones. */
  remarks: string[];
  /** Scopes kept at consent. */
  consentedScopes?: readonly string[];
  ended?: { readonly step: number; readonly outcome: FlowOutcome; readonly repeatableUntil: number };
}

/** Only that it is an object of ours is checked: the state file is written by the emulator itself. */
export const runStateSchema = z.custom<RunState>(
  (value) =>
    z.object({ frames: z.array(z.object({ flowId: z.string() })), step: z.int() }).safeParse(value).success,
);
