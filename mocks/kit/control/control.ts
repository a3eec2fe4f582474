/**
 * The verbs of the control API. The same interface is there in process (`Emulators.control`), over HTTP (`client.ts`)
 * and behind the buttons of the page.
 */
import type { LiveRefreshToken, PingOneAdmin, PingOneStateView } from "../../pingone/contracts.ts";
import type { MovableClock } from "../clock.ts";
import type { FaultRequest } from "../faults/catalogue.ts";
import type { FaultQueue, PendingFault } from "../faults/queue.ts";
import { type ExpectationOptions, expectRequest } from "../journal/expectations.ts";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { matches, type RequestPattern, requestPatternSchema } from "../journal/request-pattern.ts";
import { ControlRequestError, parseInput } from "../refusal.ts";

export interface ControlState {
  readonly pingone: PingOneStateView;
  readonly todo: { readonly todosByUser: Readonly<Record<string, number>> };
  readonly clock: { readonly now: string; readonly offsetSeconds: number };
  readonly journal: {
    readonly entries: number;
    readonly dropped: number;
    readonly lastRequestNumber: number;
  };
  readonly faults: readonly PendingFault[];
}

export interface Control {
  /** What both emulators hold: counts and names, never a secret. */
  state(): Promise<ControlState>;

  /** The journal, oldest first; with a pattern, what fits it. */
  requests(pattern?: RequestPattern): Promise<readonly JournalEntry[]>;
  /** Number of the newest request, to be passed as `after` in a pattern. */
  lastRequestNumber(): Promise<number>;
  clearRequests(): Promise<void>;
  /** Fails with the closest entry, field by field, unless one fits (or exactly `times`). Returns those that fit. */
  expectRequest(pattern: RequestPattern, options?: ExpectationOptions): Promise<readonly JournalEntry[]>;
  /** Fails if a request fits. With `withinMilliseconds` it watches for that long. */
  expectNoRequest(pattern: RequestPattern, options?: Omit<ExpectationOptions, "times">): Promise<void>;

  /** The next request that fits meets the fault. Returns the fault's id. */
  queueFault(fault: FaultRequest): Promise<number>;
  pendingFaults(): Promise<readonly PendingFault[]>;
  removeFault(id: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** Fails if a fault was queued that no request has met. */
  assertNoPendingFaults(): Promise<void>;

  /** Moves the emulators' clock forward, or back with a negative number. */
  advanceClock(seconds: number): Promise<void>;
  resetClock(): Promise<void>;

  /** A new signing key. The old one stays in the JWKS unless it is dropped. Returns the new key's id. */
  rotateKeys(options?: { readonly drop?: boolean | undefined }): Promise<string>;
  /** Refresh tokens that are good now: whose they are and for what, never the tokens themselves. */
  refreshTokens(): Promise<readonly LiveRefreshToken[]>;
  /** The user's access tokens count as expired at userinfo and introspection. Returns how many. */
  expireTokens(user: string): Promise<number>;
  /** Revokes the user's access and refresh tokens. Returns how many. */
  revokeTokens(user: string): Promise<number>;
  /** Ends the user's SSO sessions, and with them their refresh tokens. Returns how many. */
  endSession(user: string): Promise<number>;
  /** Binds a flow policy, by id or name, to an application (the Worker's by default), until reset. */
  chooseFlow(flow: string, applicationId?: string): Promise<void>;
  /** Behaviours that differ between tenants and dates. */
  setSwitches(switches: Readonly<Record<string, unknown>>): Promise<void>;

  /** Everything back to the fixtures: sessions, tokens, users, consents, todos, switches, clock, faults and journal. */
  reset(): Promise<void>;
}

/** What the verbs act on. */
export interface ControlledParts {
  readonly journal: Journal;
  readonly faults: FaultQueue;
  readonly clock: MovableClock;
  readonly pingone: () => PingOneAdmin;
  readonly todo: { counts(): ReadonlyMap<string, number>; reset(): void };
}

export function createControl({ journal, faults, clock, pingone, todo }: ControlledParts): Control {
  const readPattern = (pattern: RequestPattern) => parseInput(requestPatternSchema, pattern, "The pattern");
  return {
    state: async () => {
      const view = pingone().describe();
      const nameOf = (id: string) => view.users.find((user) => user.id === id)?.username ?? id;
      return {
        pingone: view,
        todo: {
          todosByUser: Object.fromEntries([...todo.counts()].map(([id, count]) => [nameOf(id), count])),
        },
        clock: { now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetMilliseconds() / 1000 },
        journal: {
          entries: journal.entries().length,
          dropped: journal.dropped(),
          lastRequestNumber: journal.lastNumber(),
        },
        faults: faults.pending(),
      };
    },

    requests: async (pattern) => {
      if (pattern === undefined) return journal.entries();
      const read = readPattern(pattern);
      return journal.entries().filter((entry) => matches(read, entry, journal.redactor));
    },
    lastRequestNumber: async () => journal.lastNumber(),
    clearRequests: async () => journal.clear(),
    expectRequest: async (pattern, options) => expectRequest(journal, readPattern(pattern), options),
    expectNoRequest: async (pattern, options) => {
      await expectRequest(journal, readPattern(pattern), { ...options, times: 0 });
    },

    queueFault: async (fault) => faults.add(fault),
    pendingFaults: async () => faults.pending(),
    removeFault: async (id) => faults.remove(id),
    clearFaults: async () => faults.clear(),
    assertNoPendingFaults: async () => faults.assertNonePending(),

    advanceClock: async (seconds) => clock.advance(seconds * 1000),
    resetClock: async () => clock.reset(),

    rotateKeys: async ({ drop = false } = {}) => pingone().rotateKeys({ drop }),
    refreshTokens: async () => pingone().refreshTokens(),
    expireTokens: async (user) => refusing(() => pingone().expireTokens(user)),
    revokeTokens: async (user) => refusing(() => pingone().revokeTokens(user)),
    endSession: async (user) => refusing(() => pingone().endSession(user)),
    chooseFlow: async (flow, applicationId) => refusing(() => pingone().chooseFlow(flow, applicationId)),
    setSwitches: async (switches) => refusing(() => pingone().setSwitches(switches)),

    reset: async () => {
      await pingone().reset();
      todo.reset();
      clock.reset();
      faults.clear();
      journal.clear();
    },
  };
}

/** The emulator's verbs throw on a name they do not know, and list those they do. */
function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new ControlRequestError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
