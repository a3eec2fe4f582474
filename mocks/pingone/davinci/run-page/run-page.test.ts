import { parse } from "node-html-parser";
import { describe, expect, it } from "vitest";
import { exportedFlow } from "../../testing/exported-flow.ts";
import { createTestEngine } from "../../testing/flow-driver.ts";
import { buildFlow, type FlowSpec, richText } from "../../testing/graph-builder.ts";
import { createRegistry } from "../connectors/registry.ts";
import type { RunnableFlow } from "../engine/flows.ts";
import type { FlowRunSummary } from "../engine/log/event.ts";
import type { FlowGraph } from "../graph/graph.ts";
import { readContent } from "../graph/read-export.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import { explainResult, mendsOf } from "./explain.ts";
import { BOX, layOut } from "./layout.ts";
import { renderRun } from "./pages.ts";
import { showRuns } from "./shown-runs.ts";

const sandbox = createSandbox();

const pageOf = (...specs: readonly FlowSpec[]) => pageOfFlow(exportedFlow(...specs));

async function pageOfFlow(flow: RunnableFlow) {
  const { engine, open } = createTestEngine({ flows: [flow] });
  const { interactionId } = await open(flow.name);
  const shown = showRuns({
    engine,
    checks: { registry: createRegistry(), sandbox },
    usernameOf: () => undefined,
  });
  const { content } = await renderRun(shown, interactionId);
  return { html: String(content), page: parse(String(content)) };
}

const message = (title: string) => ({
  is: "httpConnector.customHtmlMessage",
  title,
  properties: { title: richText(title) },
});
const saves = (title: string) => ({ is: "variablesConnector.saveValue", title });

describe("the page of a run", () => {
  it("escapes whatever stands in a file", async () => {
    const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
    const { html } = await pageOf({
      name: `Flow ${HOSTILE}`,
      nodes: {
        a: {
          is: "errorConnector.customErrorMessage",
          title: HOSTILE,
          properties: { errorMessage: richText(HOSTILE), [HOSTILE]: "x" },
        },
      },
    });
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toMatch(/<script|<img|onerror='/);
  });

  it("marks the nodes that ran with their step numbers, and the ways between them", async () => {
    const { page } = await pageOf({
      nodes: { a: saves("First"), b: message("Second"), c: saves("Other") },
      ways: [
        ["a", "true", "b"],
        ["a", "false", "c"],
      ],
    });
    const nodes = page.querySelectorAll(".graph .node");
    expect(
      nodes.map((node) => [
        node.querySelector(".title")?.text,
        node.classList.contains("ran"),
        node.querySelector(".badge")?.text,
      ]),
    ).toEqual([
      ["First", true, "1"],
      ["Second", true, "2"],
      ["Other", false, undefined],
    ]);
    expect(page.querySelector(".graph .here .title")?.text).toBe("Second");
    expect(page.querySelectorAll(".graph .order").map(({ text }) => text)).toEqual(["1→2"]);
    expect(page.querySelectorAll(".graph .operator").map(({ text }) => text)).toEqual(["false"]);
  });

  it("draws a teleport that was used", async () => {
    const { page } = await pageOf({
      nodes: {
        a: { is: "nodeConnector.goToNode", title: "Go", properties: { nodeInstanceId: "s" } },
        s: { is: "nodeConnector.startNode", title: "Start" },
        b: message("There"),
      },
      ways: [["s", "true", "b"]],
    });
    expect(page.querySelector(".graph .jump .order")?.text).toBe("1→2");
    expect(page.querySelector("#step-2 summary")?.text).toContain("→ There");
  });

  it("says of each step what it was given, what it made, and where it led", async () => {
    const { page } = await pageOf({
      nodes: {
        a: {
          is: "functionsConnector.AEqualsB",
          title: "Compare",
          properties: { leftValueA: richText("one"), rightValueB: richText("two") },
        },
        b: message("Differs"),
      },
      ways: [["a", "false", "b"]],
    });
    const step = page.querySelector("#step-1");
    expect(step?.querySelector("summary")?.text).toMatch(/1\s+Compare\s+AEqualsB\s+false\s+→ Differs/);
    expect(step?.text).toContain('"leftValueA": "one"');
    expect(page.querySelector(".steps")?.text).toContain("The screen Differs is shown");
  });

  it("draws of a very large flow only what is near the path", async () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`n${index}`, saves(`Node ${index}`)]),
    );
    const ways = Array.from(
      { length: 998 },
      (_, index) => [`n${index + 1}`, "true", `n${index + 2}`] as const,
    );
    const { page } = await pageOf({
      nodes: { ...nodes, n0: message("Start") },
      ways: [["n0", "true", "n1"], ...ways],
    });
    expect(page.querySelectorAll(".graph .node")).toHaveLength(2);
    expect(page.text).toContain("1000 nodes; those near the path are drawn");
  });
});

