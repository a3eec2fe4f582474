/** Where the console draws what. Only the drawing of a run depends on it, so that anything odd is left aside. */
import type { Position } from "./graph.ts";
import { isRecord } from "./values.ts";

/** Larger ones are no place on a canvas. */
const FARTHEST = 1_000_000;

/** @param elements As in a file: lists of nodes and edges, or one list of both. */
export function readPositions(elements: unknown): ReadonlyMap<string, Position> {
  const items = isRecord(elements) ? elements.nodes : elements;
  const positions = new Map<string, Position>();
  for (const item of Array.isArray(items) ? items : []) {
    if (!isRecord(item) || !isRecord(item.data) || !isRecord(item.position)) continue;
    const { id } = item.data;
    const { x, y } = item.position;
    if (typeof id === "string" && isPlace(x) && isPlace(y)) positions.set(id, { x, y });
  }
  return positions;
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= FARTHEST;
}
