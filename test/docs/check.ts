/** What a comparison is, and what all of them use to read documents and to damage copies of them. */
import { textOf } from "./comparisons.ts";
import { codeSpans, type Row, sectionOf, tableRows } from "./markdown.ts";
import type { Project } from "./project.ts";

export type Damage = (project: Project) => Project;

/** A check without a damage that it notices proves nothing, so the type asks for at least one. */
export interface Check {
  readonly name: string;
  readonly differences: (project: Project) => string[];
  readonly damages: readonly [Damage, ...Damage[]];
}

export const README = "README.md";
export const SAMPLE = ".dev.vars.sample";
export const OPERATIONS = "docs/operations.md";
export const ARCHITECTURE = "docs/architecture.md";
export const TROUBLESHOOTING = "docs/troubleshooting.md";
export const SECURITY = "docs/security.md";

/** Replaces a text that must be there, in one document. */
export function damage(file: string, from: string, to: string): Damage {
  return (project) => {
    const text = textOf(project.files, file);
    if (!text.includes(from)) throw new Error(`${file} does not contain "${from}", so nothing was damaged.`);
    return { ...project, files: { ...project.files, [file]: text.replace(from, to) } };
  };
}

export function tableOf(project: Project, file: string, heading: string, column: string): Row[] {
  return tableRows(sectionOf(textOf(project.files, file), heading)).filter(
    (row) => row[column] !== undefined,
  );
}

export function columnOf(rows: readonly Row[], key: string, value: string): Record<string, string> {
  return Object.fromEntries(
    rows.map((row) => [
      codeSpans(row[key] ?? "")[0] ?? "",
      codeSpans(row[value] ?? "")[0] ?? row[value] ?? "",
    ]),
  );
}