describe("the places in a drawing", () => {
  const graphOf = (spec: FlowSpec, positions: Readonly<Record<string, { x: unknown; y: unknown }>> = {}) => {
    const flow = buildFlow(spec);
    const nodes = flow.graphData.elements.nodes.map((node) => ({
      ...node,
      position: positions[String(node.data.id)],
    }));
    const read = readContent({ ...flow, graphData: { elements: { ...flow.graphData.elements, nodes } } });
    if (read.kind === "refused") throw new Error(read.reason);
    return read.flows[0] as FlowGraph;
  };
  const spec: FlowSpec = {
    nodes: { a: saves("A"), b: saves("B"), c: saves("C") },
    ways: [
      ["a", "true", "b"],
      ["a", "false", "c"],
      ["b", "true", "a"],
    ],
  };

  it("are those of the console", () => {
    const { nodes, width, height } = layOut(
      graphOf(spec, { a: { x: -100, y: 50 }, b: { x: 200, y: 50 }, c: { x: 200, y: 200 } }),
    );
    const [a, b, c] = ["a", "b", "c"].map((id) => nodes.get(id));
    expect((b?.x ?? 0) - (a?.x ?? 0)).toBeCloseTo(240);
    expect((c?.y ?? 0) - (b?.y ?? 0)).toBeCloseTo(120);
    for (const place of nodes.values()) {
      expect(place.x - BOX.width / 2).toBeGreaterThanOrEqual(0);
      expect(place.x + BOX.width / 2).toBeLessThanOrEqual(width);
      expect(place.y + BOX.height / 2).toBeLessThanOrEqual(height);
    }
  });

  it.each<[string, Readonly<Record<string, { x: unknown; y: unknown }>>]>([
    ["a file has none", {}],
    ["one is missing", { a: { x: 0, y: 0 }, b: { x: 300, y: 0 } }],
    ["all are the same", { a: { x: 1, y: 1 }, b: { x: 1, y: 1 }, c: { x: 1, y: 1 } }],
    ["one is no place", { a: { x: "0", y: 0 }, b: { x: 1e9, y: 0 }, c: { x: 3, y: 3 } }],
  ])("are columns by distance when %s", (_, positions) => {
    const { nodes } = layOut(graphOf(spec, positions));
    const places = [...nodes.values()].map(({ x, y }) => `${x}/${y}`);
    expect(new Set(places).size).toBe(3);
    expect(nodes.get("b")?.x).toBeGreaterThan((nodes.get("a")?.x ?? 0) + BOX.width);
    expect(nodes.get("b")?.x).toBe(nodes.get("c")?.x);
  });
});

