/** Reads files of fixtures: every fault in a line of its own that begins with the file's path. */
import { readFileSync } from "node:fs";
import { z } from "zod";

/** Parsed JSON, not checked further. @throws {Error} */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: cannot be read as JSON: ${reason}`);
  }
}

export function describeFaults(source: string, { issues }: z.ZodError): string[] {
  return issues.map(({ path, message }) => {
    const where = path.length > 0 ? `${z.core.toDotPath(path)}: ` : "";
    return `${source}: ${where}${message}`;
  });
}
