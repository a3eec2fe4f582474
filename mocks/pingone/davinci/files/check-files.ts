/** Checks flow exports on disk, with what lies beside them. */
import { checkFlows } from "../check/check-flows.ts";
import type { CheckedFlow } from "../check/finding.ts";
import { createRegistry } from "../connectors/registry.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import { readFlowFiles } from "./read-flow-files.ts";

export type CheckedFile = CheckedFlow;

/** @param paths Files or folders. One entry for each flow of each file, in their order; a file that is none has one too. */
export async function checkFiles(paths: readonly string[]): Promise<CheckedFile[]> {
  const read = readFlowFiles(paths);
  const sandbox = createSandbox();
  try {
    const files = read.filter((file) => file.kind === "flows");
    const checked = await checkFlows(files, { registry: createRegistry(), sandbox });
    const byFile = Map.groupBy(checked, ({ file }) => file);
    return read.flatMap((file) =>
      file.kind === "refused" ? [refused(file.path, file.reason)] : (byFile.get(file.path) ?? []),
    );
  } finally {
    await sandbox.close();
  }
}

function refused(file: string, reason: string): CheckedFile {
  const text = `${reason.charAt(0).toUpperCase()}${reason.slice(1).replace(/\.$/, "")}.`;
  return {
    file,
    flow: null,
    name: null,
    runnable: false,
    missing: [],
    findings: [{ level: "error", code: "not-a-flow", node: "", title: "", text }],
  };
}
