/** Runs the kit for a list of emulators: one clock, one journal, one queue of faults and one control API for all. */
import type { Hono } from "hono";
import { type Clock, createClock } from "./clock.ts";
import type { Composition } from "./composition.ts";
import { createControlApp } from "./control/app.ts";
import { type Control, createControl, type Invoke } from "./control/control.ts";
import type { Verb } from "./control/verb.ts";
import type { RunningParts } from "./control/verbs.ts";
import type {
  ControlState,
  Emulator,
  EmulatorName,
  Emulators,
  KitState,
  RequestLine,
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
  /** Asked for only when it is needed, because emulators start after the kit. */
  readonly running: RunningEmulators<E>;
  /** Real time unless a test passes its own. */
  readonly clock?: Clock | undefined;
}

/** What is behind an emulator, by its definition; `undefined` while it starts. */
type Behind = (emulator: Emulator) => unknown;

/** @throws {Error} while it starts. */
function requireRunning(emulator: Emulator, behind: Behind): unknown {
  const running = behind(emulator);
  if (running === undefined) throw new Error(`The ${emulator.title} emulator is still starting.`);
  return running;
}

export function runKit<E extends Emulators>(
  composition: Composition<E>,
  { running, clock: source }: KitOptions<E>,
): RunningKit<E> {
  const { emulators, verbs, faults: catalogue } = composition;
  const behind: Behind = ({ name }) => (running as Record<string, () => unknown>)[name]?.();
  const clock = createClock(source);
  const journal = createJournal(createRedactor(emulators.map(({ redaction }) => redaction)));
  const queue = createFaultQueue(catalogue, journal.redactor.hash);
  const injection = { catalogue, queue, journal };
  const parts: RunningParts<E> = {
    journal,
    clock,
    faults: queue,
    describe: () => {
      const ofEmulators = byName(emulators, (emulator) => emulator.state(requireRunning(emulator, behind)));
      return { ...ofEmulators, ...describeKit(parts) } as ControlState<E>;
    },
    reset: async () => {
      for (const emulator of emulators) await emulator.reset(requireRunning(emulator, behind));
      clock.reset();
      queue.clear();
      journal.clear();
    },
  };
  const invoke = createInvoke(composition, parts, behind);
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
          loginOf: (request) => loginOf(emulator, request, emulators, behind),
        }),
      );
      withJournal.use("*", injectFaults(injection, emulator.errorBody));
      app.route(CONTROL_PATH, createControlApp({ composition, parts, invoke, emulator: name }));
    },
    takeFault: (endpoint, login) => takeInsideFault(injection, endpoint, login),
    snapshot: () => byName(emulators, (emulator) => emulator.snapshot(requireRunning(emulator, behind))),
  };
}

/** Parses the input of a verb and runs it on the emulator that it belongs to, or on the kit. */
function createInvoke<E extends Emulators>(
  { emulators, verbs }: Composition<E>,
  parts: RunningParts<E>,
  behind: Behind,
): Invoke {
  return async (given, input) => {
    const name = requireName("verb", given, Object.keys(verbs));
    const verb = verbs[name] as Verb;
    const owner = emulators.find((emulator) => Object.hasOwn(emulator.verbs, name));
    const parsed = parseInput(verb.input, input, `The input of ${name}`);
    return verb.run(owner === undefined ? parts : requireRunning(owner, behind), parsed);
  };
}

function describeKit({ clock, journal, faults }: Omit<RunningParts<Emulators>, "describe">): KitState {
  return {
    clock: { now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetMilliseconds() / 1000 },
    journal: {
      entries: journal.entries().length,
      dropped: journal.dropped(),
      lastRequestNumber: journal.lastNumber(),
    },
    faults: faults.pending(),
  };
}

function byName(emulators: Emulators, of: (emulator: Emulator) => unknown): Record<string, unknown> {
  return Object.fromEntries(emulators.map((emulator) => [emulator.name, of(emulator)]));
}

/** What the request says of its own login, completed by the emulator that knows its credentials. */
function loginOf(
  emulator: Emulator,
  request: ObservedRequest,
  emulators: Emulators,
  behind: Behind,
): LoginView | undefined {
  const { stated, credentials = {} } = emulator.readLogin(request);
  const isAskable = (other: Emulator) => Object.keys(credentials).length > 0 && behind(other) !== undefined;
  const known = emulators
    .values()
    .filter(isAskable)
    .map((other) => other.loginOf?.(behind(other), credentials))
    .find((login) => login !== undefined);
  const login = { ...stated, ...known };
  return Object.keys(login).length > 0 ? login : undefined;
}

/** `undefined`: a path that is no endpoint of this emulator. */
export function endpointOf(
  { endpoints }: Pick<Emulator, "endpoints">,
  request: RequestLine,
): string | undefined {
  return Object.entries(endpoints).find(([, fits]) => fits(request))?.[0];
}
