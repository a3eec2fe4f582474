/** Finds flow exports on disk: files, or folders of them. A file that is no export is told with its reason. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FlowFile } from "../graph/graph.ts";
import { readExport } from "../graph/read-export.ts";

export type FlowFileRead =
  | ({ readonly kind: "flows" } & FlowFile)
  | { readonly kind: "refused"; readonly path: string; readonly reason: string };

/** In bytes. Exports of large environments have some five million. */
const MAX_SIZE = 25_000_000;
/** What lies beside flows and is none. */
const COMPANION = /(?:^|\.)(?:variables|stubs)\.json$/;

/** @param paths Files, or folders, of which every `*.json` file is read, without those in folders below. */
export function readFlowFiles(paths: readonly string[]): FlowFileRead[] {
  return paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return [refused(path, "there is no such file or folder")];
    return stats.isDirectory() ? readFolder(path) : [readFile(path, stats.size)];
  });
}

function readFolder(folder: string): FlowFileRead[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json") && !COMPANION.test(name));
  if (names.length === 0)
    return [refused(folder, "the folder holds no *.json file; give one with flow exports")];
  return names.sort().map((name) => {
    const path = join(folder, name);
    return readFile(path, statSync(path).size);
  });
}

function readFile(path: string, size: number): FlowFileRead {
  if (size > MAX_SIZE) return refused(path, `the file has ${size} bytes; ${MAX_SIZE} are allowed`);
  try {
    const read = readExport(readFileSync(path, "utf8"));
    return read.kind === "refused" ? refused(path, read.reason) : { ...read, path };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return refused(path, code === "EISDIR" ? "it is a folder" : `it cannot be read (${code})`);
  }
}

function refused(path: string, reason: string): FlowFileRead {
  return { kind: "refused", path, reason };
}
