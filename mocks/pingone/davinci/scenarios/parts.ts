/** Divides a scenario into its main flow and its sub-flows. */
import type { Scenario, ScenarioNode } from "./scenario-schema.ts";
import { transitionsOf } from "./transitions.ts";

export interface Part {
  readonly isMain: boolean;
  /** The first node. */
  readonly entry: string;
  readonly title: string;
  readonly members: ReadonlySet<string>;
  /** Nodes of the main flow that can follow a sub-flow. */
  readonly leadsTo: readonly string[];
  /** Nodes that more than one way of this part leads to. */
  readonly heads: ReadonlySet<string>;
}

/** Only a main flow can answer the application, and so what belongs to the answer is in it. */
const IN_MAIN_ONLY: readonly string[] = [
  "consent",
  "success",
  "error",
  "createSuccessResponse",
] satisfies ScenarioNode["type"][];

export function canBeInSubFlow({ type }: ScenarioNode): boolean {
  return !IN_MAIN_ONLY.includes(type);
}

/** The main flow first. */
export function findParts(scenario: Scenario): readonly Part[] {
  const { nodes, start, name, subFlows } = scenario;
  const entries = Object.keys(subFlows);
  const membersOf = new Map(entries.map((entry) => [entry, subFlowMembers(scenario, entry)]));
  const inSubFlows = new Set([...membersOf.values()].flatMap((members) => [...members]));
  const mainMembers = new Set(Object.keys(nodes).filter((node) => !inSubFlows.has(node)));

  const ways = (members: ReadonlySet<string>) =>
    [...members].flatMap((member) => targetsOf(scenario, member));
  const subParts = [...membersOf].map(([entry, members]) => {
    const targets = ways(members);
    return {
      isMain: false,
      entry,
      title: subFlows[entry] ?? entry,
      members,
      leadsTo: [...new Set(targets.filter((target) => !members.has(target)))],
      heads: repeated([entry, ...targets.filter((target) => members.has(target))]),
    };
  });
  const main: Part = {
    isMain: true,
    entry: "",
    title: name,
    members: mainMembers,
    leadsTo: [],
    heads: repeated([start, ...ways(mainMembers), ...subParts.flatMap(({ leadsTo }) => leadsTo)]),
  };
  return [main, ...subParts];
}

/** Nodes that only the entry leads to, up to those that belong into the main flow and to other sub-flows. */
function subFlowMembers(scenario: Scenario, entry: string): ReadonlySet<string> {
  const others = Object.keys(scenario.subFlows).filter((other) => other !== entry);
  const ends = (name: string) =>
    others.includes(name) || IN_MAIN_ONLY.includes(scenario.nodes[name]?.type ?? "");
  const inside = reachable(scenario, [entry], ends);
  for (let isShrinking = true; isShrinking; ) {
    // What is reached from outside by another way than over the entry is not part of the sub-flow.
    const outside = Object.keys(scenario.nodes).filter((name) => !inside.has(name));
    const fromOutside = outside.flatMap((name) => targetsOf(scenario, name));
    const lost = [scenario.start, ...fromOutside].filter((name) => name !== entry && inside.has(name));
    for (const name of lost) inside.delete(name);
    isShrinking = lost.length > 0;
  }
  return inside;
}

/** @param ends Nodes that are not gone into. */
function reachable(
  scenario: Scenario,
  from: readonly string[],
  ends: (name: string) => boolean,
): Set<string> {
  const reached = new Set<string>();
  const waiting = [...from];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name) || ends(name)) continue;
    reached.add(name);
    waiting.push(...targetsOf(scenario, name));
  }
  return reached;
}

function targetsOf({ nodes }: Scenario, name: string): string[] {
  const node = nodes[name];
  return node ? transitionsOf(name, node).map(({ to }) => to) : [];
}

function repeated(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}
