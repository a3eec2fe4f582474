/** The journal of every request to the emulators, in order of arrival: a ring buffer of entries without secrets. */
import type { LoginView } from "../login.ts";
import type { Redactor } from "./redaction.ts";

/** Redacted values by parameter name; a repeated parameter has several. */
export type RedactedParameters = Readonly<Record<string, readonly string[]>>;

export interface JournalEntry {
  /** Counts the requests to all emulators. */
  readonly number: number;
  readonly emulator: string;
  /** `undefined`: a path that is no endpoint, such as a style sheet or a typo. */
  readonly endpoint: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly query: RedactedParameters;
  readonly form: RedactedParameters;
  readonly headers: Readonly<Record<string, string>>;
  /** ISO 8601, real time. */
  readonly at: string;
  /** ISO 8601 by the emulators' clock if it was moved. */
  readonly atEmulator?: string;
  readonly login?: LoginView;
  /** Names of the faults that were injected. */
  readonly faults: readonly string[];
  /** `undefined` before the answer; 0 when the connection was reset. */
  readonly status?: number;
  readonly durationMilliseconds?: number;
  /** The `Location` of a redirect, redacted. */
  readonly location?: string;
  /** What a developer should know of the answer: an error inside the emulator, or why it answered so. */
  readonly note?: string;
}

/** Filled in while the request is answered. */
type JournalUpdate = Partial<
  Pick<JournalEntry, "status" | "durationMilliseconds" | "location" | "note" | "login" | "faults">
>;

export type NewEntry = Omit<JournalEntry, "number" | "faults"> & { readonly faults?: readonly string[] };

export const JOURNAL_CAPACITY = 1000;

export class Journal {
  readonly redactor: Redactor;
  readonly #capacity: number;
  readonly #listeners = new Set<() => void>();
  #entries: JournalEntry[] = [];
  #lastNumber = 0;
  #dropped = 0;

  /** @param capacity How many entries are kept. */
  constructor(redactor: Redactor, capacity = JOURNAL_CAPACITY) {
    this.redactor = redactor;
    this.#capacity = capacity;
  }

  /** Returns the number of the entry. */
  add(entry: NewEntry): number {
    this.#lastNumber += 1;
    this.#entries.push({ faults: [], ...entry, number: this.#lastNumber });
    if (this.#entries.length > this.#capacity) {
      this.#entries.shift();
      this.#dropped += 1;
    }
    this.#changed();
    return this.#lastNumber;
  }

  update(number: number, change: JournalUpdate): void {
    const at = this.#entries.findIndex((entry) => entry.number === number);
    const entry = this.#entries[at];
    if (entry === undefined) return;
    this.#entries[at] = { ...entry, ...change };
    this.#changed();
  }

  /** Oldest first. */
  entries(): readonly JournalEntry[] {
    return [...this.#entries];
  }

  /** Number of the newest request ever, 0 before the first. `clear` does not restart the numbers. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** How many entries were dropped for newer ones since the last `clear`. */
  get dropped(): number {
    return this.#dropped;
  }

  clear(): void {
    this.#entries = [];
    this.#dropped = 0;
    this.#changed();
  }

  /** Calls back after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
