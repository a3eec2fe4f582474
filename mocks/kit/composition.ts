/** What a list of emulators has in common: tables for the control API and the documents. Starts nothing. */
import type { VerbTable } from "./control/verb.ts";
import { createKitVerbs } from "./control/verbs.ts";
import type { EmulatorName, Emulators, EndpointName } from "./emulator.ts";
import { createFaultCatalogue, type FaultCatalogue } from "./faults/catalogue.ts";
import { createRequestPatternSchema, type RequestPatternSchema } from "./journal/request-pattern.ts";

export interface Composition<E extends Emulators = Emulators> {
  readonly emulators: E;
  readonly endpoints: readonly EndpointName<E>[];
  readonly faults: FaultCatalogue;
  readonly patternSchema: RequestPatternSchema<EndpointName<E>, EmulatorName<E>>;
  /** Those of the kit first, then those of each emulator. */
  readonly verbs: VerbTable;
}

/** @throws {Error} when two emulators have a name in common. */
export function composeEmulators<E extends Emulators>(...emulators: E): Composition<E> {
  const names = emulators.map(({ name }): EmulatorName<E> => name);
  const endpoints = emulators.flatMap((emulator) => Object.keys(emulator.endpoints)) as EndpointName<E>[];
  requireUnique("emulator", names);
  requireUnique("endpoint", endpoints);
  const faults = createFaultCatalogue(emulators);
  const patternSchema: Composition<E>["patternSchema"] = createRequestPatternSchema(endpoints, names);
  const verbTables: VerbTable[] = [createKitVerbs<E>(patternSchema), ...emulators.map(({ verbs }) => verbs)];
  requireUnique(
    "fault",
    faults.entries.map(({ name }) => name),
  );
  requireUnique("verb", verbTables.flatMap(Object.keys));
  return { emulators, endpoints, faults, patternSchema, verbs: Object.assign({}, ...verbTables) };
}

function requireUnique(what: string, names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`There are two of the ${what} "${twice}". Rename one.`);
}
