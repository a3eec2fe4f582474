/** Checks flow files: what is missing here, and what goes wrong in PingOne. Runs nothing of a flow. */
import { FlowLibrary } from "../graph/flow-library.ts";
import type { FlowFile, FlowGraph } from "../graph/graph.ts";
import { CompileChecks } from "./compile-checks.ts";
import type { CheckedFlow, Finding, Level } from "./finding.ts";
import { type Checked, type CheckOptions, FlowView } from "./flow-view.ts";
import { capabilityOf } from "./kinds.ts";
import { RULES } from "./rules.ts";

/** Of one rule in one flow; the rest is counted. */
const MAX_FINDINGS = 100;

const LEVELS: readonly Level[] = ["error", "warning", "info"];

export interface CheckFlowsOptions extends CheckOptions {
  /** Options of one file, where they differ: a file can have variables and stubs of its own. */
  readonly optionsOf?: (file: FlowFile) => Partial<CheckOptions>;
  /** Only this file is reported on. */
  readonly only?: FlowFile;
}

/** @param files Sub-flows are looked for in all of them. */
export async function checkFlows(
  files: readonly FlowFile[],
  { optionsOf = () => ({}), only, ...options }: CheckFlowsOptions,
): Promise<CheckedFlow[]> {
  const library = new FlowLibrary(files);
  const calls = library.calls();
  const compiles = new CompileChecks(options.sandbox, options.compileLimitMs);
  const views = new Map<FlowGraph, FlowView>();
  for (const file of files) {
    const checked: Checked = {
      library,
      compiles,
      calls,
      options: { ...options, ...optionsOf(file) },
      viewOf: (flow) => views.get(flow),
    };
    for (const flow of file.flows) views.set(flow, new FlowView(file, flow, checked));
  }
  const reports: CheckedFlow[] = [];
  for (const view of views.values()) {
    if (only === undefined || view.file === only) reports.push(await checkFlow(view));
  }
  return reports;
}

async function checkFlow(view: FlowView): Promise<CheckedFlow> {
  const { flow, file, nodes, checked } = view;
  const missing = nodes
    .filter(({ connectorId, capabilityName }) => !checked.options.registry.find(connectorId, capabilityName))
    .map(capabilityOf);
  const findings: Finding[] = [];
  for (const { code, level, find } of RULES) {
    const found = [...(await find(view))];
    for (const { node, text, level: own = level } of found.slice(0, MAX_FINDINGS)) {
      findings.push({ level: own, code, node: node?.id ?? "", title: node?.title ?? "", text });
    }
    if (found.length > MAX_FINDINGS) {
      const text = `There are ${found.length - MAX_FINDINGS} more findings of this kind in the flow.`;
      findings.push({ level, code, node: "", title: "", text });
    }
  }
  return {
    file: file.path,
    flow: flow.id,
    name: flow.name,
    runnable: missing.length === 0,
    missing: [...new Set(missing)].sort(),
    findings: findings.sort((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level)),
  };
}
