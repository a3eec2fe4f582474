/**
 * What is told of an error that code threw. Its message may hold a value of the run, such as a password, and messages go
 * to logs. So only what the code itself says is told: a message that stands in the code word for word, or a message of
 * the engine about a name that stands in the code.
 */
import { z } from "zod";
import { type Budget, type Failure, failed } from "./job.ts";
import { tooLarge } from "./quickjs.ts";

/** As reported from inside QuickJS. A stranger's code can make it anything. */
export const thrownSchema = z.object({
  name: z.string().catch(""),
  message: z.string().catch(""),
  stack: z.string().catch(""),
});
export type Thrown = z.infer<typeof thrownSchema>;

/** The file name of a stranger's code in stacks. */
export const CODE_FILE = "code.js";

const LIMITS_OF_THE_ENGINE = ["out of memory", "stack overflow", "string too long"];

/** What code for Node or a browser may expect. */
const NOT_AVAILABLE = new Set([
  ...["require", "process", "global", "__dirname", "__filename", "setImmediate", "setInterval"],
  ...["fetch", "XMLHttpRequest", "WebSocket", "axios", "window", "document", "self", "localStorage"],
  ...["performance", "Headers", "Request", "Response"],
]);

/** Names of the code stand in messages of QuickJS: "'x' is not defined", "cannot read property 'x' of undefined". */
const ENGINE_MESSAGES = [
  /^(?<name>[\w$]+) is not (?:initialized|a constructor)$/,
  /^'(?<name>[\w$]+)' is (?:not defined|read-only)$/,
  /^cannot (?:read|set) property '(?<name>[\w$]+)' of (?:undefined|null)$/,
  /^(?:not a function|not a constructor|invalid array length|invalid regular expression flags)$/,
];

export function describeThrown(
  thrown: Thrown,
  subject: "code" | "template",
  code: string,
  budget: Budget,
): Failure {
  const { name, message } = thrown;
  if (name === "InternalError" && LIMITS_OF_THE_ENGINE.includes(message))
    return failed("limit", tooLarge(budget));
  const where = lineOf(thrown, code);
  const missing = /^'(?<name>[\w$]+)' is not defined$/.exec(message)?.groups?.name ?? "";
  if (name === "ReferenceError" && NOT_AVAILABLE.has(missing) && hasWord(code, missing))
    return failed("threw", `${missing} is not available here${where}.`);
  const shownName = /^[A-Z]\w*$/.test(name) && (isBuiltIn(name) || hasWord(code, name)) ? name : "an error";
  const told = isOfTheCode(message, code) ? `: ${message.trim().replace(/\.$/, "")}` : "";
  return failed("threw", `The ${subject} threw ${shownName}${where}${told}.`);
}

function isOfTheCode(message: string, code: string): boolean {
  if (message.trim() === "" || message.includes("\n")) return false;
  if (isStringIn(message, code)) return true;
  return ENGINE_MESSAGES.some((pattern) => {
    const match = pattern.exec(message);
    return match !== null && (match.groups?.name === undefined || hasWord(code, match.groups.name));
  });
}

/** As a whole literal, because a short value could be a part of any code. */
function isStringIn(message: string, code: string): boolean {
  return ['"', "'", "`"].some((quote) => code.includes(`${quote}${message}${quote}`));
}

function hasWord(code: string, word: string): boolean {
  return code.split(/[^\w$]+/).includes(word);
}

function isBuiltIn(name: string): boolean {
  return /^(?:Error|(?:Type|Range|Syntax|Reference|URI|Eval|Aggregate)Error)$/.test(name);
}

function lineOf({ stack }: Thrown, code: string): string {
  const line = Number(/code\.js:(\d{1,6})/.exec(stack)?.[1] ?? 0);
  return line > 0 && line <= code.split("\n").length ? ` in line ${line}` : "";
}
