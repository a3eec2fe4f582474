/** Makes small flows in DaVinci's own format for tests: the content of an export file. */

/** `connector.capability`, and properties as they stand in a file. */
export interface NodeSpec {
  readonly is: string;
  readonly title?: string;
  readonly isDisabled?: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/**
 * From one or several nodes, by `true`, `false`, an operator, or `=<id>` for one of several outcomes, to a node. Ways
 * with the same first two parts lead over one logic operator.
 */
type Way = readonly [from: string | readonly string[], by: string, to: string];

export interface FlowSpec {
  readonly id?: string;
  readonly name?: string;
  readonly nodes: Readonly<Record<string, NodeSpec>>;
  readonly ways?: readonly Way[];
  readonly variables?: readonly unknown[];
  readonly inputSchema?: readonly unknown[];
  readonly settings?: unknown;
}

export const FLOW_ID = "0123456789abcdef0123456789abcdef";

/** One flow, as the console exports it. */
export function buildFlow({ id = FLOW_ID, name = "Test flow", nodes, ways = [], ...rest }: FlowSpec) {
  const operators = new Map<
    string,
    { sources: readonly string[]; outcome?: string; exits: [string, string][] }
  >();
  for (const [from, by, to] of ways) {
    const sources = [from].flat();
    const outcome = by.startsWith("=") ? by.slice(1) : undefined;
    const key = JSON.stringify([sources, outcome ?? ""]);
    const operator = operators.get(key) ?? { sources, exits: [], ...(outcome !== undefined && { outcome }) };
    operator.exits.push([to, operatorOf(by)]);
    operators.set(key, operator);
  }
  const evals = [...operators.values()].map((operator, index) => ({ ...operator, id: `eval${index}` }));
  return {
    flowId: id,
    name,
    ...rest,
    graphData: {
      elements: {
        nodes: [
          ...Object.entries(nodes).map(([nodeId, node]) => ({ data: nodeData(nodeId, node) })),
          ...evals.map(({ id: evalId, exits }) => ({
            data: {
              id: evalId,
              nodeType: "EVAL",
              properties: Object.fromEntries(
                exits.filter(([, by]) => by !== "").map(([to, by]) => [to, { value: by }]),
              ),
            },
          })),
        ],
        edges: evals.flatMap(({ id: evalId, sources, outcome, exits }) => [
          ...sources.map((source) => ({
            data: { source, target: evalId, ...(outcome !== undefined && { multiValueSourceId: outcome }) },
          })),
          ...exits.map(([target]) => ({ data: { source: evalId, target } })),
        ]),
      },
    },
  };
}

/** A rich-text document of the given parts: text, or a binding such as `{{local.a.payload.output.b}}`. */
export function richText(...parts: readonly string[]): string {
  return JSON.stringify([
    {
      children: parts.map((part) =>
        part.startsWith("{{") ? { type: "link", data: part, children: [{ text: "shown" }] } : { text: part },
      ),
    },
  ]);
}

function nodeData(id: string, { is, title, isDisabled, properties = {} }: NodeSpec) {
  const [connectorId, capabilityName] = is.split(".");
  return {
    id,
    nodeType: "CONNECTION",
    connectorId,
    capabilityName,
    ...(isDisabled !== undefined && { isDisabled }),
    properties: {
      ...(title !== undefined && { nodeTitle: { value: title } }),
      ...Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, { value }])),
    },
  };
}

function operatorOf(by: string): string {
  if (by === "true" || by.startsWith("=")) return "";
  return by === "false" ? "anyTriggersFalse" : by;
}
