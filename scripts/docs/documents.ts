/** Every document of this repository. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.join(import.meta.dirname, "../..");
const NOT_OURS = new Set(["node_modules", "dist", "test-results", "playwright-report"]);

/** Texts by their path from the root. */
export type Documents = Readonly<Record<string, string>>;

export function readText(relative: string): string {
  return readFileSync(path.join(ROOT, relative), "utf8");
}

export function readDocuments(): Documents {
  return Object.fromEntries(documentsBelow(".").map((file) => [file, readText(file)]));
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