describe("a run in words", () => {
  const node = { id: "n1", title: "Node", connectorId: "c", capabilityName: "k" };
  const run = (result: FlowRunSummary["result"]): FlowRunSummary => ({
    id: "r1",
    startedAt: 0,
    updatedAt: 0,
    transactionId: "r1",
    policyId: "p",
    flow: { id: "f1", name: "Main" },
    application: { id: "a", name: "App" },
    result,
    node,
    nodeFlow: { id: "f2", name: "Sub" },
    eventCount: 1,
    droppedEvents: 0,
  });
  const finding = (code: string, at: string, text: string) =>
    ({ level: "error", code, node: at, title: "", text }) as const;

  it("names node and sub-flow once", () => {
    expect(
      explainResult(run({ kind: "died", reason: '"Node" (n1) shows an error before any screen: x' })),
    ).toBe(
      'The flow ended in login_required at the node "Node" (n1) of the sub-flow "Sub": it shows an error before any screen: x.',
    );
    expect(explainResult(run({ kind: "error", error: "access_denied", errorDescription: "No" }))).toContain(
      "access_denied, No",
    );
    expect(explainResult(run({ kind: "running" }))).toContain("runs at the node");
  });

  it("takes what to do from the check of that node, if it has found it", () => {
    const died = run({ kind: "died", reason: "prompt=none, but it needs a screen" });
    const findings = [
      finding("error-message-before-screen", "n1", "Show a screen first."),
      finding("error-message-before-screen", "n2", "Of another node."),
      finding("session-window", "n1", "Not about ends."),
    ];
    expect(mendsOf(died, findings)).toEqual(["Show a screen first."]);
    expect(mendsOf(died, [])).toEqual([expect.stringContaining("without prompt=none")]);
    expect(
      mendsOf(
        run({ kind: "success", userId: "u", authenticationMethods: [], reusedSession: false }),
        findings,
      ),
    ).toEqual([]);
  });

  it("puts the cause first, and leaves out what has nothing to do with this end", () => {
    const findings = [
      finding("comparison-without-exit", "n1", "Draw an edge."),
      finding("loop-without-screen", "n1", "A loop."),
      finding("stub-missing", "n1", "No stub."),
      finding("variable-without-value", "n1", "No value."),
    ];
    const circle = run({ kind: "died", reason: "the flow ran 500 nodes: it goes in a circle" });
    expect(mendsOf(circle, findings)).toEqual(["A loop.", "Draw an edge."]);
    const unclaimed = run({ kind: "died", reason: '"Node" (n1) ended false, and no exit of it is for that' });
    expect(mendsOf(unclaimed, findings)).toEqual(["Draw an edge."]);
    expect(mendsOf(unclaimed, findings, true)).toEqual(["No value.", "Draw an edge."]);
    const stubless = run({ kind: "died", reason: '"Node" (n1) has no stub' });
    expect(mendsOf(stubless, findings)).toEqual(["No stub.", "Draw an edge."]);
  });

  it.each([
    [undefined, true],
    ["Acme", false],
  ])("names a company variable without a value: %s", async (brand, isNamed) => {
    const flow = {
      ...exportedFlow({
        nodes: {
          a: {
            is: "functionsConnector.AEqualsB",
            properties: {
              leftValueA: richText("{{global.company.variables.brand}}"),
              rightValueB: richText("Other"),
            },
          },
          b: message("Next"),
        },
        ways: [["a", "true", "b"]],
      }),
      values: brand === undefined ? {} : { company: { brand } },
    };
    const { page } = await pageOfFlow(flow);
    expect(page.text.includes('The company variable "brand" has no value')).toBe(isNamed);
    expect(page.text.includes('"leftValueA": null')).toBe(isNamed);
  });

  it.each([
    ['"N" (n) shows an error before any screen: x', /Return Error Response/],
    ['"N" (n) ended true, and no exit of it is for that; PingOne answers requestTimedOut', /Draw an exit/],
    [
      'the flow stops at "N" (n), which has no exit; PingOne answers requestTimedOut',
      /Return Success or Return Error/,
    ],
    ['"N" (n) ends a sub-flow, and this is the main flow: x', /Redirect/],
    ["the flow ran 500 nodes without a screen: it goes in a circle", /loop/],
    [
      '"N" (n) starts the flow "S" (s), which is in none of the files; export it too',
      /give all files together/,
    ],
    ["no stub answers it", /stub file/],
    ['"N" (n) failed by a mistake of the emulator (TypeError), not of the flow', /Report it/],
    ['"N" (n) shows a form of PingOne, which an export does not hold', /forms\.json/],
    ["the flow f is not loaded any more", /Begin again/],
    ["Return Success without a user", /User Lookup/],
    ["what the flow keeps has grown to 9 characters", /Save less/],
    ["something else", /inputs and the output of the last step/],
  ])("knows what to do about: %s", (reason, mend) => {
    expect(mendsOf(run({ kind: "died", reason }), [])).toEqual([expect.stringMatching(mend)]);
  });
});
