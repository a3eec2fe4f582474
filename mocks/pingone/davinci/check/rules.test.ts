import { describe, expect, test } from "vitest";
import {
  BUTTON,
  branched,
  check,
  codesOf,
  consenting,
  elementsOf,
  failure,
  fileOf,
  find,
  goTo,
  leave,
  readingField,
  SKERROR,
  SOUND,
  SUB_FLOW,
  screen,
  session,
  start,
  subFlow,
  withNode,
  withSub,
} from "../../testing/check-specs.ts";
import { richText } from "../../testing/graph-builder.ts";
import type { FlowFile } from "../graph/graph.ts";
import type { CheckOptions } from "./flow-view.ts";
import { RULES } from "./rules.ts";

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
    code: "ends-in-widget",
    mistaken: fileOf([
      {
        ...SOUND,
        nodes: {
          ...SOUND.nodes,
          widget: { is: "pingOneAuthenticationConnector.returnSuccessResponseWidget", title: "Widget" },
        },
        ways: [...(SOUND.ways ?? []), ["find", "always", "widget"]],
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
        nodes: { ...SOUND.nodes, first: { is: "functionsConnector.ALessThanEqualToB" } },
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
