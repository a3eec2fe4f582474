/** Reads the edges of a flow: the ways from one node over a logic operator to another, and what cannot be followed. */
import type { Exit, Irregularity, Operator } from "./graph.ts";
import { Refusal } from "./parse-export.ts";
import { isRecord, textOr, unwrap } from "./values.ts";

/** Few enough to be arguments of one call, which is how lists are joined. */
const MAX_EXITS = 50_000;

const OPERATORS: readonly string[] = [
  "allTriggersTrue",
  "anyTriggersTrue",
  "allTriggersFalse",
  "anyTriggersFalse",
  "allTriggersComplete",
  "anyTriggersComplete",
  "always",
] satisfies Operator[];

/** What names a connector runs it, also where the file does not say so: left out, it would be missed silently. */
export function typeOf({ nodeType, connectorId }: Record<string, unknown>): unknown {
  if (nodeType === "EVAL" || nodeType === "ANNOTATION") return nodeType;
  return textOr(connectorId, "") === "" ? nodeType : "CONNECTION";
}

interface ReadEdges {
  readonly exits: ReadonlyMap<string, Exit[]>;
  readonly irregularities: Irregularity[];
  /** Nodes that something leads to. */
  readonly targets: ReadonlySet<string>;
}

/** @throws {Refusal} */
export function readEdges(
  flow: string,
  byId: ReadonlyMap<string, Record<string, unknown>>,
  edges: readonly Record<string, unknown>[],
): ReadEdges {
  const irregularities: Irregularity[] = [];
  /** Of each logic operator: the edges into it, in their order, and the nodes that it leads to. */
  const into = new Map<string, { source: string; outcome: string | undefined }[]>();
  const outOf = new Map<string, string[]>();
  const seen = new Set<string>();
  const typeAt = (id: unknown) => {
    const data = typeof id === "string" ? byId.get(id) : undefined;
    return data && typeOf(data);
  };

  for (const { source, target, multiValueSourceId } of edges) {
    const outcome = typeof multiValueSourceId === "string" ? multiValueSourceId : undefined;
    // Exports hold the same edge several times.
    const key = JSON.stringify([source, target, outcome]);
    if (seen.has(key)) continue;
    seen.add(key);
    const from = typeAt(source);
    const to = typeAt(target);
    if (from === "ANNOTATION" || to === "ANNOTATION") continue;
    if (from === "CONNECTION" && to === "EVAL") {
      append(into, String(target), { source: String(source), outcome });
    } else if (from === "EVAL" && to === "CONNECTION") {
      append(outOf, String(source), String(target));
    } else if (from === "CONNECTION" && to === "CONNECTION") {
      irregularities.push({
        code: "edge-joins-two-connections",
        nodeId: String(source),
        text: `an edge leads straight to node ${String(target)}, without a logic operator between them`,
      });
    } else if (from === "EVAL" && to === "EVAL") {
      irregularities.push({
        code: "edge-to-nowhere",
        nodeId: "",
        text: `an edge leads from the logic operator ${nameOfEnd(source)} to another one, ${nameOfEnd(target)}`,
      });
    } else {
      irregularities.push({
        code: "edge-to-nowhere",
        nodeId: from === undefined ? "" : String(source),
        text: `an edge from ${nameOfEnd(source)} to ${nameOfEnd(target)} has an end that is not in the flow`,
      });
    }
  }

  const exits = new Map<string, Exit[]>();
  const targets = new Set<string>();
  let count = 0;
  for (const [evalId, entries] of into) {
    const reached = outOf.get(evalId) ?? [];
    if (reached.length === 0) {
      irregularities.push({
        code: "operator-without-exit",
        nodeId: entries[0]?.source ?? "",
        text: `the logic operator ${evalId} behind this node leads nowhere`,
      });
    }
    count += entries.length * reached.length;
    if (count > MAX_EXITS)
      throw new Refusal(`the flow "${flow}" has more than ${MAX_EXITS} ways between nodes`);
    const operators = byId.get(evalId)?.properties;
    const triggers = [...new Set(entries.map(({ source }) => source))];
    for (const target of reached) {
      targets.add(target);
      const operator = operatorOf(operators, target);
      if (operator === undefined) {
        irregularities.push({
          code: "unknown-operator",
          nodeId: entries[0]?.source ?? "",
          text: `the logic operator ${evalId} has an operator that is not known here for node ${target}; it is taken for allTriggersTrue`,
        });
      }
      for (const { source, outcome } of entries) {
        append(exits, source, { evalId, outcome, operator: operator ?? "allTriggersTrue", target, triggers });
      }
    }
  }
  return { exits: inEdgeOrder(exits, edges), irregularities, targets };
}

function nameOfEnd(id: unknown): string {
  return typeof id === "string" ? id.slice(0, 100) : "nothing";
}

/** The order of the edges in the file decides the order in which several exits are taken. */
function inEdgeOrder(exits: Map<string, Exit[]>, edges: readonly Record<string, unknown>[]) {
  const place = new Map<string, number>();
  for (const [index, { source, target }] of edges.entries()) {
    if (typeof source !== "string" || typeof target !== "string") continue;
    const key = `${source}>${target}`;
    if (!place.has(key)) place.set(key, index);
  }
  for (const [source, list] of exits) {
    const orderOf = ({ evalId, target }: Exit) =>
      [place.get(`${source}>${evalId}`) ?? 0, place.get(`${evalId}>${target}`) ?? 0] as const;
    list.sort((one, other) => {
      const [oneIn, oneOut] = orderOf(one);
      const [otherIn, otherOut] = orderOf(other);
      return oneIn - otherIn || oneOut - otherOut;
    });
  }
  return exits;
}

/** Only the entries of nodes that the operator still leads to mean anything: most others are left-overs. */
function operatorOf(properties: unknown, target: string): Operator | undefined {
  const given =
    isRecord(properties) && Object.hasOwn(properties, target) ? unwrap(properties[target]) : undefined;
  if (given === undefined || given === "") return "allTriggersTrue";
  return typeof given === "string" && OPERATORS.includes(given) ? (given as Operator) : undefined;
}

function append<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
