/** What the log may keep of a value: secrets hidden, and no more than a part of what is long. */
import { SHORTEST_SECRET } from "../interaction.ts";
import type { LogEvent, RunResult } from "./event.ts";

export const HIDDEN = "[hidden]";

const MAX_TEXT = 1000;
const MAX_ITEMS = 50;
const MAX_DEPTH = 8;
/** Characters of one value with all that is in it. */
const MAX_VALUE = 8000;
/** Characters of a text that are searched for secrets, and those at their end that may be a part of one. */
const SEARCHED_TEXT = 40_000;
const LONGEST_SECRET = 12_500;
/** By their form: JWTs, credentials of an Authorization header, links that answer a challenge, seeds of one-time codes. */
const SECRET_FORMS = [
  /eyJ[\w-]{5,}\.[\w-]+\.?[\w-]*/g,
  /(?<=\b(?:bearer|basic) +)[\w.~+/=-]{8,}/gi,
  /(?<=\/davinci\/links\/)[\w-]{4,}/g,
  /(?<=[?&]secret=)[A-Z2-7]{8,}/gi,
];

/** Names whose value is hidden, whatever it is. */
const SECRET_NAMES = [
  /passw|passphrase|passcode|\bpwd\b|secret|credential|private_?key|api_?-?key/i,
  /(?:^|[a-z_-])tokens?(?:value)?$/i,
  /cookie|^(?:proxy-)?authorization$/i,
  /^(?:pin|otp|totp|seed)$|[a-z_-](?:Otp|Totp|Pin|Seed)(?:Code)?$/,
  /^(?:otp|totp)|(?:_otp|_pin|_seed)$|key_?ur[il]$|otpauth/i,
  /(?:verification|recovery|one_?time|mfa|access|pairing|activation|auth(?:orization)?|sms|email|reset|magic|user|device|backup)_?-?code$/i,
];
/** What has such a name and says only how things are: `passwordStatus`, `checkPassword_localizedErrors`. */
const HARMLESS_NAMES =
  /(?:status|state|policy|expired|expiresat|required|length|count|type|errors|methods?)$/i;

/** @param secrets What a person has typed into secret fields, and codes that were sent. */
export function hideInText(text: string, secrets: ReadonlySet<string>): string {
  if (secrets.has(text)) return HIDDEN;
  const hidden = SECRET_FORMS.reduce((shown, form) => shown.replaceAll(form, HIDDEN), text);
  const pattern = patternOf(secrets);
  return pattern ? hidden.replaceAll(pattern, HIDDEN) : hidden;
}

/** A run can have hundreds of secrets, and thousands of texts in which they could be. */
const patterns = new WeakMap<
  ReadonlySet<string>,
  { readonly size: number; readonly pattern: RegExp | undefined }
>();

function patternOf(secrets: ReadonlySet<string>): RegExp | undefined {
  const known = patterns.get(secrets);
  if (known?.size === secrets.size) return known.pattern;
  const forms = [...secrets].filter(({ length }) => length >= SHORTEST_SECRET).flatMap(formsOf);
  // The longest first: one secret can be the beginning of another.
  const sorted = [...new Set(forms)].sort((one, other) => other.length - one.length);
  const pattern = sorted.length === 0 ? undefined : new RegExp(sorted.map(escaped).join("|"), "g");
  patterns.set(secrets, { size: secrets.size, pattern });
  return pattern;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** How a text looks inside another one: as it is, in JSON, in a URL, in HTML, in Base64. */
function formsOf(secret: string): string[] {
  const html = secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  const base64 = Buffer.from(secret).toString("base64").replaceAll("=", "");
  // `encodeURIComponent` refuses half of a surrogate pair.
  const inUrl = secret.isWellFormed() ? [encodeURIComponent(secret)] : [];
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), ...inUrl, html, base64])];
}

export function isSecretName(name: string): boolean {
  return !HARMLESS_NAMES.test(name) && SECRET_NAMES.some((pattern) => pattern.test(name));
}

/** A copy that can be kept: plain JSON. */
export function keepable(value: unknown, secrets: ReadonlySet<string>): unknown {
  return new Copier(secrets).copy(value, "", 0);
}

