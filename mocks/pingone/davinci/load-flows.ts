/**
 * Reads flow files: those of a tenant's own folder, if it has one, over the shipped ones. A flow of the tenant replaces a
 * shipped one of its name or policy id, and may extend one. Every fault of every file is reported.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FileFaults, type InputFile, readInputFile } from "../../kit/input-file.ts";
import { type Flow, flowSchema, variantSchema } from "./flow-schema.ts";
import { findFlowProblems } from "./validate-flow.ts";

export interface LoadedFlows {
  /** Of the uppermost folder first; within a folder in the order of file names. */
  readonly flows: readonly Flow[];
  /** Policy ids of the tenant's own flows; empty when there is only one folder. */
  readonly ownPolicyIds: ReadonlySet<string>;
  /** Policy ids of files with faults, as far as they can be read. */
  readonly faultyPolicyIds: ReadonlySet<string | undefined>;
}

/** All flows of the `*.json` files in `directory`. @throws {InputFileError} with every fault of every file. */
export function loadFlows(directory: string): readonly Flow[] {
  const faults = new FileFaults();
  const { flows } = loadFlowLayers([directory], faults);
  faults.throwIfAny();
  return flows;
}

/** @param folders The tenant's own, if it has one, then the shipped one. */
export function loadFlowLayers(folders: readonly string[], faults: FileFaults): LoadedFlows {
  const [shipped, own] = folders.toReversed();
  const below = readFolder(shipped ?? "", new Map(), faults);
  if (below.flows.length === 0 && below.faultyPolicyIds.size === 0 && faults.count === 0) {
    faults.add(shipped ?? "", "holds no flow; put at least one *.json file there.");
  }
  if (own === undefined) return { ...below, ownPolicyIds: new Set() };
  const above = readFolder(own, below.wholeFlows, faults);
  const isReplaced = ({ name, policyId }: Flow) =>
    above.flows.some((flow) => flow.name === name || flow.policyId === policyId);
  return {
    flows: [...above.flows, ...below.flows.filter((flow) => !isReplaced(flow))],
    ownPolicyIds: new Set(above.flows.map(({ policyId }) => policyId)),
    faultyPolicyIds: new Set([...above.faultyPolicyIds, ...below.faultyPolicyIds]),
  };
}

interface Folder {
  readonly flows: readonly Flow[];
  readonly wholeFlows: ReadonlyMap<string, Flow>;
  readonly faultyPolicyIds: ReadonlySet<string | undefined>;
}

/** @param below Flows of the folder below, which the variants of this one may extend. */
function readFolder(directory: string, below: ReadonlyMap<string, Flow>, faults: FileFaults): Folder {
  const files = readFiles(directory, faults);
  const readable = files.filter((file) => file !== undefined);
  const wholeFlows = new Map<string, Flow>();
  const parsed = new Map<InputFile, Flow>();
  for (const file of readable.filter((candidate) => !isVariant(candidate))) {
    const flow = parseFlow(file, file.content);
    if (!flow) continue;
    parsed.set(file, flow);
    wholeFlows.set(flow.name, flow);
  }
  for (const file of readable.filter(isVariant)) {
    const merged = mergeVariant(file, new Map([...below, ...wholeFlows]));
    const flow = merged === undefined ? undefined : parseFlow(file, merged);
    if (flow) parsed.set(file, flow);
  }
  reportRepeated(parsed);
  const faulty = files.filter((file) => file === undefined || !parsed.has(file));
  return {
    flows: readable.flatMap((file) => parsed.get(file) ?? []),
    wholeFlows,
    faultyPolicyIds: new Set(faulty.map((file) => policyIdOf(file?.content))),
  };
}

/** `undefined` stands for a file that cannot be read, which is reported. */
function readFiles(directory: string, faults: FileFaults): (InputFile | undefined)[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
    return names.sort().map((name) => readInputFile(join(directory, name), faults));
  } catch {
    faults.add(directory, "is not a folder that can be read.");
    return [undefined];
  }
}

function policyIdOf(content: unknown): string | undefined {
  return z.object({ policyId: z.string() }).safeParse(content).data?.policyId;
}

function isVariant({ content }: InputFile): boolean {
  return typeof content === "object" && content !== null && "extends" in content;
}

/** Applies a variant to the flow that it extends. */
function mergeVariant(file: InputFile, wholeFlows: ReadonlyMap<string, Flow>): unknown {
  const variant = file.parse(variantSchema);
  if (!variant) return undefined;
  const { extends: baseName, nodes, ...head } = variant;
  const base = wholeFlows.get(baseName);
  if (!base) {
    const known = [...wholeFlows.keys()].join(", ");
    file.report(
      ["extends"],
      `there is no whole flow "${baseName}" without faults; there are: ${known || "none"}.`,
    );
    return undefined;
  }
  for (const [name, node] of Object.entries(nodes)) {
    if (node === null && !Object.hasOwn(base.nodes, name)) {
      file.report(["nodes", name], `null removes a node, but "${baseName}" has none of that name.`);
    }
  }
  const merged = Object.entries({ ...base.nodes, ...nodes }).filter(([, node]) => node !== null);
  return { ...base, ...head, nodes: Object.fromEntries(merged) };
}

function parseFlow(file: InputFile, content: unknown): Flow | undefined {
  const flow = file.parse(flowSchema, [], content);
  if (!flow) return undefined;
  const problems = findFlowProblems(flow);
  for (const { at, text } of problems) file.report(at, text, { isPlaceTold: true });
  return problems.length > 0 ? undefined : flow;
}

function reportRepeated(flows: ReadonlyMap<InputFile, Flow>): void {
  const owners = new Map<string, InputFile>();
  for (const [file, flow] of flows) {
    for (const what of ["name", "policyId"] as const) {
      const key = `${what} "${flow[what]}"`;
      const owner = owners.get(key);
      if (owner) {
        const reason = `${key} is already that of ${owner.path}; give this flow its own.`;
        file.report([what], reason, { isPlaceTold: true });
      } else owners.set(key, file);
    }
  }
}
