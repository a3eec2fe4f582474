/**
 * What the journal may show of a request. Parameters are hidden unless they are on the list of harmless ones, so that
 * a new secret is hidden by default. A hidden value is replaced by a short salted hash: two requests that carried the
 * same value show the same hash, and a test that knows the value can ask for it, but nobody can read it back.
 */
import { createHmac, randomBytes } from "node:crypto";

/** Parameter and field names whose values help a person to understand a request and grant nothing to its reader. */
const SHOWN_PARAMETERS: ReadonlySet<string> = new Set([
  "acr_values",
  "actionKey",
  "buttonValue",
  "client_id",
  "code_challenge_method",
  "completed",
  "error",
  "grant_type",
  "id",
  "iss",
  "login_hint",
  "max_age",
  "post_logout_redirect_uri",
  "prompt",
  "redirect_uri",
  "resource",
  "response_mode",
  "response_type",
  "scope",
  "step",
  "text",
  "todoText",
  "token_type_hint",
  "ui_locales",
  "username",
]);

/** A compact JWT anywhere in a value; it is hidden even where its parameter is shown. */
const JWT_PATTERN = /eyJ[\w-]{5,}\.[\w-]+\.?[\w-]*/g;
const INTERACTION_PATTERN = /(?<=\/interactions\/)[^/?#*]+/g;
const MAX_SHOWN_LENGTH = 500;

export interface Redactor {
  /** `#` and eight hex digits: the same for the same value while this process lives, and useless elsewhere. */
  hash(value: string): string;
  /** The value as the journal shows it under this parameter name. */
  parameter(name: string, value: string): string;
  /** `Basic client:#hash`, `Bearer #hash`, or `#hash` for anything else. */
  authorization(header: string): string;
  /** Cookie names with hashed values. */
  cookies(header: string): string;
  /** A URL whose query and fragment are treated as parameters; userinfo is dropped. */
  url(value: string): string;
  /** A path: the id of a running sign-in is hidden, because it is what its form is posted to. */
  path(value: string): string;
  /** Free text: JWTs are hidden, the rest is shown. */
  text(value: string): string;
}

/** @param salt Random by default; a test may fix it. */
export function createRedactor(salt: Buffer = randomBytes(32)): Redactor {
  const hash = (value: string) => `#${createHmac("sha256", salt).update(value).digest("hex").slice(0, 8)}`;
  const text = (value: string) => {
    const shown = value.replace(JWT_PATTERN, (token) => hash(token));
    return shown.length > MAX_SHOWN_LENGTH ? `${shown.slice(0, MAX_SHOWN_LENGTH)}…` : shown;
  };
  const path = (value: string) => text(value.replace(INTERACTION_PATTERN, hash));
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
    if (!SHOWN_PARAMETERS.has(name)) return hash(value);
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? url(value) : text(value);
  };
  return {
    hash,
    parameter,
    url,
    path,
    text,
    authorization: (header) => {
      const [, scheme = "", credentials = ""] = /^(\S+) +(.*)$/.exec(header.trim()) ?? [];
      if (/^bearer$/i.test(scheme)) return `Bearer ${hash(credentials)}`;
      if (/^basic$/i.test(scheme)) {
        const [client = "", ...secret] = Buffer.from(credentials, "base64").toString("utf8").split(":");
        return `Basic ${text(client)}:${hash(secret.join(":"))}`;
      }
      return hash(header);
    },
    cookies: (header) =>
      header
        .split(";")
        .map((pair) => pair.trim())
        .filter((pair) => pair !== "")
        .map((pair) => {
          const at = pair.indexOf("=");
          return at < 0 ? hash(pair) : `${pair.slice(0, at)}=${hash(pair.slice(at + 1))}`;
        })
        .join("; "),
  };
}
