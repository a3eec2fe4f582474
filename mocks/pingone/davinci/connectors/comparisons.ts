/** How the Functions connector compares two values. */
import { isDeepStrictEqual } from "node:util";
import type { Call } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { fromJson, numberOf, switchOf } from "./inputs.ts";

export interface Comparison {
  /** `string`, `number`, `boolean`, `date`, ...; mostly absent. */
  readonly type: unknown;
  readonly isCaseSensitive: boolean | undefined;
}

export function comparisonOf({ properties }: Call): Comparison {
  return { type: properties.type, isCaseSensitive: switchOf(properties.caseSensitive) };
}

/**
 * Whether two values are the same. They are compared as text, so that `true` is "true" and 1 is "1"; as numbers or
 * booleans where the node says that they are. Nothing, null and empty text are the same.
 */
export function isSame(a: unknown, b: unknown, comparison: Comparison, call: Call): boolean {
  if (isObject(a) || isObject(b)) return isSameObject(a, b);
  const type = textOf(comparison.type).toLowerCase();
  if (type === "number") {
    const [one, other] = [numberOf(a), numberOf(b)];
    if (one !== undefined && other !== undefined) return one === other;
  }
  const [one, other] = [textOf(a), textOf(b)];
  if (type === "boolean") return one.trim().toLowerCase() === other.trim().toLowerCase();
  return (
    one.length === other.length &&
    isSameText(one, other, comparison, call, (first, second) => first === second)
  );
}

/** Applies a test to two texts; without its switch, the letter case counts. */
export function isSameText(
  a: string,
  b: string,
  { isCaseSensitive }: Comparison,
  call: Call,
  test: (a: string, b: string) => boolean,
): boolean {
  const withoutCase = test(a.toLowerCase(), b.toLowerCase());
  if (isCaseSensitive === false) return withoutCase;
  const withCase = test(a, b);
  if (isCaseSensitive === undefined && withCase !== withoutCase) {
    call.remark(
      `Compares two values that differ only in letter case. Its "Case Sensitive" is not set; here that means on (unverified).`,
    );
  }
  return withCase;
}

/**
 * Less than 0 when `a` is the smaller one, 0 when they are equal; undefined when they have no order. Numbers are
 * compared as numbers, dates as points in time, other texts by their characters where the node's type is string.
 */
export function orderOf(a: unknown, b: unknown, comparison: Comparison, call: Call): number | undefined {
  const type = textOf(comparison.type).toLowerCase();
  const [one, other] = type === "date" ? [dateOf(a), dateOf(b)] : [numberOf(a), numberOf(b)];
  if (one !== undefined && other !== undefined) return one - other;
  const isText = typeof a === "string" && typeof b === "string" && a !== "" && b !== "";
  if (type === "string" && isText) return a < b ? -1 : a > b ? 1 : 0;
  call.remark(
    `Compares values of which one is no ${type === "date" ? "date" : "number"}, so the comparison does not hold (unverified).`,
  );
  return undefined;
}

/** A list, given as such or as JSON text; undefined for anything else. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  const parsed = typeof value === "string" ? fromJson(value) : value;
  return Array.isArray(parsed) ? parsed : undefined;
}

/** Nothing, null, empty text, an empty list or an empty object; for lists and objects also as JSON text. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  const parsed = typeof value === "string" ? fromJson(value) : value;
  if (Array.isArray(parsed)) return parsed.length === 0;
  return isRecord(parsed) && Object.keys(parsed).length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSameObject(a: unknown, b: unknown): boolean {
  const [one, other] = [a, b].map((value) => (typeof value === "string" ? fromJson(value) : value));
  return isObject(one) && isObject(other) && isDeepStrictEqual(one, other);
}

function dateOf(value: unknown): number | undefined {
  const number = numberOf(value);
  if (number !== undefined) return number;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
