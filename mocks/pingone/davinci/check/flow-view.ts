/** One flow as the rules see it: what is derived from it is derived once. */
import type { Capability } from "../engine/capability.ts";
import type { FlowValues } from "../engine/flows.ts";
import { type FlowCall, type FlowLibrary, type FoundFlow, subFlowOf } from "../graph/flow-library.ts";
import type { FlowFile, FlowGraph, FlowNode } from "../graph/graph.ts";
import { bindingsIn } from "../graph/values.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { CompileChecks } from "./compile-checks.ts";
import { isRedirectEnd, isScreen, isSubFlowEnd } from "./kinds.ts";
import { Paths } from "./paths.ts";

/** The capabilities that the emulator has. */
interface CapabilityTable {
  find(connectorId: string, capabilityName: string): Capability | undefined;
  /** The capability that a misspelt name may mean. */
  suggest?(connectorId: string, capabilityName: string): string | undefined;
}

export interface CheckOptions {
  readonly registry: CapabilityTable;
  readonly sandbox: Pick<Sandbox, "checkFunction" | "checkTemplate">;
  readonly variables?: FlowValues | undefined;
  /** Whether the stub files have an answer for this node; by default none has. */
  readonly hasStub?: ((node: FlowNode) => boolean) | undefined;
  /** What the trigger of the flow policy allows, in minutes. Default: what the flow says, if it does. */
  readonly sessionWindowMinutes?: number | undefined;
  /** How long functions and templates are tried. Default: 8000. */
  readonly compileLimitMs?: number | undefined;
}

/** All files of one check. */
export interface Checked {
  readonly library: FlowLibrary;
  readonly compiles: CompileChecks;
  readonly options: CheckOptions;
  /** By the flow that is started. */
  readonly calls: ReadonlyMap<FlowGraph, readonly FlowCall[]>;
  viewOf(flow: FlowGraph): FlowView | undefined;
}

/** `main`: run by a flow policy. `sub`: started by another flow. `unknown`: the file does not tell. */
export type FlowRole = "main" | "sub" | "unknown";

export class FlowView {
  readonly file: FlowFile;
  readonly flow: FlowGraph;
  readonly checked: Checked;
  readonly nodes: readonly FlowNode[];
  readonly role: FlowRole;
  readonly paths: Paths;
  /** Paths that each node's properties read. */
  readonly bindings: ReadonlyMap<FlowNode, readonly string[]>;
  /** Who reads a value or a part of it: `local.a.payload.output.b` is here as `local.a.payload` too. */
  readonly #readersOfParts = new Map<string, Set<FlowNode>>();
  /** Who reads a value as it is. */
  readonly #readers = new Map<string, Set<FlowNode>>();

  constructor(file: FlowFile, flow: FlowGraph, checked: Checked) {
    this.file = file;
    this.flow = flow;
    this.checked = checked;
    this.nodes = [...flow.nodes.values()];
    this.bindings = new Map(this.nodes.map((node) => [node, bindingsIn(node.properties)]));
    this.role = this.#findRole();
    this.paths = new Paths(flow, (node) => this.showsScreen(node));
    for (const [node, paths] of this.bindings) {
      for (const path of paths) {
        const segments = segmentsOf(path);
        add(this.#readers, segments.join("."), node);
        for (let length = 1; length <= Math.min(segments.length, MAX_SEGMENTS); length += 1) {
          add(this.#readersOfParts, segments.slice(0, length).join("."), node);
        }
      }
    }
  }

  /** Nodes that read this value, a part of it, or an output or variable that it is a part of. */
  readersOf(path: string): ReadonlySet<FlowNode> {
    const segments = segmentsOf(path);
    const wholes = segments.map((_, index) => segments.slice(0, index + 1).join("."));
    return new Set([
      ...(this.#readersOfParts.get(segments.join(".")) ?? []),
      ...wholes.flatMap((whole) => [...(this.#readers.get(whole) ?? [])]),
    ]);
  }

  /** Whether a node reads it, in the sense of {@link readersOf}; another one than `except`. */
  isRead(path: string, except?: FlowNode): boolean {
    const segments = segmentsOf(path);
    const hasOther = (nodes: ReadonlySet<FlowNode> | undefined) =>
      nodes !== undefined && (nodes.size > 1 || (nodes.size === 1 && !(except && nodes.has(except))));
    return (
      hasOther(this.#readersOfParts.get(segments.join("."))) ||
      segments.some((_, index) => hasOther(this.#readers.get(segments.slice(0, index + 1).join("."))))
    );
  }

  /** Whether a person has seen a screen once this node is done, as far as can be told. */
  showsScreen(node: FlowNode): boolean {
    if (node.connectorId === "flowConnector" && node.capabilityName === "startUiSubFlow") {
      const found = this.findSubFlow(node);
      return (
        found === undefined || found.kind === "missing" || [...found.flow.nodes.values()].some(mayShowScreen)
      );
    }
    return isScreen(node);
  }

  findSubFlow(node: FlowNode): FoundFlow | undefined {
    const reference = subFlowOf(node);
    return reference && this.checked.library.find(reference, this.file.path);
  }

  #findRole(): FlowRole {
    const { settings, trigger } = this.flow;
    if (settings.pingOneFlow === true || trigger?.type === "AUTHENTICATION") return "main";
    if (this.checked.calls.has(this.flow)) return "sub";
    if (this.nodes.some(isRedirectEnd)) return "main";
    if (this.file.flows.length > 1 && this.file.main === this.flow) return "main";
    return this.nodes.some(isSubFlowEnd) ? "sub" : "unknown";
  }
}

const MAX_SEGMENTS = 12;

function segmentsOf(path: string): string[] {
  return path.split(/[.[\]]+/).filter((segment) => segment !== "");
}

function add(map: Map<string, Set<FlowNode>>, key: string, node: FlowNode): void {
  const nodes = map.get(key);
  if (nodes) nodes.add(node);
  else map.set(key, new Set([node]));
}

function mayShowScreen(node: FlowNode): boolean {
  return isScreen(node) || node.capabilityName === "startUiSubFlow";
}
