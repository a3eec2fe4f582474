/** Connectors and stubs in the engine. */
import { describe, expect, it } from "vitest";
import { prepareNode } from "../../testing/connector-call.ts";
import { buildFlow, type FlowSpec, richText } from "../../testing/graph-builder.ts";
import { FlowRun } from "../engine/run.ts";
import { VariableStore } from "../engine/variables.ts";
import type { FlowGraph } from "../graph/graph.ts";
import { readContent } from "../graph/read-export.ts";
import { nodeConnector } from "./node.ts";
import { createRegistry } from "./registry.ts";
import { createStubs, runStub, stubsSchema } from "./stubs.ts";

/** Runs to the end of the flow, which is without a screen, and returns the reason. */
async function reasonOf(spec: FlowSpec, stubFile: object = {}): Promise<string> {
  const read = readContent(buildFlow(spec));
  if (read.kind === "refused") throw new Error(read.reason);
  const { call } = prepareNode(nodeConnector, "startNode");
  const stubs = createStubs([stubsSchema.parse(stubFile)]);
  const ended = await new FlowRun({
    flow: {
      policyId: "p",
      name: "flow",
      description: "",
      graph: read.main as FlowGraph,
      together: read.flows,
      values: {},
      runForeign: (foreign) => runStub(foreign, stubs),
    },
    interaction: {
      id: "i-1",
      context: call.context,
      policyId: "p",
      state: { frames: [], step: 0, remarks: [] },
      secrets: new Set(),
    },
    services: call.services,
    variables: new VariableStore(),
    registry: createRegistry(),
  }).begin({});
  return ended.kind === "died" ? ended.reason : ended.kind;
}

const fails = (message: string) => ({
  is: "errorConnector.customErrorMessage",
  properties: { errorMessage: richText(message) },
});

describe("a run", () => {
  it("takes the answers of a stub in turn, each time that the node runs", async () => {
    const spec: FlowSpec = {
      nodes: {
        count: {
          is: "variablesConnector.saveValue",
          properties: { saveVariables: [{ name: "n", type: "number", value: "0" }] },
        },
        ask: { is: "apiConnector.call" },
        add: {
          is: "variablesConnector.incrementByN",
          properties: { variable: "n", incrementCounter: "1" },
        },
        again: { is: "nodeConnector.goToNode", properties: { nodeInstanceId: "start" } },
        start: { is: "nodeConnector.startNode" },
        which: {
          is: "functionsConnector.AEqualsMultipleB",
          properties: {
            leftValueA: richText("{{local.ask.payload.output.text}}"),
            rightValueMultiple: [{ id: "yes", value: richText("yes") }],
          },
        },
        done: {
          is: "errorConnector.customErrorMessage",
          properties: { errorMessage: richText("after ", "{{global.variables.n}}", " failures") },
        },
        other: fails("another answer"),
      },
      ways: [
        ["count", "true", "ask"],
        ["ask", "false", "add"],
        ["add", "true", "again"],
        ["start", "true", "ask"],
        ["ask", "true", "which"],
        ["which", "=yes", "done"],
        ["which", "=-1", "other"],
      ],
    };
    const error = { error: { code: "timeout", message: "m" } };
    const stubs = (...answers: object[]) => ({ nodes: { ask: answers } });
    expect(await reasonOf(spec, stubs(error, error, { output: { text: "yes" } }))).toContain(
      "after 2 failures",
    );
    expect(await reasonOf(spec, stubs(error, { output: { text: "no" } }))).toContain("another answer");
    expect(await reasonOf(spec)).toContain('{"apiConnector.call":{"output":{"text":""}}}');
  });

  it("calls a start node and gets back what it returns", async () => {
    const reason = await reasonOf({
      nodes: {
        call: { is: "nodeConnector.goToNode", properties: { nodeInstanceId: "start", name: "Ann" } },
        start: { is: "nodeConnector.startNode" },
        back: {
          is: "nodeConnector.returnBackToCallingNode",
          properties: { greeting: richText("Hello ", "{{local.start.payload.output.name}}") },
        },
        end: fails("{{local.call.payload.output.greeting}}"),
      },
      ways: [
        ["call", "true", "end"],
        ["start", "true", "back"],
      ],
    });
    expect(reason).toContain("Hello Ann");
  });
});
