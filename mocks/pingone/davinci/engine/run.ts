/**
 * Runs a flow from one node until a screen is due or the flow ends. Everything that a flow can do wrong ends the run with
 * a reason; nothing of a flow or of a browser makes it throw or go on without end.
 */
import { randomUUID } from "node:crypto";
import type { FlowOutcome } from "../contracts.ts";
import { FlowLibrary } from "../graph/flow-library.ts";
import type { FlowGraph, FlowNode } from "../graph/graph.ts";
import { RunLimitError, setOwn } from "../graph/values.ts";
import { POLL, type Screen, type ScreenMessages, type SubmittedFields } from "../screens/screen.ts";
import { countVisit, makeCall, type RunOf, remark } from "./call.ts";
import type { Call, Capability, Effect } from "./capability.ts";
import { nextNodes } from "./exits.ts";
import { localized } from "./localized.ts";
import { describeMistake } from "./mistake.ts";
import type { Observation, Observe } from "./observer.ts";
import type { ConnectorError, Frame, NodePayload, RunState } from "./run-state.ts";

export interface RunLimits {
  /** Nodes that one request may run. */
  readonly steps: number;
  /** Milliseconds that one request may take. */
  readonly time: number;
  /** Flows that may wait for each other. */
  readonly depth: number;
  /** Characters of the state of one run, as JSON. */
  readonly state: number;
}
export const RUN_LIMITS: RunLimits = { steps: 500, time: 15_000, depth: 20, state: 8_000_000 };

/** What implements the nodes. */
export interface CapabilityRegistry {
  find(connectorId: string, capabilityName: string): Capability | undefined;
}

type Ended = Exclude<FlowOutcome, { kind: "screen" }>;
/** A screen is shown, as the state says, or the flow has ended. */
export type Advanced = { readonly kind: "shown" } | Ended;

/** A death with its reason. */
class Death extends Error {}

export interface FlowRunOptions extends RunOf {
  readonly registry: CapabilityRegistry;
  readonly limits?: RunLimits | undefined;
  /** Told what happens, for the log. */
  readonly observe?: Observe | undefined;
}

export class FlowRun {
  readonly #options: FlowRunOptions;
  readonly #state: RunState;
  readonly #limits: RunLimits;
  readonly #graphs: ReadonlyMap<string, FlowGraph>;
  readonly #deadline: number;
  #steps = 0;
  #running: FlowNode | undefined;
  /** Nodes of the topmost frame that are due. */
  #due: string[] = [];
  /** The frames when the screen was answered, with the calls under way: a message shows that screen again, there. */
  #framesOfScreen: readonly Frame[] = [];

  constructor(options: FlowRunOptions) {
    this.#options = options;
    this.#state = options.interaction.state;
    this.#limits = options.limits ?? RUN_LIMITS;
    this.#graphs = new Map(options.flow.together.toReversed().map((graph) => [graph.id, graph]));
    this.#deadline = performance.now() + this.#limits.time;
  }

