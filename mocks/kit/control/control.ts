/** The control API as an object with a method for each verb: the same in process and over HTTP. */
import type { ControlState, Emulators, EmulatorVerbs, RequestPattern } from "../emulator.ts";
import type { ExpectationOptions } from "../journal/expectations.ts";
import type { JournalEntry } from "../journal/journal.ts";
import type { Methods, VerbTable } from "./verb.ts";
import type { KitVerbs } from "./verbs.ts";

export type Control<E extends Emulators> = Omit<Methods<KitVerbs<E>>, "requests"> &
  Methods<EmulatorVerbs<E>> &
  Conveniences<E>;

/** What is made of several verbs. */
interface Conveniences<E extends Emulators> {
  /** The journal, oldest first; with a pattern, the entries that match it. */
  requests(pattern?: RequestPattern<E>): Promise<readonly JournalEntry[]>;
  /** Number of the newest request, to be passed as `after` in a pattern. */
  lastRequestNumber(): Promise<number>;
  /** Fails if a request matches. With `withinMilliseconds` it watches for that long. */
  expectNoRequest(pattern: RequestPattern<E>, options?: Omit<ExpectationOptions, "times">): Promise<void>;
}

/** Carries out a verb, in process or over HTTP, and gives what its `run` returned. */
export type Invoke = (verb: string, input: unknown) => Promise<unknown>;

export function createControl<E extends Emulators>(verbs: VerbTable, invoke: Invoke): Control<E> {
  const methods = Object.entries(verbs).map(([name, { inputFrom = (input: unknown = {}) => input }]) => [
    name,
    (...given: never[]) => invoke(name, inputFrom(...given)),
  ]);
  const conveniences: Conveniences<E> = {
    requests: async (pattern = {}) => (await invoke("findRequests", pattern)) as JournalEntry[],
    lastRequestNumber: async () => ((await invoke("state", {})) as ControlState<E>).journal.lastRequestNumber,
    expectNoRequest: async (pattern, options) => {
      await invoke("expectRequest", { ...options, pattern, times: 0 });
    },
  };
  // The types of the methods are those of the same table.
  return { ...Object.fromEntries(methods), ...conveniences } as Control<E>;
}
