import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { flowGraph, flowNode, type NodeRun, prepareNode } from "../../testing/connector-call.ts";
import { richText } from "../../testing/graph-builder.ts";
import type { Connector } from "../engine/capability.ts";
import type { Exit } from "../graph/graph.ts";
import { createStubs, hasStub, missingStub, runStub, stubsSchema } from "./stubs.ts";

type File = z.input<typeof stubsSchema>;

const smtp: Connector = {
  id: "smtpConnector",
  name: "SMTP",
  capabilities: {
    sendEmail: { about: "", inputs: {}, outputs: {}, errors: {}, run: () => ({ kind: "success" }) },
  },
};
const callOf = (run: NodeRun = {}) => prepareNode(smtp, "sendEmail", run).call;
const stubsOf = (...files: File[]) => createStubs(files.map((file) => stubsSchema.parse(file)));
const answer = (file: File, run: NodeRun = {}) => runStub(callOf(run), stubsOf(file));
const output = (value: unknown) => ({ kind: "success", output: value });

describe("an answer", () => {
  it("is an output, with an outcome, or an error", () => {
    const capabilities = (given: object) => ({ capabilities: { "smtpConnector.sendEmail": given } });
    expect(answer(capabilities({ output: { ok: 1 } }))).toEqual(output({ ok: 1 }));
    expect(answer(capabilities({}))).toEqual({ kind: "success" });
    expect(answer(capabilities({ output: 1, outcome: "id1" }))).toEqual({ ...output(1), outcome: "id1" });
    expect(
      answer(capabilities({ error: { code: "c", message: "m", details: [1], httpResponseCode: 400 } })),
    ).toEqual({
      kind: "failure",
      error: { code: "c", message: "m", details: [1], httpResponseCode: 400 },
    });
    expect(answer(capabilities({ error: { code: "c", message: "m" }, output: { raw: 1 } }))).toEqual({
      kind: "failure",
      error: { code: "c", message: "m" },
      output: { raw: 1 },
    });
  });

  it("for a node goes before one for its title, and that before one for the capability", () => {
    const capabilities = { "smtpConnector.sendEmail": { output: "capability" } };
    const title = { "Node of the test": { output: "title" } };
    expect(answer({ capabilities })).toEqual(output("capability"));
    expect(answer({ capabilities, nodes: title })).toEqual(output("title"));
    expect(answer({ capabilities, nodes: { ...title, node1: { output: "id" } } })).toEqual(output("id"));
  });

  it("of a list is taken in turn, the last one from then on", () => {
    const nodes = { node1: [{ output: 1 }, { output: 2 }] };
    expect([0, 1, 2, 9].map((visits) => answer({ nodes }, { visits }))).toEqual([1, 2, 2, 2].map(output));
  });

  it("may depend on properties of the node, and leaves others to what is less specific", () => {
    const file = {
      nodes: {
        node1: [
          { when: { url: "https://a.example" }, output: "a" },
          { when: { count: 5 }, output: "five" },
          { when: { body: { x: [1] } }, output: "body" },
          { when: JSON.parse('{ "constructor": "x" }'), output: "never" },
        ],
      },
      capabilities: { "smtpConnector.sendEmail": { output: "other" } },
    };
    const withProperties = (properties: Record<string, unknown>, visits = 0) =>
      answer(file, { properties, visits, local: { n1: { payload: { output: { x: [1] } } } } });
    expect(withProperties({ url: { value: richText("https://a.example") } })).toEqual(output("a"));
    expect(withProperties({ url: { value: "https://a.example" } }, 3)).toEqual(output("a"));
    expect(withProperties({ count: { value: richText("5") } })).toEqual(output("five"));
    expect(withProperties({ body: { value: richText("{{local.n1.payload.output}}") } })).toEqual(
      output("body"),
    );
    expect(withProperties({ url: { value: "https://b.example" } })).toEqual(output("other"));
  });

  it("of a later file replaces the same of an earlier one", () => {
    const stubs = stubsOf({ nodes: { node1: { output: 1 } } }, { nodes: { node1: { output: 2 } } });
    expect(runStub(callOf(), stubs)).toEqual(output(2));
  });

  it("is not found by names of prototypes", () => {
    const stubs = stubsOf({});
    for (const name of ["constructor", "__proto__", "toString"]) {
      expect(hasStub(flowNode({ id: name, title: name, connectorId: name }), stubs)).toBe(false);
    }
  });
});

