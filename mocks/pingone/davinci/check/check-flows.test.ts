import { afterAll, describe, expect, test } from "vitest";
import { buildFlow, type FlowSpec, type NodeSpec, richText } from "../../testing/graph-builder.ts";
import { createRegistry } from "../connectors/registry.ts";
import type { FlowFile } from "../graph/graph.ts";
import { readContent } from "../graph/read-export.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import { loadScenarios } from "../scenarios/load-scenarios.ts";
import { checkFlows } from "./check-flows.ts";
import type { CheckOptions } from "./flow-view.ts";
import { RULES } from "./rules.ts";

const sandbox = createSandbox();
afterAll(() => sandbox.close());

const SUB = "f".repeat(32);

function fileOf(
  specs: readonly FlowSpec[],
  change: (content: { flows: unknown[] }) => void = () => {},
): FlowFile {
  const content = { flows: specs.map(buildFlow) };
  change(content);
  const read = readContent(content);
  if (read.kind === "refused") throw new Error(read.reason);
  return { path: "flow.json", ...read };
}

const check = (file: FlowFile, options: Partial<CheckOptions> = {}) =>
  checkFlows([file], { registry: createRegistry(), sandbox, ...options });

/** Codes by flow name. */
async function codesOf(file: FlowFile, options?: Partial<CheckOptions>) {
  return (await check(file, options)).flatMap(({ findings }) => findings.map(({ code }) => code));
}

const screen = (markup: string, more: Record<string, unknown> = {}): NodeSpec => ({
  is: "httpConnector.customHTMLTemplate",
  title: "Ask",
  properties: { customHTML: markup, ...more },
});
const BUTTON =
  '<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button>';
