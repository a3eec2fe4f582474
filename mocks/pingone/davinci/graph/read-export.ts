/**
 * Reads the text of a flow export. What does not decide how a flow runs is left aside. Files are written by strangers:
 * what cannot be followed is refused with a reason or noted as an irregularity, never guessed silently.
 */
import { subFlowOf } from "./flow-library.ts";
import type {
  DeclaredVariable,
  Exit,
  FlowGraph,
  FlowInput,
  FlowNode,
  Irregularity,
  VariableContext,
} from "./graph.ts";
import { parseExport, Refusal, requireModest } from "./parse-export.ts";
import { readEdges, typeOf } from "./read-edges.ts";
import { readPositions } from "./read-positions.ts";
import { isRecord, textOr, unwrap } from "./values.ts";

export type ReadExport =
  | {
      readonly kind: "flows";
      readonly flows: readonly FlowGraph[];
      /** The flow that a run of the file starts with. */
      readonly main: FlowGraph;
    }
  | { readonly kind: "refused"; readonly reason: string };

const MAX_FLOWS = 1000;

const CONTEXTS: readonly string[] = ["company", "flowInstance", "user", "flow"] satisfies VariableContext[];

export function readExport(text: string): ReadExport {
  try {
    return readContent(parseExport(text));
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", reason: error.message };
    throw error;
  }
}

