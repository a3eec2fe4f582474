/**
 * The journal of every request that the emulators met, in the order in which they arrived: a ring buffer of redacted
 * entries. Whatever reads it (tests, the control page, a log of a failed run) cannot find a secret in it.
 */
import type { LoginView } from "../login.ts";
import type { Redactor } from "./redaction.ts";

/** Redacted values by parameter name; a repeated parameter has several. */
export type RedactedParameters = Readonly<Record<string, readonly string[]>>;

export interface JournalEntry {
  /** Rises by one with each request, over all emulators. */
  readonly number: number;
  readonly emulator: string;
  /** `undefined`: a path that is no endpoint, such as a style sheet or a typing error. */
  readonly endpoint: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly query: RedactedParameters;
  readonly form: RedactedParameters;
  readonly headers: Readonly<Record<string, string>>;
  /** ISO 8601, real time. */
  readonly at: string;
  /** ISO 8601 by the emulators' clock, where that has been moved. */
  readonly atEmulator?: string;
  readonly login?: LoginView;
  /** Names of the faults that it met. */
  readonly faults: readonly string[];
  /** `undefined` while the answer is still to come; 0 when the connection was reset instead. */
  readonly status?: number;
  readonly durationMilliseconds?: number;
  /** The `Location` of a redirect, redacted. */
  readonly location?: string;
  /** What went wrong inside the emulator, if it did. */
  readonly note?: string;
}

/** Filled in while the answer is being made. */
type JournalUpdate = Partial<
  Pick<JournalEntry, "status" | "durationMilliseconds" | "location" | "note" | "login" | "faults">
>;

export type NewEntry = Omit<JournalEntry, "number" | "faults"> & { readonly faults?: readonly string[] };

export interface Journal {
  readonly redactor: Redactor;
  add(entry: NewEntry): number;
  update(number: number, change: JournalUpdate): void;
  /** Oldest first. */
  entries(): readonly JournalEntry[];
  /** Number of the newest request ever, 0 before the first. `clear` does not start it anew. */
  lastNumber(): number;
  /** How many entries the ring buffer has let go since the last `clear`. */
  dropped(): number;
  clear(): void;
  /** Calls back after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

export const JOURNAL_CAPACITY = 1000;

/** @param capacity How many entries are kept. */
export function createJournal(redactor: Redactor, capacity = JOURNAL_CAPACITY): Journal {
  const listeners = new Set<() => void>();
  let entries: JournalEntry[] = [];
  let lastNumber = 0;
  let dropped = 0;
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    redactor,
    add: (entry) => {
      lastNumber += 1;
      entries.push({ faults: [], ...entry, number: lastNumber });
      if (entries.length > capacity) {
        entries.shift();
        dropped += 1;
      }
      changed();
      return lastNumber;
    },
    update: (number, change) => {
      const at = entries.findIndex((entry) => entry.number === number);
      const entry = entries[at];
      if (entry === undefined) return;
      entries[at] = { ...entry, ...change };
      changed();
    },
    entries: () => [...entries],
    lastNumber: () => lastNumber,
    dropped: () => dropped,
    clear: () => {
      entries = [];
      dropped = 0;
      changed();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
