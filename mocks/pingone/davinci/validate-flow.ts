/**
 * Finds errors in a flow file that the schema cannot: unknown or unreachable nodes, dead ends and endless loops.
 * DaVinci accepts such flows, and they fail at run time with `login_required`. The emulator refuses to start and lists
 * them.
 */
import type { Flow, FlowNode } from "./flow-schema.ts";
import { findNodeFaults } from "./node-faults.ts";

interface Transition {
  readonly label: string;
  readonly to: string;
}

/** What is wrong, and where in the flow file. */
export interface FlowProblem {
  readonly at: readonly string[];
  readonly text: string;
}

/** Returns one sentence for each problem; empty when the flow can run. */
export function findFlowProblems(flow: Flow): FlowProblem[] {
  const problems = [...findUnknownNodes(flow), ...findNodeFaults(flow)];
  // With unknown nodes, the checks of reachability would report the same problems again.
  if (problems.length > 0) return problems;
  return [...findUnreachable(flow), ...findDeadEnds(flow), ...findCircles(flow)];
}

function ofNode(name: string, text: string): FlowProblem {
  return { at: ["nodes", name], text: `node "${name}"${text}` };
}

/** The next nodes of a node, each with the button or outcome that leads there. */
function transitionsOf(node: FlowNode): Transition[] {
  switch (node.type) {
    case "screen":
      return node.buttons.map((button) => ({ label: `button ${button.key}`, to: button.next }));
    case "branch":
      return [
        ...Object.entries(node.equals).map(([value, to]) => ({ label: `equals "${value}"`, to })),
        { label: "otherwise", to: node.otherwise },
      ];
    case "consent":
      return [{ label: "next", to: node.next }];
    case "errorMessage":
    case "success":
    case "error":
    case "createSuccessResponse":
      return [];
    default:
      return Object.entries(node.on).map(([outcome, to]) => ({ label: `on ${outcome}`, to }));
  }
}

/** True for nodes that may show a screen. An errorMessage returns to the last screen. */
function isScreen(node: FlowNode): boolean {
  return node.type === "screen" || node.type === "consent";
}

/** True for nodes that always show a screen, so that a cycle through them is not an endless loop. */
function isStop(node: FlowNode): boolean {
  return node.type === "screen" || (node.type === "consent" && node.promptConsent);
}

function findUnknownNodes(flow: Flow): FlowProblem[] {
  const known = Object.keys(flow.nodes);
  const leads = (to: string) => `leads to the unknown node "${to}"; known are: ${known.join(", ")}.`;
  const start = known.includes(flow.start) ? [] : [{ at: ["start"], text: `start ${leads(flow.start)}` }];
  const others = Object.entries(flow.nodes).flatMap(([name, node]) =>
    transitionsOf(node)
      .filter(({ to }) => !known.includes(to))
      .map(({ label, to }) => ofNode(name, `, ${label}, ${leads(to)}`)),
  );
  return [...start, ...others];
}

function findUnreachable(flow: Flow): FlowProblem[] {
  const reached = reachableFrom(flow, flow.start);
  return Object.keys(flow.nodes)
    .filter((name) => !reached.has(name))
    .map((name) => ofNode(name, ` is unreachable: no way leads to it from "${flow.start}".`));
}

/** Nodes from which the flow can never end, except screens with `deadEnd`. */
function findDeadEnds(flow: Flow): FlowProblem[] {
  const backTo = screensBehindMessages(flow);
  const ends = (name: string) => {
    const node = flow.nodes[name];
    if (!node || transitionsOf(node).length > 0) return false;
    if (node.type === "screen") return node.deadEnd === true;
    // An errorMessage returns to the screen before it. Without one, it ends the flow.
    return node.type !== "errorMessage" || (backTo.get(name) ?? []).length === 0;
  };
  return Object.entries(flow.nodes).flatMap(([name, node]) => {
    if ([...reachableFrom(flow, name, { backTo })].some(ends)) return [];
    const why =
      node.type === "screen" && node.buttons.length === 0
        ? `a screen without buttons (say "deadEnd": true if it is meant to strand the person)`
        : "no end of the flow can be reached from it";
    return [ofNode(name, ` is a dead end: ${why}.`)];
  });
}

/** For each errorMessage, the screens that it may show again. */
function screensBehindMessages(flow: Flow): Map<string, string[]> {
  const screens = new Map<string, string[]>();
  for (const [name, node] of Object.entries(flow.nodes)) {
    if (!isScreen(node)) continue;
    for (const { to } of transitionsOf(node)) {
      for (const reached of reachableFrom(flow, to, { stopAt: isScreen })) {
        if (flow.nodes[reached]?.type !== "errorMessage") continue;
        screens.set(reached, [...(screens.get(reached) ?? []), name]);
      }
    }
  }
  return screens;
}

/** Nodes in a cycle that contains no screen and so could run without end. */
function findCircles(flow: Flow): FlowProblem[] {
  return Object.entries(flow.nodes)
    .filter(([, node]) => !isStop(node))
    .filter(([name, node]) =>
      transitionsOf(node).some(({ to }) => reachableFrom(flow, to, { stopAt: isStop }).has(name)),
    )
    .map(([name]) => ofNode(name, " can run in a circle without a screen."));
}

function reachableFrom(
  flow: Flow,
  start: string,
  { stopAt = (_: FlowNode): boolean => false, backTo = new Map<string, string[]>() } = {},
): Set<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = flow.nodes[name];
    if (!node || reached.has(name)) continue;
    if (stopAt(node)) continue;
    reached.add(name);
    waiting.push(...transitionsOf(node).map(({ to }) => to), ...(backTo.get(name) ?? []));
  }
  return reached;
}
