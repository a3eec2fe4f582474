/** Every fault that can be queued, by name: those of the wire, and those that the emulators bring. */
import { z } from "zod";
import { composeTables } from "../compose-tables.ts";
import { parseInput, requireName } from "../refusal.ts";
import { commonOptions, type Fault, type FaultDefinition, type FaultTable, waitOptions } from "./fault.ts";
import { WIRE_FAULTS } from "./wire.ts";

interface FaultEntry {
  readonly name: string;
  readonly definition: FaultDefinition;
  /** Title of the emulator that it belongs to; undefined for a fault of the wire. */
  readonly emulator: string | undefined;
  readonly endpoints: readonly string[];
  /** What it takes beside `fault` and `endpoint`. */
  readonly options: z.ZodRawShape;
}

export interface FaultCatalogue {
  /** In the order in which documents and the page list them. */
  readonly entries: readonly FaultEntry[];
  /** @throws {ControlRequestError} that lists the valid names. */
  get(name: string): FaultEntry;
  /** @throws {ControlRequestError} that lists the valid names. */
  parse(request: unknown): Fault;
}

interface FaultOwner {
  readonly title: string;
  readonly endpoints: Readonly<Record<string, unknown>>;
  readonly faults: FaultTable;
}

export function createFaultCatalogue(owners: readonly FaultOwner[]): FaultCatalogue {
  const allEndpoints = owners.flatMap(({ endpoints }) => Object.keys(endpoints));
  const toEntry =
    (emulator: string | undefined) =>
    ([name, definition]: [string, FaultDefinition]): FaultEntry => ({
      name,
      definition,
      emulator,
      endpoints: definition.endpoints ?? allEndpoints,
      options: {
        ...commonOptions,
        ...((definition.moment === "instead" || definition.moment === "after") && waitOptions),
        ...definition.options,
      },
    });
  const wire: FaultTable = WIRE_FAULTS;
  composeTables("fault", [wire, ...owners.map(({ faults }) => faults)]);
  const entries = [
    ...Object.entries(wire).map(toEntry(undefined)),
    ...owners.flatMap(({ title, faults }) => Object.entries(faults).map(toEntry(title))),
  ];
  const names = entries.map(({ name }) => name);

  const get = (given: unknown): FaultEntry => {
    const name = requireName("fault", given, names);
    return entries.find((entry) => entry.name === name) as FaultEntry;
  };
  return {
    entries,
    get,
    parse: (request) => {
      const { fault, endpoint, ...options } = z.looseObject({}).catch({}).parse(request);
      const entry = get(fault);
      const name = requireName(`endpoint for the fault ${entry.name}`, endpoint, entry.endpoints);
      const what = `The fault ${entry.name}`;
      const valid = ["fault", "endpoint", ...Object.keys(entry.options)];
      return {
        ...(parseInput(z.strictObject(entry.options), options, what, valid) as Omit<
          Fault,
          "fault" | "endpoint"
        >),
        fault: entry.name,
        endpoint: name,
      };
    },
  };
}
