import { describe, expect, test } from "vitest";
import {
  BUTTON,
  branched,
  check,
  consent,
  fileOf,
  find,
  goTo,
  message,
  SKERROR,
  SOUND,
  screen,
  start,
  withNode,
} from "../../testing/check-specs.ts";
import { type FlowSpec, type NodeSpec, richText } from "../../testing/graph-builder.ts";
import { loadScenarios } from "../scenarios/load-scenarios.ts";

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

test("values that cannot be made a text are no reason to fail", async () => {
  const odd = { toString: 1, valueOf: 1 };
  const node = (is: string, properties: Record<string, unknown>): NodeSpec => ({ is, properties });
  const nodes = {
    ...SOUND.nodes,
    which: node("functionsConnector.AEqualsMultipleB", { rightValueMultiple: [{ id: odd, value: odd }] }),
    go: node("nodeConnector.goToNode", { nodeInstanceId: odd }),
    session: node("pingOneAuthenticationConnector.checkSession", {}),
  };
  const trigger = { configuration: { pwd: { enabled: true, time: 5, timeFormat: odd } } };
  const file = fileOf([{ ...SOUND, nodes }], ({ flows }) => Object.assign(flows[0] as object, { trigger }));
  expect(await check(file)).toHaveLength(1);
});

test("code that there is no time to try is told, and is no mistake", async () => {
  const code = (value: string): NodeSpec => ({
    is: "functionsConnector.customFunction",
    properties: { code: value },
  });
  const nodes = { ...SOUND.nodes, one: code("module.exports = () => 1"), two: code("not JavaScript") };
  const checked = await check(fileOf([{ ...SOUND, nodes }]), { compileLimitMs: 0 });
  expect(
    checked
      .flatMap(({ findings }) => findings)
      .filter((finding) => finding.code === "function-does-not-compile"),
  ).toEqual([
    expect.objectContaining({ level: "info", text: expect.stringMatching(/1 of this flow were not tried/) }),
  ]);
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
