/**
 * Comparisons of documents with code. Each answers with the differences as sentences; none means agreement.
 * They read texts that they are handed, so that a test can hand them a damaged copy.
 */
import { anchorsOf, codeSpans, linkTargets, withoutFences } from "./markdown.ts";

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

/** Relative links whose file or heading is not there. */
export function findBrokenLinks(files: Files, exists: (path: string) => boolean): string[] {
  return markdownOf(files).flatMap(([path, text]) =>
    linkTargets(text).flatMap((target) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? path : resolveFrom(path, file);
      if (!exists(linked)) return [`${path}: the link to ${target} leads nowhere`];
      const content = files[linked];
      const isDeadAnchor = anchor !== undefined && content !== undefined && !anchorsOf(content).has(anchor);
      return isDeadAnchor ? [`${path}: ${linked} has no heading #${anchor}`] : [];
    }),
  );
}

function resolveFrom(path: string, relative: string): string {
  return decodeURIComponent(new URL(relative, `file:///${path}`).pathname).replace(/^\//, "");
}

const PROJECT_PATH = /^(?:src|mocks|fixtures|e2e|test|scripts|docs|\.ci|\.github)\/[\w.*<>/-]*$/;
const ROOT_FILE = /^\.?[\w-]+(?:\.[\w-]+)*\.(?:md|json|jsonc|sample|d\.ts|config\.ts)$/;

/** Paths of this project in code spans that are not there. In a pattern, what stands before it is looked for. */
export function findMissingPaths(files: Files, exists: (path: string) => boolean): string[] {
  return markdownOf(files).flatMap(([path, text]) =>
    codeSpans(text)
      .filter((span) => PROJECT_PATH.test(span) || (ROOT_FILE.test(span) && !span.includes("/")))
      .filter((span) => !exists(span.replace(/[^/]*[*<].*$/, "").replace(/\/$/, "") || "."))
      .map((span) => `${path}: there is no ${span}`),
  );
}

/** Tests that a document names as `` `file`: "title" `` or `` `file`: "group > title" `` and that are not there. */
export function findMissingTests(document: string, readTest: (path: string) => string | undefined): string[] {
  return Array.from(withoutFences(document).matchAll(/`([^`\n]+\.test\.tsx?)`: "([^"\n]+)"/g)).flatMap(
    ([, path = "", name = ""]) => {
      const source = readTest(path);
      if (source === undefined) return [`there is no ${path}`];
      const groups = name.split(" > ");
      const title = groups.pop() ?? "";
      const isThere =
        titlesOf(source).includes(title) && groups.every((group) => source.includes(`"${group}", `));
      return isThere ? [] : [`${path} has no test "${name}"`];
    },
  );
}

/** Strings that a function follows as the next argument, as a test's title is written; those of `describe` left out. */
export function titlesOf(source: string): string[] {
  const titled =
    /(?<!\bdescribe(?:\.\w+)?\(\s*)(["'`])((?:\\.|(?!\1)[^\\\n])*)\1,\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>)/g;
  return Array.from(source.matchAll(titled), (match) => match[2] ?? "");
}

/** Headings that quote a message which no source contains. An ellipsis stands for what varies. */
export function findUnknownMessages(headings: readonly string[], sources: string): string[] {
  const haystack = sources.replace(/\s+/g, " ");
  return headings.flatMap((heading) => {
    const parts = heading.split("…").map((part) => part.trim().replace(/\s+/g, " "));
    return parts.every((part) => haystack.includes(part)) ? [] : [`nothing says "${heading}"`];
  });
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
