/** Teleports, and loops that no person interrupts. */
import { capabilityOf, goToTargetOf, isGoTo, isStartNode } from "../kinds.ts";
import type { Rule } from "../rule.ts";

export const teleportToNowhere: Rule = {
  code: "teleport-to-nowhere",
  level: "error",
  about: "A Go to Start Node does not name a start node of the same flow.",
  *find({ nodes, flow }) {
    for (const node of nodes.filter(isGoTo)) {
      const id = goToTargetOf(node);
      const target = id === undefined ? undefined : flow.nodes.get(id);
      if (target && isStartNode(target)) continue;
      const what =
        id === undefined
          ? "names no start node"
          : target
            ? `leads to "${target.title}" (${id}), which is no start node but ${capabilityOf(target)}`
            : `leads to the node ${id.slice(0, 60)}, which is not in this flow`;
      yield {
        node,
        text: `This teleport ${what}, so PingOne's run fails here. Choose a start node of this flow; a teleport cannot leave its flow.`,
      };
    }
  },
};

export const startNodeUnused: Rule = {
  code: "start-node-unused",
  level: "info",
  about: "No teleport leads to a start node.",
  *find({ nodes }) {
    const named = new Set(nodes.filter(isGoTo).map(goToTargetOf));
    for (const node of nodes.filter(isStartNode)) {
      if (named.has(node.id)) continue;
      yield {
        node,
        text: "No teleport leads to this start node, so PingOne never runs what follows it. Delete it, or teleport to it.",
      };
    }
  },
};

export const loopWithoutScreen: Rule = {
  code: "loop-without-screen",
  level: "warning",
  about: "A run can go round in a loop that shows no screen.",
  *find({ paths }) {
    for (const loop of paths.silentLoops()) {
      const [node] = loop;
      const names = loop.slice(0, 6).map(({ title, id }) => `"${title}" (${id})`);
      yield {
        node,
        text: `A run can go round in ${loop.length === 1 ? "this node" : `these ${loop.length} nodes`} without a screen: ${names.join(", ")}${loop.length > names.length ? ", ..." : ""}. If no branch ends the loop, PingOne's run is timed out; the emulator ends it by its step limit. Count the rounds and leave the loop, or show a screen in it.`,
      };
    }
  },
};
