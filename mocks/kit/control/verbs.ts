/** The verbs that the kit itself brings: journal, faults, clock, state and reset. */
import { z } from "zod";
import type { MovableClock } from "../clock.ts";
import type { ControlState, EmulatorName, Emulators, EndpointName, FaultRequest } from "../emulator.ts";
import type { FaultQueue } from "../faults/queue.ts";
import { labelled } from "../field-text.ts";
import { expectRequest } from "../journal/expectations.ts";
import type { Journal } from "../journal/journal.ts";
import { matches, type RequestPatternSchema } from "../journal/request-pattern.ts";
import { verbsOf } from "./verb.ts";

/** What these verbs act on. */
export interface RunningParts<E extends Emulators> {
  readonly journal: Journal;
  readonly faults: FaultQueue;
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
  const verb = verbsOf<RunningParts<E>, ControlState<E>>();
  return {
    state: verb({
      method: "GET",
      path: "/state",
      about: "Counts and names of everything that the emulators hold.",
      input: nothing,
      run: (kit) => kit.describe(),
    }),
    requests: verb({
      method: "GET",
      path: "/requests",
      about: "The journal, oldest first.",
      input: nothing,
      answers: "requests",
      run: ({ journal }) => journal.entries(),
    }),
    findRequests: verb({
      method: "POST",
      path: "/requests/find",
      about: "What of the journal fits a pattern, oldest first.",
      input: pattern,
      answers: "requests",
      run: ({ journal }, wanted) =>
        journal.entries().filter((entry) => matches(wanted, entry, journal.redactor)),
    }),
    expectRequest: verb({
      method: "POST",
      path: "/requests/expect",
      about:
        "Fails (417) with the closest entry, field by field, unless a request fits the pattern, or exactly `times`.",
      input: z.strictObject({
        pattern,
        times: z.int().min(0).optional(),
        withinMilliseconds: z.int().min(0).max(MAX_WAIT_MS).optional(),
      }),
      takes: ["pattern"],
      answers: "requests",
      run: ({ journal }, { pattern: wanted, ...options }) => expectRequest(journal, wanted, options),
    }),
    clearRequests: verb({
      method: "DELETE",
      path: "/requests",
      about: "Empties the journal.",
      input: nothing,
      form: { section: "Journal", submit: "Empty the journal" },
      run: ({ journal }) => journal.clear(),
    }),
    pendingFaults: verb({
      method: "GET",
      path: "/faults",
      about: "Faults that wait for a request.",
      input: nothing,
      answers: "faults",
      run: ({ faults }) => faults.pending(),
    }),
    queueFault: verb({
      method: "POST",
      path: "/faults",
      about: "Makes the next fitting request meet a fault.",
      // The catalogue parses it, and then names what this fault and this endpoint allow.
      input: z.looseObject({}) as unknown as z.ZodType<FaultRequest<E>, FaultRequest<E>>,
      answers: "id",
      run: ({ faults }, fault) => faults.add(fault),
    }),
    clearFaults: verb({
      method: "DELETE",
      path: "/faults",
      about: "Forgets every fault that still waits.",
      input: nothing,
      form: { section: "Faults", submit: "Forget all faults" },
      run: ({ faults }) => faults.clear(),
    }),
    removeFault: verb({
      method: "POST",
      path: "/faults/remove",
      about: "Forgets one fault.",
      input: z.strictObject({ id: z.int() }),
      takes: ["id"],
      run: ({ faults }, { id }) => faults.remove(id),
    }),
    assertNoPendingFaults: verb({
      method: "POST",
      path: "/faults/expect-none",
      about: "Fails (417) if a fault still waits.",
      input: nothing,
      run: ({ faults }) => faults.assertNonePending(),
    }),
    advanceClock: verb({
      method: "POST",
      path: "/clock",
      about: "Moves the emulators' clock; a negative number moves it back.",
      input: z.strictObject({
        advanceSeconds: labelled(z.number().min(-MAX_CLOCK_SECONDS).max(MAX_CLOCK_SECONDS), {
          label: "Seconds (negative: back)",
        }),
      }),
      takes: ["advanceSeconds"],
      form: { section: "Clock", submit: "Move the clock", values: () => ({ advanceSeconds: 3600 }) },
      run: ({ clock }, { advanceSeconds }) => clock.advance(advanceSeconds * 1000),
    }),
    resetClock: verb({
      method: "DELETE",
      path: "/clock",
      about: "Back to real time.",
      input: nothing,
      form: { section: "Clock", submit: "Back to real time" },
      run: ({ clock }) => clock.reset(),
    }),
    reset: verb({
      method: "POST",
      path: "/reset",
      about: "Everything back to the fixtures.",
      input: nothing,
      form: { section: "Reset", submit: "Reset everything" },
      run: (kit) => kit.reset(),
    }),
  };
}
