/** Small flows for tests of the check: a sound one, its parts, and what checks it. */
import { checkFlows } from "../davinci/check/check-flows.ts";
import type { CheckOptions } from "../davinci/check/flow-view.ts";
import { createRegistry } from "../davinci/connectors/registry.ts";
import type { FlowFile } from "../davinci/graph/graph.ts";
import { readContent } from "../davinci/graph/read-export.ts";
import { sharedSandbox } from "../davinci/sandbox/create-sandbox.ts";
import { buildFlow, type FlowSpec, type NodeSpec, richText } from "./graph-builder.ts";

const SUB = "f".repeat(32);

export function fileOf(
  specs: readonly FlowSpec[],
  change: (content: { flows: unknown[] }) => void = () => {},
): FlowFile {
  const content = { flows: specs.map(buildFlow) };
  change(content);
  const read = readContent(content);
  if (read.kind === "refused") throw new Error(read.reason);
  return { path: "flow.json", ...read };
}

export const check = (file: FlowFile, options: Partial<CheckOptions> = {}) =>
  checkFlows([file], { registry: createRegistry(), sandbox: sharedSandbox(Date.now), ...options });

/** Codes by flow name. */
export async function codesOf(file: FlowFile, options?: Partial<CheckOptions>) {
  return (await check(file, options)).flatMap(({ findings }) => findings.map(({ code }) => code));
}

export const screen = (markup: string, more: Record<string, unknown> = {}): NodeSpec => ({
  is: "httpConnector.customHTMLTemplate",
  title: "Ask",
  properties: { customHTML: markup, ...more },
});
export const BUTTON =
  '<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button>';
export const SKERROR = '<p data-skcomponent="skerror"></p>';
const success: NodeSpec = {
  is: "pingOneAuthenticationConnector.returnSuccessResponseRedirect",
  title: "Signed on",
  properties: { userId: richText("{{local.find.payload.output.matchedUser.id}}") },
};
export const failure: NodeSpec = {
  is: "pingOneAuthenticationConnector.returnErrorResponseRedirect",
  title: "Refused",
};
export const find: NodeSpec = { is: "pingOneSSOConnector.userLookup", title: "Find" };
export const message: NodeSpec = { is: "errorConnector.customErrorMessage", title: "Tell" };
export const leave: NodeSpec = { is: "httpConnector.createSuccessResponse", title: "Done" };
export const start: NodeSpec = { is: "nodeConnector.startNode", title: "Start" };
export const goTo = (nodeInstanceId: string): NodeSpec => ({
  is: "nodeConnector.goToNode",
  title: "Go",
  properties: { nodeInstanceId },
});
export const subFlow = (
  properties: Record<string, unknown> = { subFlowId: { label: "Sub", value: SUB } },
): NodeSpec => ({
  is: "flowConnector.startUiSubFlow",
  title: "Sub-flow",
  properties,
});
const compare = (value: string, entries: readonly (readonly [id: string, value: string])[]): NodeSpec => ({
  is: "functionsConnector.AEqualsMultipleB",
  title: "Compare",
  properties: {
    leftValueA: richText(`{{${value}}}`),
    rightValueMultiple: entries.map(([id, text]) => ({ id, value: richText(text) })),
  },
});
export const consent: NodeSpec = { is: "pingOneScopeConsentConnector.appConsent", title: "Consent" };

/** A flow without any finding. */
export const SOUND: FlowSpec = {
  name: "Sound",
  settings: { pingOneFlow: true },
  nodes: { ask: screen(SKERROR + BUTTON), find, success, message },
  ways: [
    ["ask", "true", "find"],
    ["find", "true", "success"],
    ["find", "false", "message"],
  ],
};
export const SUB_FLOW: FlowSpec = { id: SUB, name: "Sub", nodes: { leave } };
export const withSub = (node: NodeSpec): FlowSpec => ({
  ...SOUND,
  nodes: { ...SOUND.nodes, sub: node },
  ways: [["sub", "true", "ask"], ...(SOUND.ways ?? [])],
});
export const withNode = (node: NodeSpec): FlowSpec => ({
  ...SOUND,
  nodes: { ...SOUND.nodes, first: node },
  ways: [["first", "always", "ask"], ...(SOUND.ways ?? [])],
});
export const branched = (
  entries: readonly (readonly [string, string])[],
  outcomes: readonly string[],
): FlowSpec => ({
  ...SOUND,
  nodes: { ...SOUND.nodes, compare: compare("local.ask.payload.output.buttonValue", entries) },
  ways: [
    ["ask", "true", "compare"],
    ...outcomes.map((outcome) => ["compare", outcome, "find"] as const),
    ...(SOUND.ways ?? []).slice(1),
  ],
});
export const readingField = (field: string): FlowSpec => ({
  ...SOUND,
  nodes: {
    ...SOUND.nodes,
    ask: screen(SKERROR + BUTTON, { formFieldsList: [{ propertyName: "name" }] }),
    find: {
      ...find,
      properties: { userIdentifierForFindUser: richText(`{{local.ask.payload.output.${field}}}`) },
    },
  },
});
export const consenting = (isBranched: boolean): FlowSpec => ({
  ...SOUND,
  nodes: {
    ...SOUND.nodes,
    consent,
    failure,
    status: compare("local.consent.payload.output.consentStatus", [["yes", "ACCEPTED"]]),
  },
  ways: [
    ["ask", "true", "find"],
    ["find", "true", "consent"],
    ["find", "false", "message"],
    ...(isBranched
      ? ([
          ["consent", "true", "status"],
          ["status", "=yes", "success"],
          ["status", "=-1", "failure"],
        ] as const)
      : ([["consent", "true", "success"]] as const)),
  ],
});
export const session = (minutes: number) =>
  withNode({
    is: "pingOneAuthenticationConnector.checkSession",
    title: "Session",
    properties: { authenticationMethodLastUsedIn: minutes },
  });
export const elementsOf = (content: { flows: unknown[] }) =>
  (content.flows[0] as ReturnType<typeof buildFlow>).graphData.elements;
