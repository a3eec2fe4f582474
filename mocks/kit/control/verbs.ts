/** The verbs that the kit itself brings: journal, faults, clock, state and reset. */
import { z } from "zod";
import type { MovableClock } from "../clock.ts";
import type { ControlState, EmulatorName, Emulators, EndpointName, FaultRequest } from "../emulator.ts";
import type { FaultQueue } from "../faults/queue.ts";
import { type ExpectationOptions, expectRequest } from "../journal/expectations.ts";
import type { Journal } from "../journal/journal.ts";
import { matches, type RequestPatternSchema } from "../journal/request-pattern.ts";
import { ControlRequestError } from "../refusal.ts";
import type { State } from "../state.ts";
import { exportedState, journalEntries, pendingFaults, summary } from "./outputs.ts";
import { verbsOf } from "./verb.ts";

/** What these verbs act on. */
export interface KitParts<E extends Emulators> {
  readonly journal: Journal;
  readonly queue: FaultQueue;
  /** The emulators' clock, which the control API moves. */
  readonly clock: MovableClock;
  describe(): ControlState<E>;
  reset(): Promise<void>;
  exportState(): State;
  /** @throws {ControlRequestError} when it cannot be used; then nothing has changed. */
  importState(state: unknown): Promise<void>;
}

export type KitVerbs<E extends Emulators> = ReturnType<typeof createKitVerbs<E>>;

const MAX_CLOCK_SECONDS = 10 * 365 * 24 * 3600;
/** Of all moves together. Far beyond it, no time could be written as a date any more. */
const MAX_CLOCK_OFFSET_MS = 10 * MAX_CLOCK_SECONDS * 1000;
const MAX_WAIT_MS = 60_000;

const nothing = z.strictObject({});
const withinMilliseconds = z
  .int()
  .min(0)
  .max(MAX_WAIT_MS)
  .optional()
  .describe("how long to wait; not at all unless given");

