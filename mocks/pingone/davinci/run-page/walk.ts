/** The path of a run through each of its flows. */
import type { FlowRef, LogEvent, NodeEvent } from "../engine/log/event.ts";

export interface Step {
  /** Counts the nodes that ran, in the whole run. */
  readonly number: number;
  readonly event: NodeEvent;
}

/** A way that was taken, from one step to another. */
export interface Move {
  readonly source: string;
  readonly target: string;
  readonly from: number;
  /** Absent when the node that it leads to did not run. */
  readonly to?: number;
}

export interface WalkedFlow {
  readonly flow: FlowRef;
  /** By the id of the node. */
  readonly steps: ReadonlyMap<string, readonly Step[]>;
  readonly moves: readonly Move[];
}

export interface Walk {
  readonly steps: readonly Step[];
  /** In the order in which they were started. */
  readonly flows: readonly WalkedFlow[];
}

export function walkOf(events: readonly LogEvent[]): Walk {
  const nodes = events.filter((event): event is NodeEvent => event.kind === "node");
  const steps = nodes.map((event, index) => ({ number: index + 1, event }));
  const flows = new Map(events.map(({ flow }) => [flow.id, flow]));
  const moves = movesOf(steps);
  return {
    steps,
    flows: [...flows.values()].map((flow) => {
      const own = steps.filter(({ event }) => event.flow.id === flow.id);
      const numbers = new Set(own.map(({ number }) => number));
      return {
        flow,
        steps: Map.groupBy(own, ({ event }) => event.node.id),
        moves: moves.filter(({ from }) => numbers.has(from)),
      };
    }),
  };
}

/** A teleport names no next node, but the start node runs right after it. */
function movesOf(steps: readonly Step[]): Move[] {
  return steps.flatMap((step, index) => {
    const { event, number } = step;
    const { flowRunId, node } = event;
    const later = steps.slice(index + 1).filter((other) => other.event.flowRunId === flowRunId);
    const isTeleport = node.capabilityName === "goToNode";
    const [landed] = later;
    const jump =
      isTeleport && landed?.event.node.capabilityName === "startNode"
        ? [{ source: node.id, target: landed.event.node.id, from: number, to: landed.number }]
        : [];
    const moves = event.next.map((next) => {
      const reached = later.find((other) => other.event.node.id === next.id);
      const move = { source: node.id, target: next.id, from: number };
      return reached ? { ...move, to: reached.number } : move;
    });
    return [...jump, ...moves];
  });
}
