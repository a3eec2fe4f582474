/**
 * Comparisons of documents with code. Each answers with the differences as sentences; none means agreement.
 * They read texts that they are handed, so that a test can hand them a damaged copy.
 */

/** Texts by their path from the project's root. */
export type Files = Readonly<Record<string, string>>;

/** @throws {Error} when the file was not read */
export function textOf(files: Files, path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`${path} is missing`);
  return text;
}

/** Both lists name the same things, each once. */
export function compareNames(
  what: string,
  documented: readonly string[],
  actual: readonly string[],
): string[] {
  return [
    ...actual.filter((name) => !documented.includes(name)).map((name) => `${what}: ${name} is left out`),
    ...documented.filter((name) => !actual.includes(name)).map((name) => `${what}: there is no ${name}`),
    ...documented
      .filter((name, index) => documented.indexOf(name) !== index)
      .map((name) => `${what}: ${name} stands there twice`),
  ];
}

/** Both tell the same of each name. */
export function comparePairs(
  what: string,
  documented: Readonly<Record<string, string>>,
  actual: Readonly<Record<string, string>>,
): string[] {
  const differing = Object.keys(actual).filter(
    (name) => documented[name] !== undefined && documented[name] !== actual[name],
  );
  return [
    ...compareNames(what, Object.keys(documented), Object.keys(actual)),
    ...differing.map((name) => `${what}: ${name} is ${actual[name]}, not ${documented[name]}`),
  ];
}

/** Words that are spelt like a scope of the Todo API and are none. */
export function findUnknownScopes(files: Files, scopes: readonly string[]): string[] {
  return markdownOf(files).flatMap(([path, text]) =>
    Array.from(text.matchAll(/\b[a-z]+_api:[a-z_]+/g), ([scope]) => scope)
      .filter((scope) => !scopes.includes(scope))
      .map((scope) => `${path}: there is no scope ${scope}`),
  );
}

/** Loopback addresses at a port that nothing of this project uses. */
export function findUnknownPorts(files: Files, ports: readonly number[]): string[] {
  return Object.entries(files).flatMap(([path, text]) =>
    Array.from(text.matchAll(/(?:localhost|127\.0\.0\.1):(\d+)/g), ([, port]) => Number(port))
      .filter((port) => !ports.includes(port))
      .map((port) => `${path}: nothing answers at port ${port}`),
  );
}

/** Names of the events that a source logs, with how: `event` or `problem`. */
export function loggedEvents(source: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(source.matchAll(/\blog(Event|OfRequest|Problem)\(\s*"([^"]+)"/g), ([, kind, name]) => [
      name ?? "",
      kind === "Problem" ? "problem" : "event",
    ]),
  );
}

/** Log calls whose event is not written out, which no document could list. */
export function countUnnamedEvents(source: string): number {
  return Array.from(source.matchAll(/(?<!function )\blog(?:Event|OfRequest|Problem)\(\s*(?!")/g)).length;
}

/** Settings that a dotenv file gives a value, and those that it shows commented out. */
export function settingsOfSample(sample: string): { assigned: string[]; optional: string[] } {
  const names = (pattern: RegExp) => Array.from(sample.matchAll(pattern), (match) => match[1] ?? "");
  return { assigned: names(/^([A-Z][A-Z_]+)=/gm), optional: names(/^# ?([A-Z][A-Z_]+)=/gm) };
}

function markdownOf(files: Files): [string, string][] {
  return Object.entries(files).filter(([path]) => path.endsWith(".md"));
}
