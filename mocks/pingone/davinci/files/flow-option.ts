/** What a person gives as `flow`: files and folders of exports, and the name of the flow to run. */
import { existsSync } from "node:fs";

export interface FlowOption {
  /** Files or folders, in the order given. */
  readonly paths: readonly string[];
  /** Name or policy id of the flow that the main application runs. Undefined: the first of the files, else the tenant's. */
  readonly name: string | undefined;
}

/** @throws {Error} when several names are given: the main application runs one flow. */
export function readFlowOption(given: string | readonly string[] | undefined): FlowOption {
  const all = typeof given === "string" ? [given] : (given ?? []);
  const paths = all.filter(isPath);
  const names = all.filter((item) => !isPath(item));
  const [name, ...others] = names;
  if (others.length > 0) {
    throw new Error(
      `Several flows are to be run: ${names.join(", ")}. The main application runs one; give one name, and any number of files.`,
    );
  }
  return { paths, name };
}

/** A file need not be there to be meant: whoever writes `flows/main.json` does not name a flow policy. */
function isPath(given: string): boolean {
  return /[/\\]|\.json$/i.test(given) || existsSync(given);
}
