/** A flow in DaVinci's own format, reduced to what runs. `read-export.ts` makes it of a file. */

/** What decides an exit of a logic operator. Absent in a file: `allTriggersTrue`. */
export type Operator =
  | "allTriggersTrue"
  | "anyTriggersTrue"
  | "allTriggersFalse"
  | "anyTriggersFalse"
  | "allTriggersComplete"
  | "anyTriggersComplete"
  | "always";

/** A node of the type CONNECTION: one capability of a connector. */
export interface FlowNode {
  readonly id: string;
  readonly connectorId: string;
  readonly capabilityName: string;
  /** What the author called it, else its capability. */
  readonly title: string;
  /** As in the file: values may be wrapped in `{ value }` and be the text of a rich-text document. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly isDisabled: boolean;
  /** In the order of the edges in the file, without repeated ones. */
  readonly exits: readonly Exit[];
  /** Of a node that declares its outcomes, as a form does. */
  readonly outcomes?: readonly DeclaredOutcome[];
}

interface DeclaredOutcome {
  readonly id: string;
  readonly label: string;
  readonly result: string;
}

/** A way from one node over a logic operator (EVAL) to another node. */
export interface Exit {
  readonly evalId: string;
  /** Set where a node has more than two outcomes: the id of the outcome, `-1` for "no match". */
  readonly outcome: string | undefined;
  readonly operator: Operator;
  readonly target: string;
  /** All nodes that lead into the logic operator: its triggers. */
  readonly triggers: readonly string[];
}

/** A variable that the flow declares. */
export interface DeclaredVariable {
  readonly name: string;
  readonly context: VariableContext;
  readonly type: string;
  /** The default value, if the file has one. */
  readonly value: unknown;
}
export type VariableContext = "company" | "flowInstance" | "user" | "flow";

export interface FlowGraph {
  /** 32 hexadecimal digits in exports. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** By id. Annotations are left out, as are logic operators, which are part of the exits. */
  readonly nodes: ReadonlyMap<string, FlowNode>;
  /** Where a run begins; undefined when the file has none or several, which is a finding. */
  readonly entry: string | undefined;
  readonly variables: readonly DeclaredVariable[];
  readonly inputSchema: readonly FlowInput[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** As in the file: `type` is `AUTHENTICATION` in flows that flow policies run. */
  readonly trigger?: Readonly<Record<string, unknown>>;
  /** Where the console draws nodes and logic operators, by id. Empty or incomplete where the file does not say. */
  readonly positions?: ReadonlyMap<string, Position>;
  /** Logic operators that lead nowhere, and edges that cannot be followed, for the checks. */
  readonly irregularities: readonly Irregularity[];
}

export interface Position {
  readonly x: number;
  readonly y: number;
}

export interface FlowInput {
  readonly name: string;
  readonly isRequired: boolean;
}

/** What a graph has that the format does not allow, or that leads nowhere. */
export interface Irregularity {
  readonly code:
    | "operator-without-exit"
    | "edge-joins-two-connections"
    | "edge-to-nowhere"
    | "several-entries"
    | "no-entry"
    | "unknown-operator";
  /** Of the node or logic operator concerned; "" for the flow as a whole. */
  readonly nodeId: string;
  readonly text: string;
}

/** The flows of one file. */
export interface FlowFile {
  readonly path: string;
  readonly flows: readonly FlowGraph[];
  /** The flow that a run of this file starts with. */
  readonly main: FlowGraph;
}
