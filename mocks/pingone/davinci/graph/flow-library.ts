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
      readonly count: number;
      /** Of the first of them. */
      readonly paths: string[];
    }
  | { readonly kind: "missing" };

interface Owned {
  readonly flow: FlowGraph;
  readonly path: string;
}

/** Flows of one id or name, in the order of the files. */
interface Candidates {
  readonly all: readonly Owned[];
  readonly byPath: ReadonlyMap<string, readonly Owned[]>;
}

const TOLD_PATHS = 5;

/** Where a flow is started as a sub-flow. */
export interface FlowCall {
  readonly flow: FlowGraph;
  readonly node: FlowNode;
}

export class FlowLibrary {
  readonly #files: readonly Pick<FlowFile, "path" | "flows">[];
  readonly #byId: ReadonlyMap<string, Candidates>;
  readonly #byName: ReadonlyMap<string, Candidates>;

  constructor(files: readonly Pick<FlowFile, "path" | "flows">[]) {
    this.#files = files;
    const owned = files.flatMap(({ path, flows }) => flows.map((flow) => ({ flow, path })));
    this.#byId = index(owned, ({ id }) => id);
    this.#byName = index(owned, ({ name }) => name.trim());
  }

  /** @param path The file of the flow that names it: its own flows go before those of other files. */
  find({ flowId, label }: FlowReference, path: string): FoundFlow {
    const byId = flowId === undefined ? undefined : this.#byId.get(flowId);
    if (byId) return choose(byId, path, "id");
    const byName = label === undefined ? undefined : this.#byName.get(label.trim());
    return byName ? choose(byName, path, "name") : { kind: "missing" };
  }

  /** Who starts each flow that is found, by the flow that is started, in the order of the files. */
  calls(): Map<FlowGraph, FlowCall[]> {
    const calls = new Map<FlowGraph, FlowCall[]>();
    for (const { path, flows } of this.#files) {
      for (const flow of flows) {
        for (const node of flow.nodes.values()) {
          const reference = subFlowOf(node);
          const found = reference && this.find(reference, path);
          if (!found || found.kind === "missing") continue;
          const list = calls.get(found.flow);
          if (list) list.push({ flow, node });
          else calls.set(found.flow, [{ flow, node }]);
        }
      }
    }
    return calls;
  }
}

/** Each has many when a folder holds hundreds of flows of one name. */
function index(owned: readonly Owned[], keyOf: (flow: FlowGraph) => string): Map<string, Candidates> {
  const groups = Map.groupBy(owned, ({ flow }) => keyOf(flow));
  return new Map(
    [...groups].map(([key, all]) => [key, { all, byPath: Map.groupBy(all, ({ path }) => path) }]),
  );
}

function choose({ all, byPath }: Candidates, path: string, by: "id" | "name"): FoundFlow {
  const chosen = byPath.get(path) ?? all;
  const [first] = chosen;
  if (!first) return { kind: "missing" };
  if (chosen.length === 1) return { kind: "found", flow: first.flow, by };
  return {
    kind: "ambiguous",
    flow: first.flow,
    by,
    count: chosen.length,
    paths: chosen.slice(0, TOLD_PATHS).map((candidate) => candidate.path),
  };
}

/** `undefined` for a node that starts no sub-flow. */
export function subFlowOf({ connectorId, capabilityName, properties }: FlowNode): FlowReference | undefined {
  if (connectorId !== "flowConnector" || !/^start(Ui)?SubFlow$/.test(capabilityName)) return undefined;
  const chosen = unwrap(properties.subFlowId);
  const textOf = (value: unknown) => (typeof value === "string" && value.trim() !== "" ? value : undefined);
  if (!isRecord(chosen)) return { flowId: textOf(chosen), label: undefined };
  return { flowId: textOf(chosen.value), label: textOf(chosen.label) };
}
