/** Makes flows that can run of files that DaVinci has exported, and of what lies beside them. */
import { createHash } from "node:crypto";
import type { FileFaults } from "../../../kit/input-file.ts";
import { runStub } from "../connectors/stubs.ts";
import type { RunnableFlow } from "../engine/flows.ts";
import { FlowLibrary } from "../graph/flow-library.ts";
import type { FlowFile, FlowGraph } from "../graph/graph.ts";
import { type Companions, readCompanions } from "./companions.ts";
import { readFlowFiles } from "./read-flow-files.ts";

/** Of one emulator. Each may find its sub-flows in all others. */
const MAX_FILES = 2000;

/**
 * One flow for each file, without those that the others only start as a sub-flow. Faults are reported.
 * @param paths Files or folders. Sub-flows are looked for in all of them.
 */
export function loadFlowFiles(
  paths: readonly string[],
  faults: FileFaults,
  maxFiles = MAX_FILES,
): RunnableFlow[] {
  const read = readFlowFiles(paths);
  if (read.length > maxFiles) {
    faults.add(paths.join(", "), `${read.length} flow files; an emulator runs at most ${maxFiles}.`);
    return [];
  }
  for (const file of read) if (file.kind === "refused") faults.add(file.path, `${file.reason}.`);
  const files = read.filter((file) => file.kind === "flows");
  const started = startedByOthers(files);
  reportRepeated(files, faults);
  const mains = files.filter(({ main }) => !started.has(main));
  return (mains.length > 0 ? mains : files).map((file) => {
    const others = () => files.filter((other) => other !== file).flatMap((other) => other.flows);
    return toRunnable(file, others, readCompanions(file.path, faults));
  });
}

/** The main flow of a file. @param others Flows among which its sub-flows are looked for too. */
export function toRunnable(
  { flows, main }: FlowFile,
  others: () => readonly FlowGraph[],
  { values, stubs, beside }: Companions,
): RunnableFlow {
  let together: readonly FlowGraph[] | undefined;
  const findTogether = () => {
    const ownNames = new Set(flows.map(({ name }) => name.trim()));
    // Flows of the own file go before others of their name, which would be ambiguous.
    return [...flows, ...others().filter(({ name }) => !ownNames.has(name.trim()))];
  };
  return {
    policyId: policyIdOf(main),
    name: main.name.trim(),
    description: main.description,
    graph: main,
    // Only for flows that run: a folder of thousands of files would keep thousands of such lists.
    get together() {
      together ??= findTogether();
      return together;
    },
    values,
    beside,
    runForeign: (call) => runStub(call, stubs),
  };
}

function reportRepeated(files: readonly FlowFile[], faults: FileFaults): void {
  const owners = new Map<string, string>();
  for (const { path, main } of files) {
    const owner = owners.get(main.id);
    if (owner === undefined) owners.set(main.id, path);
    else
      faults.add(
        path,
        `has the same flow "${main.name}" (${main.id}) as ${owner}; take one of the files away.`,
      );
  }
}

function startedByOthers(files: readonly FlowFile[]): ReadonlySet<FlowGraph> {
  const ownerOf = new Map(files.flatMap((file) => file.flows.map((flow) => [flow, file] as const)));
  const calls = [...new FlowLibrary(files).calls()];
  const others = calls.filter(([started, callers]) =>
    callers.some(({ flow }) => ownerOf.get(flow) !== ownerOf.get(started)),
  );
  return new Set(others.map(([started]) => started));
}

/** An export does not name its flow policy, so that the id of the flow, which has the same form, stands for it. */
function policyIdOf({ id }: FlowGraph): string {
  return /^[0-9a-f]{32}$/.test(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 32);
}
