/**
 * Which nodes a run can reach between two screens. Teleports are followed as the engine follows them: a goToNode with
 * exits is a call, whose exits are taken when its start node comes to a returnBackToCallingNode; without exits it is a
 * jump. Each question takes one walk over nodes and exits.
 */
import type { FlowGraph, FlowNode } from "../graph/graph.ts";
import { goToTargetOf, isGoTo, isReturn, isStartNode } from "./kinds.ts";

const MAX_STEPS = 500_000;

export class Paths {
  readonly #flow: FlowGraph;
  readonly #showsScreen: (node: FlowNode) => boolean;
  /** Nodes that lead straight to a node: over an exit, or by a goToNode to a start node. */
  readonly #before = new Map<string, FlowNode[]>();
  /** Calls of a start node: goToNode nodes that have exits. */
  readonly #calls = new Map<string, FlowNode[]>();
  #canReturn: ReadonlySet<string> | undefined;
  #reachable: ReadonlySet<string> | undefined;

  /** @param showsScreen Whether a person answers at this node, so that a path ends there. */
  constructor(flow: FlowGraph, showsScreen: (node: FlowNode) => boolean) {
    this.#flow = flow;
    this.#showsScreen = showsScreen;
    for (const node of flow.nodes.values()) {
      for (const target of new Set(node.exits.map((exit) => exit.target))) append(this.#before, target, node);
      const start = this.startOf(node);
      if (start === undefined) continue;
      append(this.#before, start.id, node);
      if (node.exits.length > 0) append(this.#calls, start.id, node);
    }
  }

  /** The start node that a goToNode leads to. */
  startOf(node: FlowNode): FlowNode | undefined {
    if (!isGoTo(node)) return undefined;
    const target = this.#flow.nodes.get(goToTargetOf(node) ?? "");
    return target && isStartNode(target) ? target : undefined;
  }

  /** Where a node without a screen leads to at once; a call is taken as done where it can be done without a screen. */
  next(node: FlowNode): FlowNode[] {
    const start = this.startOf(node);
    const targets = node.exits.flatMap(({ target }) => this.#flow.nodes.get(target) ?? []);
    if (!isGoTo(node)) return targets;
    if (start === undefined) return [];
    return this.#isDoneSilently(node, start) ? [start, ...targets] : [start];
  }

  /** Nodes that a run can come to, without one on the way that shows a screen; those that do are not left. */
  beforeAnyScreen(): ReadonlySet<string> {
    return this.#reachedBy((node) => (this.#showsScreen(node) ? [] : this.next(node)));
  }

  /** Nodes that a run can come to at all. */
  reachable(): ReadonlySet<string> {
    this.#reachable ??= this.#reachedBy((node) => [
      ...[this.startOf(node) ?? []].flat(),
      ...node.exits.flatMap(({ target }) => this.#flow.nodes.get(target) ?? []),
    ]);
    return this.#reachable;
  }

  /** From the first node on, by what follows each. */
  #reachedBy(next: (node: FlowNode) => readonly FlowNode[]): ReadonlySet<string> {
    const entry = this.#flow.nodes.get(this.#flow.entry ?? "");
    const reached = new Set<string>();
    const open = entry ? [entry] : [];
    for (let node = open.pop(); node; node = open.pop()) {
      if (reached.has(node.id)) continue;
      reached.add(node.id);
      open.push(...next(node));
    }
    return reached;
  }

  /**
   * Nodes from which a run can come to one of the goals without a screen in between; the node itself may be a screen.
   * A path that returns without a call goes on behind every call, because the call was before the last screen.
   */
  leadingTo(isGoal: (node: FlowNode) => boolean): ReadonlySet<string> {
    const goals = [...this.#flow.nodes.values()].filter(isGoal);
    const within = this.#backwards(goals, (node, start, has) => {
      if (start && has(start.id)) return true;
      return this.#leads(node, has) && (start === undefined || this.#isDoneSilently(node, start));
    });
    return this.#backwards(
      goals,
      (node, start, has) => {
        // In a call, a return comes back to that call.
        if (start && (node.exits.length > 0 ? within : { has }).has(start.id)) return true;
        return this.#leads(node, has) && (start === undefined || this.#isDoneSilently(node, start));
      },
      this.#returnsBefore(),
    );
  }

