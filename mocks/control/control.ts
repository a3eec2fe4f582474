/**
 * The verbs of the control API. The same interface is there in process (`StandIns.control`), over HTTP (`client.ts`)
 * and behind the buttons of the page.
 */
import type { PingOneStateView } from "../pingone/contracts.ts";
import type { MovableClock } from "./clock.ts";
import type { Journal, JournalEntry } from "./journal.ts";

export interface ControlState {
  readonly pingone: PingOneStateView;
  readonly todo: { readonly todosByUser: Readonly<Record<string, number>> };
  readonly clock: { readonly now: string; readonly offsetSeconds: number };
  readonly journal: { readonly entries: number; readonly dropped: number };
}

export interface Control {
  /** What both stand-ins hold: counts and names, never a secret. */
  state(): Promise<ControlState>;
  /** The journal, oldest first. */
  requests(): Promise<readonly JournalEntry[]>;
  clearRequests(): Promise<void>;
  /** Moves the stand-ins' clock forward, or back with a negative number. */
  advanceClock(seconds: number): Promise<void>;
  resetClock(): Promise<void>;
  /** Everything back to the fixtures: sessions, tokens, users, consents, todos, switches, clock, faults and journal. */
  reset(): Promise<void>;
}

/** What the verbs act on. */
export interface ControlledParts {
  readonly journal: Journal;
  readonly clock: MovableClock;
  readonly pingone: { describe(): PingOneStateView; reset(): Promise<void> };
  readonly todo: { counts(): ReadonlyMap<string, number>; reset(): void };
}

export function createControl({ journal, clock, pingone, todo }: ControlledParts): Control {
  return {
    state: async () => {
      const view = pingone.describe();
      const nameOf = (id: string) => view.users.find((user) => user.id === id)?.username ?? id;
      return {
        pingone: view,
        todo: {
          todosByUser: Object.fromEntries([...todo.counts()].map(([id, count]) => [nameOf(id), count])),
        },
        clock: { now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetMilliseconds() / 1000 },
        journal: { entries: journal.entries().length, dropped: journal.dropped() },
      };
    },
    requests: async () => journal.entries(),
    clearRequests: async () => journal.clear(),
    advanceClock: async (seconds) => clock.advance(seconds * 1000),
    resetClock: async () => clock.reset(),
    reset: async () => {
      await pingone.reset();
      todo.reset();
      clock.reset();
      journal.clear();
    },
  };
}
