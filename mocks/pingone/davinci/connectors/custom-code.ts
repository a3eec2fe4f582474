/** Runs the code of custom functions and code snippets in the sandbox. */
import type { Call, Effect } from "../engine/capability.ts";
import { readPath, templateText, textOf } from "../graph/values.ts";
import { inDataType, joinTexts, namedValuesOf } from "./inputs.ts";

const BINDING = /\{\{\s*((?:local|global)\.[^{}\s]+)\s*\}\}/g;

export interface CodeToRun {
  /** As in the file. */
  readonly code: unknown;
  /** `[{ name, value, preferredDataType }]` */
  readonly args: unknown;
  /** What error codes begin with. */
  readonly name: string;
}

export async function runCode(call: Call, { code, args, name }: CodeToRun): Promise<Effect> {
  const params = namedValuesOf(args).map(
    ({ name: param, value, entry }) => [param, inDataType(value, entry.preferredDataType)] as const,
  );
  const result = await call.services.sandbox.callFunction(
    bindCode(call, code),
    Object.fromEntries(params),
    templateText(code),
  );
  if (result.kind === "failed") {
    const suffix = { compile: "Compile", threw: "Threw", limit: "Limit" }[result.reason];
    call.remark(`The code failed: ${result.message}`);
    return { kind: "failure", error: { code: `${name}${suffix}`, message: result.message } };
  }
  if (result.value === false) return { kind: "false", output: false };
  // Returning nothing is true: Ping's sign-on template has a check that does so.
  return result.value === undefined ? { kind: "success" } : { kind: "success", output: result.value };
}

/** Ping documents bindings in the code of snippets: their values become part of the program. */
function bindCode(call: Call, raw: unknown): string {
  const code = templateText(raw);
  // Every second part is the path of a binding.
  const parts = code.split(BINDING);
  if (parts.length > 1) {
    call.remark(
      `The code has bindings in it. Their values become part of the program, so what a person types can change it. Pass them as inputs of the node instead.`,
    );
  }
  return joinTexts(parts.map((part, index) => (index % 2 === 0 ? part : textOf(readPath(part, call.scope)))));
}
