/**
 * Reads scenarios: those of a tenant's own folder, if it has one, over the shipped ones. A scenario of the tenant replaces
 * a shipped one of its name or policy id, and may extend one. Every fault of every file is reported. Files that DaVinci
 * has exported may lie beside them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FileFaults, type InputFile, readInputFile } from "../../../kit/input-file.ts";
import { isCompanion } from "../files/companions.ts";
import type { FlowGraph } from "../graph/graph.ts";
import { readContent } from "../graph/read-export.ts";
import { type CompiledFile, compileScenario } from "./compile-scenario.ts";
import { findFaults } from "./scenario-faults.ts";
import { type Scenario, scenarioSchema, variantSchema } from "./scenario-schema.ts";

export interface LoadedScenarios {
  /** Of the uppermost folder first; within a folder in the order of file names. */
  readonly scenarios: readonly LoadedScenario[];
  /** Policy ids of the tenant's own scenarios; empty when there is only one folder. */
  readonly ownPolicyIds: ReadonlySet<string>;
  /** Policy ids of files with faults, as far as they can be read. */
  readonly faultyPolicyIds: ReadonlySet<string | undefined>;
  /** Paths of the files that DaVinci has exported. */
  readonly exports: readonly string[];
}

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly compiled: CompiledFile;
  /** The main flow. */
  readonly graph: FlowGraph;
  /** All flows of the scenario. */
  readonly together: readonly FlowGraph[];
}

/** All scenarios of the `*.json` files in `directory`. @throws {InputFileError} with every fault of every file. */
export function loadScenarios(directory: string): readonly LoadedScenario[] {
  const faults = new FileFaults();
  const { scenarios } = loadScenarioLayers([directory], faults);
  faults.throwIfAny();
  return scenarios;
}

/** @param folders The tenant's own, if it has one, then the shipped one. */
export function loadScenarioLayers(folders: readonly string[], faults: FileFaults): LoadedScenarios {
  const [shipped, own] = folders.toReversed();
  const below = readFolder(shipped ?? "", new Map(), faults);
  if (
    below.scenarios.length === 0 &&
    below.exports.length === 0 &&
    below.faultyPolicyIds.size === 0 &&
    faults.count === 0
  ) {
    faults.add(shipped ?? "", "holds no flow; put at least one *.json file there.");
  }
  if (own === undefined) {
    return { ...below, scenarios: below.scenarios.map(compileLoaded), ownPolicyIds: new Set() };
  }
  const above = readFolder(own, below.wholeScenarios, faults);
  const isReplaced = ({ name, policyId }: Scenario) =>
    above.scenarios.some((scenario) => scenario.name === name || scenario.policyId === policyId);
  return {
    scenarios: [...above.scenarios, ...below.scenarios.filter((scenario) => !isReplaced(scenario))].map(
      compileLoaded,
    ),
    ownPolicyIds: new Set(above.scenarios.map(({ policyId }) => policyId)),
    faultyPolicyIds: new Set([...above.faultyPolicyIds, ...below.faultyPolicyIds]),
    exports: [...above.exports, ...below.exports],
  };
}

/**
 * Compiles when its graph is first asked for: a start of the emulator has a dozen scenarios, and mostly one of them runs.
 * @param scenario Must be without faults.
 */
export function compileLoaded(scenario: Scenario): LoadedScenario {
  let made: ReturnType<typeof compile> | undefined;
  const make = () => {
    made ??= compile(scenario);
    return made;
  };
  return {
    scenario,
    get compiled() {
      return make().compiled;
    },
    get graph() {
      return make().graph;
    },
    get together() {
      return make().together;
    },
  };
}

/** @throws {Error} for a graph that cannot be read, which is an error of the compiler. */
function compile(scenario: Scenario) {
  const compiled = compileScenario(scenario);
  const read = readContent(compiled);
  if (read.kind === "refused") throw new Error(`The scenario "${scenario.name}": ${read.reason}.`);
  return { compiled, graph: read.main, together: read.flows };
}

