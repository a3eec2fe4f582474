/** What lies beside a flow file: values of variables, and stubs. Those for one file have its name in front. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { type FileFaults, readInputFile } from "../../../kit/input-file.ts";
import { riskSchema } from "../../tenant/risk.ts";
import { createStubs, STUB_FILE, type Stubs, stubsSchema } from "../connectors/stubs.ts";
import type { BesideFlow } from "../engine/beside.ts";
import type { FlowValues } from "../engine/flows.ts";
import { formsSchema } from "../screens/form-schema.ts";

const VARIABLES_FILE = "variables.json";
const RISK_FILE = "risk.json";
const FORMS_FILE = "forms.json";

/** Whether a file of this name lies beside flows and is none. */
export function isCompanion(name: string): boolean {
  return [VARIABLES_FILE, STUB_FILE, RISK_FILE, FORMS_FILE].some(
    (kind) => name === kind || name.endsWith(`.${kind}`),
  );
}

const values = z.record(z.string(), z.unknown());

export const variablesSchema = z.strictObject({
  $schema: z.string().optional(),
  company: values.default({}).describe("`global.company.variables`, by name."),
  flow: values.default({}).describe("`global.flow.variables`, by name."),
  user: values
    .default({})
    .describe("`global.userInfo.variables`, by name, for users for whom a flow has written none."),
  inputs: values.default({}).describe("`global.parameters` of a flow that is run by itself, by name."),
});

export interface Companions {
  readonly values: Required<FlowValues>;
  readonly stubs: Stubs;
  readonly beside: BesideFlow;
}

/** The content of the files beside a flow, in the order in which they count. */
export interface CompanionFiles {
  readonly variables?: readonly z.output<typeof variablesSchema>[];
  readonly stubs?: readonly z.output<typeof stubsSchema>[];
  readonly risk?: readonly z.output<typeof riskSchema>[];
  readonly forms?: readonly z.output<typeof formsSchema>[];
}

/** @param path The flow file. Faults of the files beside it are reported, and these are left out. */
export function readCompanions(path: string, faults: FileFaults): Companions {
  return companionsOf({
    variables: readBeside(path, VARIABLES_FILE, variablesSchema, faults),
    stubs: readBeside(path, STUB_FILE, stubsSchema, faults),
    risk: readBeside(path, RISK_FILE, riskSchema, faults),
    forms: readBeside(path, FORMS_FILE, formsSchema, faults),
  });
}

/** What stands in a later file lies over an earlier one. */
export function companionsOf({
  variables = [],
  stubs = [],
  risk = [],
  forms = [],
}: CompanionFiles): Companions {
  const merged = (part: "company" | "flow" | "user" | "inputs") =>
    Object.fromEntries(variables.flatMap((file) => Object.entries(file[part])));
  return {
    values: {
      company: merged("company"),
      flow: merged("flow"),
      user: merged("user"),
      inputs: merged("inputs"),
    },
    stubs: createStubs(stubs),
    beside: {
      // The first rule that fits decides, so those of the flow's own file come first.
      ...(risk.length > 0 && { risk: { rules: risk.toReversed().flatMap(({ rules }) => rules) } }),
      ...(forms.length > 0 && { forms: { forms: forms.toReversed().flatMap((file) => file.forms) } }),
    },
  };
}

/** `variables.json`, then `<name of the flow file>.variables.json`, as far as they are there. */
function readBeside<S extends z.ZodType>(
  path: string,
  kind: string,
  schema: S,
  faults: FileFaults,
): z.output<S>[] {
  const own = `${basename(path).replace(/\.json$/, "")}.${kind}`;
  return [kind, own].flatMap((name) => {
    const beside = join(dirname(path), name);
    if (!existsSync(beside)) return [];
    const parsed = readInputFile(beside, faults)?.parse(schema);
    return parsed === undefined ? [] : [parsed];
  });
}