describe("a stub file", () => {
  it.each([
    ["a capability without a connector", { capabilities: { sendEmail: {} } }],
    ["an unknown part", { connectors: {} }],
    ["an unknown member of an answer", { nodes: { a: { outputs: {} } } }],
    ["an empty list", { nodes: { a: [] } }],
    ["an error without a code", { nodes: { a: { error: { message: "m" } } } }],
    ["an error with an outcome", { nodes: { a: { error: { code: "c", message: "m" }, outcome: "x" } } }],
  ])("is refused with %s", (_, file) => {
    expect(stubsSchema.safeParse(file).success).toBe(false);
  });

  it("is told what an answer is where it has something else", () => {
    const { error } = stubsSchema.safeParse({ capabilities: { "acmeConnector.score": "LOW" } });
    expect(error?.issues[0]?.message).toMatch(/^must be an answer, such as \{ "output"/);
  });

  it("is accepted as docs/davinci-connectors.md shows it", () => {
    const [, example = ""] =
      /```json\n([\s\S]*?)```/.exec(readFileSync("docs/davinci-connectors.md", "utf8")) ?? [];
    expect(stubsSchema.parse(JSON.parse(example))).toEqual(JSON.parse(example));
  });

  it("says in its schema what each part is", () => {
    expect(stubsSchema.shape.nodes.description).toContain("title or the id");
  });
});

describe("a missing stub", () => {
  const exit: Exit = { evalId: "e", outcome: "id1", operator: "allTriggersTrue", target: "x", triggers: [] };
  const reads = (...paths: string[]) =>
    flowNode({
      id: "n2",
      properties: {
        a: { value: richText(...paths.map((path) => `{{${path}}}`)) },
        b: { value: "local.n2.payload.output.no" },
      },
    });
  const node = flowNode({ connectorId: "apiConnector", capabilityName: "call", title: "Ask" });
  const shapeOf = (...paths: string[]) => {
    const text = missingStub(flowGraph([node, reads(...paths)]), node);
    return JSON.parse(/: (\{"capabilities".*\}) \(or/.exec(text)?.[1] ?? "null").capabilities[
      "apiConnector.call"
    ];
  };

  it("ends the run with a reason that names node, capability, file and what to write", () => {
    const { call } = prepareNode(smtp, "sendEmail", {
      node: { title: "Mail" },
      others: [reads("local.node1.payload.output.rawResponse.id")],
    });
    expect(runStub(call, stubsOf({}))).toEqual({
      kind: "end",
      outcome: {
        kind: "died",
        reason:
          '"Mail" (node1) runs smtpConnector.sendEmail, which is not run here and has no stub. Write its answer into stubs.json beside the file of the flow "Flow of the test", for all nodes of the capability or under "nodes" for this title or id: {"capabilities":{"smtpConnector.sendEmail":{"output":{"rawResponse":{"id":""}}}}} (or {"error":{"code":"...","message":"..."}} to make the node false).',
      },
    });
  });

  it("is told apart from stubs of which none fits", () => {
    const effect = answer({ nodes: { node1: { when: { a: 1 }, output: 1 } } });
    expect(effect).toMatchObject({ outcome: { reason: expect.stringContaining('none whose "when" fits') } });
  });

  it.each([
    [["local.node1.payload.output"], {}],
    [["local.node1.payload.error.message"], {}],
    [["local.node10.payload.output.a"], {}],
    [["local.node1.payload.output.a", "local.node1.payload.output.a"], { a: "" }],
    [
      ["local.node1.payload.output.a.b", "local.node1.payload.output.a", "local.node1.payload.output.a.c"],
      { a: { b: "", c: "" } },
    ],
    [
      ["local.node1.payload.output.list[0].id", "local.node1.payload.output.list[1].id"],
      { list: [{ id: "" }] },
    ],
    [
      ["local.node1.payload.output.__proto__.x", "local.node1.payload.output.constructor"],
      JSON.parse('{"constructor":"","__proto__":{"x":""}}'),
    ],
  ])("shows what the flow reads: %j", (paths, expected) => {
    expect(JSON.stringify(shapeOf(...paths).output)).toBe(JSON.stringify(expected));
  });

  it("shows at most forty outputs", () => {
    const paths = Array.from({ length: 100 }, (_, index) => `local.node1.payload.output.a${index}`);
    expect(Object.keys(shapeOf(...paths).output)).toHaveLength(40);
  });

  it("names the outcomes that edges claim", () => {
    const branching = { ...node, exits: [exit, { ...exit, outcome: "-1" }, { ...exit, outcome: undefined }] };
    expect(missingStub(flowGraph([branching]), branching)).toContain('"outcome":"id1 | -1"');
  });
});
