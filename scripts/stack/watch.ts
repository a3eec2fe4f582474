/** Tells when a file in one of the folders has changed, once for a burst of changes (an editor writes several). */
import { watch } from "node:fs";

const QUIET_MS = 300;

/** @returns a function that ends the watching */
export function watchFolders(folders: readonly string[], onChange: (path: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let last = "";
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => {
      if (name === null || isScratch(name)) return;
      last = `${folder}/${name}`;
      clearTimeout(timer);
      timer = setTimeout(() => onChange(last), QUIET_MS);
    }),
  );
  for (const watcher of watchers) {
    // The folder was removed: there is nothing left to watch.
    watcher.on("error", () => watcher.close());
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** Editors' temporary files, and tests, which no running program loads. */
export function isScratch(name: string): boolean {
  return /(^|\/)\.|~$|\.sw[a-z]$|\.tmp$|\.test\.tsx?$/.test(name);
}
