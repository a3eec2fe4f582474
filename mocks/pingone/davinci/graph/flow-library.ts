/**
 * All flows that a run can reach. A sub-flow is found by its id; an import gives flows new ids, so that the label beside
 * the id, which is the name of the flow, decides where no flow has the id.
 */
import type { FlowFile, FlowGraph, FlowNode } from "./graph.ts";
import { isRecord, unwrap } from "./values.ts";

/** What a node names as its sub-flow. */
export interface FlowReference {
  readonly flowId: string | undefined;
  readonly label: string | undefined;
}

export type FoundFlow =
  | { readonly kind: "found"; readonly flow: FlowGraph; readonly by: "id" | "name" }
  /** Several files have such a flow; `flow` is the first. By name alone, a run does not take it. */
  | {
      readonly kind: "ambiguous";
      readonly flow: FlowGraph;
      readonly by: "id" | "name";
      readonly paths: string[];
    }
  | { readonly kind: "missing" };

interface Owned {
  readonly flow: FlowGraph;
  readonly path: string;
}

export class FlowLibrary {
  readonly #byId: ReadonlyMap<string, readonly Owned[]>;
  readonly #byName: ReadonlyMap<string, readonly Owned[]>;

  constructor(files: readonly Pick<FlowFile, "path" | "flows">[]) {
    const owned = files.flatMap(({ path, flows }) => flows.map((flow) => ({ flow, path })));
    this.#byId = Map.groupBy(owned, ({ flow }) => flow.id);
    this.#byName = Map.groupBy(owned, ({ flow }) => flow.name.trim());
  }

  /** @param path The file of the flow that names it: its own flows go before those of other files. */
  find({ flowId, label }: FlowReference, path: string): FoundFlow {
    const byId = flowId === undefined ? undefined : this.#byId.get(flowId);
    if (byId) return choose(byId, path, "id");
    const byName = label === undefined ? undefined : this.#byName.get(label.trim());
    return byName ? choose(byName, path, "name") : { kind: "missing" };
  }
}

function choose(candidates: readonly Owned[], path: string, by: "id" | "name"): FoundFlow {
  const own = candidates.filter((candidate) => candidate.path === path);
  const chosen = own.length > 0 ? own : candidates;
  const [first] = chosen;
  if (!first) return { kind: "missing" };
  if (chosen.length === 1) return { kind: "found", flow: first.flow, by };
  return { kind: "ambiguous", flow: first.flow, by, paths: chosen.map((candidate) => candidate.path) };
}

/** `undefined` for a node that starts no sub-flow. */
export function subFlowOf({ connectorId, capabilityName, properties }: FlowNode): FlowReference | undefined {
  if (connectorId !== "flowConnector" || !/^start(Ui)?SubFlow$/.test(capabilityName)) return undefined;
  const chosen = unwrap(properties.subFlowId);
  const textOf = (value: unknown) => (typeof value === "string" && value.trim() !== "" ? value : undefined);
  if (!isRecord(chosen)) return { flowId: textOf(chosen), label: undefined };
  return { flowId: textOf(chosen.value), label: textOf(chosen.label) };
}
