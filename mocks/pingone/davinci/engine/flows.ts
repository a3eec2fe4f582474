/** The flows that the engine can run, and what lies beside their files. */
import type { FlowGraph } from "../graph/graph.ts";
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
  /** Runs a capability that is not implemented here, from a stub. */
  readonly runForeign: (call: Call) => Effect;
}

export type FoundFlow =
  | { readonly kind: "found"; readonly graph: FlowGraph }
  | { readonly kind: "absent" }
  | { readonly kind: "ambiguous"; readonly graphs: readonly FlowGraph[] };

/** By id, else by the label, which is the name of the flow in the tenant that it was exported from. */
export function findSubFlow(
  together: readonly FlowGraph[],
  id: string,
  label: string | undefined,
): FoundFlow {
  const byId = together.find((graph) => graph.id === id);
  if (byId) return { kind: "found", graph: byId };
  const wanted = label?.trim();
  const graphs =
    wanted === undefined || wanted === "" ? [] : together.filter(({ name }) => name.trim() === wanted);
  const [only, other] = graphs;
  if (!only) return { kind: "absent" };
  return other ? { kind: "ambiguous", graphs } : { kind: "found", graph: only };
}
