/** Parts of documents that are generated: what stands between `<!-- generated:NAME -->` and `<!-- /generated -->`. */
import type { Documents } from "./documents.ts";

/** What each part says, by its name. */
export type Parts = Readonly<Record<string, string>>;

const PART = /^<!-- generated:([\w-]+) -->$([\s\S]*?)^<!-- \/generated -->$/gm;
const MARK = /^<!-- (?:generated:|\/generated)/gm;

/**
 * The documents as they should be.
 *
 * @throws {Error} when a part has no end or no generator, or a generator no part.
 */
export function generate(documents: Documents, parts: Parts): Documents {
  const used = new Set<string>();
  const generated = Object.entries(documents).map(([file, text]) => {
    const marks = text.match(MARK)?.length ?? 0;
    if (marks !== 2 * (text.match(PART)?.length ?? 0)) {
      throw new Error(`${file}: each "<!-- generated:NAME -->" needs one "<!-- /generated -->" below it.`);
    }
    const written = text.replace(PART, (_, name: string) => {
      const content = parts[name];
      if (content === undefined) {
        throw new Error(`${file}: nothing generates "${name}". There are: ${Object.keys(parts).join(", ")}.`);
      }
      used.add(name);
      return `<!-- generated:${name} -->\n${content}\n<!-- /generated -->`;
    });
    return [file, written] as const;
  });
  const unused = Object.keys(parts).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`No document has a place for: ${unused.join(", ")}.`);
  return Object.fromEntries(generated);
}

/** Documents that are not what they should be. */
export function staleOf(documents: Documents, generated: Documents): string[] {
  return Object.keys(documents).filter((file) => documents[file] !== generated[file]);
}

/** A table in Markdown. A cell may be left out by `undefined`. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const line = (cells: readonly (string | undefined)[]) =>
    `| ${cells.map((cell = "-") => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), `|${columns.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** Rows for {@link table}: each name as code, then its cells. */
export function rowsOf<T>(
  described: Readonly<Record<string, T>>,
  cellsOf: (described: T, name: string) => readonly (string | undefined)[],
) {
  return Object.entries(described).map(([name, each]) => [`\`${name}\``, ...cellsOf(each, name)]);
}

/** Names as code, separated by commas; undefined for none. */
export function codes(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map((name) => `\`${name}\``).join(", ");
}