const SKERROR = '<p data-skcomponent="skerror"></p>';
const success: NodeSpec = {
  is: "pingOneAuthenticationConnector.returnSuccessResponseRedirect",
  title: "Signed on",
  properties: { userId: richText("{{local.find.payload.output.matchedUser.id}}") },
};
const failure: NodeSpec = {
  is: "pingOneAuthenticationConnector.returnErrorResponseRedirect",
  title: "Refused",
};
const find: NodeSpec = { is: "pingOneSSOConnector.userLookup", title: "Find" };
const message: NodeSpec = { is: "errorConnector.customErrorMessage", title: "Tell" };
const leave: NodeSpec = { is: "httpConnector.createSuccessResponse", title: "Done" };
const start: NodeSpec = { is: "nodeConnector.startNode", title: "Start" };
const goTo = (nodeInstanceId: string): NodeSpec => ({
  is: "nodeConnector.goToNode",
  title: "Go",
  properties: { nodeInstanceId },
});
const subFlow = (
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
const consent: NodeSpec = { is: "pingOneScopeConsentConnector.appConsent", title: "Consent" };

/** A flow without any finding. */
const SOUND: FlowSpec = {
  name: "Sound",
  settings: { pingOneFlow: true },
  nodes: { ask: screen(SKERROR + BUTTON), find, success, message },
  ways: [
    ["ask", "true", "find"],
    ["find", "true", "success"],
    ["find", "false", "message"],
  ],
};
const SUB_FLOW: FlowSpec = { id: SUB, name: "Sub", nodes: { leave } };
const withSub = (node: NodeSpec): FlowSpec => ({
  ...SOUND,
  nodes: { ...SOUND.nodes, sub: node },
  ways: [["sub", "true", "ask"], ...(SOUND.ways ?? [])],
});
const withNode = (node: NodeSpec): FlowSpec => ({
  ...SOUND,
  nodes: { ...SOUND.nodes, first: node },
  ways: [["first", "always", "ask"], ...(SOUND.ways ?? [])],
});
const branched = (
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
const readingField = (field: string): FlowSpec => ({
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
const consenting = (isBranched: boolean): FlowSpec => ({
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
const session = (minutes: number) =>
  withNode({
    is: "pingOneAuthenticationConnector.checkSession",
    title: "Session",
    properties: { authenticationMethodLastUsedIn: minutes },
  });
const elementsOf = (content: { flows: unknown[] }) =>
  (content.flows[0] as ReturnType<typeof buildFlow>).graphData.elements;

test("a sound flow has no finding", async () => {
  expect(await check(fileOf([SOUND]))).toEqual([
    {
      file: "flow.json",
      flow: expect.any(String),
      name: "Sound",
      runnable: true,
      missing: [],
      findings: [],
    },
  ]);
});

interface Case {
  readonly code: string;
  readonly mistaken: FlowFile;
  readonly mended: FlowFile;
  readonly options?: Partial<CheckOptions>;
  readonly mendedOptions?: Partial<CheckOptions>;
}

const CASES: readonly Case[] = [
  {
    code: "no-redirect-end",
    mistaken: fileOf([{ ...SOUND, nodes: { ask: screen(BUTTON), leave }, ways: [["ask", "true", "leave"]] }]),
    mended: fileOf([SOUND]),
  },
  {
    code: "ends-as-sub-flow",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, leave },
        ways: [...(SOUND.ways ?? []), ["find", "always", "leave"]],
      },
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "no-success-end",
    mistaken: fileOf([
      { ...SOUND, nodes: { ask: screen(SKERROR + BUTTON), failure }, ways: [["ask", "true", "failure"]] },
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "sub-flow-never-returns",
    mistaken: fileOf([withSub(subFlow()), { ...SUB_FLOW, nodes: { ask: screen(BUTTON) } }]),
    mended: fileOf([withSub(subFlow()), SUB_FLOW]),
  },
  { code: "consent-not-branched", mistaken: fileOf([consenting(false)]), mended: fileOf([consenting(true)]) },
  {
    code: "error-message-before-screen",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, first: find },
        ways: [["first", "true", "ask"], ["first", "false", "message"], ...(SOUND.ways ?? [])],
      },
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "screen-without-error-region",
    mistaken: fileOf([{ ...SOUND, nodes: { ...SOUND.nodes, ask: screen(BUTTON) } }]),
    mended: fileOf([SOUND]),
  },
  {
    code: "screen-without-exit",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, last: screen(BUTTON) },
        ways: [...(SOUND.ways ?? []), ["find", "always", "last"]],
      },
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "outcome-not-claimed",
    mistaken: fileOf([
      branched(
        [
          ["a", "GO"],
          ["b", "STAY"],
        ],
        ["=a", "=-1"],
      ),
    ]),
    mended: fileOf([
      branched(
        [
          ["a", "GO"],
          ["b", "STAY"],
        ],
        ["=a", "=b", "=-1"],
      ),
    ]),
  },
  {
    code: "exit-never-taken",
    mistaken: fileOf([branched([["a", "GO"]], ["=a", "=-1", "=gone"])]),
    mended: fileOf([branched([["a", "GO"]], ["=a", "=-1"])]),
  },
  {
    code: "comparison-without-exit",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, first: { is: "functionsConnector.AIsEmpty" } },
        ways: [["first", "true", "ask"], ...(SOUND.ways ?? [])],
      },
    ]),
    mended: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, first: { is: "functionsConnector.AIsEmpty" } },
        ways: [["first", "true", "ask"], ["first", "false", "find"], ...(SOUND.ways ?? [])],
      },
    ]),
  },
  {
    code: "button-without-branch",
    mistaken: fileOf([branched([["a", "OTHER"]], ["=a"])]),
    mended: fileOf([branched([["a", "GO"]], ["=a"])]),
  },
  {
    code: "operator-without-exit",
    mistaken: fileOf([SOUND], (content) => {
      const { nodes, edges } = elementsOf(content);
      nodes.push({ data: { id: "lost", nodeType: "EVAL", properties: {} } });
      edges.push({ data: { source: "find", target: "lost" } });
    }),
    mended: fileOf([SOUND]),
  },
  {
    code: "edge-not-followed",
    mistaken: fileOf([SOUND], (content) =>
      elementsOf(content).edges.push({ data: { source: "ask", target: "find" } }),
    ),
    mended: fileOf([SOUND]),
  },
  {
    code: "unknown-operator",
    mistaken: fileOf([{ ...SOUND, ways: [...(SOUND.ways ?? []), ["ask", "sometimes", "find"]] }]),
    mended: fileOf([SOUND]),
  },
  {
    code: "entry-unclear",
    mistaken: fileOf([{ ...SOUND, nodes: { ...SOUND.nodes, lost: find } }]),
    mended: fileOf([SOUND]),
  },
  { code: "teleport-to-nowhere", mistaken: fileOf([withNode(goTo("gone"))]), mended: fileOf([SOUND]) },
  {
    code: "start-node-unused",
    mistaken: fileOf([
      { ...SOUND, nodes: { ...SOUND.nodes, start }, ways: [...(SOUND.ways ?? []), ["start", "true", "ask"]] },
    ]),
    mended: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, start, go: goTo("start") },
        ways: [["go", "true", "ask"], ["start", "true", "ask"], ...(SOUND.ways ?? [])],
      },
    ]),
  },
  {
    code: "loop-without-screen",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, a: find, b: find },
        ways: [...(SOUND.ways ?? []), ["find", "always", "a"], ["a", "true", "b"], ["b", "true", "a"]],
      },
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "sub-flow-not-found",
    mistaken: fileOf([withSub(subFlow())]),
    mended: fileOf([withSub(subFlow()), SUB_FLOW]),
  },
  {
    code: "sub-flow-found-by-name",
    mistaken: fileOf([withSub(subFlow({ subFlowId: { label: "Sub", value: "0".repeat(32) } })), SUB_FLOW]),
    mended: fileOf([withSub(subFlow()), SUB_FLOW]),
  },
  {
    code: "sub-flow-ambiguous",
    mistaken: fileOf([
      withSub(subFlow({ subFlowId: { label: "Sub", value: "0".repeat(32) } })),
      SUB_FLOW,
      { ...SUB_FLOW, id: "e".repeat(32) },
    ]),
    mended: fileOf([withSub(subFlow()), SUB_FLOW]),
  },
  {
    code: "sub-flow-recursion",
    mistaken: fileOf([
      withSub(subFlow()),
      { ...SUB_FLOW, nodes: { again: subFlow(), leave }, ways: [["again", "true", "leave"]] },
    ]),
    mended: fileOf([withSub(subFlow()), SUB_FLOW]),
  },
  {
    code: "sub-flow-input-missing",
    mistaken: fileOf([
      withSub(subFlow()),
      { ...SUB_FLOW, inputSchema: [{ propertyName: "user", required: true }] },
    ]),
    mended: fileOf([
      withSub(subFlow()),
      { ...SUB_FLOW, inputSchema: [{ propertyName: "user", required: false }] },
    ]),
  },
  {
    code: "variable-without-value",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, ask: screen(`${SKERROR}${BUTTON}{{global.company.variables.logo}}`) },
      },
    ]),
    mended: fileOf([
      {
        ...SOUND,
        nodes: { ...SOUND.nodes, ask: screen(`${SKERROR}${BUTTON}{{global.company.variables.logo}}`) },
      },
    ]),
    mendedOptions: { variables: { company: { logo: "x" }, flow: {}, user: {} } },
  },
  {
    code: "variable-id-missing",
    mistaken: fileOf([
      withNode({
        is: "variablesConnector.saveValue",
        properties: { saveVariables: [{ name: "a", value: "b" }] },
      }),
    ]),
    mended: fileOf([
      withNode({
        is: "variablesConnector.saveValue",
        properties: { saveVariables: [{ name: "a", value: "b", variableId: "1" }] },
      }),
    ]),
  },
  {
    code: "input-never-read",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: {
          ...SOUND.nodes,
          ask: screen(`${SKERROR}<input name="name">${BUTTON}`, {
            formFieldsList: [{ propertyName: "name" }],
          }),
        },
      },
    ]),
    mended: fileOf([
      {
        ...SOUND,
        nodes: {
          ...SOUND.nodes,
          ask: screen(`${SKERROR}<input name="name">${BUTTON}`, {
            formFieldsList: [{ propertyName: "name" }],
          }),
          find: {
            ...find,
            properties: { userIdentifierForFindUser: richText("{{local.ask.payload.output.name}}") },
          },
        },
      },
    ]),
  },
  {
    code: "field-not-asked",
    mistaken: fileOf([readingField("nmae")]),
    mended: fileOf([readingField("name")]),
  },
  {
    code: "binding-to-nowhere",
    mistaken: fileOf([
      withNode({
        ...find,
        properties: { userIdentifierForFindUser: richText("{{local.gone.payload.output.name}}") },
      }),
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "session-window",
    mistaken: fileOf([session(480)]),
    mended: fileOf([session(480)]),
    options: { sessionWindowMinutes: 60 },
    mendedOptions: { sessionWindowMinutes: 480 },
  },
  {
    code: "function-does-not-compile",
    mistaken: fileOf([
      withNode({ is: "functionsConnector.customFunction", properties: { code: "module.exports = ({" } }),
    ]),
    mended: fileOf([
      withNode({
        is: "functionsConnector.customFunction",
        properties: { code: "module.exports = () => ({})" },
      }),
    ]),
  },
  {
    code: "template-does-not-compile",
    mistaken: fileOf([{ ...SOUND, nodes: { ...SOUND.nodes, ask: screen(`${SKERROR}${BUTTON}{{#if a}}`) } }]),
    mended: fileOf([
      { ...SOUND, nodes: { ...SOUND.nodes, ask: screen(`${SKERROR}${BUTTON}{{#if a}}{{/if}}`) } },
    ]),
  },
  {
    code: "node-disabled",
    mistaken: fileOf([withNode({ ...find, isDisabled: true })]),
    mended: fileOf([withNode({ ...find, isDisabled: false })]),
  },
  {
    code: "capability-not-implemented",
    mistaken: fileOf([withNode({ is: "plantedConnector.unknown" })]),
    mended: fileOf([SOUND]),
  },
  {
    code: "stub-missing",
    mistaken: fileOf([withNode({ is: "httpConnector.makeRestApiCall" })]),
    mended: fileOf([withNode({ is: "httpConnector.makeRestApiCall" })]),
    mendedOptions: { hasStub: () => true },
  },
  {
    code: "script-not-run",
    mistaken: fileOf([
      { ...SOUND, nodes: { ...SOUND.nodes, ask: screen(SKERROR + BUTTON, { customScript: "focus()" }) } },
    ]),
    mended: fileOf([SOUND]),
  },
  {
    code: "styles-not-loaded",
    mistaken: fileOf([
      { ...SOUND, settings: { pingOneFlow: true, cssLinks: ["https://styles.example/a.css"] } },
    ]),
    mended: fileOf([SOUND]),
  },
];

describe("each rule finds its mistake, and not the mended flow", () => {
  test.each(CASES)("$code", async ({ code, mistaken, mended, options, mendedOptions }) => {
    expect(await codesOf(mistaken, options)).toContain(code);
    expect(await codesOf(mended, mendedOptions)).not.toContain(code);
  });

  test("and every rule has such a case", () => {
    expect(RULES.map(({ code }) => code).sort()).toEqual(CASES.map(({ code }) => code).sort());
  });
});

test("a capability that is not implemented makes the flow not runnable, and is named once", async () => {
  const twice = withNode({ is: "plantedConnector.unknown" });
  const nodes = { ...twice.nodes, again: { is: "plantedConnector.unknown" } };
  const file = fileOf([{ ...twice, nodes, ways: [...(twice.ways ?? []), ["find", "always", "again"]] }]);
  expect(await check(file)).toMatchObject([{ runnable: false, missing: ["plantedConnector.unknown"] }]);
});

test("a misspelt capability is told what it may mean", async () => {
  const textOf = async (is: string) =>
    (await check(fileOf([withNode({ is })])))
      .flatMap(({ findings }) => findings)
      .find(({ code }) => code === "capability-not-implemented")?.text;
  expect(await textOf("functionsConnector.AEqualB")).toContain("Did you mean functionsConnector.AEqualsB?");
  expect(await textOf("functionsConnector.sendEmail")).not.toContain("Did you mean");
});

describe("what a rule lets pass", () => {
  const levelsOf = async (spec: FlowSpec, code: string) =>
    (await check(fileOf([spec])))
      .flatMap(({ findings }) => findings)
      .filter((finding) => finding.code === code)
      .map(({ level }) => level);
  const asking = (markup: string, more: Record<string, unknown> = {}): FlowSpec => ({
    ...SOUND,
    nodes: {
      ...SOUND.nodes,
      ask: screen(SKERROR + markup + BUTTON, { formFieldsList: [{ propertyName: "name" }], ...more }),
    },
  });
  const NAME = '<input name="name">';

  test.each([
    ["a field that the template has", asking(NAME), ["warning"]],
    ["a field that a script may use", asking(NAME, { customScript: "check();" }), ["info"]],
    ["a field that the editor left in its list", asking("<p>Hello</p>"), []],
  ])("of fields that nobody reads: %s", async (_, spec, levels) => {
    expect(await levelsOf(spec, "input-never-read")).toEqual(levels);
  });

  const reading = (properties: Record<string, unknown>): FlowSpec => ({
    ...SOUND,
    nodes: { ...SOUND.nodes, find: { ...find, properties } },
  });
  const [GONE, THERE] = ["{{local.gone.payload.output.x}}", "{{local.ask.payload.output.x}}"];
  test.each([
    ["alone", reading({ userIdentifierForFindUser: richText(GONE) }), ["warning"]],
    ["beside a value that is there", reading({ userIdentifierForFindUser: richText(GONE, THERE) }), ["info"]],
    ["in a property that the capability does not take", reading({ leftOver: richText(GONE) }), ["info"]],
  ])("of bindings to nowhere: %s", async (_, spec, levels) => {
    expect(await levelsOf(spec, "binding-to-nowhere")).toEqual(levels);
  });

  test.each([
    ["that stands in a call whose start node reads it", ["start"], ["warning"]],
    ["that stands in a call whose start node does not", [], ["info"]],
  ])("of bindings to nowhere: one %s", async (_, readers, levels) => {
    const { nodes, ways = [] } = SOUND;
    const spec: FlowSpec = {
      ...SOUND,
      nodes: {
        ...nodes,
        start,
        jump: { ...goTo("start"), properties: { nodeInstanceId: "start", given: richText(GONE) } },
        message: {
          ...message,
          properties: {
            errorMessage: richText(...readers.map((id) => `{{local.${id}.payload.output.given}}`)),
          },
        },
      },
      ways: [
        ways[0] ?? ["ask", "true", "find"],
        ["find", "true", "success"],
        ["find", "false", "jump"],
        ["start", "always", "message"],
      ],
    };
    expect(await levelsOf(spec, "binding-to-nowhere")).toEqual(levels);
  });

  test.each([
    ["with every button of the screen", [["go", "GO"]] as const, ["=go"], []],
    [
      "with one that the screen does not have in place of it",
      [["go", "STOP"]] as const,
      ["=go"],
      ["warning"],
    ],
  ])("of comparisons without an exit for no match: one %s", async (_, entries, outcomes, levels) => {
    expect(await levelsOf(branched(entries, outcomes), "outcome-not-claimed")).toEqual(levels);
  });
});

test("10,000 nodes are checked in a moment", { timeout: 20_000 }, async () => {
  const nodes = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`n${index}`, find]));
  const ways = Array.from({ length: 9999 }, (_, index) => [`n${index}`, "true", `n${index + 1}`] as const);
  expect(await check(fileOf([{ name: "Long", nodes, ways }]))).toMatchObject([{ runnable: true }]);
});

