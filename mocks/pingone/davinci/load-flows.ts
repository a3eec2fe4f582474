/** Reads the flow files of a folder; every fault of every file is named at once, so that a bad scenario never starts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Flow, flowSchema } from "./flow-schema.ts";
import { findFlowProblems } from "./validate-flow.ts";

/** Thrown when flow files cannot be used; `problems` has one line for each fault, starting with the file's path. */
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

/** All flows of the `*.json` files in `directory`, in the order of their file names. @throws {FlowFileError} */
export function loadFlows(directory: string): Flow[] {
  const problems: string[] = [];
  const flows: Flow[] = [];
  const fileOf = new Map<string, string>();

  for (const name of listFlowFiles(directory)) {
    const path = join(directory, name);
    const flow = readFlow(path, problems);
    if (!flow) continue;
    problems.push(...findFlowProblems(flow).map((problem) => `${path}: ${problem}`));
    for (const [what, value] of [
      ["name", flow.name],
      ["policyId", flow.policyId],
    ] as const) {
      const other = fileOf.get(`${what} ${value}`);
      if (other)
        problems.push(`${path}: ${what} "${value}" is already that of ${other}; give this flow its own.`);
      fileOf.set(`${what} ${value}`, path);
    }
    flows.push(flow);
  }
  if (flows.length === 0 && problems.length === 0) {
    problems.push(`${directory}: holds no flow; put at least one *.json file there.`);
  }
  if (problems.length > 0) throw new FlowFileError(problems);
  return flows;
}

function listFlowFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch {
    throw new FlowFileError([`${directory}: is not a folder that can be read.`]);
  }
}

function readFlow(path: string, problems: string[]): Flow | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    problems.push(`${path}: is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const parsed = flowSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) problems.push(`${path}: ${describeIssue(issue)}`);
  return undefined;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.length > 0 ? `${z.core.toDotPath(issue.path)}: ` : "";
  return `${where}${issue.message}`;
}
