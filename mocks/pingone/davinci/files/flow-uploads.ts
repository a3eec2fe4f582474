/** Flows that are given to a running emulator. They stay until it is reset, and are not in its saved state. */
import { z } from "zod";
import { ControlRequestError } from "../../../kit/refusal.ts";
import { riskSchema } from "../../tenant/risk.ts";
import { checkFlows } from "../check/check-flows.ts";
import { countsOf, placeOf } from "../check/finding.ts";
import type { CheckOptions } from "../check/flow-view.ts";
import { hasStub, stubsSchema } from "../connectors/stubs.ts";
import type { RunnableFlow } from "../engine/flows.ts";
import type { FlowFile, FlowGraph } from "../graph/graph.ts";
import { type ReadExport, readContent, readExport } from "../graph/read-export.ts";
import { formsSchema } from "../screens/form-schema.ts";
import { type Companions, companionsOf, variablesSchema } from "./companions.ts";
import { toRunnable } from "./load-flow-files.ts";

/** Each may have 25 MB. */
const MAX_UPLOADS = 50;
const MAX_DESCRIBED = 5;

export const addFlowInput = z.strictObject({
  flow: z
    .union([z.string(), z.record(z.string(), z.unknown())], {
      error: "must be a flow that DaVinci has exported, as JSON or as the text of its file",
    })
    .meta({
      title: "Exported flow",
      hint: "The JSON file of DaVinci's export, with its sub-flows, or each in a file of its own, one after the other.",
      file: true,
    }),
  name: z.string().trim().min(1).optional().meta({ title: "Name", hint: "Empty: the name in the file." }),
  choose: z.boolean().optional().meta({ title: "Run it for the main application" }),
  variables: variablesSchema.optional().describe("As in `variables.json`."),
  stubs: stubsSchema.optional().describe("As in `stubs.json`."),
  risk: riskSchema.optional().describe("As in `risk.json`."),
  forms: formsSchema.optional().describe("As in `forms.json`."),
});

const findingOutput = z.strictObject({
  flow: z.string().describe("Name of the flow: a file may have several."),
  level: z.enum(["error", "warning", "info"]),
  code: z.string(),
  node: z.string().describe("Id of the node; empty for the flow as a whole."),
  title: z.string(),
  text: z.string(),
});

export const addedFlowOutput = z.strictObject({
  policyId: z.string(),
  name: z.string(),
  runnable: z.boolean().describe("Every capability of every flow of the file is implemented."),
  missing: z.array(z.string()).describe("Those that are not, as `connectorId.capabilityName`."),
  findings: z.array(findingOutput),
});

export type AddedFlow = z.output<typeof addedFlowOutput>;

interface Upload {
  readonly file: FlowFile;
  readonly name: string | undefined;
  readonly companions: Companions;
}

export interface FlowUploadsOptions {
  readonly addFlows: (flows: readonly RunnableFlow[]) => void;
  readonly checks: Pick<CheckOptions, "registry" | "sandbox">;
  /** Exported flows of the start: sub-flows are looked for among these too. */
  readonly loaded: readonly FlowGraph[];
}

export class FlowUploads {
  readonly #options: FlowUploadsOptions;
  /** By policy id. */
  readonly #uploads = new Map<string, Upload>();

  constructor(options: FlowUploadsOptions) {
    this.#options = options;
  }

  /** A flow of the same id is replaced. @throws {ControlRequestError} when it is no export. */
  async add({
    flow,
    name,
    variables,
    stubs,
    risk,
    forms,
  }: z.output<typeof addFlowInput>): Promise<AddedFlow> {
    const read = requireFlows(typeof flow === "string" ? readExport(flow) : readContent(flow));
    // The name of the file is in findings, and tells the uploads apart.
    const file: FlowFile = { ...read, path: `uploaded ${read.main.id}` };
    const companions = companionsOf({
      variables: listOf(variables),
      stubs: listOf(stubs),
      risk: listOf(risk),
      forms: listOf(forms),
    });
    const { policyId } = toRunnable(file, () => [], companions);
    if (this.#uploads.size >= MAX_UPLOADS && !this.#uploads.has(policyId)) {
      throw new ControlRequestError(
        `There are ${MAX_UPLOADS} uploaded flows already. Reset the emulator first.`,
      );
    }
    this.#uploads.set(policyId, { file, name, companions });
    // A sub-flow may come after the flow that starts it.
    this.#options.addFlows([...this.#uploads.values()].map((upload) => this.#runnable(upload)));
    return { policyId, name: name ?? file.main.name.trim(), ...(await this.#check(file)) };
  }

  /** Forgets all; the engine forgets its own at reset. */
  clear(): void {
    this.#uploads.clear();
  }

  #runnable({ file, name, companions }: Upload) {
    const others = [...this.#uploads.values()].filter((upload) => upload.file !== file);
    const graphs = [...others.flatMap((upload) => upload.file.flows), ...this.#options.loaded];
    const runnable = toRunnable(file, () => graphs, companions);
    return { ...runnable, name: name ?? runnable.name };
  }

  async #check(file: FlowFile): Promise<Pick<AddedFlow, "runnable" | "missing" | "findings">> {
    const uploads = [...this.#uploads.values()];
    const { loaded: flows, checks } = this.#options;
    const [main] = flows;
    const loaded: FlowFile[] = main ? [{ path: "loaded at the start", flows, main }] : [];
    const checked = await checkFlows([...uploads.map((upload) => upload.file), ...loaded], {
      ...checks,
      only: file,
      optionsOf: (of) => {
        const { values, stubs } =
          uploads.find((upload) => upload.file === of)?.companions ?? companionsOf({});
        return { variables: values, hasStub: (node) => hasStub(node, stubs) };
      },
    });
    return {
      runnable: checked.every(({ runnable }) => runnable),
      missing: [...new Set(checked.flatMap(({ missing }) => missing))].sort(),
      findings: checked.flatMap(({ name, findings }) =>
        findings.map((finding) => ({ flow: name ?? "", ...finding })),
      ),
    };
  }
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function requireFlows(read: ReadExport) {
  if (read.kind === "flows") return read;
  throw new ControlRequestError(`The flow cannot be used: ${read.reason}.`);
}

/** For a person. */
export function describeAdded({ name, policyId, runnable, missing, findings }: AddedFlow): string {
  const lacks = runnable ? "" : ` It cannot run to every end here: missing ${missing.join(", ")}.`;
  const errors = findings
    .filter(({ level }) => level === "error")
    .slice(0, MAX_DESCRIBED)
    .map((finding) => ` ${placeOf(finding)}${finding.text}`);
  return `"${name}" has the policy id ${policyId}.${lacks} The check finds ${countsOf(findings)}.${errors.join("")}`;
}
