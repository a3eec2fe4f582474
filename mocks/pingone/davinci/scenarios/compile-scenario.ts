/**
 * Compiles a scenario to a flow in DaVinci's export format. A node that several ways lead to becomes a start node, and
 * each way to it a teleport that hands over the values that are read from there on: DaVinci binds a value to the node
 * that returned it, and only so it is clear which one that is.
 */
import { compileNode } from "./compile-nodes.ts";
import {
  type ConnectorId,
  type FlowElement,
  flowIdFrom,
  GraphBuilder,
  richValue,
  type Source,
} from "./graph-builder.ts";
import { findParts, type Part } from "./parts.ts";
import { output } from "./place.ts";
import type { Scenario, ScenarioNode } from "./scenario-schema.ts";
import { isOfRequest, transitionsOf, valuesNeeded } from "./transitions.ts";
import { inputSchemaOf, propertyOf, Values } from "./values.ts";

/** As DaVinci writes it, as far as that matters. */
export interface CompiledFlow {
  readonly flowId: string;
  readonly parentFlowId: string;
  readonly name: string;
  readonly description: string;
  readonly connectorIds: readonly ConnectorId[];
  readonly graphData: {
    readonly elements: { readonly nodes: readonly FlowElement[]; readonly edges: readonly FlowElement[] };
    readonly [more: string]: unknown;
  };
  readonly [more: string]: unknown;
}

export interface CompiledFile {
  readonly companyId: string;
  readonly customerId: string;
  readonly flows: readonly CompiledFlow[];
}

/** An environment has its own; DaVinci writes the one that the file is imported into. */
export const COMPANY_PLACEHOLDER = "{{COMPANY_ID}}";

/** What a sub-flow returns when more than one node of the main flow can follow it. */
const NEXT = "next";

/** @param scenario Must be without faults. */
export function compileScenario(scenario: Scenario): CompiledFile {
  const parts = findParts(scenario);
  const isInSubFlow = (name: string) => parts.some(({ isMain, members }) => !isMain && members.has(name));
  const needed = valuesNeeded(scenario, isInSubFlow);
  const [main] = parts;
  const mainId = flowIdFrom(scenario.name);
  return {
    companyId: COMPANY_PLACEHOLDER,
    customerId: COMPANY_PLACEHOLDER,
    flows: parts.map((part) => {
      const isMain = part === main;
      const compiler = new PartCompiler(scenario, part, parts, needed);
      return {
        ...compiler.compile(),
        parentFlowId: mainId,
        description: isMain ? scenario.description : `Sub-flow of ${scenario.name}.`,
      };
    }),
  };
}

class PartCompiler {
  readonly #scenario: Scenario;
  readonly #part: Part;
  readonly #parts: readonly Part[];
  readonly #needed: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #graph: GraphBuilder;
  /** What holds everywhere in this flow. */
  readonly #everywhere: Values;
  /** Of nodes that were made: the one to go to. */
  readonly #made = new Map<string, string>();
  readonly #waiting: string[] = [];

  constructor(
    scenario: Scenario,
    part: Part,
    parts: readonly Part[],
    needed: ReadonlyMap<string, ReadonlySet<string>>,
  ) {
    this.#scenario = scenario;
    this.#part = part;
    this.#parts = parts;
    this.#needed = needed;
    this.#graph = new GraphBuilder(`${scenario.name}/${part.entry}`);
    const request = [...this.#neededAt(part.isMain ? scenario.start : part.entry)].filter(isOfRequest);
    this.#everywhere = new Values(
      request.map((value) => [value, part.isMain ? ofRequest(value) : ofInput(value)]),
    );
  }

