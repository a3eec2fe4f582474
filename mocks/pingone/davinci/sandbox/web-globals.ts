/**
 * Globals of browsers and Node that QuickJS lacks and that code of flows may use: URL, URLSearchParams, TextEncoder,
 * TextDecoder, Intl for dates and numbers, and a few more. That DaVinci has them is not documented (unverified). What
 * needs tables or a parser is asked of this process, as JSON; nothing of it can be reached. Without a time zone or a
 * locale these are UTC and en-US.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";

/** QuickJS does not count the memory that this process takes for it. In characters of JSON. */
const MAX_ASKED = 1_000_000;
/** As the Web Crypto API allows at once. */
const MAX_RANDOM_BYTES = 65_536;

const formatOptions = z.record(z.string(), z.unknown()).nullable();
const locales = z.union([z.string(), z.array(z.string())]).nullable();

const askedSchema = z.discriminatedUnion("what", [
  z.object({
    what: z.literal("url"),
    url: z.string(),
    base: z.string().nullable(),
    set: z
      .tuple([
        z.enum([
          "protocol",
          "username",
          "password",
          "host",
          "hostname",
          "port",
          "pathname",
          "search",
          "hash",
        ]),
        z.string(),
      ])
      .nullable(),
  }),
  z.object({ what: z.literal("query"), text: z.string() }),
  z.object({ what: z.literal("queryText"), pairs: z.array(z.tuple([z.string(), z.string()])) }),
  z.object({
    what: z.literal("date"),
    time: z.number(),
    kind: z.enum(["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]),
    locales,
    options: formatOptions,
  }),
  z.object({ what: z.literal("number"), number: z.number(), locales, options: formatOptions }),
  z.object({ what: z.literal("random"), length: z.int().min(0).max(MAX_RANDOM_BYTES) }),
]);

/** JSON in, JSON out. Throws what the function of the platform throws, such as a TypeError for a malformed URL. */
export function askPlatform(json: string): string {
  if (json.length > MAX_ASKED) throw new RangeError("Invalid string length");
  return JSON.stringify(answerOf(askedSchema.parse(JSON.parse(json))));
}

function answerOf(asked: z.output<typeof askedSchema>): unknown {
  switch (asked.what) {
    case "url": {
      const url = new URL(asked.url, asked.base ?? undefined);
      if (asked.set) url[asked.set[0]] = asked.set[1];
      const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } =
        url;
      return { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash };
    }
    case "query":
      return [...new URLSearchParams(asked.text)];
    case "queryText":
      return new URLSearchParams(asked.pairs).toString();
    case "date":
      return new Date(asked.time)[asked.kind](asked.locales ?? "en-US", {
        timeZone: "UTC",
        ...asked.options,
      });
    case "number":
      return asked.number.toLocaleString(asked.locales ?? "en-US", asked.options ?? {});
    case "random":
      return [...randomBytes(asked.length)];
  }
}

/** Evaluates to a function of {@link askPlatform} and `Buffer` that returns the globals. */
export const WEB_GLOBALS = `
(askJson, Buffer) => {
"use strict";
const { parse, stringify } = JSON;
const ask = (asked) => parse(askJson(stringify(asked)));
const localeOf = (locales) => locales === undefined ? null : Array.isArray(locales) ? locales.map(String) : String(locales);
const numberFrom = Number;

class URLSearchParams {
  #pairs;
  #changed;
  constructor(init = "", changed) {
    this.#changed = typeof changed === "function" ? changed : () => {};
    if (typeof init === "object" && init !== null) {
      const entries = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
      this.#pairs = entries.map(([name, value]) => [String(name), String(value)]);
    } else this.#pairs = ask({ what: "query", text: String(init) });
  }
  get size() { return this.#pairs.length; }
  get(name) { return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value); }
  has(name) { return this.#pairs.some(([key]) => key === String(name)); }
  append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed(this); }
  delete(name) { this.#pairs = this.#pairs.filter(([key]) => key !== String(name)); this.#changed(this); }
  set(name, value) {
    const first = this.#pairs.find(([key]) => key === String(name));
    if (!first) return this.append(name, value);
    first[1] = String(value);
    this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== String(name));
    this.#changed(this);
  }
  sort() { this.#pairs.sort(([one], [other]) => one < other ? -1 : one > other ? 1 : 0); this.#changed(this); }
  forEach(callback) { for (const [name, value] of this.#pairs) callback(value, name, this); }
  *keys() { for (const [name] of this.#pairs) yield name; }
  *values() { for (const [, value] of this.#pairs) yield value; }
  *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return ask({ what: "queryText", pairs: this.#pairs }); }
}

class URL {
  #parts;
  #query;
  constructor(url, base) {
    this.#parts = ask({ what: "url", url: String(url), base: base === undefined ? null : String(base), set: null });
  }
  static canParse(url, base) { try { new URL(url, base); return true; } catch { return false; } }
  get href() { return this.#parts.href; }
  set href(url) { this.#parts = new URL(url).#parts; this.#query = undefined; }
  get origin() { return this.#parts.origin; }
  get searchParams() {
    this.#query ??= new URLSearchParams(this.#parts.search, (query) => this.#set("search", String(query)));
    return this.#query;
  }
  #set(name, value) { this.#parts = ask({ what: "url", url: this.#parts.href, base: null, set: [name, String(value)] }); }
  static {
    for (const name of ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"])
      Object.defineProperty(URL.prototype, name, {
        get() { return this.#parts[name]; },
        set(value) { this.#set(name, value); if (name === "search") this.#query = undefined; },
        configurable: true,
      });
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
}

class TextEncoder {
  get encoding() { return "utf-8"; }
  encode(text = "") { return new Uint8Array(Buffer.from(String(text))); }
}
class TextDecoder {
  get encoding() { return "utf-8"; }
  decode(bytes = []) { return Buffer.from(bytes.buffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes).toString(); }
}

const dateText = (time, kind, locales, options) => Number.isNaN(time) ? "Invalid Date"
  : ask({ what: "date", time, kind, locales: localeOf(locales), options: options ?? null });
const numberText = (number, locales, options) =>
  ask({ what: "number", number: numberFrom(number), locales: localeOf(locales), options: options ?? null });
const define = (prototype, name, value) =>
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
for (const kind of ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"])
  define(Date.prototype, kind, function (locales, options) { return dateText(this.getTime(), kind, locales, options); });
define(Number.prototype, "toLocaleString", function (locales, options) { return numberText(this, locales, options); });

class DateTimeFormat {
  constructor(locales, options = {}) {
    const hasTime = ["hour", "minute", "second", "timeStyle", "dayPeriod"].some((name) => options[name] !== undefined);
    const kind = hasTime ? "toLocaleString" : "toLocaleDateString";
    const exact = hasTime && options.timeStyle === undefined && options.weekday === undefined
      && ["year", "month", "day"].every((name) => options[name] === undefined) ? "toLocaleTimeString" : kind;
    this.format = (date = new Date()) => dateText(numberFrom(date), exact, locales, options);
    this.resolvedOptions = () =>
      ({ locale: [locales ?? "en-US"].flat()[0], calendar: "gregory", numberingSystem: "latn", timeZone: options.timeZone ?? "UTC" });
  }
}
class NumberFormat {
  constructor(locales, options) {
    this.format = (number) => numberText(number, locales, options);
    this.resolvedOptions = () => ({ locale: [locales ?? "en-US"].flat()[0], numberingSystem: "latn" });
  }
}
const callable = (Class) => new Proxy(Class, { apply: (_, __, args) => new Class(...args) });

const clone = (value, known = new Map()) => {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError("It cannot be cloned");
  if (typeof value !== "object" || value === null) return value;
  if (known.has(value)) return known.get(value);
  const keep = (copy) => { known.set(value, copy); return copy; };
  if (value instanceof Date) return keep(new Date(value.getTime()));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (ArrayBuffer.isView(value)) return keep(value.slice());
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, item] of value) copy.set(clone(key, known), clone(item, known));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of value) copy.add(clone(item, known));
    return copy;
  }
  const copy = keep(Array.isArray(value) ? [] : {});
  for (const [key, item] of Object.entries(value))
    Object.defineProperty(copy, key, { value: clone(item, known), writable: true, enumerable: true, configurable: true });
  return copy;
};

return {
  URL,
  URLSearchParams,
  TextEncoder,
  TextDecoder,
  Intl: { DateTimeFormat: callable(DateTimeFormat), NumberFormat: callable(NumberFormat) },
  structuredClone: (value) => clone(value),
  queueMicrotask: (callback) => { Promise.resolve().then(() => callback()); },
  getRandomValues: (array) => {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(ask({ what: "random", length: array.byteLength }));
    return array;
  },
};
}
`;
