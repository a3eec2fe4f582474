/** The control API as an object with a method for each verb: the same in process and over HTTP. */
import type { Emulators, EmulatorVerbs } from "../emulator.ts";
import type { Methods, VerbTable } from "./verb.ts";
import type { KitVerbs } from "./verbs.ts";

export type Control<E extends Emulators> = Methods<KitVerbs<E> & EmulatorVerbs<E>>;

/** Carries out a verb, in process or over HTTP, and gives what its `run` returned. */
export type Invoke = (verb: string, input: unknown) => Promise<unknown>;

export function createControl<E extends Emulators>(verbs: VerbTable, invoke: Invoke): Control<E> {
  const control: Record<string, unknown> = {};
  for (const [name, { inputFrom = (input: unknown = {}) => input }] of Object.entries(verbs)) {
    const run = (...given: never[]) => invoke(name, inputFrom(...given));
    const [group = "", method] = name.split(".");
    if (method === undefined) control[name] = run;
    else control[group] = { ...(control[group] as object | undefined), [method]: run };
  }
  // The types of the methods are those of the same table.
  return control as Control<E>;
}
