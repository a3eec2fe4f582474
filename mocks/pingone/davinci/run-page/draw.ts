/** A flow as a graph, with the path of a run through it. What it shows is in the list of steps too. */
import { html } from "hono/html";
import type { Markup } from "../../../kit/page/fields.ts";
import type { FlowGraph } from "../graph/graph.ts";
import { BOX, type Layout, layOut, type PlacedNode } from "./layout.ts";
import type { Move, Step, WalkedFlow } from "./walk.ts";

/** Larger graphs are drawn as far as the run went. */
const MAX_NODES = 400;
/** Characters of a line in a box. */
const LINE = 20;

/** The node that the run stands at, or ended at. */
export interface Standing {
  readonly flowId: string;
  readonly nodeId: string;
  readonly isDead: boolean;
}

export function drawFlow(graph: FlowGraph, walked: WalkedFlow, standing: Standing | undefined): Markup {
  const isLarge = graph.nodes.size > MAX_NODES;
  const near = nearPath(graph, walked);
  const layout = layOut(graph, (id) => !isLarge || near.has(id));
  const width = Math.ceil(layout.width);
  const height = Math.ceil(layout.height);
  const ran = walked.steps.size;
  const label = `Graph of the flow ${graph.name}: ${ran} of ${graph.nodes.size} nodes ran. The list of steps says the same in words.`;
  const slug = `graph-${graph.id}`;
  return html`${isLarge ? html`<p class="quiet">The flow has ${graph.nodes.size} nodes; those near the path are drawn.</p>` : ""}
<div class="graph">
<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="${label}">
<defs><marker id="${slug}-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" class="head"/></marker>
<marker id="${slug}-taken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" class="head taken"/></marker></defs>
${drawOperators(layout, walked, slug)}
${drawJumps(layout, walked, slug)}
${[...layout.nodes.values()].map((place) => drawNode(graph.id, place, walked.steps.get(place.node.id) ?? [], standing))}
</svg>
</div>`;
}

/** What ran, and what its exits lead to. */
function nearPath(graph: FlowGraph, { steps }: WalkedFlow): ReadonlySet<string> {
  const near = [...steps.keys()].flatMap((id) => [
    id,
    ...(graph.nodes.get(id)?.exits.map(({ target }) => target) ?? []),
  ]);
  return new Set(near.slice(0, MAX_NODES));
}

function drawNode(
  flowId: string,
  { node, x, y }: PlacedNode,
  steps: readonly Step[],
  standing: Standing | undefined,
): Markup {
  const isStanding = standing?.flowId === flowId && standing.nodeId === node.id;
  const kinds = [
    "node",
    steps.length > 0 ? "ran" : "",
    isStanding ? (standing.isDead ? "dead" : "here") : "",
  ];
  const last = steps.at(-1);
  const left = x - BOX.width / 2;
  const top = y - BOX.height / 2;
  const numbers = steps.map(({ number }) => number);
  const shown = numbers.length > 3 ? `${numbers[0]}…${numbers.at(-1)}` : numbers.join(", ");
  const lines = linesOf(node.title);
  const content = html`<title>${node.title} (${node.id}): ${node.connectorId}.${node.capabilityName}</title>
<rect x="${round(left)}" y="${round(top)}" width="${BOX.width}" height="${BOX.height}" rx="6"/>
${lines.map((line, index) => html`<text x="${round(x)}" y="${round(top + (lines.length === 1 ? 22 : 16 + index * 12))}" class="title">${line}</text>`)}
<text x="${round(x)}" y="${round(top + 41)}" class="capability">${cut(node.capabilityName, 22)}</text>
${last ? drawBadge(left, top, shown) : ""}`;
  const id = nodeAnchor(flowId, node.id);
  return html`<g class="${kinds.filter((kind) => kind !== "").join(" ")}" id="${id}">${
    last ? html`<a href="#${stepAnchor(last.number)}">${content}</a>` : content
  }</g>`;
}

function drawBadge(left: number, top: number, text: string): Markup {
  const width = 14 + text.length * 7;
  return html`<g class="badge"><rect x="${round(left - 8)}" y="${round(top - 16)}" width="${width}" height="18" rx="9"/><text x="${round(left - 8 + width / 2)}" y="${round(top - 3)}">${text}</text></g>`;
}

/** Inside of what is folded, so that a browser that goes there unfolds it. */
export function stepAnchor(number: number): string {
  return `step-${number}-facts`;
}

export function nodeAnchor(flowId: string, nodeId: string): string {
  return `node-${flowId.replaceAll(/[^\w-]/g, "_")}-${nodeId}`;
}

