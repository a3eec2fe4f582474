/** What the graph itself has that cannot be followed. */
import type { Irregularity } from "../../graph/graph.ts";
import type { Level } from "../finding.ts";
import type { FlowView } from "../flow-view.ts";
import type { Found, Rule } from "../rule.ts";

export const operatorWithoutExit: Rule = {
  code: "operator-without-exit",
  level: "warning",
  about: "A logic operator (EVAL) leads nowhere.",
  *find(view) {
    for (const { node, text } of irregular(view, "operator-without-exit")) {
      const isOnly = view.flow.nodes.get(node?.id ?? "")?.exits.length === 0;
      yield {
        node,
        level: isOnly ? "error" : "warning",
        text: `${text} ${isOnly ? "Nothing else follows either, so PingOne's run stops here, and the application waits until it is timed out." : "If nothing else goes on, PingOne's run stops here."} Join the operator to a node, or delete it.`,
      };
    }
  },
};

export const edgeNotFollowed: Rule = {
  code: "edge-not-followed",
  level: "warning",
  about: "An edge cannot be followed: one of its ends is missing, or no logic operator is between two nodes.",
  *find(view) {
    for (const { node, text } of irregular(view, "edge-joins-two-connections", "edge-to-nowhere")) {
      yield {
        node,
        text: `${text} The console never draws such an edge, and the emulator does not take it. Draw it again in the console and export the flow.`,
      };
    }
  },
};

export const unknownOperator: Rule = {
  code: "unknown-operator",
  level: "warning",
  about: "A logic operator has a condition that is not known.",
  *find(view) {
    for (const { node, text } of irregular(view, "unknown-operator")) {
      yield { node, text: `${text} PingOne may decide otherwise. Set the operator again in the console.` };
    }
  },
};

export const entryUnclear: Rule = {
  code: "entry-unclear",
  level: "warning",
  about: "A flow has no first node, or several.",
  *find(view) {
    const levels: Partial<Record<Irregularity["code"], Level>> = {
      "no-entry": "error",
      "several-entries": "warning",
    };
    for (const { node, text, code } of irregular(view, "no-entry", "several-entries")) {
      yield {
        node,
        level: levels[code] ?? "warning",
        text:
          code === "no-entry"
            ? `${text} PingOne cannot start the flow. Take the edges away that lead into its first node, or put a node before it.`
            : `${text} Which one PingOne begins with is not documented. Join the others to the flow, or delete them.`,
      };
    }
  },
};

interface IrregularFound extends Found {
  readonly code: Irregularity["code"];
}

function irregular({ flow }: FlowView, ...codes: readonly Irregularity["code"][]): IrregularFound[] {
  return flow.irregularities
    .filter(({ code }) => codes.includes(code))
    .map(({ code, nodeId, text }) => {
      const node = flow.nodes.get(nodeId);
      const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
      return { code, node: node ?? (nodeId === "" ? undefined : { id: nodeId, title: "" }), text: sentence };
    });
}
