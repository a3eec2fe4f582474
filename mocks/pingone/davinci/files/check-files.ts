/** Checks flow exports on disk, with what lies beside them. */
import { FileFaults, InputFileError } from "../../../kit/input-file.ts";
import { checkFlows } from "../check/check-flows.ts";
import type { CheckedFlow } from "../check/finding.ts";
import { createRegistry } from "../connectors/registry.ts";
import { hasStub } from "../connectors/stubs.ts";
import { sharedSandbox } from "../sandbox/create-sandbox.ts";
import { readCompanions } from "./companions.ts";
import { readFlowFiles } from "./read-flow-files.ts";

export type CheckedFile = CheckedFlow;

/** What is found of files, not of flows. */
export const FILE_FINDINGS = [
  { code: "not-a-flow", level: "error", about: "A file cannot be read, or holds no flow." },
  {
    code: "faulty-companion",
    level: "error",
    about: "Variables, stubs, risk rules or forms beside a flow have a mistake.",
  },
] as const;

/**
 * @param paths Files or folders. One entry for each flow of each file, in their order; a file that is none has one too, as
 *   have faults of the files beside them.
 */
export async function checkFiles(paths: readonly string[]): Promise<CheckedFile[]> {
  const read = readFlowFiles(paths);
  const files = read.filter((file) => file.kind === "flows");
  const faults = new FileFaults();
  const checked = await checkFlows(files, {
    registry: createRegistry(),
    sandbox: sharedSandbox(Date.now),
    optionsOf: ({ path }) => {
      const { values, stubs } = readCompanions(path, faults);
      return { variables: values, hasStub: (node) => hasStub(node, stubs) };
    },
  });
  const byFile = Map.groupBy(checked, ({ file }) => file);
  return [
    ...read.flatMap((file) =>
      file.kind === "refused" ? [refused(file.path, file.reason)] : (byFile.get(file.path) ?? []),
    ),
    ...problemsOf(faults).map((problem) => faulty(problem)),
  ];
}

function problemsOf(faults: FileFaults): readonly string[] {
  try {
    faults.throwIfAny();
    return [];
  } catch (error) {
    if (error instanceof InputFileError) return error.problems;
    throw error;
  }
}

/** @param problem Begins with the path. */
function faulty(problem: string): CheckedFile {
  const [, path = "", line, column, reason = problem] =
    /^(.*?\.json)(?::(\d+):(\d+))?: (.*)$/s.exec(problem) ?? [];
  const where = line === undefined ? "" : `Line ${line}, column ${column}: `;
  return refused(path, `${where}${reason}`, "faulty-companion");
}

function refused(file: string, reason: string, code = "not-a-flow"): CheckedFile {
  const text = `${reason.charAt(0).toUpperCase()}${reason.slice(1).replace(/\.$/, "")}.`;
  return {
    file,
    flow: null,
    name: null,
    runnable: false,
    missing: [],
    findings: [{ level: "error", code, node: "", title: "", text }],
  };
}