  begin(parameters: Record<string, unknown>): Promise<Advanced> {
    return this.#guard(() => {
      this.#enter(this.#options.flow.graph, undefined, parameters);
      return this.#advance();
    });
  }

  /** @param fields As the screen accepted them. */
  answer(fields: SubmittedFields): Promise<Advanced> {
    return this.#guard(async () => {
      const { shown } = this.#state;
      if (!shown) throw new Death("no screen is shown");
      this.#framesOfScreen = this.#state.frames.map((frame) => ({ ...frame, calls: [...frame.calls] }));
      if (Object.hasOwn(fields, POLL)) shown.polls = (shown.polls ?? 0) + 1;
      const node = this.#node(shown.nodeId);
      this.#running = node;
      const capability = this.#find(node);
      this.#tell({ kind: "screenAnswered", node, screen: shown.screen, fields });
      const effect = await this.#timed(node, async () => {
        const answered = await capability?.answer?.(this.#call(node, capability), fields);
        return answered ?? { kind: "success", output: { ...fields } };
      });
      const ended = this.#apply(node, effect);
      return ended ?? this.#advance();
    });
  }

  /** Goes on behind a node of the topmost flow, as when a link is opened. */
  resume(nodeId: string, output: Record<string, unknown>): Promise<Advanced> {
    return this.#guard(async () => {
      this.#complete(this.#node(nodeId), true, { output });
      return this.#advance();
    });
  }

  async #guard(act: () => Promise<Advanced>): Promise<Advanced> {
    try {
      const advanced = await act();
      const size = JSON.stringify(this.#state.frames).length;
      if (size > this.#limits.state) {
        throw new Death(
          `what the flow keeps has grown to ${size} characters; ${this.#limits.state} are allowed`,
        );
      }
      return advanced;
    } catch (error) {
      if (error instanceof Death || error instanceof RunLimitError) {
        return { kind: "died", reason: error.message };
      }
      const where = this.#running ? nameOf(this.#running) : "the flow";
      return { kind: "died", reason: describeMistake(error, where) };
    }
  }

  async #advance(): Promise<Advanced> {
    for (;;) {
      const node = this.#takeDue();
      this.#steps += 1;
      if (this.#steps > this.#limits.steps) {
        throw new Death(
          `the flow ran ${this.#limits.steps} nodes without a screen and would go on with ${nameOf(node)}: it goes in a circle`,
        );
      }
      if (performance.now() > this.#deadline) {
        throw new Death(
          `the flow took longer than ${this.#limits.time / 1000} seconds, up to ${nameOf(node)}`,
        );
      }
      const effect = await this.#runNode(node);
      const ended = this.#apply(node, effect);
      if (ended) return ended;
    }
  }

  /** What shows a screen or leaves the flow waits for the others that are due. */
  #takeDue(): FlowNode {
    const isDeferred = (id: string) => this.#find(this.#node(id))?.isDeferred === true;
    const first = this.#due.findIndex((id) => !isDeferred(id));
    const [id] = this.#due.splice(Math.max(first, 0), 1);
    if (id === undefined) throw new Death("the flow has no node that is due");
    return this.#node(id);
  }

  async #runNode(node: FlowNode): Promise<Effect> {
    this.#running = node;
    this.#tell({ kind: "nodeStarted", node });
    if (node.isDisabled) {
      remark(this.#state, `${nameOf(node)} is disabled and was skipped; what PingOne does is not verified`);
      return { kind: "success" };
    }
    const capability = this.#find(node);
    const call = this.#call(node, capability);
    countVisit(this.#options, this.#graph, node);
    this.#tell({
      kind: "nodeGiven",
      node,
      properties: call.properties,
      raw: capability?.rawProperties ?? [],
    });
    return this.#timed(node, () => (capability ? capability.run(call) : this.#options.flow.runForeign(call)));
  }

  async #timed(node: FlowNode, run: () => Effect | Promise<Effect>): Promise<Effect> {
    const startedAt = performance.now();
    const effect = await run();
    this.#tell({ kind: "nodeRan", node, effect, milliseconds: performance.now() - startedAt });
    return effect;
  }

  /** Carries out what the node led to. Returns what ends this request, if anything does. */
  #apply(node: FlowNode, effect: Effect): Advanced | undefined {
    switch (effect.kind) {
      case "success":
        this.#complete(node, true, { output: effect.output }, effect.outcome);
        return undefined;
      case "false":
        this.#complete(node, false, { output: effect.output });
        return undefined;
      case "failure":
        this.#complete(node, false, { output: effect.output, error: localized(node, effect.error) });
        return undefined;
      case "screen":
        return this.#show(node, effect.screen);
      case "showError":
        return this.#showError(node, effect.message);
      case "showAgain":
        return this.#showAgain(node, effect.notice === undefined ? {} : { notice: effect.notice });
      case "wait":
        if (this.#due.length > 0) return undefined;
        throw new Death(
          `${nameOf(node)} waits for a link to be opened, and nothing else of the flow is due; PingOne answers requestTimedOut`,
        );
      case "goTo":
        this.#goTo(node, effect);
        return undefined;
      case "returnToCaller":
        this.#returnToCaller(node, effect.output);
        return undefined;
      case "startFlow":
        this.#startFlow(node, effect);
        return undefined;
      case "leaveFlow":
        this.#leaveFlow(node, effect);
        return undefined;
      case "end":
        return effect.outcome;
    }
  }

  #complete(node: FlowNode, isTrue: boolean, payload: NodePayload, outcome?: string): void {
    const frame = this.#frame;
    frame.local[node.id] = { payload };
    frame.states[node.id] = isTrue;
    const next = nextNodes(node, isTrue, outcome, frame.states);
    const nextOnes = next.flatMap((id) => this.#graph.nodes.get(id) ?? []);
    this.#tell({ kind: "nodeDone", node, isTrue, payload, outcome, next: nextOnes });
    this.#due.push(...next.filter((id) => !this.#due.includes(id)));
    if (this.#due.length > 0) return;
    const how =
      outcome === undefined ? String(isTrue) : outcome === "-1" ? "matching no value" : `outcome ${outcome}`;
    const error = payload.error ? ` (${payload.error.code}: ${payload.error.message})` : "";
    throw new Death(
      node.exits.length === 0
        ? `the flow stops at ${nameOf(node)}, which has no exit; PingOne answers requestTimedOut`
        : `${nameOf(node)} ended ${how}${error}, and no exit of it is for that; PingOne answers requestTimedOut`,
    );
  }

  #show(node: FlowNode, screen: Screen): Advanced {
    if (this.#options.interaction.context.silent) {
      throw new Death(`prompt=none, but ${nameOf(node)} needs a screen`);
    }
    if (this.#due.length > 0) {
      const waiting = this.#due.map((id) => nameOf(this.#node(id))).join(", ");
      remark(
        this.#state,
        `${waiting} would run beside the screen ${nameOf(node)}, and was dropped; what PingOne does is not verified`,
      );
      this.#due = [];
    }
    this.#state.shown = { nodeId: node.id, screen, values: {}, messages: {} };
    this.#state.step += 1;
    this.#tell({ kind: "screenShown", node, screen });
    return { kind: "shown" };
  }

  #showError(node: FlowNode, message: string): Advanced {
    if (!this.#state.shown) {
      throw new Death(`${nameOf(node)} shows an error before any screen: ${message || "it has no message"}`);
    }
    this.#tell({ kind: "errorShown", node, message });
    return this.#showAgain(node, { error: message });
  }

  #showAgain(node: FlowNode, messages: ScreenMessages): Advanced {
    const { shown } = this.#state;
    if (!shown) throw new Death(`${nameOf(node)} goes back to the last screen, and none was shown`);
    this.#state.frames.splice(0, Infinity, ...this.#framesOfScreen);
    this.#due = [];
    shown.messages = messages;
    this.#state.step += 1;
    return { kind: "shown" };
  }

  /** With exits it is a call, without it is a jump: only a call can be returned to. */
  #goTo(node: FlowNode, { nodeId, output }: Extract<Effect, { kind: "goTo" }>): void {
    const start = this.#graph.nodes.get(nodeId);
    if (start?.capabilityName !== "startNode") {
      throw new Death(`${nameOf(node)} goes to "${nodeId}", which is no start node of this flow`);
    }
    if (node.exits.length > 0) this.#frame.calls.push(node.id);
    if (this.#frame.calls.length > this.#limits.steps) {
      throw new Death(`${nameOf(node)} is called again and again and never returned to`);
    }
    this.#tell({ kind: "nodeStarted", node: start });
    this.#complete(start, true, { output });
  }

  #returnToCaller(node: FlowNode, output: Record<string, unknown>): void {
    const caller = this.#frame.calls.pop();
    if (caller === undefined) {
      throw new Death(
        `${nameOf(node)} returns, but nothing has called: no Go to Node with an exit has led here`,
      );
    }
    this.#complete(this.#node(caller), true, { output });
  }

  #startFlow(node: FlowNode, { flowId, label, parameters }: Extract<Effect, { kind: "startFlow" }>): void {
    const library = new FlowLibrary([{ path: "", flows: this.#options.flow.together }]);
    const found = library.find({ flowId, label }, "");
    const wanted = `the flow ${label === undefined ? flowId : `"${label}" (${flowId})`}`;
    if (found.kind === "missing") {
      throw new Death(
        `${nameOf(node)} starts ${wanted}, which is in none of the files; export it too and give both`,
      );
    }
    if (found.kind === "ambiguous" && found.by === "name") {
      throw new Death(
        `${nameOf(node)} starts ${wanted}, and ${found.count} flows of the files have that name`,
      );
    }
    if (this.#state.frames.length >= this.#limits.depth) {
      throw new Death(
        `${nameOf(node)} would be the ${this.#limits.depth + 1}th flow inside another: they start each other`,
      );
    }
    if (this.#due.length > 0) {
      remark(this.#state, `${nameOf(node)} starts a flow while other nodes are due; these were dropped`);
    }
    this.#enter(found.flow, node.id, parameters);
  }

  #enter(graph: FlowGraph, callerNodeId: string | undefined, parameters: Record<string, unknown>): void {
    if (graph.entry === undefined) throw new Death(`the flow "${graph.name}" has no node to begin with`);
    const variables: Record<string, unknown> = {};
    for (const { name, context, value } of graph.variables) {
      if (context === "flowInstance" && value !== undefined) setOwn(variables, name, value);
    }
    const { frames } = this.#state;
    frames.push({
      flowId: graph.id,
      // That of the main flow is what flows see as `global.interactionId`.
      runId: frames.length === 0 ? this.#options.interaction.id : randomUUID(),
      callerNodeId,
      parameters,
      variables,
      local: {},
      states: {},
      calls: [],
    });
    this.#due = [graph.entry];
    this.#tell({ kind: "flowStarted", parameters });
  }

  #leaveFlow(node: FlowNode, { isSuccess, output }: Extract<Effect, { kind: "leaveFlow" }>): void {
    const { frames } = this.#state;
    if (frames.length > 1) this.#tell({ kind: "flowLeft", isSuccess, output });
    const left = frames.length > 1 ? frames.pop() : undefined;
    if (left?.callerNodeId === undefined) {
      throw new Death(
        `${nameOf(node)} ends a sub-flow, and this is the main flow: a main flow that ends in ${node.capabilityName} yields no code`,
      );
    }
    this.#due = [];
    const caller = this.#node(left.callerNodeId);
    const error: ConnectorError = { code: "subFlowFailed", message: "The sub-flow ended with an error." };
    this.#complete(caller, isSuccess, isSuccess ? { output } : { output, error });
  }

  #tell(happened: DistributiveOmit<Observation, "flow" | "frame">): void {
    this.#options.observe?.({ ...happened, flow: this.#graph, frame: this.#frame });
  }

  get #frame(): Frame {
    const frame = this.#state.frames.at(-1);
    if (!frame) throw new Death("the flow has not begun");
    return frame;
  }

  get #graph(): FlowGraph {
    const graph = this.#graphs.get(this.#frame.flowId);
    // After a restart with other files.
    if (!graph) throw new Death(`the flow ${this.#frame.flowId} is not loaded any more`);
    return graph;
  }

  #node(id: string): FlowNode {
    const node = this.#graph.nodes.get(id);
    if (!node) throw new Death(`node ${id} is not in the flow "${this.#graph.name}" any more`);
    return node;
  }

  #find({ connectorId, capabilityName }: FlowNode): Capability | undefined {
    return this.#options.registry.find(connectorId, capabilityName);
  }

  #call(node: FlowNode, capability: Capability | undefined): Call {
    return makeCall(this.#options, this.#graph, this.#frame, node, capability);
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** How a node is named to a developer. */
export function nameOf({ title, id }: FlowNode): string {
  return `"${title}" (${id})`;
}
