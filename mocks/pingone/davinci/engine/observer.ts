/** What a run tells whoever watches it, as it happens. The log is made of this; a run does not depend on being watched. */
import type { FlowGraph, FlowNode } from "../graph/graph.ts";
import type { Screen, SubmittedFields } from "../screens/screen.ts";
import type { Effect } from "./capability.ts";
import type { Frame, NodePayload } from "./run-state.ts";

/** Where a run is. Values are those of the run: whoever keeps them hides secrets and limits their size. */
interface Place {
  readonly flow: FlowGraph;
  readonly frame: Frame;
}

export type Observation = Place &
  (
    | { readonly kind: "flowStarted"; readonly parameters: Readonly<Record<string, unknown>> }
    | { readonly kind: "nodeStarted"; readonly node: FlowNode }
    | {
        /** Its inputs are there; a run may end before that, in one that becomes too long. */
        readonly kind: "nodeGiven";
        readonly node: FlowNode;
        /** Resolved, but for those named in `raw`, which are as in the file. */
        readonly properties: Readonly<Record<string, unknown>>;
        readonly raw: readonly string[];
      }
    | {
        /** The capability has run; what it led to is carried out next. */
        readonly kind: "nodeRan";
        readonly node: FlowNode;
        readonly effect: Effect;
        readonly milliseconds: number;
      }
    | {
        /** A node is done: at once, or when its screen is answered or the flow that it started has ended. */
        readonly kind: "nodeDone";
        readonly node: FlowNode;
        readonly isTrue: boolean;
        readonly payload: NodePayload;
        readonly outcome: string | undefined;
        /** The nodes that its exits lead to. */
        readonly next: readonly FlowNode[];
      }
    | { readonly kind: "screenShown"; readonly node: FlowNode; readonly screen: Screen }
    | {
        /** The screen before is shown again with this message. */
        readonly kind: "errorShown";
        readonly node: FlowNode;
        readonly message: string;
      }
    | {
        readonly kind: "screenAnswered";
        readonly node: FlowNode;
        readonly screen: Screen;
        readonly fields: SubmittedFields;
      }
    | {
        /** A sub-flow is left. */
        readonly kind: "flowLeft";
        readonly isSuccess: boolean;
        readonly output: Readonly<Record<string, unknown>>;
      }
  );

export type Observe = (observation: Observation) => void;
