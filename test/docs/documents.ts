/** Every document of this repository, read once. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "../..");
const NOT_OURS = new Set(["node_modules", "dist", "test-results", "playwright-report"]);

/** Texts by their path from the root. */
export type Documents = Readonly<Record<string, string>>;

export function exists(relative: string): boolean {
  return existsSync(path.join(ROOT, relative));
}

export function readText(relative: string): string {
  return readFileSync(path.join(ROOT, relative), "utf8");
}

function documentsBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const relative = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      return NOT_OURS.has(entry.name) || entry.name.startsWith(".") ? [] : documentsBelow(relative);
    }
    return entry.name.endsWith(".md") ? [relative] : [];
  });
}

export const DOCUMENTS: Documents = Object.fromEntries(
  documentsBelow(".").map((file) => [file, readText(file)]),
);