function drawOperators({ operators }: Layout, { moves }: WalkedFlow, slug: string): Markup[] {
  const byWay = Map.groupBy(moves, ({ source, target }) => `${source} ${target}`);
  const taken = (source: string, target: string) => byWay.get(`${source} ${target}`) ?? [];
  return operators.map((operator) => {
    const { sources, targets } = operator;
    const into = [...sources].map(([source, place]) => {
      const isTaken = [...targets.keys()].some((target) => taken(source, target).length > 0);
      return line(place, operator, isTaken, "", BOX, { width: 0, height: 0 });
    });
    const outOf = [...targets].map(([target, { place, operator: by }]) => {
      const ways = [...sources.keys()].flatMap((source) => taken(source, target));
      const head = `${slug}-${ways.length > 0 ? "taken" : "head"}`;
      return html`${line(operator, place, ways.length > 0, head, { width: 0, height: 0 }, BOX)}
${by === "allTriggersTrue" ? "" : wayText(operator, place, symbolOf(by), "operator", 0.35)}
${ways.length > 0 ? wayText(operator, place, movesText(ways), "order", 0.7) : ""}`;
    });
    const isTaken = [...sources.keys()].some((source) =>
      [...targets.keys()].some((target) => taken(source, target).length > 0),
    );
    const { x, y } = operator;
    return html`<g class="way${isTaken ? " taken" : ""}">${into}${outOf}<path class="eval" d="M${round(x)} ${round(y - 6)}L${round(x + 6)} ${round(y)}L${round(x)} ${round(y + 6)}L${round(x - 6)} ${round(y)}z"/></g>`;
  });
}

/** Teleports that were used. */
function drawJumps({ nodes }: Layout, { moves }: WalkedFlow, slug: string): Markup[] {
  const jumps = moves.filter(({ source }) => nodes.get(source)?.node.capabilityName === "goToNode");
  return [...Map.groupBy(jumps, ({ source, target }) => `${source} ${target}`).values()].flatMap((ways) => {
    const [first] = ways;
    const from = nodes.get(first?.source ?? "");
    const to = nodes.get(first?.target ?? "");
    // A call that was returned to goes on over its exits.
    if (!from || !to || to.node.capabilityName !== "startNode") return [];
    return [
      html`<g class="way jump taken">${line(from, to, true, `${slug}-taken`, BOX, BOX)}${wayText(from, to, movesText(ways), "order", 0.5)}</g>`,
    ];
  });
}

interface Point {
  readonly x: number;
  readonly y: number;
}
interface Size {
  readonly width: number;
  readonly height: number;
}

function line(from: Point, to: Point, isTaken: boolean, head: string, fromSize: Size, toSize: Size): Markup {
  const start = borderOf(from, to, fromSize);
  const end = borderOf(to, from, toSize);
  const marker = head === "" ? "" : html` marker-end="url(#${head})"`;
  return html`<path class="line${isTaken ? " taken" : ""}" d="M${round(start.x)} ${round(start.y)}L${round(end.x)} ${round(end.y)}"${marker}/>`;
}

/** Where the way from the middle of a box to another point leaves the box. */
function borderOf(from: Point, to: Point, { width, height }: Size): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const share = Math.min(
    dx === 0 ? Number.POSITIVE_INFINITY : width / 2 / Math.abs(dx),
    dy === 0 ? Number.POSITIVE_INFINITY : height / 2 / Math.abs(dy),
    1,
  );
  return { x: from.x + dx * share, y: from.y + dy * share };
}

function wayText(from: Point, to: Point, text: string, kind: string, share: number): Markup {
  const x = from.x + (to.x - from.x) * share;
  const y = from.y + (to.y - from.y) * share - 5;
  return html`<text class="${kind}" x="${round(x)}" y="${round(y)}">${text}</text>`;
}

function movesText(moves: readonly Move[]): string {
  const [first] = moves;
  const text = first?.to === undefined ? `${first?.from}→` : `${first.from}→${first.to}`;
  return moves.length > 1 ? `${text} …` : text;
}

function symbolOf(operator: string): string {
  const texts: Readonly<Record<string, string>> = {
    anyTriggersFalse: "false",
    allTriggersFalse: "false",
    anyTriggersTrue: "any true",
    allTriggersComplete: "done",
    anyTriggersComplete: "any done",
  };
  return texts[operator] ?? operator;
}

/** One or two lines. */
function linesOf(title: string): string[] {
  if (title.length <= LINE) return [title];
  const space = title.lastIndexOf(" ", LINE);
  const end = space > LINE / 2 ? space : LINE;
  return [title.slice(0, end), cut(title.slice(end).trim(), LINE)];
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
