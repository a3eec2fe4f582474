/** Reads the flow files of a folder. Reports all problems of all files in one error, before the emulator starts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Flow, flowSchema, variantSchema } from "./flow-schema.ts";
import { findFlowProblems } from "./validate-flow.ts";

/** Thrown when flow files cannot be used. `problems` has one line for each problem, starting with the file's path. */
export class FlowFileError extends Error {
  override readonly name = "FlowFileError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `DaVinci flow files have faults (docs/davinci-flows.md says how to write one):\n${problems.join("\n")}`,
    );
    this.problems = problems;
  }
}

interface FlowFile {
  readonly path: string;
  readonly content: unknown;
}

type Report = (path: string, problem: string) => void;

/** All flows of the `*.json` files in `directory`, in the order of their file names. @throws {FlowFileError} */
export function loadFlows(directory: string): Flow[] {
  const problems: string[] = [];
  const report: Report = (path, problem) => problems.push(`${path}: ${problem}`);

  const files = readFlowFiles(directory, report);
  const wholeFlows = new Map<string, Flow>();
  const parsed = new Map<string, Flow>();
  for (const { path, content } of files.filter((file) => !isVariant(file))) {
    const flow = parseFlow(content, path, report);
    if (!flow) continue;
    parsed.set(path, flow);
    wholeFlows.set(flow.name, flow);
  }
  for (const { path, content } of files.filter(isVariant)) {
    const merged = mergeVariant(content, path, wholeFlows, report);
    const flow = merged === undefined ? undefined : parseFlow(merged, path, report);
    if (flow) parsed.set(path, flow);
  }
  reportRepeated(parsed, report);
  if (files.length === 0 && problems.length === 0) {
    report(directory, "holds no flow; put at least one *.json file there.");
  }
  if (problems.length > 0) throw new FlowFileError(problems.sort());
  return files.flatMap(({ path }) => parsed.get(path) ?? []);
}

function readFlowFiles(directory: string, report: Report): FlowFile[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch {
    throw new FlowFileError([`${directory}: is not a folder that can be read.`]);
  }
  return names.sort().flatMap((name) => {
    const path = join(directory, name);
    try {
      return [{ path, content: JSON.parse(readFileSync(path, "utf8")) as unknown }];
    } catch (error) {
      report(path, `is not JSON: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
}

function isVariant({ content }: FlowFile): boolean {
  return typeof content === "object" && content !== null && "extends" in content;
}

/** Applies a variant to the flow that it extends. */
function mergeVariant(
  content: unknown,
  path: string,
  wholeFlows: ReadonlyMap<string, Flow>,
  report: Report,
): unknown {
  const variant = variantSchema.safeParse(content);
  if (!variant.success) {
    for (const issue of variant.error.issues) report(path, describeIssue(issue));
    return undefined;
  }
  const { extends: baseName, nodes, ...head } = variant.data;
  const base = wholeFlows.get(baseName);
  if (!base) {
    const known = [...wholeFlows.keys()].join(", ");
    report(
      path,
      `extends: there is no whole flow "${baseName}" without faults; there are: ${known || "none"}.`,
    );
    return undefined;
  }
  for (const [name, node] of Object.entries(nodes)) {
    if (node === null && !Object.hasOwn(base.nodes, name)) {
      report(path, `nodes.${name}: null removes a node, but "${baseName}" has none of that name.`);
    }
  }
  const merged = Object.entries({ ...base.nodes, ...nodes }).filter(([, node]) => node !== null);
  return { ...base, ...head, nodes: Object.fromEntries(merged) };
}

function parseFlow(content: unknown, path: string, report: Report): Flow | undefined {
  const flow = flowSchema.safeParse(content);
  if (!flow.success) {
    for (const issue of flow.error.issues) report(path, describeIssue(issue));
    return undefined;
  }
  const problems = findFlowProblems(flow.data);
  for (const problem of problems) report(path, problem);
  return problems.length > 0 ? undefined : flow.data;
}

function reportRepeated(flows: ReadonlyMap<string, Flow>, report: Report): void {
  const owners = new Map<string, string>();
  for (const [path, flow] of flows) {
    for (const what of ["name", "policyId"] as const) {
      const key = `${what} "${flow[what]}"`;
      const owner = owners.get(key);
      if (owner) report(path, `${key} is already that of ${owner}; give this flow its own.`);
      else owners.set(key, path);
    }
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return issue.path.length > 0 ? `${z.core.toDotPath(issue.path)}: ${issue.message}` : issue.message;
}