/** Where events have values of a run. Names and ids are the author's, and could contain a short password by chance. */
const VALUE_PLACES: readonly string[] = ["parameters", "properties", "output", "title", "refused"];

/** Hides in a copy what has become known as a secret since the event was kept. */
export function hideInEvent(event: LogEvent, secrets: ReadonlySet<string>): LogEvent {
  const hidden = Object.entries(event).map(([name, value]) => {
    const hasValues =
      VALUE_PLACES.includes(name) || name === "error" || (name === "fields" && !Array.isArray(value));
    if (hasValues) return [name, hideDeep(value, secrets)];
    return [name, name === "result" ? hideInResult(value as RunResult, secrets) : structuredClone(value)];
  });
  return Object.fromEntries(hidden) as LogEvent;
}

export function hideInResult({ kind, ...texts }: RunResult, secrets: ReadonlySet<string>): RunResult {
  return { kind, ...(hideDeep(texts, secrets) as object) } as RunResult;
}

function hideDeep(value: unknown, secrets: ReadonlySet<string>): unknown {
  if (typeof value === "string") return hideInText(value, secrets);
  if (typeof value === "number") return secrets.has(String(value)) ? HIDDEN : value;
  if (Array.isArray(value)) return value.map((item) => hideDeep(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, hideDeep(item, secrets)]));
}

class Copier {
  readonly #secrets: ReadonlySet<string>;
  #left = MAX_VALUE;

  constructor(secrets: ReadonlySet<string>) {
    this.#secrets = secrets;
  }

  /** @param name Of the property that has the value; "" for none. */
  copy(value: unknown, name: string, depth: number): unknown {
    if (value === undefined || value === null || typeof value === "boolean") return value;
    if (isEmpty(value)) return value;
    if (isSecretName(name) || ((name === "code" || name === "challenge") && looksLikeCode(value)))
      return HIDDEN;
    if (typeof value === "number") return this.#secrets.has(String(value)) ? HIDDEN : value;
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object") return String(value);
    if (depth >= MAX_DEPTH) return "… (nested too deeply)";
    if (this.#left <= 0) return "…";
    return Array.isArray(value) ? this.#list(value, depth) : this.#record(value, depth);
  }

  #text(text: string): string {
    const limit = Math.max(Math.min(MAX_TEXT, this.#left), 0);
    // Hidden before it is cut, because half of a secret is not found.
    const searched = text.slice(0, SEARCHED_TEXT);
    let hidden = hideInText(searched, this.#secrets);
    if (searched.length < text.length) hidden = hidden.slice(0, -LONGEST_SECRET);
    const isCut = hidden.length > limit || searched.length < text.length;
    const kept = isCut ? `${hidden.slice(0, limit)}… (${text.length} characters)` : hidden;
    this.#left -= kept.length;
    return kept;
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const kept = list.slice(0, MAX_ITEMS).map((item) => this.copy(item, "", depth + 1));
    if (list.length > MAX_ITEMS) kept.push(`… (${list.length} in all)`);
    return kept;
  }

  #record(record: object, depth: number): Record<string, unknown> {
    const entries = Object.entries(record);
    // `{ name: "password", value: "…" }`, as lists of inputs and headers have it.
    const given = ["name", "key", "propertyName"].map((key) => Reflect.get(record, key));
    const isSecret = given.some((name) => typeof name === "string" && isSecretName(name));
    const kept = entries.slice(0, MAX_ITEMS).map(([key, value]) => {
      this.#left -= key.length;
      const copied =
        isSecret && key === "value" && !isEmpty(value) ? HIDDEN : this.copy(value, key, depth + 1);
      return [key.slice(0, 200), copied] as const;
    });
    if (entries.length > MAX_ITEMS) kept.push(["…", `${entries.length} in all`]);
    return Object.fromEntries(kept);
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || typeof value === "boolean";
}

/** A one-time code, not the name of an error such as `notFound`. */
function looksLikeCode(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /\d{3}|[\w-]{20}/.test(value));
}
