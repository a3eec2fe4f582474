import type { AuthorizationContext } from "../davinci/contracts.ts";
import type { Call, Capability, Effect, Services } from "../davinci/engine/capability.ts";
import type { Interaction } from "../davinci/engine/interaction.ts";
import { type Advanced, FlowRun, RUN_LIMITS } from "../davinci/engine/run.ts";
import { VariableStore } from "../davinci/engine/variables.ts";
import type { FlowGraph } from "../davinci/graph/graph.ts";
import { readContent } from "../davinci/graph/read-export.ts";
import { flowContext } from "./flow-context.ts";
import { buildFlow, type FlowSpec, richText } from "./graph-builder.ts";

const SCREEN = { title: "", markup: "", css: "", fields: [], remarks: [] };

/** Capabilities that do what their properties say. */
const TEST_CAPABILITIES: Readonly<Record<string, Partial<Capability>>> = {
  ok: { run: ({ properties }) => ({ kind: "success", output: properties.output }) },
  no: { run: () => ({ kind: "false" }) },
  fail: {
    run: ({ properties }) => ({ kind: "failure", error: { code: String(properties.code), message: "m" } }),
  },
  throw: {
    run: ({ properties }) => {
      throw new TypeError(`cannot read ${properties.text}`);
    },
  },
  choose: { run: ({ properties }) => ({ kind: "success", outcome: String(properties.outcome) }) },
  set: {
    run: ({ properties, setVariable }) => {
      setVariable(String(properties.name), properties.to);
      return { kind: "success" };
    },
  },
  screen: {
    isDeferred: true,
    run: ({ properties }) => ({
      kind: "screen",
      screen: { ...SCREEN, title: String(properties.shows ?? "") },
    }),
  },
  error: {
    isDeferred: true,
    run: ({ properties }) => ({ kind: "showError", message: String(properties.text) }),
  },
  go: {
    run: ({ properties }) => ({
      kind: "goTo",
      nodeId: String(properties.to),
      output: { given: properties.given },
    }),
  },
  back: { run: ({ properties }) => ({ kind: "returnToCaller", output: { returned: properties.returned } }) },
  sub: {
    isDeferred: true,
    run: ({ properties }) => ({
      kind: "startFlow",
      flowId: String(properties.flow),
      label: properties.label as string,
      parameters: { given: properties.given },
    }),
  },
  leave: {
    isDeferred: true,
    run: ({ properties }) => ({
      kind: "leaveFlow",
      isSuccess: properties.isSuccess !== false,
      output: { left: properties.output },
    }),
  },
  end: {
    isDeferred: true,
    run: ({ properties }) => ({
      kind: "end",
      outcome: { kind: "error", error: String(properties.as), errorDescription: "" },
    }),
  },
};

const registry = {
  find: (connectorId: string, name: string) =>
    connectorId === "nodeConnector" && name === "startNode"
      ? (TEST_CAPABILITIES.ok as Capability)
      : (TEST_CAPABILITIES[name] as Capability | undefined),
};

export interface Started {
  readonly interaction: Interaction;
  readonly answer: (fields?: Record<string, string>) => Promise<Advanced>;
  readonly result: Advanced;
  /** The title of the screen on show. */
  readonly screen: () => string | undefined;
  readonly ran: string[];
}

export async function start(
  specs: readonly FlowSpec[],
  {
    context = {},
    limits = {},
    parameters = {},
  }: {
    context?: Partial<AuthorizationContext>;
    limits?: Partial<typeof RUN_LIMITS>;
    parameters?: Record<string, unknown>;
  } = {},
): Promise<Started> {
  const read = readContent({ flows: specs.map(buildFlow) });
  if (read.kind === "refused") throw new Error(read.reason);
  const interaction: Interaction = {
    id: "i-1",
    context: flowContext(context),
    policyId: "p",
    state: { frames: [], step: 0, remarks: [] },
    secrets: new Set(),
  };
  const ran: string[] = [];
  const [graph] = read.flows as [FlowGraph];
  const flow = {
    policyId: "p",
    name: graph.name,
    description: "",
    graph,
    together: read.flows,
    values: {},
    runForeign: (call: Call): Effect => ({
      kind: "end",
      outcome: { kind: "died", reason: `no ${call.node.id}` },
    }),
  };
  const logging = {
    find: (connectorId: string, name: string): Capability | undefined => {
      const found = registry.find(connectorId, name);
      return (
        found && {
          ...found,
          run: (call) => {
            ran.push(call.node.id);
            return found.run(call);
          },
        }
      );
    },
  };
  const newRun = () =>
    new FlowRun({
      flow,
      interaction,
      services: {} as Services,
      variables: new VariableStore(),
      registry: logging,
      limits: { ...RUN_LIMITS, ...limits },
    });
  const result = await newRun().begin(parameters);
  return {
    interaction,
    result,
    ran,
    answer: (fields = {}) => newRun().answer(fields),
    screen: () => interaction.state.shown?.screen.title,
  };
}

export const bound = (path: string) => richText(`{{${path}}}`);
