/** Builds one flow in the form in which DaVinci exports it: nodes, logic operators, edges, places on the canvas. */
import { createHash } from "node:crypto";
import type { Operator } from "../graph/graph.ts";
import { partsOf } from "./variables.ts";

/** Where a value comes from: a binding such as `local.<node>.payload.output.user.id`, or a text known beforehand. */
export type Source = { readonly path: string } | { readonly text: string };

/** The connectors that scenarios use, as DaVinci calls them. */
const CONNECTORS = {
  httpConnector: "Http",
  functionsConnector: "Functions",
  errorConnector: "Error Message",
  nodeConnector: "Node",
  flowConnector: "Flow Connector",
  pingOneSSOConnector: "PingOne",
  pingOneAuthenticationConnector: "PingOne Authentication",
  pingOneScopeConsentConnector: "PingOne Scope Consent",
  pingOneMfaConnector: "PingOne MFA",
} as const;
export type ConnectorId = keyof typeof CONNECTORS;

export function connectorName(connector: ConnectorId): string {
  return CONNECTORS[connector];
}

/** Capabilities that begin something are triggers in DaVinci's editor, all others actions. */
const TRIGGERS = [
  "customHTMLTemplate",
  "AEqualsB",
  "AEqualsMultipleB",
  "AIsEmpty",
  "customFunction",
  "startNode",
  "startUiSubFlow",
];

const COLUMN = 300;
const ROW = 150;

export interface FlowElement {
  readonly data: Readonly<Record<string, unknown>> & { readonly id: string };
  position: { x: number; y: number };
  readonly group: "nodes" | "edges";
  readonly [more: string]: unknown;
}

export interface NewNode {
  readonly connector: ConnectorId;
  readonly capability: string;
  readonly title: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Way {
  /** Default: allTriggersTrue. */
  readonly operator?: Operator;
  /** Of a node with more than two outcomes: the id of its entry, `-1` for none. */
  readonly outcome?: string;
}

export class GraphBuilder {
  readonly #seed: string;
  readonly #nodes: FlowElement[] = [];
  readonly #operators = new Map<string, FlowElement>();
  readonly #edges: FlowElement[] = [];
  readonly #next = new Map<string, string[]>();
  readonly #connectors = new Set<ConnectorId>();

  /** @param seed What tells the ids of this flow apart from those of others. */
  constructor(seed: string) {
    this.#seed = seed;
  }

  /** The id of what these words name together: the same each time the scenario is compiled. */
  idOf(...key: readonly string[]): string {
    return idFrom(JSON.stringify([this.#seed, ...key]));
  }

  has(id: string): boolean {
    return this.#nodes.some(({ data }) => data.id === id);
  }

  get connectorIds(): readonly ConnectorId[] {
    return [...this.#connectors];
  }

  /** Returns the id. */
  add(id: string, { connector, capability, title, properties }: NewNode): string {
    this.#connectors.add(connector);
    this.#nodes.push(
      element("nodes", {
        id,
        nodeType: "CONNECTION",
        connectionId: connectionPlaceholder(connector),
        connectorId: connector,
        name: CONNECTORS[connector],
        label: CONNECTORS[connector],
        status: "configured",
        capabilityName: capability,
        type: TRIGGERS.includes(capability) ? "trigger" : "action",
        properties: {
          nodeTitle: { value: title },
          ...Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, { value }])),
        },
      }),
    );
    return id;
  }

  /** A way from one node to another, over a logic operator. */
  join(from: string, to: string, { operator = "allTriggersTrue", outcome }: Way = {}): void {
    const key = `${from}/${outcome ?? ""}`;
    let logic = this.#operators.get(key);
    if (!logic) {
      const id = this.idOf("logic", from, outcome ?? "");
      logic = element("nodes", { id, nodeType: "EVAL", label: "Evaluator", properties: {} });
      this.#operators.set(key, logic);
      this.#edge(from, id, outcome);
    }
    const properties = logic.data.properties as Record<string, unknown>;
    if (Object.hasOwn(properties, to)) {
      // One operator leads to a node in one way only: whatever happens.
      properties[to] = { value: "always" };
      return;
    }
    properties[to] = { value: operator };
    this.#edge(logic.data.id, to);
    this.#next.set(from, [...(this.#next.get(from) ?? []), to]);
  }

