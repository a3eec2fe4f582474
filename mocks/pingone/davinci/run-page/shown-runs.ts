/** Gives the pages of runs what they show of an engine. */
import { checkFlows } from "../check/check-flows.ts";
import type { CheckedFlow } from "../check/finding.ts";
import type { CheckOptions } from "../check/flow-view.ts";
import type { FlowEngine } from "../engine/flow-engine.ts";
import type { FlowValues } from "../engine/flows.ts";
import type { FlowGraph } from "../graph/graph.ts";
import type { ShownRuns } from "./pages.ts";

interface ShowRunsOptions {
  readonly engine: Pick<FlowEngine, "log" | "graphsOf" | "valuesOf">;
  readonly checks: Pick<CheckOptions, "registry" | "sandbox">;
  readonly usernameOf: ShownRuns["usernameOf"];
}

export function showRuns({ engine, checks, usernameOf }: ShowRunsOptions): ShownRuns {
  /** By main flow: a check of a large file takes a while. */
  const checked = new WeakMap<FlowGraph, Promise<readonly CheckedFlow[]>>();
  const check = (main: FlowGraph, flows: readonly FlowGraph[], variables: FlowValues) => {
    const found = checked.get(main) ?? checkFlows([{ path: "", main, flows }], { ...checks, variables });
    checked.set(main, found);
    return found;
  };
  return {
    log: engine.log,
    usernameOf,
    graphOf: (policyId, flowId) => engine.graphsOf(policyId).find(({ id }) => id === flowId),
    findingsOf: async (policyId, flowId) => {
      const [main, ...others] = engine.graphsOf(policyId);
      const reports = main ? await check(main, [main, ...others], engine.valuesOf(policyId)) : [];
      return reports.filter(({ flow }) => flow === flowId).flatMap(({ findings }) => findings);
    },
  };
}
