/** Links and paths of documents that lead nowhere, as sentences. */
import type { Documents } from "../../scripts/docs/documents.ts";
import { anchorsOf, codeSpans, linkTargets } from "./markdown.ts";

type Exists = (path: string) => boolean;

/** Relative links whose file or heading is not there. */
export function findBrokenLinks(documents: Documents, exists: Exists): string[] {
  return Object.entries(documents).flatMap(([file, text]) =>
    linkTargets(text).flatMap((target) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [relative = "", anchor] = target.split("#");
      const linked = relative === "" ? file : resolveFrom(file, relative);
      if (!exists(linked)) return [`${file}: the link to ${target} leads nowhere`];
      const content = documents[linked];
      const isDeadAnchor = anchor !== undefined && content !== undefined && !anchorsOf(content).has(anchor);
      return isDeadAnchor ? [`${file}: ${linked} has no heading #${anchor}`] : [];
    }),
  );
}

function resolveFrom(file: string, relative: string): string {
  return decodeURIComponent(new URL(relative, `file:///${file}`).pathname).replace(/^\//, "");
}

const PROJECT_PATH = /^(?:src|mocks|fixtures|e2e|test|scripts|docs|\.ci|\.github)\/[\w.*<>/-]*$/;
const ROOT_FILE = /^\.?[\w-]+(?:\.[\w-]+)*\.(?:md|json|jsonc|sample|d\.ts|config\.ts)$/;

/** Files that people write beside a flow export. */
const BESIDE_A_FLOW = /^(?:[\w-]+\.)?(?:variables|stubs|risk|forms)\.json$/;

/** Paths in code spans that are not there. Of a pattern, what stands before it is looked for. */
export function findMissingPaths(documents: Documents, exists: Exists): string[] {
  return Object.entries(documents).flatMap(([file, text]) =>
    codeSpans(text)
      .filter((span) => PROJECT_PATH.test(span) || ROOT_FILE.test(span))
      .filter((span) => !BESIDE_A_FLOW.test(span))
      .filter((span) => !exists(span.replace(/[^/]*[*<].*$/, "").replace(/\/$/, "") || "."))
      .map((span) => `${file}: there is no ${span}`),
  );
}
