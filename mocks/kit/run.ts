/** Runs the kit for a list of emulators: one clock, one journal, one queue of faults and one control API for all. */
import type { Hono } from "hono";
import { type Clock, createClock } from "./clock.ts";
import type { Composition } from "./composition.ts";
import { createControlApp } from "./control/app.ts";
import { type Control, createControl, type Invoke } from "./control/control.ts";
import type { RunningParts } from "./control/verbs.ts";
import type {
  ControlState,
  Emulator,
  EmulatorName,
  Emulators,
  KitState,
  RunningEmulators,
} from "./emulator.ts";
import { injectFaults, takeInsideFault } from "./faults/middleware.ts";
import { createFaultQueue } from "./faults/queue.ts";
import type { EmulatorApp } from "./http-server.ts";
import { createJournal } from "./journal/journal.ts";
import { CONTROL_PATH, type JournalEnv, journalRequests } from "./journal/middleware.ts";
import type { ObservedRequest } from "./journal/observed-request.ts";
import { createRedactor } from "./journal/redaction.ts";
import type { LoginView } from "./login.ts";
import { parseInput, requireName } from "./refusal.ts";
import type { SavedState } from "./state-file.ts";

export interface RunningKit<E extends Emulators> {
  readonly control: Control<E>;
  /** The emulators' clock, which the control API moves. */
  readonly clock: Clock;
  /** Puts the journal and the faults in front of an emulator and the control API beside it. */
  mount(app: EmulatorApp, emulator: EmulatorName<E>): void;
  /** For an emulator that builds a queued defect into its own answer: the name of the fault, which is then used up. */
  takeFault(endpoint: string, login: LoginView): string | undefined;
  /** What outlives a restart. */
  snapshot(): SavedState;
}

export interface KitOptions<E extends Emulators> {
  /** What is behind each emulator; asked for only when it is needed, because emulators start after the kit. */
  readonly running: RunningEmulators<E>;
  /** Real time unless a test passes its own. */
  readonly clock?: Clock | undefined;
}

export function runKit<E extends Emulators>(
  composition: Composition<E>,
  { running, clock: source }: KitOptions<E>,
): RunningKit<E> {
  const { emulators, verbs, faults: catalogue } = composition;
  const behind = ({ name }: Emulator): unknown => (running as Record<string, () => unknown>)[name]?.();
  const clock = createClock(source);
  const journal = createJournal(createRedactor(emulators.map(({ redaction }) => redaction)));
  const queue = createFaultQueue(catalogue, journal.redactor.hash);
  const injection = { catalogue, queue, journal };
  const byName = (of: (emulator: Emulator) => unknown): SavedState =>
    Object.fromEntries(emulators.map((emulator) => [emulator.name, of(emulator)]));

  const parts: RunningParts<E> = {
    journal,
    clock,
    faults: queue,
    describe: () => {
      const kit: KitState = {
        clock: { now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetMilliseconds() / 1000 },
        journal: {
          entries: journal.entries().length,
          dropped: journal.dropped(),
          lastRequestNumber: journal.lastNumber(),
        },
        faults: queue.pending(),
      };
      return { ...byName((emulator) => emulator.state(behind(emulator))), ...kit } as ControlState<E>;
    },
    reset: async () => {
      for (const emulator of emulators) await emulator.reset(behind(emulator));
      clock.reset();
      queue.clear();
      journal.clear();
    },
  };

  const invoke: Invoke = async (given, input) => {
    const name = requireName("verb", given, Object.keys(verbs));
    const owner = emulators.find((emulator) => Object.hasOwn(emulator.verbs, name));
    const verb = verbs[name] as Composition<E>["verbs"][string];
    return verb.run(
      owner === undefined ? parts : behind(owner),
      parseInput(verb.input, input, `The input of ${name}`),
    );
  };

  const loginOf = (emulator: Emulator, request: ObservedRequest): LoginView | undefined => {
    const { stated, credentials = {} } = emulator.readLogin(request);
    const hasCredentials = Object.keys(credentials).length > 0;
    const known = emulators
      .values()
      .map((other) => (hasCredentials ? other.loginOf?.(behind(other), credentials) : undefined))
      .find((login) => login !== undefined);
    const login = { ...stated, ...known };
    return Object.keys(login).length > 0 ? login : undefined;
  };

  return {
    control: createControl<E>(verbs, invoke),
    clock: clock.now,
    mount: (app, name) => {
      const emulator = emulators.find((candidate) => candidate.name === name) as Emulator;
      // The journal's variables are private to the kit's middleware, so the emulator's own type lacks them.
      const withJournal = app as unknown as Hono<JournalEnv>;
      withJournal.use(
        "*",
        journalRequests({
          emulator: name,
          journal,
          clock: clock.now,
          endpointOf: (request) => endpointOf(emulator, request),
          loginOf: (request) => loginOf(emulator, request),
        }),
      );
      withJournal.use("*", injectFaults(injection, emulator.errorBody));
      app.route(CONTROL_PATH, createControlApp({ composition, parts, invoke, emulator: name }));
    },
    takeFault: (endpoint, login) => takeInsideFault(injection, endpoint, login),
    snapshot: () => byName((emulator) => emulator.snapshot(behind(emulator))),
  };
}

/** `undefined`: a path that is no endpoint of this emulator. */
export function endpointOf(
  { endpoints }: Pick<Emulator, "endpoints">,
  request: Parameters<Emulator["endpoints"][string]>[0],
): string | undefined {
  return Object.entries(endpoints).find(([, fits]) => fits(request))?.[0];
}
