import { describe, expect, test } from "vitest";
import { buildFlow, FLOW_ID, type FlowSpec } from "../../testing/graph-builder.ts";
import { readContent, readExport } from "./read-export.ts";

const SMALL: FlowSpec = { nodes: { a: { is: "t.ok" }, b: { is: "t.ok" } }, ways: [["a", "true", "b"]] };

const reasonOf = (text: string) => {
  const read = readExport(text);
  return read.kind === "refused" ? read.reason : undefined;
};

function flowsOf(content: unknown) {
  const read = readContent(content);
  if (read.kind === "refused") throw new Error(read.reason);
  return read;
}

/** The flow with a change to its nodes and edges. */
function changed(change: (elements: ReturnType<typeof buildFlow>["graphData"]["elements"]) => void) {
  const flow = buildFlow(SMALL);
  change(flow.graphData.elements);
  return flow;
}

describe("a file is refused with its reason", () => {
  const text = JSON.stringify(buildFlow(SMALL));
  test.each([
    ["a ZIP archive", "PK\u0003\u0004rest", /ZIP archive; unpack it/],
    ["an empty file", " \n", /is empty/],
    ["an empty ZIP archive", "PK\u0005\u0006rest", /ZIP archive; unpack it/],
    ["what gzip wrote", "\u001F\uFFFD\b\0", /gzip; unpack it/],
    ["UTF-16 without a mark", [...text].map((char) => `${char}\0`).join(""), /UTF-16; save it/],
    [
      "a file that is cut off",
      text.slice(0, 200),
      /cut off before its end \(line 1, column \d+: unexpected end of string\)/,
    ],
    ["a file that is cut off behind a brace", text.slice(0, -2), /cut off before its end/],
    ["a file that is no JSON", "<html></html>", /not JSON \(line 1, column 1: .*\); give the file/],
    ["a mistake in the JSON", text.replace('":', '" '), /not JSON \(line 1, column 11: colon expected\)/],
    ["bytes", `\uFFFD\uFFFD${"\0".repeat(50)}`, /^this is not JSON; give/],
    ["flows that are no list", '{"flows":{}}', /"flows" is no list/],
    [
      "nodes that are no list",
      '{"graphData":{"elements":{"nodes":{}}}}',
      /"graphData.elements.nodes" is missing or no list/,
    ],
    ["millions of values", `{"x":[${"{},".repeat(800_000)}0]}`, /more than 1500000 values/],
    [
      "a thousand flows and more",
      `{"flows":[${"{},".repeat(1000)}{}]}`,
      /holds 1001 flows; 1000 are allowed/,
    ],
    ["a list", "[]", /no JSON object/],
    ["an object without a graph", '{"name":"x"}', /"graphData.elements.nodes" of "x" is missing/],
    ["an envelope without flows", '{"flows":[]}', /"flows" is empty/],
    ["an envelope of something else", '{"flows":["x"]}', /no object/],
    ["deep nesting", `{"flows":${"[".repeat(200_000)}`, /nested too deeply|cut off|not JSON/],
  ])("%s", (_, content, reason) => {
    expect(reasonOf(content)).toMatch(reason);
  });

  test("two nodes of one id", () => {
    const twice = changed(({ nodes }) => nodes.push({ data: { id: "a", nodeType: "CONNECTION" } as never }));
    expect(readContent(twice)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("have the id a"),
    });
  });

  test("an id that is none", () => {
    const hostile = changed(({ nodes }) => nodes.push({ data: { id: "__proto__" } as never }));
    expect(readContent(hostile)).toMatchObject({
      reason: expect.stringMatching(/^node 4 of the flow "Test flow" has no usable id: /),
    });
  });

  test("content that a request brought, nested too deeply or of millions of values", () => {
    let deep: unknown = {};
    for (let level = 0; level < 300; level += 1) deep = { deep };
    expect(readContent(deep)).toMatchObject({ reason: expect.stringContaining("nested too deeply") });
    const many = { x: Array.from({ length: 1_500_001 }, () => 0) };
    expect(readContent(many)).toMatchObject({ reason: expect.stringContaining("values") });
  });

  test("two flows of one id", () => {
    expect(readContent({ flows: [buildFlow(SMALL), buildFlow(SMALL)] })).toMatchObject({
      reason: expect.stringContaining(FLOW_ID),
    });
  });
});

test("a byte order mark is passed over", () => {
  expect(readExport(`\uFEFF${JSON.stringify(buildFlow(SMALL))}`).kind).toBe("flows");
});

