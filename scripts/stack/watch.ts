/** Reports changed files of a folder, once for a burst of changes: an editor writes several. */
import { watch } from "node:fs";
import { join } from "node:path";

const QUIET_MS = 300;
/** Editors' temporary files, and tests, which no running program loads. */
const SCRATCH = /(^|\/)\.|~$|\.sw[a-z]$|\.tmp$|\.test\.tsx?$/;

/** @returns a function that ends the watching */
export function watchFolder(folder: string, onChange: (path: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || SCRATCH.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => onChange(join(folder, name)), QUIET_MS);
  });
  // The folder was removed.
  watcher.on("error", () => watcher.close());
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
