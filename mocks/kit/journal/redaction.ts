/**
 * What the journal shows of a request. Parameters are hidden unless they are listed as harmless, so that a new secret
 * is hidden by default. A hidden value is replaced by a short salted hash: requests with the same value show the same
 * hash, and a test that knows the value can search for it, but the value cannot be recovered.
 */
import { createHmac, randomBytes } from "node:crypto";

export interface RedactionRules {
  /** Names of parameters and fields whose values are no secrets. */
  readonly shownParameters: readonly string[];
  /** Parts of paths that are secrets. */
  readonly secretsInPaths?: RegExp;
}

/** A compact JWT anywhere in a value; it is hidden even where its parameter is shown. */
const JWT_PATTERN = /eyJ[\w-]{5,}\.[\w-]+\.?[\w-]*/g;
const MAX_SHOWN_LENGTH = 500;
/** What a parameter can be called. A body that is no form arrives as the name of one. */
const PLAUSIBLE_NAME = /^[\w.-]{1,64}$/;
/** A field in a value, or in a segment of a path: a body joined by something other than `&` arrives as one value. */
const FIELD_IN_VALUE = /[;&\n]\s*[\w.-]+\s*[=:]/;
const FIELD_IN_PATH = /(?<=[;&][^/;&=]+=)[^/;&]+/g;

export interface Redactor {
  /** `#` and eight hex digits, the same for the same value until the process ends. */
  hash(value: string): string;
  /** The name of a parameter, hidden where it is none. */
  name(value: string): string;
  /** A value that is no secret, hidden where it holds more fields; a URL is shown as one. */
  shown(value: string): string;
  /** The value as the journal shows it under this parameter name. */
  parameter(name: string, value: string): string;
  /**
   * The value of a header, by its name in lower case. `authorization` is shown as `Basic client:#hash`, `Bearer #hash`
   * or `#hash`, cookies by their names, a referrer as a URL, and anything else as text.
   */
  header(name: string, value: string): string;
  /** A URL whose query and fragment are treated as parameters; userinfo is dropped. */
  url(value: string): string;
  /** A path with its secret parts hidden. */
  path(value: string): string;
  /** Free text: JWTs are hidden, the rest is shown. */
  text(value: string): string;
}

/**
 * @param rules Those of all emulators.
 * @param salt Random by default; a test may fix it.
 */
export function createRedactor(rules: readonly RedactionRules[], salt: Buffer = randomBytes(32)): Redactor {
  const shownParameters = new Set(rules.flatMap(({ shownParameters }) => shownParameters));
  const secretsInPaths = rules.flatMap(({ secretsInPaths }) => secretsInPaths ?? []);
  const hash = (value: string) => `#${createHmac("sha256", salt).update(value).digest("hex").slice(0, 8)}`;
  const text = (value: string) => {
    const shown = value.replace(JWT_PATTERN, (token) => hash(token));
    return shown.length > MAX_SHOWN_LENGTH ? `${shown.slice(0, MAX_SHOWN_LENGTH)}…` : shown;
  };
  const path = (value: string) =>
    text([...secretsInPaths, FIELD_IN_PATH].reduce((shown, secret) => shown.replaceAll(secret, hash), value));
  const name = (value: string) => (PLAUSIBLE_NAME.test(value) ? value : hash(value));
  const parameters = (search: string) =>
    [...new URLSearchParams(search)].map(([key, value]) => `${name(key)}=${parameter(key, value)}`).join("&");
  const url = (value: string) => {
    const parsed = URL.parse(value) ?? URL.parse(value, "relative:/");
    if (parsed === null) return hash(value);
    const origin = parsed.protocol === "relative:" ? "" : `${parsed.protocol}//${parsed.host}`;
    const query = parsed.search === "" ? "" : `?${parameters(parsed.search)}`;
    const fragment = parsed.hash === "" ? "" : `#${parameters(parsed.hash.slice(1))}`;
    return `${origin}${path(parsed.pathname)}${query}${fragment}`;
  };
  const shown = (value: string): string => {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return url(value);
    return FIELD_IN_VALUE.test(value) ? hash(value) : text(value);
  };
  const parameter = (key: string, value: string): string => {
    if (value === "") return "";
    return shownParameters.has(key) ? shown(value) : hash(value);
  };
  const authorization = (header: string) => {
    const [, scheme = "", credentials = ""] = /^(\S+) +(.*)$/.exec(header.trim()) ?? [];
    if (/^bearer$/i.test(scheme)) return `Bearer ${hash(credentials)}`;
    if (!/^basic$/i.test(scheme)) return hash(header);
    const [client = "", ...secret] = Buffer.from(credentials, "base64").toString("utf8").split(":");
    if (secret.length === 0) return `Basic ${hash(credentials)}`;
    return `Basic ${text(client)}:${hash(secret.join(":"))}`;
  };
  const cookie = (pair: string) => {
    const at = pair.indexOf("=");
    return at < 0 ? hash(pair) : `${pair.slice(0, at)}=${hash(pair.slice(at + 1))}`;
  };
  const cookies = (header: string) =>
    header
      .split(";")
      .map((pair) => pair.trim())
      .filter((pair) => pair !== "")
      .map(cookie)
      .join("; ");
  const headers = new Map([
    ["authorization", authorization],
    ["cookie", cookies],
    ["referer", url],
  ]);
  return {
    hash,
    name,
    shown,
    parameter,
    url,
    path,
    text,
    header: (key, value) => (headers.get(key) ?? text)(value),
  };
}
