/** The flows that the engine can run, and what lies beside their files. */
import type { FlowGraph } from "../graph/graph.ts";
import type { BesideFlow } from "./beside.ts";
import type { Call, Effect } from "./capability.ts";

/** Values that an export does not hold. */
export interface FlowValues {
  /** `global.company.variables` */
  readonly company?: Readonly<Record<string, unknown>>;
  /** `global.flow.variables` */
  readonly flow?: Readonly<Record<string, unknown>>;
  /** `global.userInfo.variables` */
  readonly user?: Readonly<Record<string, unknown>>;
  /** `global.parameters` of a flow that is run by itself, beside what the authorization request gives. */
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** A flow under a flow policy. */
export interface RunnableFlow {
  readonly policyId: string;
  readonly name: string;
  readonly description: string;
  readonly graph: FlowGraph;
  /** Every flow that was given together with it, itself included: where sub-flows are found. */
  readonly together: readonly FlowGraph[];
  readonly values: FlowValues;
  readonly beside?: BesideFlow | undefined;
  /** Runs a capability that is not implemented here, from a stub. */
  readonly runForeign: (call: Call) => Effect;
}
