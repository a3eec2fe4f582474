/** Expectations about the journal, and the messages when they are not met. */
import { ExpectationError } from "../refusal.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { compare, isInRange, matches, type RequestPattern } from "./request-pattern.ts";

export interface ExpectationOptions {
  /** Exactly this many requests; at least one by default. 0 expects none. */
  readonly times?: number | undefined;
  /** How long to wait for them; 0 by default. */
  readonly withinMilliseconds?: number | undefined;
}

/**
 * @returns the entries that match.
 * @throws {ExpectationError} with the closest entry, field by field.
 */
export async function expectRequest(
  journal: Journal,
  pattern: RequestPattern,
  { times, withinMilliseconds = 0 }: ExpectationOptions = {},
): Promise<readonly JournalEntry[]> {
  const find = () => journal.entries().filter((entry) => matches(pattern, entry, journal.redactor));
  const isMet = () => (times === undefined ? find().length > 0 : find().length === times);
  // `times: 0` fails on the first match; any other expectation ends as soon as it is met.
  const isSettled = times === 0 ? () => find().length > 0 : isMet;
  await waitUntil(journal, isSettled, withinMilliseconds);
  const found = find();
  if (isMet()) return found;
  throw new ExpectationError(
    times === 0 || found.length > 0 ? wrongCount(pattern, times, found) : noneFits(journal, pattern),
  );
}

async function waitUntil(
  journal: Journal,
  isSettled: () => boolean,
  withinMilliseconds: number,
): Promise<void> {
  if (withinMilliseconds <= 0 || isSettled()) return;
  await new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const timer = setTimeout(finish, withinMilliseconds);
    const unsubscribe = journal.subscribe(() => {
      if (isSettled()) finish();
    });
  });
}

function wrongCount(
  pattern: RequestPattern,
  times: number | undefined,
  found: readonly JournalEntry[],
): string {
  const expected = times === 0 ? "no request" : `exactly ${times} ${times === 1 ? "request" : "requests"}`;
  return [
    `Expected ${expected} like ${JSON.stringify(shownPattern(pattern))}, but ${found.length} fit:`,
    ...found.slice(0, 10).map((entry) => `  ${describeEntry(entry)}`),
  ].join("\n");
}

function noneFits(journal: Journal, pattern: RequestPattern): string {
  const candidates = journal
    .entries()
    .filter((entry) => isInRange(pattern, entry))
    .map((entry) => ({ entry, fields: compare(pattern, entry, journal.redactor) }));
  const score = (fields: { fits: boolean }[]) => fields.filter((field) => field.fits).length;
  const [closest] = candidates.toSorted(
    (one, other) => score(other.fields) - score(one.fields) || other.entry.number - one.entry.number,
  );
  const dropped = journal.dropped;
  const lost = dropped > 0 ? ` ${dropped} older ones are no longer in the journal.` : "";
  if (closest === undefined) {
    return `No request fits ${JSON.stringify(shownPattern(pattern))}: none has been journalled.${lost}`;
  }
  return [
    `No request fits. The closest of ${candidates.length} is:${lost}`,
    `  ${describeEntry(closest.entry)}`,
    ...closest.fields.map(({ field, expected, actual, fits }) =>
      fits ? `    ${field}: ${actual}` : `  - ${field}: expected ${expected}\n  + ${field}: was ${actual}`,
    ),
  ].join("\n");
}

/** `#7 POST /env/as/token -> 200` */
export function describeEntry({ number, method, path, status, faults }: JournalEntry): string {
  const answer = status === undefined ? "no answer yet" : status === 0 ? "connection reset" : String(status);
  return `#${number} ${method} ${path} -> ${answer}${faults.length > 0 ? ` (${faults.join(", ")})` : ""}`;
}

/** The pattern with names in place of values, which may be secrets. */
function shownPattern(pattern: RequestPattern): Record<string, unknown> {
  const namesOnly = (values: object | undefined) => (values === undefined ? undefined : Object.keys(values));
  const { query, form, headers, login, ...plain } = pattern;
  return {
    ...plain,
    query: namesOnly(query),
    form: namesOnly(form),
    headers: namesOnly(headers),
    login: namesOnly(login),
  };
}
