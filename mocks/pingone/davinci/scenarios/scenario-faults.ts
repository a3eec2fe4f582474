/**
 * Finds errors in a scenario that the schema cannot: unknown or unreachable nodes, dead ends and endless loops. DaVinci
 * accepts such flows, and they fail at run time with `login_required`. The emulator refuses to start and lists them.
 */
import { findNodeFaults, type ScenarioFault } from "./node-faults.ts";
import { canBeInSubFlow } from "./parts.ts";
import type { Scenario, ScenarioNode } from "./scenario-schema.ts";
import { type Transition, transitionsOf as transitionsOfNode } from "./transitions.ts";

/** Returns one sentence for each problem; empty when the flow can run. */
export function findFaults(scenario: Scenario): ScenarioFault[] {
  const problems = [
    ...findUnknownNodes(scenario),
    ...findSubFlowFaults(scenario),
    ...findNodeFaults(scenario),
  ];
  // With unknown nodes, the checks of reachability would report the same problems again.
  if (problems.length > 0) return problems;
  return [...findUnreachable(scenario), ...findDeadEnds(scenario), ...findCircles(scenario)];
}

function ofNode(name: string, text: string): ScenarioFault {
  return { at: ["nodes", name], text: `node "${name}"${text}` };
}

function transitionsOf(node: ScenarioNode): readonly Transition[] {
  return transitionsOfNode("", node);
}

/** True for nodes that may show a screen. An errorMessage returns to the last screen. */
function isScreen(node: ScenarioNode): boolean {
  return node.type === "screen" || node.type === "consent";
}

/** True for nodes that always show a screen, so that a cycle through them is not an endless loop. */
function isStop(node: ScenarioNode): boolean {
  return node.type === "screen" || (node.type === "consent" && node.promptConsent);
}

function findUnknownNodes(scenario: Scenario): ScenarioFault[] {
  const known = Object.keys(scenario.nodes);
  const leads = (to: string) => `leads to the unknown node "${to}"; known are: ${known.join(", ")}.`;
  const start = known.includes(scenario.start)
    ? []
    : [{ at: ["start"], text: `start ${leads(scenario.start)}` }];
  const others = Object.entries(scenario.nodes).flatMap(([name, node]) =>
    transitionsOf(node)
      .filter(({ to }) => !known.includes(to))
      .map(({ label, to }) => ofNode(name, `, ${label}, ${leads(to)}`)),
  );
  return [...start, ...others];
}

function findSubFlowFaults({ nodes, subFlows }: Scenario): ScenarioFault[] {
  return Object.keys(subFlows).flatMap((entry) => {
    const fault = (text: string) => [{ at: ["subFlows", entry], text: `sub-flow "${entry}" ${text}` }];
    const node = Object.hasOwn(nodes, entry) ? nodes[entry] : undefined;
    if (!node) return fault("begins with a node that is not there; name one of this scenario.");
    if (!canBeInSubFlow(node)) {
      return fault(`begins with a node of the type ${node.type}, which only a main flow can have.`);
    }
    const isEnd = transitionsOf(node).length === 0;
    return isEnd ? fault("is a single node that nothing follows; name the first of several.") : [];
  });
}

function findUnreachable(scenario: Scenario): ScenarioFault[] {
  const reached = reachableFrom(scenario, scenario.start);
  return Object.keys(scenario.nodes)
    .filter((name) => !reached.has(name))
    .map((name) => ofNode(name, ` is unreachable: no way leads to it from "${scenario.start}".`));
}

/** Nodes from which the flow can never end, except screens with `deadEnd`. */
function findDeadEnds(scenario: Scenario): ScenarioFault[] {
  const backTo = screensBehindMessages(scenario);
  const ends = (name: string) => {
    const node = scenario.nodes[name];
    if (!node || transitionsOf(node).length > 0) return false;
    if (node.type === "screen") return node.deadEnd === true;
    // An errorMessage returns to the screen before it. Without one, it ends the scenario.
    return node.type !== "errorMessage" || (backTo.get(name) ?? []).length === 0;
  };
  return Object.entries(scenario.nodes).flatMap(([name, node]) => {
    if ([...reachableFrom(scenario, name, { backTo })].some(ends)) return [];
    const why =
      node.type === "screen" && node.buttons.length === 0
        ? `a screen without buttons (say "deadEnd": true if it is meant to strand the person)`
        : "no end of the flow can be reached from it";
    return [ofNode(name, ` is a dead end: ${why}.`)];
  });
}

/** For each errorMessage, the screens that it may show again. */
function screensBehindMessages(scenario: Scenario): Map<string, string[]> {
  const screens = new Map<string, string[]>();
  for (const [name, node] of Object.entries(scenario.nodes)) {
    if (!isScreen(node)) continue;
    for (const { to } of transitionsOf(node)) {
      for (const reached of reachableFrom(scenario, to, { stopAt: isScreen })) {
        if (scenario.nodes[reached]?.type !== "errorMessage") continue;
        screens.set(reached, [...(screens.get(reached) ?? []), name]);
      }
    }
  }
  return screens;
}

/** Nodes in a cycle that contains no screen and so could run without end. */
function findCircles(scenario: Scenario): ScenarioFault[] {
  return Object.entries(scenario.nodes)
    .filter(([, node]) => !isStop(node))
    .filter(([name, node]) =>
      transitionsOf(node).some(({ to }) => reachableFrom(scenario, to, { stopAt: isStop }).has(name)),
    )
    .map(([name]) => ofNode(name, " can run in a circle without a screen."));
}

function reachableFrom(
  scenario: Scenario,
  start: string,
  { stopAt = (_: ScenarioNode): boolean => false, backTo = new Map<string, string[]>() } = {},
): Set<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = scenario.nodes[name];
    if (!node || reached.has(name)) continue;
    if (stopAt(node)) continue;
    reached.add(name);
    waiting.push(...transitionsOf(node).map(({ to }) => to), ...(backTo.get(name) ?? []));
  }
  return reached;
}
