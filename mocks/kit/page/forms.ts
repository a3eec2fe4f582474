/**
 * Turns a submitted form of the page into what the verb of the same name takes. An empty field counts as not given,
 * so that one form can offer the options of every fault.
 */
import type { ControlState } from "../control/control.ts";
import { VERBS, type VerbName } from "../control/verbs.ts";
import { parseInput } from "../refusal.ts";

const NUMBERS: ReadonlySet<string> = new Set([
  "id",
  "times",
  "milliseconds",
  "delayMilliseconds",
  "status",
  "retryAfterSeconds",
  "intervalMilliseconds",
  "chunkBytes",
  "count",
  "advanceSeconds",
]);
const FLAGS: ReadonlySet<string> = new Set(["drop", "afterProcessing"]);
const LOGIN_PREFIX = "login.";

/** @throws {ControlRequestError} when a field is not what the verb takes. */
export function inputFromForm(name: VerbName, form: URLSearchParams, state: ControlState): unknown {
  const input = name === "setSwitches" ? changedSwitches(form, state) : plainFields(form);
  return parseInput(VERBS[name].input, input, `The form ${name}`);
}

function plainFields(form: URLSearchParams): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const login: Record<string, string> = {};
  for (const [field, value] of form) {
    if (value.trim() === "") continue;
    if (field.startsWith(LOGIN_PREFIX)) login[field.slice(LOGIN_PREFIX.length)] = value;
    else if (FLAGS.has(field)) input[field] = true;
    else if (NUMBERS.has(field)) input[field] = Number.isFinite(Number(value)) ? Number(value) : value;
    else input[field] = field === "body" ? jsonOrText(value) : value;
  }
  return Object.keys(login).length > 0 ? { ...input, login } : input;
}

/** The form shows every switch; only those that were changed are set. */
function changedSwitches(form: URLSearchParams, state: ControlState): Record<string, unknown> {
  const changed = [...form].filter(([name, value]) => value !== switchText(state.pingone.switches[name]));
  return Object.fromEntries(changed.map(([name, value]) => [name, jsonOrText(value)]));
}

/** A switch's value as the form shows it: JSON, but a plain word without its quotes. */
export function switchText(value: unknown): string {
  if (typeof value === "string" && jsonOrText(value) === value) return value;
  return JSON.stringify(value) ?? "";
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
