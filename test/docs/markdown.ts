/** Just enough of Markdown to check documents: sections, tables, code spans, links and anchors. */

export type Row = Readonly<Record<string, string>>;

const FENCE = /^[ \t]*(```|~~~)[\s\S]*?^[ \t]*\1[ \t]*$/gm;

/** The text without fenced blocks, whose content is an example or a diagram. */
function withoutFences(markdown: string): string {
  return markdown.replace(FENCE, "");
}

/** What stands below a heading, up to the next one of its level or above. @throws {Error} when it is missing */
export function sectionOf(markdown: string, heading: string): string {
  const lines = withoutFences(markdown).split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "").trim() === heading);
  if (start === -1) throw new Error(`There is no heading "${heading}".`);
  const level = levelOf(lines[start] ?? "");
  const length = lines.slice(start + 1).findIndex((line) => {
    const other = levelOf(line);
    return other > 0 && other <= level;
  });
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join("\n");
}

function levelOf(line: string): number {
  return /^(#+) /.exec(line)?.[1]?.length ?? 0;
}

/** Rows of every table of a text, by the names of its columns. */
export function tableRows(markdown: string): Row[] {
  const rows: Row[] = [];
  let columns: string[] | undefined;
  for (const line of withoutFences(markdown).split("\n")) {
    if (!line.startsWith("|")) {
      columns = undefined;
      continue;
    }
    const cells = splitCells(line);
    if (columns === undefined) columns = cells;
    else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) {
      rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])));
    }
  }
  return rows;
}

function splitCells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Contents of the code spans of a text, in order. */
export function codeSpans(markdown: string): string[] {
  return Array.from(withoutFences(markdown).matchAll(/`([^`\n]+)`/g), (match) => match[1] ?? "");
}

/** Targets of inline links and images. */
export function linkTargets(markdown: string): string[] {
  const text = withoutFences(markdown).replace(/`[^`\n]*`/g, "");
  return Array.from(text.matchAll(/\]\(([^()\s]+)\)/g), (match) => match[1] ?? "");
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutFences(markdown).matchAll(/^#+ (.+)$/gm)) {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}