  compile() {
    const { entry, isMain } = this.#part;
    const start = isMain ? this.#scenario.start : entry;
    const given = isMain
      ? this.#everywhere.with({ "mfa.verified": { text: "false" } })
      : new Values([...this.#neededAt(entry)].map((value) => [value, ofInput(value)]));
    this.#reach("begin", start, given);
    for (let name = this.#waiting.pop(); name !== undefined; name = this.#waiting.pop()) {
      this.#compileHead(name);
    }
    const inputs = isMain ? [] : [...this.#neededAt(entry)];
    return {
      name: isMain ? this.#scenario.name : this.#part.title,
      flowId: isMain ? flowIdFrom(this.#scenario.name) : flowIdOf(this.#scenario, entry),
      flowStatus: "enabled",
      currentVersion: 1,
      flowColor: "#CACED3",
      connectorIds: this.#graph.connectorIds,
      connections: [],
      variables: [],
      trigger: isMain ? triggerOf(this.#scenario) : {},
      settings: { pingOneFlow: isMain, useCustomCSS: true, css: "", cssLinks: [], logLevel: 2 },
      inputSchema: inputs.map((value) => ({
        propertyName: propertyOf(value),
        preferredDataType: "string",
        preferredControlType: "textField",
        isExpanded: true,
        required: false,
        description: "",
      })),
      graphData: {
        elements: this.#graph.finish(),
        data: {},
        zoomingEnabled: true,
        userZoomingEnabled: true,
        zoom: 1,
        minZoom: 1e-50,
        maxZoom: 1e50,
        panningEnabled: true,
        userPanningEnabled: true,
        pan: { x: 0, y: 0 },
        boxSelectionEnabled: true,
        renderer: { name: "null" },
      },
    };
  }

  #neededAt(name: string): ReadonlySet<string> {
    return this.#needed.get(name) ?? new Set();
  }

  /** Needed at that node, and not the same everywhere in this flow. */
  #argumentsOf(name: string): string[] {
    return [...this.#neededAt(name)].filter((value) => !this.#everywhere.has(value));
  }

  /** The node of this flow by which one comes to that node of the scenario. */
  #reach(from: string, name: string, values: Values): string {
    const isShared = this.#argumentsOf(name).length === 0 && isEnd(this.#scenario.nodes[name]);
    if (this.#part.members.has(name) || this.#subFlowAt(name)) {
      if (isShared) return this.#compileOnce(name);
      return this.#part.heads.has(name) ? this.#goTo(from, name, values) : this.#compileInPlace(name, values);
    }
    return this.#leave(from, name, values);
  }

  #goTo(from: string, name: string, values: Values): string {
    if (!this.#made.has(name)) {
      this.#made.set(name, this.#graph.idOf("start", name));
      this.#waiting.push(name);
    }
    const handedOver = this.#argumentsOf(name).filter((value) => values.has(value));
    return this.#graph.add(this.#graph.idOf("way", from, name), {
      connector: "nodeConnector",
      capability: "goToNode",
      title: `go to ${name}`,
      properties: {
        nodeInstanceId: this.#made.get(name),
        ...Object.fromEntries(
          handedOver.map((value) => [propertyOf(value), richValue(values.source(value))]),
        ),
      },
    });
  }

