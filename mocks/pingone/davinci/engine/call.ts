/** Makes what a capability gets for one run of its node. */
import type { FlowGraph, FlowNode, VariableContext } from "../graph/graph.ts";
import { resolveValue, type Scope, setOwn, unwrap } from "../graph/values.ts";
import type { Call, Capability, Services } from "./capability.ts";
import type { RunnableFlow } from "./flows.ts";
import { type Interaction, withoutSecrets } from "./interaction.ts";
import type { Frame } from "./run-state.ts";
import type { VariableStore } from "./variables.ts";

/** The id under which the flows of this emulator say they run. */
const COMPANY_ID = "emulated-company";
const KEPT_REMARKS = 20;
const KEPT_COOKIES = 20;

export interface RunOf {
  readonly flow: RunnableFlow;
  readonly interaction: Interaction;
  readonly services: Services;
  readonly variables: VariableStore;
}

/** @throws {RunLimitError} when a property becomes too long. */
export function makeCall(
  run: RunOf,
  graph: FlowGraph,
  frame: Frame,
  node: FlowNode,
  capability: Capability | undefined,
): Call {
  const { interaction, variables, flow } = run;
  const { state, context } = interaction;
  const scope = scopeOf(run, frame);
  const contextOf = (name: string): VariableContext =>
    graph.variables.find((variable) => variable.name === name)?.context ?? "flowInstance";

  const call: Call = {
    flow: graph,
    node,
    visits: own(state.visits ?? {}, visitKey(graph, node)) ?? 0,
    runForeign: () => flow.runForeign(call),
    properties: resolveProperties(node, capability, scope),
    scope,
    context,
    beside: flow.beside ?? {},
    services: run.services,
    resolve: (raw) => resolveValue(unwrap(raw), scope),
    variable: (name, kind = contextOf(name)) =>
      kind === "flowInstance"
        ? own(frame.variables, name)
        : own(variables.read(kind, flow, frame.flowId, state.userId), name),
    setVariable: (name, value, kind = contextOf(name)) => {
      if (kind === "flowInstance") setOwn(frame.variables, name, value);
      else variables.write(kind, flow, frame.flowId, state.userId, name, value);
    },
    get userId() {
      return state.userId;
    },
    identify: (userId) => {
      if (state.userId !== userId) {
        // Another person goes on: what the former one has answered does not count, and no note is about this one.
        delete state.isSessionAccepted;
        delete state.consentedScopes;
        state.remarks = [];
      }
      state.userId = userId;
    },
    authenticated: () => {
      delete state.isSessionAccepted;
    },
    acceptSession: () => {
      state.isSessionAccepted = true;
    },
    isSessionAccepted: () => state.isSessionAccepted === true,
    keepConsentedScopes: (scopes) => {
      state.consentedScopes = [...scopes];
    },
    get consentedScopes() {
      return state.consentedScopes;
    },
    cookie: (name) =>
      state.cookies?.findLast((cookie) => cookie.name === name)?.value ?? own(context.cookies ?? {}, name),
    setCookie: (cookie) => {
      state.cookies = [...(state.cookies ?? []).filter(({ name }) => name !== cookie.name), cookie].slice(
        -KEPT_COOKIES,
      );
    },
    shown: state.shown,
    keepPlace: (nodeId) => {
      const { shown: _, ended: __, ...kept } = withoutSecrets(interaction);
      return { policyId: interaction.policyId, context, state: kept, nodeId };
    },
    isMainFlow: state.frames.length === 1,
    remark: (text) => remark(state, `${node.title} (${node.id}): ${text}`),
  };
  return call;
}

/** As a capability gets them. @throws {RunLimitError} when one becomes too long. */
export function resolveProperties(
  { properties }: FlowNode,
  capability: Pick<Capability, "rawProperties"> | undefined,
  scope: Scope,
): Record<string, unknown> {
  const isRaw = (name: string) => capability?.rawProperties?.includes(name) === true;
  return Object.fromEntries(
    Object.entries(properties).map(([name, raw]) => [
      name,
      isRaw(name) ? unwrap(raw) : resolveValue(unwrap(raw), scope),
    ]),
  );
}

/** Notes that the node runs once more. */
export function countVisit({ interaction: { state } }: RunOf, graph: FlowGraph, node: FlowNode): void {
  const key = visitKey(graph, node);
  state.visits = { ...state.visits, [key]: (own(state.visits ?? {}, key) ?? 0) + 1 };
}

function visitKey({ id }: FlowGraph, node: FlowNode): string {
  return `${id}.${node.id}`;
}

/** For the developer, once. */
export function remark(state: { remarks: string[] }, text: string): void {
  if (!state.remarks.includes(text)) state.remarks.push(text);
  if (state.remarks.length > KEPT_REMARKS) state.remarks.shift();
}

function scopeOf({ flow, interaction, variables }: RunOf, frame: Frame): Call["scope"] & Scope {
  const { context, state } = interaction;
  const kept = (kind: "company" | "flow" | "user") => ({
    variables: variables.read(kind, flow, frame.flowId, state.userId),
  });
  return {
    global: {
      parameters: frame.parameters,
      variables: frame.variables,
      company: kept("company"),
      flow: kept("flow"),
      userInfo: kept("user"),
      interactionId: interaction.id,
      companyId: COMPANY_ID,
      flowId: frame.flowId,
      ip: context.ip ?? "127.0.0.1",
      userAgent: context.userAgent ?? "",
      cookies: { ...context.cookies },
    },
    local: frame.local,
  };
}

function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