/** @param content What the JSON text of an export means. */
export function readContent(content: unknown): ReadExport {
  try {
    requireModest(content);
    const flows = flowsOf(content);
    const graphs = flows.map(readFlow);
    const ids = graphs.map(({ id }) => id);
    const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
    if (repeated !== undefined) throw new Refusal(`two flows of the file have the id ${repeated}`);
    return { kind: "flows", flows: graphs, main: mainOf(flows, graphs) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", reason: error.message };
    throw error;
  }
}

function flowsOf(content: unknown): Record<string, unknown>[] {
  if (!isRecord(content)) throw new Refusal("this is not a flow export: it is no JSON object");
  if (content.flows !== undefined && !Array.isArray(content.flows)) {
    throw new Refusal(
      'this is not a flow export: its "flows" is no list; export the flow from the DaVinci console',
    );
  }
  const flows = content.flows ?? [content];
  if (flows.length === 0) throw new Refusal('this export holds no flow: its "flows" is empty');
  if (flows.length > MAX_FLOWS) {
    throw new Refusal(
      `this export holds ${flows.length} flows; ${MAX_FLOWS} are allowed, so export fewer at once`,
    );
  }
  const readable = flows.filter(isRecord);
  if (readable.length < flows.length) throw new Refusal('an entry of "flows" is no object');
  for (const flow of readable) {
    if (isRecord(flow.graphData) && elementsOf(flow)) continue;
    const name = typeof flow.name === "string" ? ` of "${flow.name}"` : "";
    throw new Refusal(
      `this is not a flow export: "graphData.elements.nodes"${name} is missing or no list, so there are no nodes; export the flow from the DaVinci console`,
    );
  }
  return readable;
}

interface Elements {
  readonly nodes: readonly Record<string, unknown>[];
  readonly edges: readonly Record<string, unknown>[];
}

/** The `data` of nodes and edges. The library that draws the graph also knows one list of both. */
function elementsOf({ graphData }: Record<string, unknown>): Elements | undefined {
  const elements = isRecord(graphData) ? graphData.elements : undefined;
  if (Array.isArray(elements)) {
    const data = dataOf(elements);
    return {
      nodes: data.filter((item) => !("source" in item)),
      edges: data.filter((item) => "source" in item),
    };
  }
  if (!isRecord(elements) || !Array.isArray(elements.nodes)) return undefined;
  return {
    nodes: dataOf(elements.nodes),
    edges: Array.isArray(elements.edges) ? dataOf(elements.edges) : [],
  };
}

function dataOf(items: readonly unknown[]): Record<string, unknown>[] {
  return items
    .filter(isRecord)
    .map(({ data }) => data)
    .filter(isRecord);
}

/** @throws {Refusal} */
function readFlow(flow: Record<string, unknown>, index: number): FlowGraph {
  const name = textOr(flow.name, `flow ${index + 1} of the file`);
  const { nodes, edges } = elementsOf(flow) ?? { nodes: [], edges: [] };
  const byId = indexNodes(name, nodes);
  const { exits, irregularities, targets } = readEdges(name, byId, edges);

  const flowNodes = new Map<string, FlowNode>();
  for (const [id, data] of byId) {
    if (typeOf(data) === "CONNECTION") flowNodes.set(id, readNode(id, data, exits.get(id) ?? []));
  }
  const entry = findEntry(flowNodes, targets, irregularities);
  return {
    id: textOr(flow.flowId, `flow-${index + 1}`),
    name,
    description: textOr(flow.description, ""),
    nodes: flowNodes,
    entry,
    variables: readVariables(flow.variables),
    inputSchema: readInputs(flow.inputSchema),
    settings: isRecord(flow.settings) ? flow.settings : {},
    ...(isRecord(flow.trigger) && { trigger: flow.trigger }),
    positions: readPositions(isRecord(flow.graphData) ? flow.graphData.elements : undefined),
    irregularities,
  };
}

/** @throws {Refusal} */
function indexNodes(flow: string, nodes: readonly Record<string, unknown>[]) {
  const byId = new Map<string, Record<string, unknown>>();
  for (const data of nodes) {
    const { id } = data;
    if (typeof id !== "string" || !/^[\w-]{1,100}$/.test(id) || id === "__proto__") {
      const place = nodes.indexOf(data) + 1;
      throw new Refusal(
        `node ${place} of the flow "${flow}" has no usable id: DaVinci's ids are short texts of letters and digits`,
      );
    }
    if (byId.has(id)) {
      throw new Refusal(
        `two nodes of the flow "${flow}" have the id ${id}, so its edges have no clear meaning`,
      );
    }
    byId.set(id, data);
  }
  return byId;
}

function readNode(id: string, data: Record<string, unknown>, exits: readonly Exit[]): FlowNode {
  const properties = isRecord(data.properties) ? data.properties : {};
  const connectorId = textOr(data.connectorId, "unknown");
  const capabilityName = textOr(data.capabilityName, "unknown");
  const title = unwrap(properties.nodeTitle);
  return {
    id,
    connectorId,
    capabilityName,
    title: typeof title === "string" && title.trim() !== "" ? title.trim() : capabilityName,
    properties,
    isDisabled: data.isDisabled === true,
    exits,
    ...outcomesOf(data.outcomes ?? unwrap(properties.outcomes)),
  };
}

function outcomesOf(list: unknown): Pick<FlowNode, "outcomes"> {
  if (!Array.isArray(list)) return {};
  const outcomes = list.filter(isRecord).map(({ id, label, result }) => ({
    id: textOr(id, ""),
    label: textOr(label, ""),
    result: textOr(result, ""),
  }));
  return { outcomes: outcomes.filter(({ id }) => id !== "") };
}

function findEntry(
  nodes: ReadonlyMap<string, FlowNode>,
  targets: ReadonlySet<string>,
  irregularities: Irregularity[],
): string | undefined {
  const isStart = ({ connectorId, capabilityName }: FlowNode) =>
    connectorId === "nodeConnector" && capabilityName === "startNode";
  const candidates = [...nodes.values()].filter((node) => !targets.has(node.id) && !isStart(node));
  const [only, other] = candidates;
  if (!only) {
    irregularities.push({
      code: "no-entry",
      nodeId: "",
      text: "no node of the flow is without an edge into it, so there is nowhere to begin",
    });
    return undefined;
  }
  if (!other) return only.id;
  // A node that was left behind in the editor mostly leads nowhere.
  const chosen = candidates.find(({ exits, isDisabled }) => exits.length > 0 && !isDisabled) ?? only;
  irregularities.push({
    code: "several-entries",
    nodeId: chosen.id,
    text: `${candidates.length} nodes are without an edge into them (${candidates
      .slice(0, 5)
      .map(({ id }) => id)
      .join(", ")}); the run begins with this one`,
  });
  return chosen.id;
}

function mainOf(flows: readonly Record<string, unknown>[], graphs: readonly FlowGraph[]): FlowGraph {
  const [first] = graphs;
  if (!first) throw new Refusal('this export holds no flow: its "flows" is empty');
  const marked = flows.findIndex(
    ({ flowId, parentFlowId }) => flowId !== undefined && flowId === parentFlowId,
  );
  if (marked >= 0) return graphs[marked] ?? first;
  const named = new Set(
    graphs.flatMap((graph) => [...graph.nodes.values()].map((node) => subFlowOf(node)?.flowId)),
  );
  return graphs.find(({ id }) => !named.has(id)) ?? first;
}

/** Contexts stand in the name: `<name>##SK##<context>`, followed by an id in some. */
function readVariables(given: unknown): DeclaredVariable[] {
  if (!Array.isArray(given)) return [];
  return given.filter(isRecord).flatMap((variable) => {
    const [name = "", inName] = textOr(variable.name, "").split("##SK##");
    const context = inName ?? variable.context;
    if (name === "" || typeof context !== "string" || !CONTEXTS.includes(context)) return [];
    const fields = isRecord(variable.fields) ? variable.fields : variable;
    return [
      { name, context: context as VariableContext, type: textOr(fields.type, "string"), value: fields.value },
    ];
  });
}

function readInputs(given: unknown): FlowInput[] {
  if (!Array.isArray(given)) return [];
  return given
    .filter(isRecord)
    .flatMap(({ propertyName, required }) =>
      typeof propertyName === "string" ? [{ name: propertyName, isRequired: required === true }] : [],
    );
}
