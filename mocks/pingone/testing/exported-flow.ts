/** Flows of tests as the engine runs them when they come from an export file. */
import { NO_STUBS, runStub } from "../davinci/connectors/stubs.ts";
import type { RunnableFlow } from "../davinci/engine/flows.ts";
import type { FlowGraph } from "../davinci/graph/graph.ts";
import { readContent } from "../davinci/graph/read-export.ts";
import { buildFlow, type FlowSpec } from "./graph-builder.ts";

/** The first one is the main flow, under the policy id `p` and by its own name. */
export function exportedFlow(...specs: readonly FlowSpec[]): RunnableFlow {
  const read = readContent({ flows: specs.map(buildFlow) });
  if (read.kind === "refused") throw new Error(read.reason);
  const [graph] = read.flows as [FlowGraph];
  return {
    policyId: "p",
    name: graph.name,
    description: "",
    graph,
    together: read.flows,
    values: {},
    runForeign: (call) => runStub(call, NO_STUBS),
  };
}
