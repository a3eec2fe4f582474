/** Runs the kit for a list of emulators: one clock, one journal, one queue of faults and one control API for all. */
import { type Clock, MovableClock } from "./clock.ts";
import type { Composition } from "./composition.ts";
import { createControlApp } from "./control/app.ts";
import { type Control, createControl } from "./control/control.ts";
import {
  type ControlState,
  type Emulator,
  type EmulatorName,
  type Emulators,
  ownerOf,
  type RunningEmulators,
} from "./emulator.ts";
import { FaultQueue } from "./faults/queue.ts";
import { Journal } from "./journal/journal.ts";
import type { ObservedRequest } from "./journal/observed-request.ts";
import { createRedactor } from "./journal/redaction.ts";
import type { Kit } from "./kit.ts";
import type { EmulatorApp } from "./listen.ts";
import type { LoginView } from "./login.ts";
import { CONTROL_PATH, injectFaults, journalRequests, takeInsideFault } from "./middleware.ts";
import { parseInput, requireName } from "./refusal.ts";
import { exportState, importState } from "./state.ts";

export interface RunningKit<E extends Emulators> extends Kit<E> {
  readonly control: Control<E>;
  /** Adds the journal, the faults and the control API to an emulator's app. */
  mount(app: EmulatorApp, emulator: EmulatorName<E>): void;
  /** Takes a fault that the emulator builds into its own answer, and gives its name. */
  takeFault(endpoint: string, login: LoginView): string | undefined;
}

export interface KitOptions {
  /** What callers of the control API must know. Without one, only callers on loopback are served. */
  readonly controlToken?: string | undefined;
  /** Default: real time. The control API adds its offset to this clock. */
  readonly clock?: Clock | undefined;
}

/**
 * @param running Called only when it is needed, because emulators start after the kit.
 */
export function runKit<E extends Emulators>(
  composition: Composition<E>,
  running: RunningEmulators<E>,
  options: KitOptions = {},
): RunningKit<E> {
  const { emulators, verbs } = composition;
  const clock = new MovableClock(options.clock);
  const journal = new Journal(createRedactor(emulators.map(({ redaction }) => redaction)));
  const queue = new FaultQueue(composition.faults, journal.redactor.hash);

  const runningOf = ({ name }: Emulator) => (running as Record<string, () => unknown>)[name]?.();
  const requireRunning = (emulator: Emulator) => {
    const found = runningOf(emulator);
    if (found === undefined) throw new Error(`The ${emulator.title} emulator is still starting.`);
    return found;
  };
  const ofEach = (read: (emulator: Emulator, running: unknown) => unknown) =>
    Object.fromEntries(
      emulators.map((emulator) => [emulator.name, read(emulator, requireRunning(emulator))]),
    );
  /** What the request states about its login, completed by the emulator that issued its credentials. */
  const loginOf = (emulator: Emulator, request: ObservedRequest): LoginView | undefined => {
    const { stated, credentials = {} } = emulator.readLogin(request);
    const hasCredentials = Object.keys(credentials).length > 0;
    const known = emulators
      .values()
      .filter((other) => hasCredentials && runningOf(other) !== undefined)
      .map((other) => other.loginOf?.(runningOf(other), credentials))
      .find((login) => login !== undefined);
    const login = { ...stated, ...known };
    return Object.keys(login).length > 0 ? login : undefined;
  };

  // Imports and resets follow one another. Otherwise one that fails would take back what another one has done meanwhile.
  let replacing: Promise<void> = Promise.resolve();
  const afterOthers = (replace: () => Promise<void>): Promise<void> => {
    const done = replacing.then(replace);
    replacing = done.catch(() => {});
    return done;
  };

  const kit: Kit<E> = {
    ...composition,
    journal,
    queue,
    clock,
    runningOf: requireRunning,
    invoke: async (given, input) => {
      const name = requireName("verb", given, Object.keys(verbs));
      const verb = verbs[name] as (typeof verbs)[string];
      const owner = ownerOf(emulators, name);
      const parsed = parseInput(verb.input, input, `The input of ${name}`);
      return verb.run(owner === undefined ? kit : requireRunning(owner), parsed);
    },
    describe: () =>
      ({
        ...ofEach((emulator, behind) => emulator.state(behind)),
        clock: { now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetMilliseconds / 1000 },
        journal: {
          entries: journal.entries().length,
          dropped: journal.dropped,
          lastRequestNumber: journal.lastNumber,
        },
        faults: queue.pending(),
      }) as ControlState<E>,
    reset: () =>
      afterOthers(async () => {
        // First, because what the emulators fill in again is dated by it.
        clock.offsetMilliseconds = 0;
        for (const emulator of emulators) await emulator.reset(requireRunning(emulator));
        queue.clear();
        journal.clear();
      }),
    exportState: () => exportState(emulators, requireRunning),
    importState: (state) => afterOthers(() => importState(emulators, requireRunning, state)),
  };
  return {
    ...kit,
    control: createControl<E>(verbs, kit.invoke),
    mount: (app, name) => {
      const emulator = emulators.find((candidate) => candidate.name === name) as Emulator;
      app.use(journalRequests(kit, emulator, (request) => loginOf(emulator, request)));
      app.use(injectFaults(kit, emulator));
      app.route(CONTROL_PATH, createControlApp(kit, name, options.controlToken));
    },
    takeFault: (endpoint, login) => takeInsideFault(kit, endpoint, login),
  };
}
