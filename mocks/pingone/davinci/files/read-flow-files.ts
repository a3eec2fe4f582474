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
const COMPANION = /(?:^|\.)(?:variables|stubs|risk|forms)\.json$/;

/** @param paths Files, or folders, of which every `*.json` file is read, without those in folders below. Archives are told by name. */
export function readFlowFiles(paths: readonly string[]): FlowFileRead[] {
  return paths.flatMap((path) => {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? readFolder(path) : [readFile(path)];
  });
}

function readFolder(folder: string): FlowFileRead[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) => !entry.isDirectory() && /\.(json|zip)$/i.test(entry.name) && !COMPANION.test(entry.name),
    )
    .map(({ name }) => name);
  if (names.length === 0)
    return [refused(folder, "the folder holds no *.json file; give one with flow exports")];
  return names.sort().map((name) => readFile(join(folder, name)));
}

function readFile(path: string): FlowFileRead {
  try {
    const { size } = statSync(path);
    if (size > MAX_SIZE) return refused(path, `the file has ${size} bytes; ${MAX_SIZE} are allowed`);
    const bytes = readFileSync(path);
    if (/^(fffe|feff)/.test(bytes.toString("hex", 0, 2))) {
      return refused(path, "the file is in UTF-16; save it as UTF-8, or export it again");
    }
    const read = readExport(bytes.toString("utf8"));
    return read.kind === "refused" ? refused(path, read.reason) : { ...read, path };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return refused(
      path,
      code === "ENOENT" ? "there is no such file or folder" : `it cannot be read (${code})`,
    );
  }
}

function refused(path: string, reason: string): FlowFileRead {
  return { kind: "refused", path, reason };
}
