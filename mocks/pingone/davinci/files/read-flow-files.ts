/** Finds flow exports on disk: files, or folders of them. A file that is no export is told with its reason. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { FlowFile } from "../graph/graph.ts";
import { readExport } from "../graph/read-export.ts";
import { isCompanion } from "./companions.ts";

export type FlowFileRead =
  | ({ readonly kind: "flows" } & FlowFile)
  | { readonly kind: "refused"; readonly path: string; readonly reason: string };

/** In bytes. Exports of large environments have some five million. */
const MAX_SIZE = 25_000_000;
/** Of all files together, which are kept in memory. */
const MAX_TOTAL = 300_000_000;

/** @param paths Files, or folders, of which every `*.json` file is read, without those in folders below. Archives are told by name. */
export function readFlowFiles(paths: readonly string[], maxTotal = MAX_TOTAL): FlowFileRead[] {
  let total = 0;
  return paths.flatMap(filesIn).map((found) => {
    if (typeof found !== "string") return found;
    return readable(found, () => {
      const stat = statSync(found);
      if (stat.isDirectory()) return refused(found, "it is a folder, where a file is expected");
      // Reading a pipe or a device waits for ever.
      if (!stat.isFile()) return refused(found, "it is no regular file; give the file of an export");
      if (stat.size > MAX_SIZE) {
        return refused(found, `the file has ${stat.size} bytes; ${MAX_SIZE} are allowed`);
      }
      total += stat.size;
      if (total > maxTotal) {
        return refused(
          found,
          `the files before it and this one have more than ${maxTotal} bytes together; give fewer at once`,
        );
      }
      return readFile(found);
    });
  });
}

/** The paths of the files, or why there are none. */
function filesIn(path: string): (string | FlowFileRead)[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  return [readable(path, () => readFolder(path))].flat();
}

function readFolder(folder: string): (string | FlowFileRead)[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.(json|zip)$/i.test(entry.name) && !isCompanion(entry.name))
    .map(({ name }) => name);
  if (names.length === 0) {
    return [refused(folder, "the folder holds no *.json file; give one with flow exports")];
  }
  return names.sort().map((name) => join(folder, name));
}

function readFile(path: string): FlowFileRead {
  const bytes = readFileSync(path);
  if (/^(fffe|feff)/.test(bytes.toString("hex", 0, 2))) {
    return refused(path, "the file is in UTF-16; save it as UTF-8, or export it again");
  }
  const read = readExport(bytes.toString("utf8"));
  return read.kind === "refused" ? refused(path, read.reason) : { ...read, path };
}

/** What reading gives, or why a file or folder cannot be read. */
function readable<T>(path: string, read: () => T): T | FlowFileRead {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return refused(
      path,
      code === "ENOENT"
        ? `there is no such file or folder${isAbsolute(path) ? "" : ` in ${process.cwd()}`}`
        : `it cannot be read (${code})`,
    );
  }
}

function refused(path: string, reason: string): FlowFileRead {
  return { kind: "refused", path, reason };
}