test("both envelopes are read, and the main flow is the one that is no other's sub-flow", () => {
  const sub = buildFlow({ ...SMALL, id: "b".repeat(32), name: "Sub" });
  const main = buildFlow({
    name: "Main",
    nodes: {
      start: {
        is: "flowConnector.startUiSubFlow",
        properties: { subFlowId: { label: "Sub", value: "b".repeat(32) } },
      },
    },
  });
  expect(flowsOf(main).main.name).toBe("Main");
  expect(flowsOf({ flows: [sub, main] }).main.name).toBe("Main");
  expect(flowsOf({ flows: [main, { ...sub, parentFlowId: "b".repeat(32) }] }).main.name).toBe("Sub");
});

test("a node that names a connector runs it, whatever the file says of its type", () => {
  const flow = changed(({ nodes }) => {
    for (const { data } of nodes)
      if (data.nodeType === "CONNECTION") Object.assign(data, { nodeType: "connection" });
  });
  expect([...flowsOf(flow).main.nodes.keys()]).toEqual(["a", "b"]);
});

test("repeated edges are one exit, and left-over operators are passed over", () => {
  const flow = changed(({ nodes, edges }) => {
    edges.push(...structuredClone(edges), ...structuredClone(edges));
    const operator = nodes.find(({ data }) => data.nodeType === "EVAL")?.data.properties as Record<
      string,
      unknown
    >;
    Object.assign(operator, { gone: { value: "always" }, undefined: { value: "anyTriggersFalse" } });
  });
  const { main } = flowsOf(flow);
  expect(main.nodes.get("a")?.exits).toEqual([
    { evalId: "eval0", outcome: undefined, operator: "allTriggersTrue", target: "b", triggers: ["a"] },
  ]);
  expect(main.irregularities).toEqual([]);
  expect(main.entry).toBe("a");
});

describe("irregularities", () => {
  const codesOf = (flow: unknown) => flowsOf(flow).main.irregularities.map(({ code }) => code);
  test.each([
    ["operator-without-exit", changed(({ edges }) => edges.pop())],
    [
      "edge-joins-two-connections",
      changed(({ edges }) => edges.push({ data: { source: "a", target: "b" } })),
    ],
    [
      "edge-to-nowhere",
      changed(({ edges }) => edges.push({ data: { source: { toString: 1 }, target: [] } as never })),
    ],
    ["edge-to-nowhere", changed(({ edges }) => edges.push({ data: { source: "b", target: "gone" } }))],
    [
      "edge-to-nowhere",
      changed(({ nodes, edges }) => {
        nodes.push({ data: { id: "eval9", nodeType: "EVAL", properties: {} } });
        edges.push({ data: { source: "eval0", target: "eval9" } });
      }),
    ],
    [
      "unknown-operator",
      changed(({ nodes }) =>
        Object.assign(nodes[2]?.data.properties as object, { b: { value: "sometimes" } }),
      ),
    ],
    ["several-entries", buildFlow({ ...SMALL, nodes: { ...SMALL.nodes, c: { is: "t.ok" } } })],
    ["no-entry", buildFlow({ nodes: { a: { is: "t.ok" } }, ways: [["a", "true", "a"]] })],
  ])("%s", (code, flow) => {
    expect(codesOf(flow)).toContain(code);
    expect(codesOf(buildFlow(SMALL))).toEqual([]);
  });
});

test("of several entries the one that leads somewhere begins the run", () => {
  const flow = buildFlow({ nodes: { left: { is: "t.ok" }, ...SMALL.nodes }, ways: SMALL.ways ?? [] });
  expect(flowsOf(flow).main.entry).toBe("a");
});

test("the context of a variable stands in its name", () => {
  const variables = [
    { name: "one##SK##flowInstance", fields: { type: "number", value: 3 } },
    { name: "two##SK##company", context: "company" },
    { name: "three##SK##nonsense" },
    "four",
  ];
  expect(flowsOf(buildFlow({ ...SMALL, variables })).main.variables).toEqual([
    { name: "one", context: "flowInstance", type: "number", value: 3 },
    { name: "two", context: "company", type: "string", value: undefined },
  ]);
});

test("10,000 nodes are read in a moment; ways without number are refused", () => {
  const many = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`n${index}`, { is: "t.ok" }]),
  );
  const chain = Array.from({ length: 9999 }, (_, index) => [`n${index}`, "true", `n${index + 1}`] as const);
  expect(flowsOf(buildFlow({ nodes: many, ways: chain })).main.nodes.size).toBe(10_000);
  const all = Object.keys(many);
  const dense = buildFlow({
    nodes: many,
    ways: all.slice(0, 500).map((to) => [all.slice(0, 500), "true", to] as const),
  });
  expect(readContent(dense)).toMatchObject({ reason: expect.stringContaining("ways between nodes") });
});