  #edge(source: string, target: string, outcome?: string): void {
    this.#edges.push(
      element("edges", {
        id: this.idOf("edge", source, target),
        source,
        target,
        ...(outcome !== undefined && { multiValueSourceId: outcome }),
      }),
    );
  }

  finish(): { readonly nodes: readonly FlowElement[]; readonly edges: readonly FlowElement[] } {
    this.#place();
    return { nodes: [...this.#nodes, ...this.#operators.values()], edges: this.#edges };
  }

  /** Each beginning has rows of its own; what follows goes to the right, further ways go below. */
  #place(): void {
    const places = new Map<string, { x: number; y: number }>();
    const byId = new Map(this.#nodes.map((node) => [node.data.id, node]));
    let row = 0;
    const place = (id: string, column: number) => {
      if (places.has(id)) return;
      places.set(id, { x: column * COLUMN, y: row * ROW });
      const following = (this.#next.get(id) ?? []).filter((next) => !places.has(next));
      following.forEach((next, index) => {
        if (index > 0) row += 1;
        place(next, column + 1);
      });
    };
    const targets = new Set([...this.#next.values()].flat());
    for (const { data } of this.#nodes) {
      if (targets.has(data.id)) continue;
      place(data.id, 0);
      row += 2;
    }
    for (const [id, position] of places) {
      const node = byId.get(id);
      if (node) node.position = position;
    }
    const height = new Map<string, number>();
    for (const [key, logic] of this.#operators) {
      const from = places.get(key.slice(0, key.indexOf("/"))) ?? { x: 0, y: 0 };
      const [target] = Object.keys(logic.data.properties as object);
      const y = places.get(target ?? "")?.y ?? from.y;
      const used = height.get(`${from.x}/${y}`) ?? 0;
      height.set(`${from.x}/${y}`, used + 1);
      logic.position = { x: from.x + COLUMN / 2, y: y + used * 40 };
    }
  }
}

/** `{{CONNECTION_PINGONE_SSO}}`: DaVinci has another id for a connection in each environment. */
export function connectionPlaceholder(connector: ConnectorId): string {
  return `{{CONNECTION_${connector
    .replace(/Connector$/, "")
    .replace(/^pingOne/, "PINGONE_")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toUpperCase()}}}`;
}

/** Ten characters, as DaVinci's, the first one a letter. */
function idFrom(seed: string): string {
  const digits = BigInt(`0x${createHash("sha256").update(seed).digest("hex")}`).toString(36);
  return `n${digits.slice(0, 9)}`;
}

export function flowIdFrom(seed: string): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, 32);
}

function element(group: "nodes" | "edges", data: FlowElement["data"]): FlowElement {
  return {
    data,
    position: { x: 0, y: 0 },
    group,
    removed: false,
    selected: false,
    selectable: true,
    locked: false,
    grabbable: true,
    pannable: group === "edges",
    classes: "",
  };
}

/** The rich-text document that DaVinci keeps a text with bindings in. */
export function richText(template: string, sourceOf: (variable: string) => Source): string {
  const children = partsOf(template).flatMap((part) => {
    if ("text" in part) return [{ text: part.text }];
    const source = sourceOf(part.variable);
    return "text" in source ? [{ text: source.text }] : bindingChildren(source.path);
  });
  return JSON.stringify([{ children: children.length > 0 ? children : [{ text: "" }] }]);
}

export function richValue(source: Source): string {
  const children = "text" in source ? [{ text: source.text }] : bindingChildren(source.path);
  return JSON.stringify([{ children }]);
}

function bindingChildren(path: string): object[] {
  const label = path.split(".").at(-1) ?? path;
  const data = `{{${path}}}`;
  return [
    { text: "" },
    { type: "link", src: "", url: label, data, tooltip: data, children: [{ text: label }] },
    { text: "" },
  ];
}
