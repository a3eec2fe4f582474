/** Where the nodes of a graph stand in its drawing: as in the console, else in columns by their distance from the start. */
import type { FlowGraph, FlowNode, Operator, Position } from "../graph/graph.ts";

/** Of the box of a node, in pixels. */
export const BOX = { width: 144, height: 48 };
const MARGIN = 40;
/** The console draws nodes about 300 pixels apart. */
const SCALE = 0.8;
const COLUMN = 230;
const ROW = 90;

export interface PlacedNode extends Position {
  readonly node: FlowNode;
}

/** A logic operator between nodes, and the nodes that it joins. */
interface PlacedOperator extends Position {
  readonly id: string;
  readonly sources: ReadonlyMap<string, PlacedNode>;
  readonly targets: ReadonlyMap<string, { readonly place: PlacedNode; readonly operator: Operator }>;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly operators: readonly PlacedOperator[];
}

/** @param wanted Only these nodes are drawn. */
export function layOut(graph: FlowGraph, wanted: (id: string) => boolean = () => true): Layout {
  const nodes = [...graph.nodes.values()].filter(({ id }) => wanted(id));
  const given = graph.positions ?? new Map<string, Position>();
  const places = isUsable(nodes, given) ? scaled(given) : inColumns(graph, nodes);
  const placeOf = (id: string) => places.get(id) ?? { x: 0, y: 0 };
  const placed = new Map(nodes.map((node) => [node.id, { node, ...placeOf(node.id) }]));
  const operators = operatorsOf(nodes, placed, places);
  const all = [...placed.values(), ...operators];
  const left = Math.min(...all.map(({ x }) => x), Number.POSITIVE_INFINITY);
  const top = Math.min(...all.map(({ y }) => y), Number.POSITIVE_INFINITY);
  const shift = { x: BOX.width / 2 + MARGIN - left, y: BOX.height / 2 + MARGIN - top };
  const move = <T extends Position>(place: T): T => ({
    ...place,
    x: place.x + shift.x,
    y: place.y + shift.y,
  });
  const moved = new Map([...placed].map(([id, place]) => [id, move(place)]));
  const movedOf = (place: PlacedNode) => moved.get(place.node.id) ?? place;
  return {
    width: Math.max(...all.map(({ x }) => x + shift.x), 0) + BOX.width / 2 + MARGIN,
    height: Math.max(...all.map(({ y }) => y + shift.y), 0) + BOX.height / 2 + MARGIN,
    nodes: moved,
    operators: operators.map((operator) => ({
      ...move(operator),
      sources: new Map([...operator.sources].map(([id, place]) => [id, movedOf(place)])),
      targets: new Map(
        [...operator.targets].map(([id, target]) => [id, { ...target, place: movedOf(target.place) }]),
      ),
    })),
  };
}

/** All nodes have a place, and not the same one. */
function isUsable(nodes: readonly FlowNode[], given: ReadonlyMap<string, Position>): boolean {
  const places = new Set(nodes.map(({ id }) => JSON.stringify(given.get(id) ?? null)));
  return !places.has("null") && (nodes.length < 2 || places.size > nodes.length / 2);
}

function scaled(given: ReadonlyMap<string, Position>): Map<string, Position> {
  return new Map([...given].map(([id, { x, y }]) => [id, { x: x * SCALE, y: y * SCALE }]));
}

/** Breadth first, from the entry and from each start node, which only teleports lead to. */
function inColumns(graph: FlowGraph, nodes: readonly FlowNode[]): Map<string, Position> {
  const places = new Map<string, Position>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const reached = new Set(nodes.flatMap(({ exits }) => exits.map(({ target }) => target)));
  const beginnings = nodes.filter(({ id }) => id === graph.entry || !reached.has(id));
  let row = 0;
  for (const first of [...beginnings, ...nodes]) {
    if (places.has(first.id)) continue;
    /** The next free row of each column. */
    const free: number[] = [];
    let layer = [first];
    for (let column = 0; layer.length > 0; column += 1) {
      for (const { id } of layer) {
        const at = free[column] ?? row;
        places.set(id, { x: column * COLUMN, y: at * ROW });
        free[column] = at + 1;
      }
      const next = layer.flatMap(({ exits }) => exits.flatMap(({ target }) => byId.get(target) ?? []));
      layer = [...new Set(next)].filter(({ id }) => !places.has(id));
    }
    row = Math.max(row, ...free);
  }
  return places;
}

function operatorsOf(
  nodes: readonly FlowNode[],
  placed: ReadonlyMap<string, PlacedNode>,
  places: ReadonlyMap<string, Position>,
): PlacedOperator[] {
  const found = new Map<
    string,
    { sources: Map<string, PlacedNode>; targets: Map<string, { place: PlacedNode; operator: Operator }> }
  >();
  for (const node of nodes) {
    const source = placed.get(node.id);
    for (const { evalId, target, operator } of node.exits) {
      const place = placed.get(target);
      if (!source || !place) continue;
      const joined = found.get(evalId) ?? { sources: new Map(), targets: new Map() };
      joined.sources.set(node.id, source);
      joined.targets.set(target, { place, operator });
      found.set(evalId, joined);
    }
  }
  return [...found].map(([id, joined]) => ({ id, ...joined, ...(places.get(id) ?? middleOf(joined)) }));
}

function middleOf({ sources, targets }: Pick<PlacedOperator, "sources" | "targets">): Position {
  const middle = (places: readonly Position[]): Position => ({
    x: places.reduce((sum, { x }) => sum + x, 0) / places.length,
    y: places.reduce((sum, { y }) => sum + y, 0) / places.length,
  });
  return middle([middle([...sources.values()]), middle([...targets.values()].map(({ place }) => place))]);
}
