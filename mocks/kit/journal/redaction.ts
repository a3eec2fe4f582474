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

export interface Redactor {
  /** `#` and eight hex digits, the same for the same value until the process ends. */
  hash(value: string): string;
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
    text(secretsInPaths.reduce((shown, secret) => shown.replaceAll(secret, hash), value));
  const parameters = (search: string) =>
    [...new URLSearchParams(search)]
      .map(([name, value]) => `${text(name)}=${parameter(name, value)}`)
      .join("&");
  const url = (value: string) => {
    const parsed = URL.parse(value) ?? URL.parse(value, "relative:/");
    if (parsed === null) return hash(value);
    const origin = parsed.protocol === "relative:" ? "" : `${parsed.protocol}//${parsed.host}`;
    const query = parsed.search === "" ? "" : `?${parameters(parsed.search)}`;
    const fragment = parsed.hash === "" ? "" : `#${parameters(parsed.hash.slice(1))}`;
    return `${origin}${path(parsed.pathname)}${query}${fragment}`;
  };
  const parameter = (name: string, value: string): string => {
    if (value === "") return "";
    if (!shownParameters.has(name)) return hash(value);
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? url(value) : text(value);
  };
  const authorization = (header: string) => {
    const [, scheme = "", credentials = ""] = /^(\S+) +(.*)$/.exec(header.trim()) ?? [];
    if (/^bearer$/i.test(scheme)) return `Bearer ${hash(credentials)}`;
    if (!/^basic$/i.test(scheme)) return hash(header);
    const [client = "", ...secret] = Buffer.from(credentials, "base64").toString("utf8").split(":");
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
  return { hash, parameter, url, path, text, header: (name, value) => (headers.get(name) ?? text)(value) };
}
