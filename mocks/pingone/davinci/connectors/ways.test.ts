/** Connectors that decide where a run goes on: Teleport, Flow Conductor, Error Message. */
import { describe, expect, it } from "vitest";
import { flowNode, type NodeRun, runNode } from "../../testing/connector-call.ts";
import { richText } from "../../testing/graph-builder.ts";
import { errorConnector } from "./error.ts";
import { flowConnector } from "./flow.ts";
import { nodeConnector } from "./node.ts";

describe("Teleport", () => {
  const start = flowNode({
    id: "s1",
    connectorId: "nodeConnector",
    capabilityName: "startNode",
    title: "Start",
  });
  const goTo = (properties: Record<string, unknown>, run: NodeRun = {}) =>
    runNode(nodeConnector, "goToNode", { properties, others: [start], ...run });

  it("goes to the start node with every other property, and clears none by itself", async () => {
    const { effect } = await goTo(
      {
        nodeInstanceId: { value: "s1" },
        nodeTitle: { value: "Go to Sign On" },
        nodeDescription: {},
        backgroundColor: { value: "#fff" },
        userId: { value: richText("{{local.n1.payload.output.id}}") },
        absent: { value: richText("{{local.n1.payload.output.none}}") },
        message: { value: richText("Sent to ", "{{local.n1.payload.output.id}}") },
      },
      { local: { n1: { payload: { output: { id: "u1" } } } } },
    );
    expect(effect).toEqual({
      kind: "goTo",
      nodeId: "s1",
      output: { userId: "u1", absent: undefined, message: "Sent to u1" },
    });
  });

  it.each([
    ["constructor", '"Node of the test" (node1) names constructor, which is not in this flow'],
    ["node1", 'names "Node of the test" (node1), which is no start node'],
    [undefined, "names no start node"],
  ])("ends the run with a reason for %s", async (nodeInstanceId, reason) => {
    expect((await goTo({ nodeInstanceId: { value: nodeInstanceId } })).effect).toEqual({
      kind: "end",
      outcome: { kind: "died", reason: expect.stringContaining(reason) },
    });
  });

  it("takes no argument for a prototype", async () => {
    const properties = JSON.parse(
      '{ "nodeInstanceId": { "value": "s1" }, "__proto__": { "value": { "admin": true } } }',
    );
    const { effect } = await goTo(properties);
    expect(effect).toEqual({ kind: "goTo", nodeId: "s1", output: {} });
    expect((effect as { output: object }).output).not.toHaveProperty("admin");
  });

  it("returns with its own properties", async () => {
    const { effect } = await runNode(nodeConnector, "returnBackToCallingNode", {
      properties: { success: { value: "true" }, outputSchema: { value: "{}" }, nodeTitle: { value: "Back" } },
    });
    expect(effect).toEqual({ kind: "returnToCaller", output: { success: "true" } });
  });

  it("passes a start node", async () => {
    expect((await runNode(nodeConnector, "startNode")).effect).toEqual({ kind: "success" });
  });
});

describe("Flow Conductor", () => {
  const run = (properties: Record<string, unknown>, capability = "startUiSubFlow") =>
    runNode(flowConnector, capability, { properties });
  const subFlowId = { value: { label: "Sub", value: "f2" } };

  it.each(["startUiSubFlow", "startSubFlow"])(
    "%s starts the flow with its other properties",
    async (capability) => {
      const { effect, remarks } = await run(
        {
          subFlowId,
          subFlowVersionId: { value: -1 },
          nodeTitle: { value: "Sign On Flow" },
          showSuccessMessage: { value: richText("true") },
        },
        capability,
      );
      expect(effect).toEqual({
        kind: "startFlow",
        flowId: "f2",
        label: "Sub",
        parameters: { showSuccessMessage: "true" },
      });
      expect(remarks).toEqual([]);
    },
  );

  it("takes an id without a label", async () => {
    expect((await run({ subFlowId: { value: "f2" } })).effect).toMatchObject({
      flowId: "f2",
      label: undefined,
    });
  });

  it("says that another version than the one in the file cannot run", async () => {
    expect((await run({ subFlowId, subFlowVersionId: { value: "7" } })).remarks).toEqual([
      expect.stringContaining("version 7"),
    ]);
    expect((await run({ subFlowId, subFlowVersionId: { value: "-1" } })).remarks).toEqual([]);
  });

  it.each([[undefined], [{}], [{ value: {} }]])("ends the run when %j names no flow", async (given) => {
    expect((await run({ subFlowId: given })).effect).toEqual({
      kind: "end",
      outcome: { kind: "died", reason: expect.stringContaining("names no sub-flow") },
    });
  });

  it("lets other nodes that are due run first", () => {
    expect(flowConnector.capabilities.startUiSubFlow.isDeferred).toBe(true);
    expect(errorConnector.capabilities.customErrorMessage.isDeferred).toBe(true);
  });
});

describe("Error Message", () => {
  const run = (properties: Record<string, unknown>, local = {}) =>
    runNode(errorConnector, "customErrorMessage", { properties, local });

  it("shows its message, not its description", async () => {
    const { effect, remarks } = await run(
      {
        errorMessage: {
          value: richText("{{local.n1.payload.error.code}}", " ", "{{local.n1.payload.error.message}}"),
        },
        errorDescription: { value: richText("for the log") },
      },
      { n1: { payload: { error: { code: "notFound", message: "Nobody." } } } },
    );
    expect(effect).toEqual({ kind: "showError", message: "notFound Nobody." });
    expect(remarks).toEqual([]);
  });

  it.each([[undefined], [{ value: richText("{{local.n1.payload.error.message}}") }], [{ value: " " }]])(
    "shows a general sentence for %j, and says so",
    async (errorMessage) => {
      const { effect, remarks } = await run({ errorMessage });
      expect(effect).toEqual({ kind: "showError", message: "An error occurred." });
      expect(remarks).toHaveLength(1);
    },
  );
});