interface Folder {
  readonly scenarios: readonly Scenario[];
  readonly wholeScenarios: ReadonlyMap<string, Scenario>;
  readonly faultyPolicyIds: ReadonlySet<string | undefined>;
  readonly exports: readonly string[];
}

/** @param below Scenarios of the folder below, which the variants of this one may extend. */
function readFolder(directory: string, below: ReadonlyMap<string, Scenario>, faults: FileFaults): Folder {
  const { files, exports } = readFiles(directory, faults);
  const readable = files.filter((file) => file !== undefined);
  const wholeScenarios = new Map<string, Scenario>();
  const parsed = new Map<InputFile, Scenario>();
  for (const file of readable.filter((candidate) => !isVariant(candidate))) {
    const scenario = parseScenario(file, file.content);
    if (!scenario) continue;
    parsed.set(file, scenario);
    wholeScenarios.set(scenario.name, scenario);
  }
  for (const file of readable.filter(isVariant)) {
    const merged = mergeVariant(file, new Map([...below, ...wholeScenarios]));
    const scenario = merged === undefined ? undefined : parseScenario(file, merged);
    if (scenario) parsed.set(file, scenario);
  }
  reportRepeated(parsed);
  const faulty = files.filter((file) => file === undefined || !parsed.has(file));
  return {
    scenarios: readable.flatMap((file) => parsed.get(file) ?? []),
    wholeScenarios,
    exports,
    faultyPolicyIds: new Set(faulty.map((file) => policyIdOf(file?.content))),
  };
}

/** `undefined` stands for a file that cannot be read, which is reported. */
function readFiles(directory: string, faults: FileFaults) {
  const names = namesIn(directory, faults);
  if (!names) return { files: [undefined], exports: [] };
  const paths = names
    .filter((name) => name.endsWith(".json") && !isCompanion(name))
    .sort()
    .map((name) => join(directory, name));
  const exports = paths.filter(isExport);
  const others = paths.filter((path) => !exports.includes(path));
  return { files: others.map((path) => readInputFile(path, faults)), exports };
}

function namesIn(directory: string, faults: FileFaults): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch {
    faults.add(directory, "is not a folder that can be read.");
    return undefined;
  }
}

/** By a word that only exports have, so that one with faults is told apart too. */
function isExport(path: string): boolean {
  try {
    return /"graphData"\s*:/.test(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

function policyIdOf(content: unknown): string | undefined {
  return z.object({ policyId: z.string() }).safeParse(content).data?.policyId;
}

function isVariant({ content }: InputFile): boolean {
  return typeof content === "object" && content !== null && "extends" in content;
}

/** Applies a variant to the flow that it extends. */
function mergeVariant(file: InputFile, wholeScenarios: ReadonlyMap<string, Scenario>): unknown {
  const variant = file.parse(variantSchema);
  if (!variant) return undefined;
  const { extends: baseName, nodes, ...head } = variant;
  const base = wholeScenarios.get(baseName);
  if (!base) {
    const known = [...wholeScenarios.keys()].join(", ");
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

function parseScenario(file: InputFile, content: unknown): Scenario | undefined {
  const scenario = file.parse(scenarioSchema, [], content);
  if (!scenario) return undefined;
  const problems = findFaults(scenario);
  for (const { at, text } of problems) file.report(at, text, { isPlaceTold: true });
  return problems.length > 0 ? undefined : scenario;
}

function reportRepeated(scenarios: ReadonlyMap<InputFile, Scenario>): void {
  const owners = new Map<string, InputFile>();
  for (const [file, scenario] of scenarios) {
    for (const what of ["name", "policyId"] as const) {
      const key = `${what} "${scenario[what]}"`;
      const owner = owners.get(key);
      if (owner) {
        const reason = `${key} is already that of ${owner.path}; give this flow its own.`;
        file.report([what], reason, { isPlaceTold: true });
      } else owners.set(key, file);
    }
  }
}
