/** Turns the text of a flow export into what it means, unless it is no JSON or more than can be read. */
import { findJsonFault, measureJson } from "../../../kit/json-text.ts";

/** A reason to refuse the file. */
export class Refusal extends Error {}

/** Exports of the console have 20 levels at most. What reads values descends by recursion. */
const MAX_DEPTH = 200;
/** Real exports have some 30,000 in a megabyte. */
const MAX_VALUES = 1_500_000;

const ZIP = "this is a ZIP archive; unpack it and give the JSON file that is in it";
const GZIP = "this is compressed by gzip; unpack it and give the JSON file that is in it";
const UTF_16 = "the file is in UTF-16; save it as UTF-8, or export it again";

/** What other files begin with, read as UTF-8. */
const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ["PK\u0003\u0004", ZIP],
  ["PK\u0005\u0006", ZIP],
  ["\u001F\uFFFD\b", GZIP],
  ["\uFFFD\uFFFD{\0", UTF_16],
  ["\uFFFD\uFFFD\0{", UTF_16],
  ["{\0", UTF_16],
  ["\0{", UTF_16],
];

/** @throws {Refusal} */
export function parseExport(given: string): unknown {
  for (const [beginning, reason] of OTHER_FORMATS) if (given.startsWith(beginning)) throw new Refusal(reason);
  const text = given.replace(/^\uFEFF/, "");
  if (text.trim() === "") throw new Refusal("the file is empty");
  const { depth, values } = measureJson(text);
  if (depth > MAX_DEPTH) throw new Refusal(TOO_DEEP);
  if (values > MAX_VALUES) throw new Refusal(TOO_MANY);
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(notJson(text));
  }
}

function notJson(text: string): string {
  const fault = findJsonFault(text);
  const isBinary = ["\0", "\uFFFD"].some((char) => text.slice(0, 1000).includes(char));
  if (!fault || isBinary) return "this is not JSON; give the file that DaVinci's export has written";
  const where = `line ${fault.line}, column ${fault.column}`;
  return fault.isAtEnd && /^\s*[[{]/.test(text)
    ? `the JSON is cut off before its end (${where}: ${fault.reason}); export the flow again`
    : `this is not JSON (${where}: ${fault.reason}); give the file as DaVinci's export has written it`;
}

const TOO_DEEP = "the JSON is nested too deeply to be read";
const TOO_MANY = `the JSON has more than ${MAX_VALUES} values; export fewer flows at once`;

/** Of content that came as JSON with a request, without the text. @throws {Refusal} */
export function requireModest(content: unknown): void {
  let level = [content];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw new Refusal(TOO_DEEP);
    const inner: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const item of Object.values(value)) {
        values += 1;
        if (typeof item === "object" && item !== null) inner.push(item);
      }
      if (values > MAX_VALUES) throw new Refusal(TOO_MANY);
    }
    level = inner;
  }
}