/** Each takes minutes when a rule looks at all nodes for each of them. */
describe("10,000 nodes are checked in a moment, also when", () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
  const nodesOf = (make: (index: number) => NodeSpec) =>
    Object.fromEntries(ids.map((id, index) => [id, make(index)]));
  const chain = ids.slice(1).map((id, index) => [`n${index}`, "true", id] as const);
  const HEAVY: readonly (readonly [string, FlowSpec])[] = [
    [
      "all pass one variable on",
      {
        nodes: nodesOf((index) =>
          index % 2 === 0
            ? consent
            : {
                is: "variablesConnector.saveValue",
                properties: {
                  saveVariables: [
                    {
                      name: "v",
                      value: richText(
                        `{{local.n${index - 1}.payload.output.consentStatus}}`,
                        "{{global.variables.v}}",
                      ),
                    },
                  ],
                },
              },
        ),
        ways: chain,
      },
    ],
    [
      "all read the fields of one screen",
      {
        nodes: nodesOf((index) =>
          index === 0
            ? screen(ids.join(" "), { formFieldsList: ids.map((propertyName) => ({ propertyName })) })
            : {
                is: "functionsConnector.AEqualsB",
                properties: { leftValueA: richText("{{local.n0.payload.output}}") },
              },
        ),
        ways: chain,
      },
    ],
    [
      "all calls share their returns",
      {
        nodes: nodesOf((index) => {
          if (index < 3000) return start;
          if (index < 6000) return goTo(`n${index - 3000}`);
          return index < 9000 ? { is: "nodeConnector.returnBackToCallingNode" } : message;
        }),
        ways: [
          ...ids
            .slice(0, 3000)
            .flatMap((id, index) => [
              [id, "true", "n9500"] as const,
              [`n${3000 + index}`, "true", "n9000"] as const,
            ]),
          ...ids.slice(6000, 9000).map((id) => ["n9500", "true", id] as const),
        ],
      },
    ],
  ];
  test.each(HEAVY)("%s", { timeout: 20_000 }, async (_, spec) => {
    expect(await check(fileOf([spec]))).toHaveLength(1);
  });
});

describe("the shipped scenarios", () => {
  const FAULTY: Readonly<Record<string, string>> = {
    "consent-not-branched": "consent-not-branched",
    "dies-before-any-screen": "error-message-before-screen",
    "ends-as-sub-flow": "ends-as-sub-flow",
  };
  test.each(loadScenarios("fixtures/davinci").map((loaded) => [loaded.scenario.name, loaded] as const))(
    "%s has the errors that it is for, and no others",
    async (name, { graph, together }) => {
      const checked = await check({ path: name, flows: together, main: graph });
      const errors = checked.flatMap(({ findings }) => findings.filter(({ level }) => level === "error"));
      const expected = Object.hasOwn(FAULTY, name) ? [FAULTY[name]] : [];
      expect(
        [...new Set(errors.map(({ code }) => code))].filter((code) => code !== "no-redirect-end"),
      ).toEqual(expected);
      expect(checked.every(({ runnable }) => runnable)).toBe(true);
    },
  );
});