  /** Groups of nodes that a run can go round in without a screen. */
  silentLoops(): FlowNode[][] {
    const silent = [...this.#flow.nodes.values()].filter((node) => !this.#showsScreen(node));
    return cyclesOf(silent, (node) => this.next(node).filter((next) => !this.#showsScreen(next)));
  }

  #isDoneSilently(call: FlowNode, start: FlowNode): boolean {
    return call.exits.length > 0 && this.#returning().has(start.id);
  }

  /** Nodes from which a call comes to its end without a screen. */
  #returning(): ReadonlySet<string> {
    if (this.#canReturn) return this.#canReturn;
    const returning = new Set<string>();
    const open = [...this.#flow.nodes.values()].filter(isReturn);
    for (let node = open.pop(); node; node = open.pop()) {
      if (returning.has(node.id) || this.#showsScreen(node)) continue;
      const start = this.startOf(node);
      if (isGoTo(node) && node.exits.length > 0 && !(start && returning.has(start.id))) continue;
      returning.add(node.id);
      open.push(...(this.#before.get(node.id) ?? []).filter((before) => this.#leadsBack(before, returning)));
      // Calls of this start node are done now.
      open.push(
        ...(this.#calls.get(node.id) ?? []).filter((call) => this.#leads(call, (id) => returning.has(id))),
      );
    }
    this.#canReturn = returning;
    return returning;
  }

  /** A call returns when what follows it does, not when its start node does. */
  #leadsBack(node: FlowNode, returning: ReadonlySet<string>): boolean {
    return !(isGoTo(node) && node.exits.length > 0) || this.#leads(node, (id) => returning.has(id));
  }

  #leads({ exits }: FlowNode, has: (id: string) => boolean): boolean {
    return exits.some(({ target }) => has(target));
  }

  /** Nodes that end a call, by the nodes that follow it. Of an enormous flow, as many as can be found in a moment. */
  #returnsBefore(): ReadonlyMap<string, readonly FlowNode[]> {
    const behind = new Map<string, FlowNode[]>();
    let steps = 0;
    for (const node of [...this.#flow.nodes.values()].filter(isReturn)) {
      const visited = this.#callTo(node);
      steps += visited.size;
      if (steps > MAX_STEPS) return behind;
      for (const start of visited) {
        for (const call of this.#calls.get(start) ?? []) {
          for (const { target } of call.exits) append(behind, target, node);
          steps += call.exits.length;
          if (steps > MAX_STEPS) return behind;
        }
      }
    }
    return behind;
  }

  /** Ids of the nodes of a call that may end at this node, its start nodes among them. */
  #callTo(end: FlowNode): ReadonlySet<string> {
    const seen = new Set<string>();
    const open = [end];
    for (let node = open.pop(); node; node = open.pop()) {
      if (seen.has(node.id)) continue;
      seen.add(node.id);
      const before = this.#before.get(node.id) ?? [];
      // A start node that is called is where the call begins; one that is jumped to is not.
      open.push(...(isStartNode(node) ? before.filter(({ exits }) => exits.length === 0) : before));
    }
    return seen;
  }

  #backwards(
    goals: readonly FlowNode[],
    leads: (node: FlowNode, start: FlowNode | undefined, has: (id: string) => boolean) => boolean,
    alsoBefore: ReadonlyMap<string, readonly FlowNode[]> = new Map(),
  ): ReadonlySet<string> {
    const found = new Set<string>(goals.map(({ id }) => id));
    const has = (id: string) => {
      const node = this.#flow.nodes.get(id);
      return found.has(id) && node !== undefined && !this.#showsScreen(node);
    };
    const open = [...goals];
    for (let node = open.pop(); node; node = open.pop()) {
      if (this.#showsScreen(node)) continue;
      for (const before of this.#before.get(node.id) ?? []) {
        if (found.has(before.id) || !leads(before, this.startOf(before), has)) continue;
        found.add(before.id);
        open.push(before);
      }
      for (const before of alsoBefore.get(node.id) ?? []) {
        if (found.has(before.id)) continue;
        found.add(before.id);
        open.push(before);
      }
    }
    return found;
  }
}

/** Strongly connected components that are loops (Tarjan), without recursion. */
function cyclesOf(nodes: readonly FlowNode[], next: (node: FlowNode) => readonly FlowNode[]): FlowNode[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: FlowNode[] = [];
  const cycles: FlowNode[][] = [];
  for (const root of nodes) {
    if (index.has(root.id)) continue;
    const work: { node: FlowNode; targets: readonly FlowNode[]; at: number }[] = [];
    const enter = (node: FlowNode) => {
      index.set(node.id, index.size);
      low.set(node.id, index.get(node.id) ?? 0);
      stack.push(node);
      onStack.add(node.id);
      work.push({ node, targets: next(node), at: 0 });
    };
    const lower = (id: string, to: number | undefined) => {
      low.set(id, Math.min(low.get(id) ?? 0, to ?? 0));
    };
    enter(root);
    for (let frame = work.at(-1); frame; frame = work.at(-1)) {
      const target = frame.targets[frame.at];
      frame.at += 1;
      if (target !== undefined) {
        if (!index.has(target.id)) enter(target);
        else if (onStack.has(target.id)) lower(frame.node.id, index.get(target.id));
        continue;
      }
      work.pop();
      const { node, targets } = frame;
      const above = work.at(-1);
      if (above) lower(above.node.id, low.get(node.id));
      if (low.get(node.id) !== index.get(node.id)) continue;
      const members = stack.splice(stack.findLastIndex(({ id }) => id === node.id));
      for (const { id } of members) onStack.delete(id);
      if (members.length > 1 || targets.some(({ id }) => id === node.id)) cycles.push(members);
    }
  }
  return cycles;
}

function append(map: Map<string, FlowNode[]>, key: string, node: FlowNode): void {
  const list = map.get(key);
  if (list) list.push(node);
  else map.set(key, [node]);
}
