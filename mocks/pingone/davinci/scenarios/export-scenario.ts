/** Writes a scenario as DaVinci imports it: the graph that the emulator runs, with named places for what a tenant has. */
import { COMPANY_PLACEHOLDER, type CompiledFile, type CompiledFlow } from "./compile-scenario.ts";
import { type ConnectorId, connectionPlaceholder, connectorName, type FlowElement } from "./graph-builder.ts";

interface Placeholder {
  /** As in the file: `{{CONNECTION_HTTP}}`. */
  readonly text: string;
  /** What to put there. */
  readonly about: string;
}

export interface ExportedScenario {
  /** JSON. */
  readonly text: string;
  /** Those of the file, in the order in which they should be read. */
  readonly placeholders: readonly Placeholder[];
}

const APPLICATION_PLACEHOLDER = "{{APPLICATION_ID}}";

export function exportScenario(compiled: CompiledFile): ExportedScenario {
  const file = { ...compiled, flows: compiled.flows.map(withApplication) };
  const text = `${JSON.stringify(file, null, 2)}\n`;
  const connectors = [...new Set(compiled.flows.flatMap(({ connectorIds }) => connectorIds))];
  const placeholders = [
    ...connectors.map(connectionOf),
    {
      text: APPLICATION_PLACEHOLDER,
      about: "the client id of the OIDC application that signs people on, not that of a worker application",
    },
    { text: COMPANY_PLACEHOLDER, about: "the id of the PingOne environment; DaVinci sets it at import" },
  ];
  return { text, placeholders: placeholders.filter((placeholder) => text.includes(placeholder.text)) };
}

function connectionOf(connector: ConnectorId): Placeholder {
  return {
    text: connectionPlaceholder(connector),
    about: `the id of the connection of the connector "${connectorName(connector)}"`,
  };
}

/**
 * The consent is about the application that the node names. In the emulator that is the one that asks; at PingOne it is
 * not known whether a binding will do.
 */
function withApplication(flow: CompiledFlow): CompiledFlow {
  const { nodes, edges } = flow.graphData.elements;
  return {
    ...flow,
    graphData: { ...flow.graphData, elements: { nodes: nodes.map(naming), edges } },
  };
}

function naming(node: FlowElement): FlowElement {
  if (node.data.capabilityName !== "appConsent") return node;
  const properties = {
    ...(node.data.properties as object),
    applicationIdentifierIDForAppConsent: { value: APPLICATION_PLACEHOLDER },
  };
  return { ...node, data: { ...node.data, properties } };
}
