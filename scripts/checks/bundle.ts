/** What the Worker's bundle consists of, read from the metafile that esbuild writes beside it. */

import type { Metafile } from "esbuild";

/** Minified bytes by package; the Worker's own are `src`. */
export type BundleParts = Readonly<Record<string, number>>;

/** Smaller changes are left unsaid. */
const WORTH_SAYING_BYTES = 1024;

/** `node_modules/name/` or `node_modules/@scope/name/`, the innermost one. */
const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//;

export function partsOf(metafile: Metafile): BundleParts {
  const parts: Record<string, number> = {};
  for (const [file, { bytesInOutput }] of Object.entries(inputsOf(metafile))) {
    const part = PACKAGE.exec(file)?.[1] ?? (file.startsWith("src/") ? "src" : "wrangler");
    parts[part] = (parts[part] ?? 0) + bytesInOutput;
  }
  return parts;
}

/** What grew, shrank, came or went since the parts were recorded: a line each, the largest change first. */
export function describeChanges(recorded: BundleParts, now: BundleParts): string[] {
  return [...new Set([...Object.keys(recorded), ...Object.keys(now)])]
    .map((part) => ({ part, was: recorded[part] ?? 0, is: now[part] ?? 0 }))
    .filter(({ was, is }) => Math.abs(is - was) >= WORTH_SAYING_BYTES)
    .sort((left, right) => Math.abs(right.is - right.was) - Math.abs(left.is - left.was))
    .map(
      ({ part, was, is }) =>
        `${part}: ${kib(was)} -> ${kib(is)} KiB minified (${is > was ? "+" : ""}${kib(is - was)})`,
    );
}

/** Aliases of `wrangler.jsonc` that replace nothing any more, as after an update of the package that they are about. */
export function unusedAliases(aliases: Readonly<Record<string, string>>, metafile: Metafile): string[] {
  const files = Object.keys(inputsOf(metafile));
  return Object.entries(aliases)
    .filter(([, target]) => !files.some((file) => target.endsWith(file)))
    .map(([specifier]) => specifier);
}

function inputsOf({ outputs }: Metafile) {
  return Object.values(outputs).find(({ entryPoint }) => entryPoint !== undefined)?.inputs ?? {};
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
