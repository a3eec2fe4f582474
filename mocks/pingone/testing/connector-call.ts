/** Runs one capability in tests, as the engine would run a node with these properties. */
import { resolveProperties } from "../davinci/engine/call.ts";
import type { Call, Capability, Connector, Effect, Services } from "../davinci/engine/capability.ts";
import type { FlowGraph, FlowNode, VariableContext } from "../davinci/graph/graph.ts";
import { resolveValue, unwrap } from "../davinci/graph/values.ts";
import { createOutbox } from "../davinci/outbox.ts";
import { ConsentStore } from "../tenant/consents.ts";
import { UserStore } from "../tenant/users.ts";
import { flowContext } from "./flow-context.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const clock = () => NOW;

export interface NodeRun {
  /** As in a file. */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly node?: Partial<FlowNode>;
  /** Other nodes of the flow. */
  readonly others?: readonly FlowNode[];
  readonly local?: Readonly<Record<string, unknown>>;
  readonly global?: Readonly<Record<string, unknown>>;
  /** By context and name: `{ flow: { count: 1 } }`. */
  readonly variables?: Partial<Record<VariableContext, Record<string, unknown>>>;
  readonly services?: Partial<Services>;
  readonly beside?: Call["beside"];
  readonly shown?: Call["shown"];
  readonly userId?: string;
  readonly visits?: number;
  readonly foreign?: (call: Call) => Effect;
}

export function flowNode(given: Partial<FlowNode>): FlowNode {
  return {
    id: "node1",
    connectorId: "testConnector",
    capabilityName: "test",
    title: "Node of the test",
    properties: {},
    isDisabled: false,
    exits: [],
    ...given,
  };
}

export function flowGraph(nodes: readonly FlowNode[]): FlowGraph {
  return {
    id: "flow1",
    name: "Flow of the test",
    description: "",
    nodes: new Map(nodes.map((node) => [node.id, node])),
    entry: nodes[0]?.id,
    variables: [],
    inputSchema: [],
    settings: {},
    irregularities: [],
  };
}

/** What the run of a node has led to, and what it has done beside. */
export function prepareNode(connector: Connector, capabilityName: string, run: NodeRun = {}) {
  const capability = connector.capabilities[capabilityName];
  if (!capability) throw new Error(`${connector.id} has no capability ${capabilityName}.`);
  const node = flowNode({
    connectorId: connector.id,
    capabilityName,
    properties: run.properties ?? {},
    ...run.node,
  });
  const scope = { global: { ...run.global }, local: { ...run.local } };
  const remarks: string[] = [];
  const variables = { company: {}, flowInstance: {}, flow: {}, user: {}, ...run.variables } as Record<
    VariableContext,
    Record<string, unknown>
  >;
  const outbox = createOutbox();
  const flow = flowGraph([node, ...(run.others ?? [])]);
  const call: Call = {
    flow,
    node,
    properties: resolveProperties(node, capability, scope),
    scope,
    context: flowContext(),
    beside: run.beside ?? {},
    services: {
      users: new UserStore([], { clock }),
      consents: new ConsentStore({ clock }),
      outbox,
      clock,
      sandbox: NO_SANDBOX,
      createCode: () => "123456",
      ...run.services,
      // The rest is for connectors whose tests give it.
    } as Services,
    visits: run.visits ?? 0,
    cookie: unused,
    setCookie: unused,
    keepPlace: unused,
    shown: run.shown,
    runForeign() {
      if (!run.foreign) throw new Error("The test has no stub.");
      return run.foreign(call);
    },
    resolve: (raw) => resolveValue(unwrap(raw), scope),
    variable: (name, context = "flowInstance") => variables[context][name],
    setVariable: (name, value, context = "flowInstance") => {
      variables[context][name] = value;
    },
    userId: run.userId,
    identify: unused,
    authenticated: unused,
    acceptSession: unused,
    isSessionAccepted: () => false,
    keepConsentedScopes: unused,
    consentedScopes: undefined,
    isMainFlow: true,
    remark: (text) => void remarks.push(text),
  };
  return { call, capability: capability as Capability, remarks, variables, outbox };
}

export async function runNode(connector: Connector, capabilityName: string, run: NodeRun = {}) {
  const { call, capability, ...seen } = prepareNode(connector, capabilityName, run);
  return { effect: await capability.run(call), ...seen };
}

function unused(): never {
  throw new Error("This test does not expect it.");
}

const NO_SANDBOX: Services["sandbox"] = {
  callFunction: unused,
  renderTemplate: unused,
  checkFunction: unused,
  checkTemplate: unused,
  close: async () => {},
};
