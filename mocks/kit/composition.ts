/** Everything that a list of emulators has together: tables to read, without anything that runs. */
import { composeTables } from "./compose-tables.ts";
import type { VerbTable } from "./control/verb.ts";
import { createKitVerbs } from "./control/verbs.ts";
import type { EmulatorName, Emulators, EndpointName } from "./emulator.ts";
import { createFaultCatalogue, type FaultCatalogue } from "./faults/catalogue.ts";
import { createRequestPatternSchema, type RequestPatternSchema } from "./journal/request-pattern.ts";

export interface Composition<E extends Emulators> {
  readonly emulators: E;
  readonly endpoints: readonly EndpointName<E>[];
  readonly faults: FaultCatalogue;
  readonly patternSchema: RequestPatternSchema<EndpointName<E>, EmulatorName<E>>;
  /** Those of the kit first, then those of each emulator. */
  readonly verbs: VerbTable;
}

/** @throws {Error} when two emulators have a name in common. */
export function composeEmulators<E extends Emulators>(...emulators: E): Composition<E> {
  composeTables(
    "emulator",
    emulators.map((emulator) => ({ [emulator.name]: emulator })),
  );
  const endpoints = Object.keys(
    composeTables(
      "endpoint",
      emulators.map((emulator) => emulator.endpoints),
    ),
  ) as EndpointName<E>[];
  const patternSchema: Composition<E>["patternSchema"] = createRequestPatternSchema(
    endpoints,
    emulators.map(({ name }): EmulatorName<E> => name),
  );
  const kitVerbs: VerbTable = createKitVerbs<E>(patternSchema);
  return {
    emulators,
    endpoints,
    faults: createFaultCatalogue(emulators),
    patternSchema,
    verbs: composeTables("verb", [kitVerbs, ...emulators.map(({ verbs }) => verbs)]),
  };
}
