/** Sub-flows: whether they are there, and what they are given. */
import { type FlowCall, type FlowReference, subFlowOf } from "../../graph/flow-library.ts";
import type { FlowGraph } from "../../graph/graph.ts";
import { unwrap } from "../../graph/values.ts";
import type { Rule } from "../rule.ts";

export const subFlowNotFound: Rule = {
  code: "sub-flow-not-found",
  level: "warning",
  about: "A sub-flow is not in the files, or none is chosen.",
  *find(view) {
    for (const node of view.nodes) {
      const reference = subFlowOf(node);
      if (reference === undefined || view.findSubFlow(node)?.kind !== "missing") continue;
      yield reference.flowId === undefined && reference.label === undefined
        ? {
            node,
            level: "error",
            text: "No sub-flow is chosen in this node, so PingOne's run fails here. Choose one.",
          }
        : {
            node,
            text: `The sub-flow ${nameOf(reference)} is in none of the files, so a run stops here. PingOne finds it only if the environment has it. Export the flow with its sub-flows, or put the file of the sub-flow beside this one.`,
          };
    }
  },
};

export const subFlowFoundByName: Rule = {
  code: "sub-flow-found-by-name",
  level: "info",
  about: "No flow has the id of a sub-flow; the one that has its name is taken.",
  *find(view) {
    for (const node of view.nodes) {
      const found = view.findSubFlow(node);
      if (!found || found.kind === "missing" || found.by === "id") continue;
      yield {
        node,
        text: `No flow in the files has the id ${subFlowOf(node)?.flowId ?? ""}; the emulator takes the flow named "${found.flow.name}" (${found.flow.id}). An import into PingOne gives flows new ids, so choose the sub-flow again there if the run does not find it.`,
      };
    }
  },
};

export const subFlowAmbiguous: Rule = {
  code: "sub-flow-ambiguous",
  level: "warning",
  about: "Several flows have the id or the name of a sub-flow.",
  *find(view) {
    for (const node of view.nodes) {
      const found = view.findSubFlow(node);
      if (found?.kind !== "ambiguous") continue;
      yield {
        node,
        text: `Several flows have the ${found.by} of this sub-flow (${found.paths.join(", ")}); ${found.by === "id" ? "the emulator takes the first" : "a run stops here, because nothing tells which is meant"}. PingOne goes by the id alone. Give only one of these files.`,
      };
    }
  },
};

export const subFlowRecursion: Rule = {
  code: "sub-flow-recursion",
  level: "warning",
  about: "A flow starts itself as a sub-flow, directly or through others.",
  *find(view) {
    const starters = waysTo(view.flow, (flow) => view.checked.calls.get(flow) ?? []);
    for (const node of view.nodes) {
      const found = view.findSubFlow(node);
      if (!found || found.kind === "missing") continue;
      const way = wayFrom(found.flow, starters);
      if (way.length === 0) continue;
      yield {
        node,
        text: `This sub-flow leads back to its own flow: ${[view.flow, ...way].map(({ name }) => `"${name}"`).join(" > ")}. If no branch ends that, PingOne's run is timed out; the emulator ends it by its limit of nested flows. Leave by a branch, or jump inside one flow.`,
      };
    }
  },
};

export const subFlowInputMissing: Rule = {
  code: "sub-flow-input-missing",
  level: "warning",
  about: "A required input of a sub-flow is not given.",
  *find(view) {
    for (const node of view.nodes) {
      const found = view.findSubFlow(node);
      if (!found || found.kind === "missing") continue;
      const absent = found.flow.inputSchema.filter(
        ({ name, isRequired }) =>
          isRequired && !(Object.hasOwn(node.properties, name) && !isEmpty(node.properties[name])),
      );
      if (absent.length === 0) continue;
      const names = absent.map(({ name }) => `"${name}"`).join(", ");
      yield {
        node,
        text: `The sub-flow "${found.flow.name}" requires the input ${names}, which this node does not give, so PingOne refuses to start it or runs it with nothing there. Give the input, or make it optional in the sub-flow.`,
      };
    }
  },
};

function isEmpty(raw: unknown): boolean {
  const value = unwrap(raw);
  return value === undefined || value === null || value === "";
}

function nameOf({ flowId, label }: FlowReference): string {
  if (label === undefined) return flowId ?? "";
  return flowId === undefined ? `"${label}"` : `"${label}" (${flowId})`;
}

/** Of each flow that comes to the goal by starting others: the one that it starts on the shortest way; of the goal itself, none. */
function waysTo(
  goal: FlowGraph,
  callersOf: (flow: FlowGraph) => readonly FlowCall[],
): ReadonlyMap<FlowGraph, FlowGraph | undefined> {
  const next = new Map<FlowGraph, FlowGraph | undefined>([[goal, undefined]]);
  for (const flow of next.keys()) {
    for (const caller of callersOf(flow)) if (!next.has(caller.flow)) next.set(caller.flow, flow);
  }
  return next;
}

/** The flows from one to the goal, both included; empty when there is no way. */
function wayFrom(from: FlowGraph, next: ReadonlyMap<FlowGraph, FlowGraph | undefined>): FlowGraph[] {
  const way: FlowGraph[] = [];
  for (let at = next.has(from) ? from : undefined; at; at = next.get(at)) way.push(at);
  return way;
}
