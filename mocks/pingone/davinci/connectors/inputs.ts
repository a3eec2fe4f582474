/** Reads the properties of nodes as connectors need them. Property names are from files of strangers. */
import type { Call } from "../engine/capability.ts";
import { isRecord, RunLimitError, textOf } from "../graph/values.ts";

/** Properties that describe the node and are no arguments of what it calls. */
const OF_THE_EDITOR = ["nodeTitle", "nodeDescription", "backgroundColor", "__proto__"];

/** The properties that are arguments: all but those of the editor and those named. */
export function argumentsOf({ properties }: Call, ...others: readonly string[]): Record<string, unknown> {
  const left = Object.entries(properties).filter(
    ([name]) => !OF_THE_EDITOR.includes(name) && !others.includes(name),
  );
  return Object.fromEntries(left);
}

/** No text that a connector makes may become longer, in characters: a loop can double one at each turn. */
const MAX_TEXT = 1_000_000;

/** @throws {RunLimitError} when the text would become too long. */
export function joinTexts(texts: readonly string[], separator = ""): string {
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  if (length > MAX_TEXT) throw new RunLimitError(`a text would become longer than ${MAX_TEXT} characters`);
  return texts.join(separator);
}

export interface NamedValue {
  readonly name: string;
  readonly value: unknown;
  readonly entry: Readonly<Record<string, unknown>>;
}

/** A list such as `variableInputList` or `saveVariables`: `[{ name, value, ... }]`. Entries without a name are left out. */
export function namedValuesOf(list: unknown): NamedValue[] {
  if (!Array.isArray(list)) return [];
  return list
    .filter(isRecord)
    .flatMap((entry) =>
      typeof entry.name === "string" && entry.name !== "" && entry.name !== "__proto__"
        ? [{ name: entry.name, value: entry.value, entry }]
        : [],
    );
}

/** Switches are stored as booleans, in some exports as text. `undefined` when not set. */
export function switchOf(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  const text = textOf(value).toLowerCase();
  return text === "true" ? true : text === "false" ? false : undefined;
}

/** `undefined` for what is no number; blank text is none. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  if (typeof value === "string" && value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * A value in the data type that its author has chosen for it. Values that were bound keep the type they have; a text
 * that does not read as the type stays text.
 */
export function inDataType(value: unknown, type: unknown): unknown {
  if (typeof value !== "string") return value;
  switch (textOf(type).toLowerCase()) {
    case "number":
    case "integer":
      return numberOf(value) ?? value;
    case "boolean":
      return switchOf(value.trim()) ?? value;
    case "object":
    case "array":
      return fromJson(value) ?? value;
    default:
      return value;
  }
}

/** The object or list that a JSON text means, else undefined. */
export function fromJson(value: string): object | undefined {
  if (!/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value) as object;
  } catch {
    return undefined;
  }
}