export function createKitVerbs<E extends Emulators>(
  pattern: RequestPatternSchema<EndpointName<E>, EmulatorName<E>>,
) {
  const verb = verbsOf<KitParts<E>, ControlState<E>>();
  return {
    "state.summary": verb({
      route: "GET /state",
      about: "Counts and names of everything that the emulators hold.",
      input: nothing,
      output: summary,
      run: (kit) => kit.describe(),
    }),
    "state.export": verb({
      route: "GET /state/export",
      about:
        "What the emulators keep between runs, keys included, as JSON for `state.import`. It is as secret as a database.",
      input: nothing,
      output: exportedState,
      run: (kit) => kit.exportState(),
    }),
    "state.import": verb({
      route: "POST /state/import",
      about:
        "Replaces what the emulators keep between runs by an exported state, or refuses it and changes nothing.",
      // Checked by the emulators, one after the other.
      input: z.looseObject({}) as unknown as z.ZodType<State, State>,
      run: (kit, state) => kit.importState(state),
    }),
    "journal.list": verb({
      route: "GET /requests",
      about: "The journal, oldest first.",
      input: nothing,
      answers: "requests",
      output: journalEntries,
      run: ({ journal }) => journal.entries(),
    }),
    "journal.find": verb({
      route: "POST /requests/find",
      about: "The journal entries that match a pattern, oldest first.",
      input: pattern,
      inputFrom: (wanted: z.input<typeof pattern> = {}) => wanted,
      answers: "requests",
      output: journalEntries,
      run: ({ journal }, wanted) =>
        journal.entries().filter((entry) => matches(wanted, entry, journal.redactor)),
    }),
    "journal.expect": verb({
      route: "POST /requests/expect",
      about:
        "Fails (417) with the closest entry, field by field, unless a request matches the pattern, or exactly `times`.",
      input: z.strictObject({
        pattern,
        times: z.int().min(0).optional().describe("exactly this many requests"),
        withinMilliseconds,
      }),
      inputFrom: (wanted: z.input<typeof pattern>, options: ExpectationOptions = {}) => ({
        ...options,
        pattern: wanted,
      }),
      answers: "requests",
      output: journalEntries,
      canFailExpectation: true,
      run: ({ journal }, { pattern: wanted, ...options }) => expectRequest(journal, wanted, options),
    }),
    "journal.expectNone": verb({
      route: "POST /requests/expect-none",
      about:
        "Fails (417) if a request matches the pattern. With `withinMilliseconds` it watches for that long.",
      input: z.strictObject({ pattern, withinMilliseconds }),
      inputFrom: (wanted: z.input<typeof pattern>, options: Omit<ExpectationOptions, "times"> = {}) => ({
        ...options,
        pattern: wanted,
      }),
      canFailExpectation: true,
      run: async ({ journal }, { pattern: wanted, ...options }) => {
        await expectRequest(journal, wanted, { ...options, times: 0 });
      },
    }),
    "journal.mark": verb({
      route: "GET /requests/last",
      about: "The number of the newest request, to be passed as `after` in a pattern.",
      input: nothing,
      answers: "number",
      output: z.int(),
      run: ({ journal }) => journal.lastNumber,
    }),
    "journal.clear": verb({
      route: "DELETE /requests",
      about: "Empties the journal.",
      input: nothing,
      form: { section: "Journal", submit: "Empty the journal" },
      run: ({ journal }) => journal.clear(),
    }),
    "faults.pending": verb({
      route: "GET /faults",
      about: "Faults that no request has met yet.",
      input: nothing,
      answers: "faults",
      output: pendingFaults,
      run: ({ queue }) => queue.pending(),
    }),
    "faults.queue": verb({
      route: "POST /faults",
      about: "Queues a fault for the next matching request.",
      // The catalogue parses it, and then names what this fault and this endpoint allow.
      input: z.looseObject({}) as unknown as z.ZodType<FaultRequest<E>, FaultRequest<E>>,
      answers: "id",
      output: z.int(),
      run: ({ queue }, fault) => queue.add(fault),
    }),
    "faults.clear": verb({
      route: "DELETE /faults",
      about: "Removes every queued fault.",
      input: nothing,
      form: { section: "Faults", submit: "Remove all faults" },
      run: ({ queue }) => queue.clear(),
    }),
    "faults.remove": verb({
      route: "POST /faults/remove",
      about: "Removes one queued fault.",
      input: z.strictObject({ id: z.int() }),
      inputFrom: (id: number) => ({ id }),
      run: ({ queue }, { id }) => queue.remove(id),
    }),
    "faults.expectNone": verb({
      route: "POST /faults/expect-none",
      about: "Fails (417) if a queued fault has not been met.",
      input: nothing,
      canFailExpectation: true,
      run: ({ queue }) => queue.assertNonePending(),
    }),
    "clock.advance": verb({
      route: "POST /clock",
      about: "Moves the emulators' clock; a negative number moves it back.",
      input: z.strictObject({
        advanceSeconds: z
          .number()
          .min(-MAX_CLOCK_SECONDS)
          .max(MAX_CLOCK_SECONDS)
          .meta({ title: "Seconds (negative: back)" }),
      }),
      inputFrom: (advanceSeconds: number) => ({ advanceSeconds }),
      form: {
        section: "Clock",
        about: "The clock of the emulators only; the program under test keeps real time.",
        submit: "Move the clock",
        values: () => ({ advanceSeconds: 3600 }),
      },
      run: ({ clock }, { advanceSeconds }) => {
        const offset = clock.offsetMilliseconds + advanceSeconds * 1000;
        if (Math.abs(offset) > MAX_CLOCK_OFFSET_MS) {
          throw new ControlRequestError(
            "The clock would be more than a hundred years from real time. Set it back first: clock.reset, or DELETE /__mocks/clock.",
          );
        }
        clock.offsetMilliseconds = offset;
      },
    }),
    "clock.reset": verb({
      route: "DELETE /clock",
      about: "Sets the clock back to real time.",
      input: nothing,
      form: { section: "Clock", submit: "Back to real time" },
      run: ({ clock }) => {
        clock.offsetMilliseconds = 0;
      },
    }),
    reset: verb({
      route: "POST /reset",
      about: "Sets everything back to the fixtures.",
      input: nothing,
      form: {
        section: "Reset",
        about:
          "Sets the emulators back to the fixtures, the clock to real time, and empties faults and journal.",
        submit: "Reset everything",
      },
      run: (kit) => kit.reset(),
    }),
  };
}
