/** Every fault that can be queued, by name: those of the wire, and those of the emulators. */
import { z } from "zod";
import type { Emulator } from "../emulator.ts";
import { parseInput, requireName } from "../refusal.ts";
import { commonOptions, type Fault, type FaultEntry, type FaultTable, waitOptions } from "./fault.ts";
import { WIRE_FAULTS } from "./wire.ts";

export interface FaultCatalogue {
  /** In the order in which documents and the page list them. */
  readonly entries: readonly FaultEntry[];
  /** @throws {ControlRequestError} that lists the valid names. */
  parse(request: unknown): Fault;
}

export function createFaultCatalogue(
  emulators: readonly Pick<Emulator, "title" | "endpoints" | "faults">[],
): FaultCatalogue {
  const allEndpoints = emulators.flatMap(({ endpoints }) => Object.keys(endpoints));
  const entriesOf = (faults: FaultTable, emulator?: string) =>
    Object.entries(faults).map(([name, definition]): FaultEntry => {
      const canWait = definition.moment === "instead" || definition.moment === "after";
      return {
        ...definition,
        name,
        emulator,
        endpoints: definition.endpoints ?? allEndpoints,
        options: { ...commonOptions, ...(canWait && waitOptions), ...definition.options },
      };
    });
  const entries = [
    ...entriesOf(WIRE_FAULTS),
    ...emulators.flatMap(({ title, faults }) => entriesOf(faults, title)),
  ];
  return {
    entries,
    parse: (request) => {
      const given = z.looseObject({}).catch({}).parse(request);
      const names = entries.map(({ name }) => name);
      const definition = entries[names.indexOf(requireName("fault", given.fault, names))] as FaultEntry;
      const what = `The fault ${definition.name}`;
      requireName(`endpoint for the fault ${definition.name}`, given.endpoint, definition.endpoints);
      const schema = z.strictObject({ fault: z.string(), endpoint: z.string(), ...definition.options });
      // The options of every fault have the common ones, whose types `Fault` states.
      return { ...(parseInput(schema, given, what) as Omit<Fault, "definition">), definition };
    },
  };
}
