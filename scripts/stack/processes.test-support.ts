/** Lists running processes, for tests that none is left behind. A zombie has no command line, so it does not count. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Process ids and command lines that name this text, such as the folder that a program keeps its things in. */
export function processesOf(text: string): string[] {
  return commandLines().filter((command) => command.includes(text));
}

function commandLines(): string[] {
  // A small Debian has no ps.
  if (process.platform !== "linux") {
    return execFileSync("ps", ["-axo", "pid=,command="], { encoding: "utf8" }).split("\n");
  }
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`;
      } catch {
        return "";
      }
    });
}
