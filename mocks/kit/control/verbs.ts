/** The verbs that the kit itself brings: journal, faults, clock, state and reset. */
import { z } from "zod";
import type { MovableClock } from "../clock.ts";
import type { ControlState, EmulatorName, Emulators, EndpointName, FaultRequest } from "../emulator.ts";
import type { FaultQueue } from "../faults/queue.ts";
import { type ExpectationOptions, expectRequest } from "../journal/expectations.ts";
import type { Journal } from "../journal/journal.ts";
import { matches, type RequestPatternSchema } from "../journal/request-pattern.ts";
import { verbsOf } from "./verb.ts";

/** What these verbs act on. */
export interface KitParts<E extends Emulators> {
  readonly journal: Journal;
  readonly queue: FaultQueue;
  /** The emulators' clock, which the control API moves. */
  readonly clock: MovableClock;
  describe(): ControlState<E>;
  reset(): Promise<void>;
}

export type KitVerbs<E extends Emulators> = ReturnType<typeof createKitVerbs<E>>;

const MAX_CLOCK_SECONDS = 10 * 365 * 24 * 3600;
const MAX_WAIT_MS = 60_000;

const nothing = z.strictObject({});

export function createKitVerbs<E extends Emulators>(
  pattern: RequestPatternSchema<EndpointName<E>, EmulatorName<E>>,
) {
  const verb = verbsOf<KitParts<E>, ControlState<E>>();
  return {
    state: verb({
      route: "GET /state",
      about: "Counts and names of everything that the emulators hold.",
      input: nothing,
      run: (kit) => kit.describe(),
    }),
    requests: verb({
      route: "GET /requests",
      about: "The journal, oldest first.",
      input: nothing,
      answers: "requests",
      run: ({ journal }) => journal.entries(),
    }),
    findRequests: verb({
      route: "POST /requests/find",
      about: "The journal entries that match a pattern, oldest first.",
      input: pattern,
      answers: "requests",
      run: ({ journal }, wanted) =>
        journal.entries().filter((entry) => matches(wanted, entry, journal.redactor)),
    }),
    expectRequest: verb({
      route: "POST /requests/expect",
      about:
        "Fails (417) with the closest entry, field by field, unless a request matches the pattern, or exactly `times`.",
      input: z.strictObject({
        pattern,
        times: z.int().min(0).optional(),
        withinMilliseconds: z.int().min(0).max(MAX_WAIT_MS).optional(),
      }),
      inputFrom: (wanted: z.input<typeof pattern>, options: ExpectationOptions = {}) => ({
        ...options,
        pattern: wanted,
      }),
      answers: "requests",
      run: ({ journal }, { pattern: wanted, ...options }) => expectRequest(journal, wanted, options),
    }),
    clearRequests: verb({
      route: "DELETE /requests",
      about: "Empties the journal.",
      input: nothing,
      form: { section: "Journal", submit: "Empty the journal" },
      run: ({ journal }) => journal.clear(),
    }),
    pendingFaults: verb({
      route: "GET /faults",
      about: "Faults that no request has met yet.",
      input: nothing,
      answers: "faults",
      run: ({ queue }) => queue.pending(),
    }),
    queueFault: verb({
      route: "POST /faults",
      about: "Queues a fault for the next matching request.",
      // The catalogue parses it, and then names what this fault and this endpoint allow.
      input: z.looseObject({}) as unknown as z.ZodType<FaultRequest<E>, FaultRequest<E>>,
      answers: "id",
      run: ({ queue }, fault) => queue.add(fault),
    }),
    clearFaults: verb({
      route: "DELETE /faults",
      about: "Removes every queued fault.",
      input: nothing,
      form: { section: "Faults", submit: "Remove all faults" },
      run: ({ queue }) => queue.clear(),
    }),
    removeFault: verb({
      route: "POST /faults/remove",
      about: "Removes one queued fault.",
      input: z.strictObject({ id: z.int() }),
      inputFrom: (id: number) => ({ id }),
      run: ({ queue }, { id }) => queue.remove(id),
    }),
    assertNoPendingFaults: verb({
      route: "POST /faults/expect-none",
      about: "Fails (417) if a queued fault has not been met.",
      input: nothing,
      run: ({ queue }) => queue.assertNonePending(),
    }),
    advanceClock: verb({
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
        clock.offsetMilliseconds += advanceSeconds * 1000;
      },
    }),
    resetClock: verb({
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