  /** An end that needs no values is the same on every way. */
  #compileOnce(name: string): string {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const id = this.#compileInPlace(name, this.#everywhere);
    this.#made.set(name, id);
    return id;
  }

  #compileHead(name: string): void {
    const handedOver = this.#argumentsOf(name);
    const id = this.#graph.add(this.#graph.idOf("start", name), {
      connector: "nodeConnector",
      capability: "startNode",
      title: `start ${name}`,
      properties: { inputSchema: inputSchemaOf(handedOver) },
    });
    const values = this.#everywhere.with(
      Object.fromEntries(handedOver.map((value) => [value, output(id, propertyOf(value))])),
    );
    this.#graph.join(id, this.#compileInPlace(name, values));
  }

  #compileInPlace(name: string, values: Values): string {
    const subFlow = this.#subFlowAt(name);
    if (subFlow) return this.#startSubFlow(subFlow, values);
    const node = this.#scenario.nodes[name];
    if (!node) throw new Error(`The scenario "${this.#scenario.name}" has no node "${name}".`);
    const { first, waysOut } = compileNode(name, node, this.#graph, values);
    for (const { from, way, label, to, values: there } of waysOut) {
      this.#graph.join(from, this.#reach(`${name} ${label}`, to, there), way);
    }
    return first;
  }

  #subFlowAt(name: string): Part | undefined {
    return this.#part.isMain ? this.#parts.find(({ isMain, entry }) => !isMain && entry === name) : undefined;
  }

  #startSubFlow(part: Part, values: Values): string {
    const { entry, title, leadsTo } = part;
    const inputs = [...this.#neededAt(entry)];
    const id = this.#graph.add(this.#graph.idOf("sub-flow", entry), {
      connector: "flowConnector",
      capability: "startUiSubFlow",
      title,
      properties: {
        subFlowId: { label: title, value: flowIdOf(this.#scenario, entry) },
        subFlowVersionId: -1,
        ...Object.fromEntries(inputs.map((value) => [propertyOf(value), richValue(values.source(value))])),
      },
    });
    const valuesAt = (name: string) =>
      this.#everywhere.with(
        Object.fromEntries(this.#argumentsOf(name).map((value) => [value, output(id, propertyOf(value))])),
      );
    const [only, ...others] = leadsTo;
    if (only === undefined) return id;
    if (others.length === 0) {
      this.#graph.join(id, this.#reach(`${entry} returned`, only, valuesAt(only)));
      return id;
    }
    const valueId = (name: string) => this.#graph.idOf("next", entry, name);
    const choice = this.#graph.add(this.#graph.idOf("where next", entry), {
      connector: "functionsConnector",
      capability: "AEqualsMultipleB",
      title: `${entry}: where next?`,
      properties: {
        leftValueA: richValue(output(id, NEXT)),
        rightValueMultiple: leadsTo.map((name) => ({
          value: richValue({ text: name }),
          id: valueId(name),
        })),
      },
    });
    this.#graph.join(id, choice);
    this.#graph.join(
      choice,
      this.#graph.add(this.#graph.idOf("nowhere", entry), {
        connector: "pingOneAuthenticationConnector",
        capability: "returnErrorResponseRedirect",
        title: `${entry}: nowhere`,
        properties: { errorMessage: "server_error", errorDescription: "The sign-on ended unexpectedly." },
      }),
      { outcome: "-1" },
    );
    for (const name of leadsTo) {
      const next = this.#reach(`${entry} returned for`, name, valuesAt(name));
      this.#graph.join(choice, next, { outcome: valueId(name) });
    }
    return id;
  }

  /** Ends this sub-flow: the main flow goes on with that node. */
  #leave(from: string, name: string, values: Values): string {
    const claims = [...this.#neededAt(name)].filter((value) => !isOfRequest(value) && values.has(value));
    const claim = (property: string, source: Source) => ({
      name: property,
      nameDefault: property,
      type: "string",
      label: `${property} (string - flowInstance)`,
      value: richValue(source),
    });
    return this.#graph.add(this.#graph.idOf("way", from, name), {
      connector: "httpConnector",
      capability: "createSuccessResponse",
      title: `go on with ${name}`,
      properties: {
        claimsNameValuePairs: [
          ...claims.map((value) => claim(propertyOf(value), values.source(value))),
          ...(this.#part.leadsTo.length > 1 ? [claim(NEXT, { text: name })] : []),
        ],
      },
    });
  }
}

/** The flow policy has to let sessions through that Check Session accepts. */
function triggerOf({ nodes }: Scenario) {
  const checks = Object.values(nodes).filter((node) => node.type === "checkSession");
  if (checks.length === 0) return { type: "AUTHENTICATION" };
  const window = (isMethod: (method: string) => boolean) => {
    const fitting = checks.filter(({ methods }) => methods.some(isMethod));
    const time = Math.max(0, ...fitting.map(({ lastUsedWithinMinutes }) => lastUsedWithinMinutes));
    return { enabled: time > 0, time, timeFormat: "min" };
  };
  return {
    type: "AUTHENTICATION",
    configuration: {
      pwd: window((method) => method === "pwd" || method === "anyAuthenticationMethod"),
      mfa: window((method) => method !== "pwd"),
    },
  };
}

function flowIdOf({ name }: Scenario, entry: string): string {
  return flowIdFrom(`${name}/${entry}`);
}

function isEnd(node: ScenarioNode | undefined): boolean {
  return node !== undefined && transitionsOf("", node).length === 0;
}

function ofRequest(value: string): Source {
  const path = value.startsWith("parameters.")
    ? `authorizationRequest.${value.slice("parameters.".length)}`
    : value;
  return { path: `global.parameters.${path}` };
}

function ofInput(value: string): Source {
  return { path: `global.parameters.${propertyOf(value)}` };
}
