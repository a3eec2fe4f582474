import { describe, expect, it } from "vitest";
import { exportedFlow } from "../../../testing/exported-flow.ts";
import { flowContext } from "../../../testing/flow-context.ts";
import type { Interaction } from "../interaction.ts";
import { createFlowLog } from "./flow-log.ts";
import { LOG_LIMITS } from "./logged-run.ts";

const flow = exportedFlow({ nodes: { a: { is: "nodeConnector.startNode", title: "Node" } } });
const [node] = flow.graph.nodes.values();

/** A run that reports as many nodes, each with these properties. */
function report(log: ReturnType<typeof createFlowLog>, id: string, nodes: number, properties = {}) {
  const frame = {
    flowId: flow.graph.id,
    runId: id,
    callerNodeId: undefined,
    parameters: {},
    variables: {},
    local: {},
    states: {},
    calls: [],
  };
  const interaction: Interaction = {
    id,
    context: flowContext(),
    policyId: "p",
    state: { frames: [frame], step: 0, remarks: [] },
    secrets: new Set(),
  };
  const observe = log.watch(interaction, flow);
  for (let index = 0; index < nodes && node; index += 1) {
    observe({ kind: "nodeStarted", flow: flow.graph, frame, node });
    observe({ kind: "nodeGiven", flow: flow.graph, frame, node, properties, raw: ["raw"] });
  }
  return interaction;
}

describe("the limits of the log", () => {
  it("drop the oldest events of a run, and say how many", () => {
    const book = createFlowLog(() => 0, { ...LOG_LIMITS, events: 3 });
    report(book, "r1", 5);
    expect(book.log.events("r1")?.map(({ number }) => number)).toEqual([3, 4, 5]);
    expect(book.log.run("r1")).toMatchObject({ eventCount: 5, droppedEvents: 2 });
  });

  it("drop events of a run that are too large together", () => {
    const book = createFlowLog(() => 0, { ...LOG_LIMITS, runSize: 5000 });
    report(book, "r1", 20, { text: "x".repeat(900) });
    const kept = book.log.events("r1") ?? [];
    expect(kept.length).toBeLessThan(6);
    expect(kept.at(-1)?.number).toBe(20);
  });

  it("drop the oldest runs, and say how many", () => {
    const book = createFlowLog(() => 0, { ...LOG_LIMITS, runs: 2 });
    for (const id of ["r1", "r2", "r3"]) report(book, id, 1);
    expect(book.log.runs().map(({ id }) => id)).toEqual(["r2", "r3"]);
    expect(book.log.droppedRuns).toBe(1);
    expect(book.log.events("r1")).toBeUndefined();
  });

  it("drop the oldest runs when all are too large together", () => {
    const book = createFlowLog(() => 0, { ...LOG_LIMITS, size: 10_000 });
    for (const id of ["r1", "r2", "r3", "r4"]) report(book, id, 4, { text: "x".repeat(900) });
    report(book, "r5", 0);
    expect(book.log.runs().map(({ id }) => id)).toEqual(["r3", "r4", "r5"]);
  });

  it("leave out templates and code, and inputs that have no value", () => {
    const book = createFlowLog(() => 0);
    report(book, "r1", 1, { raw: "<h1>", none: undefined, text: "shown" });
    expect(book.log.events("r1")?.[0]).toMatchObject({ properties: { text: "shown" } });
    expect(JSON.stringify(book.log.events("r1"))).not.toContain("<h1>");
  });

  it("do not let a reader change what is kept", () => {
    const book = createFlowLog(() => 0);
    report(book, "r1", 1, { text: "shown" });
    const [event] = book.log.events("r1") ?? [];
    if (event?.kind !== "node") throw new Error("no node");
    Object.assign(event.properties, { text: "changed" });
    expect(book.log.events("r1")?.[0]).toMatchObject({ properties: { text: "shown" } });
  });

  it("keep the log of a run that goes on after a restart, from there", async () => {
    const book = createFlowLog(() => 0);
    const interaction = report(book, "r1", 0);
    const [frame] = interaction.state.frames;
    if (!frame || !node) throw new Error("no frame");
    book.watch(
      interaction,
      flow,
    )({
      kind: "nodeDone",
      flow: flow.graph,
      frame: { ...frame, runId: undefined as never },
      node,
      isTrue: true,
      payload: { output: { word: "x" } },
      outcome: "-1",
      next: [node],
    });
    expect(book.log.events("r1")).toMatchObject([
      {
        kind: "node",
        flowRunId: "r1",
        success: true,
        output: { word: "x" },
        outcome: "-1",
        next: [{ id: "a" }],
      },
    ]);
  });
});
