/**
 * What the code of a custom function finds beside the language, and how it is called. Which globals DaVinci offers is
 * not documented (unverified): these are harmless and keep usual code running. `console` writes nowhere, because what
 * it is given may be secret. Timers fire in the order of their delays as soon as nothing else is left to run; nothing
 * waits for the delay.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";

const ENCODINGS: readonly string[] = [
  "utf8",
  "utf-8",
  "latin1",
  "binary",
  "ascii",
  "base64",
  "base64url",
  "hex",
];

/** QuickJS does not count the memory that this process takes for it. In characters of JSON. */
const MAX_RECODED = 8_000_000;

/** Text in, text out. Of this process, code in QuickJS reaches this, createUuid and askPlatform, and only through PRELUDE. */
export function recode(json: string): string {
  if (json.length > MAX_RECODED) throw new RangeError("Invalid string length");
  // Texts other than JSON would end at a NUL.
  const [text, from, to] = z.tuple([z.string(), z.string(), z.string()]).parse(JSON.parse(json));
  return JSON.stringify(Buffer.from(text, encoding(from)).toString(encoding(to)));
}
export function createUuid(): string {
  return randomUUID();
}

function encoding(name: string): BufferEncoding {
  const lower = name.toLowerCase();
  if (!ENCODINGS.includes(lower)) throw new TypeError("Unknown encoding");
  return lower as BufferEncoding; // One of ENCODINGS.
}

/**
 * Evaluates to a function of the two above, and of what `web-globals.ts` has, that returns `[run, wake]`. `run` calls a function made of a stranger's code
 * and returns a promise of JSON that says how it ended; `wake` fires the next timer. Built-in functions are held on to,
 * because the code may replace them, and reports have no prototype, because the code may set `Object.prototype.toJSON`.
 */
export const PRELUDE = String.raw`
(recodeJson, createUuid, askJson, createWebGlobals) => {
"use strict";
const { parse, stringify } = JSON;
const recode = (text, from, to) => parse(recodeJson(stringify([text, from, to])));
const { fromCharCode } = String;
const report = (kind, more) => stringify({ __proto__: null, kind, ...more });

class Buffer extends Uint8Array {
  static from(value, encoding = "utf8") {
    if (typeof value !== "string") return super.from(value instanceof ArrayBuffer ? new Uint8Array(value) : value);
    return super.from(recode(value, String(encoding), "latin1"), (char) => char.charCodeAt(0));
  }
  static alloc(size) { return new Buffer(size); }
  static isBuffer(value) { return value instanceof Buffer; }
  static byteLength(value, encoding) { return Buffer.from(value, encoding).length; }
  static concat(list) { return Buffer.from(list.flatMap((part) => [...part])); }
  toString(encoding = "utf8") {
    let text = "";
    for (const byte of this) text += fromCharCode(byte);
    return recode(text, "latin1", String(encoding));
  }
  toJSON() { return { type: "Buffer", data: [...this] }; }
}

const { getRandomValues, ...web } = createWebGlobals(askJson, Buffer);
const timers = [];
let lastTimer = 0;
const globals = {
  Buffer,
  atob: (text) => recode(String(text), "base64", "latin1"),
  btoa: (text) => {
    if (/[^\0-\xff]/.test(text)) throw new RangeError("Invalid character");
    return recode(String(text), "latin1", "base64");
  },
  console: Object.fromEntries(
    ["debug", "dir", "error", "group", "groupEnd", "info", "log", "table", "time", "timeEnd", "trace", "warn"]
      .map((name) => [name, () => {}])),
  ...web,
  crypto: { randomUUID: () => createUuid(), getRandomValues },
  setTimeout: (callback, delay, ...args) => {
    const id = ++lastTimer;
    timers.push({ id, delay: Number(delay) || 0, fire: () => callback(...args) });
    return id;
  },
  clearTimeout: (id) => {
    const index = timers.findIndex((timer) => timer.id === id);
    if (index >= 0) timers.splice(index, 1);
  },
};
for (const name in globals)
  Object.defineProperty(globalThis, name, { value: globals[name], writable: true, configurable: true });

const wake = () => {
  if (timers.length === 0) return false;
  timers.sort((one, other) => one.delay - other.delay || one.id - other.id);
  timers.shift().fire();
  return true;
};

const encode = (value) => {
  let odd;
  try {
    const json = stringify(value, (key, item) => {
      const type = typeof item;
      if (type !== "function" && type !== "bigint" && type !== "symbol") return item;
      odd = "a " + type;
      throw odd;
    });
    return report("returned", { json });
  } catch (error) {
    if (error instanceof TypeError && error.message === "circular reference") odd = "an object that contains itself";
    if (odd === undefined) throw error;
    return report("notJson", { odd });
  }
};

const run = async (code, params) => {
  try {
    const module = { exports: {} };
    code.call(module.exports, module, module.exports);
    const main = module.exports;
    if (typeof main !== "function") return report("noFunction");
    const value = await main({ params: parse(params) });
    return value === undefined ? report("nothing") : encode(value);
  } catch (error) {
    if (typeof error !== "object" || error === null) return report("threw", { message: error });
    return report("threw", { name: error.name, message: error.message, stack: error.stack });
  }
};
return [run, wake];
}
`;
