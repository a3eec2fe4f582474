/**
 * Compares journal entries with a pattern. A hidden parameter is given by its real value, which is hashed as in the
 * journal, so that neither side of a comparison shows it.
 */
import { z } from "zod";
import { loginScopeSchema, namesOfPerson } from "../login.ts";
import type { JournalEntry } from "./journal.ts";
import type { Redactor } from "./redaction.ts";

/** The value; `true` for any value, `false` for absent. */
const expectedParameters = z.record(z.string(), z.union([z.string(), z.boolean()]));

export type RequestPatternSchema<Endpoint extends string, EmulatorName extends string> = ReturnType<
  typeof createRequestPatternSchema<Endpoint, EmulatorName>
>;

/** All fields of a pattern must match; an empty pattern matches every request. */
export function createRequestPatternSchema<Endpoint extends string, EmulatorName extends string>(
  endpoints: readonly Endpoint[],
  emulators: readonly EmulatorName[],
) {
  return z.strictObject({
    endpoint: z.enum(endpoints).optional().describe("the endpoint"),
    emulator: z.enum(emulators).optional().describe("the emulator"),
    method: z.string().optional().describe("the method"),
    path: z.string().optional().describe("the whole path; `*` stands for any characters"),
    query: expectedParameters
      .optional()
      .describe("each parameter: its value, or `true` for any value, `false` for absent"),
    form: expectedParameters.optional().describe("the same, for the fields of a form or of a JSON body"),
    headers: expectedParameters.optional().describe("the same, for headers"),
    status: z.int().optional().describe("the status answered; 0 for a reset connection"),
    login: loginScopeSchema
      .optional()
      .describe("`user` (user name, id or `login_hint`), `state`, `clientId`"),
    fault: z.string().optional().describe("the name of a fault that it met"),
    after: z.int().optional().describe("a number from `journal.mark()`: only newer requests"),
  });
}

export type RequestPattern = z.output<RequestPatternSchema<string, string>>;

export interface FieldComparison {
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
  readonly fits: boolean;
}

export function matches(pattern: RequestPattern, entry: JournalEntry, redactor: Redactor): boolean {
  return isInRange(pattern, entry) && compare(pattern, entry, redactor).every((field) => field.fits);
}

/** `after` limits the search; it is not scored. */
export function isInRange(pattern: RequestPattern, entry: JournalEntry): boolean {
  return pattern.after === undefined || entry.number > pattern.after;
}

export function compare(pattern: RequestPattern, entry: JournalEntry, redactor: Redactor): FieldComparison[] {
  const login = entry.login ?? {};
  const parameters = (part: "query" | "form") =>
    Object.entries(pattern[part] ?? {}).flatMap(([name, expected]) => {
      const redact = (value: string) => redactor.parameter(name, value);
      return compareField(`${part}.${name}`, expected, ownValue(entry[part], name) ?? [], redact);
    });
  const headers = Object.entries(pattern.headers ?? {}).flatMap(([given, expected]) => {
    const name = given.toLowerCase();
    const redact = (value: string) => redactor.header(name, value);
    return compareField(`headers.${name}`, expected, [ownValue(entry.headers, name)], redact);
  });
  return [
    ...compareField("endpoint", pattern.endpoint, [entry.endpoint]),
    ...compareField("emulator", pattern.emulator, [entry.emulator]),
    ...compareField("method", pattern.method?.toUpperCase(), [entry.method]),
    ...comparePath(pattern.path, entry.path, redactor),
    ...compareField("status", pattern.status?.toString(), [entry.status?.toString()]),
    ...compareField("fault", pattern.fault, entry.faults),
    ...parameters("query"),
    ...parameters("form"),
    ...headers,
    ...compareField("login.user", pattern.login?.user, namesOfPerson(login)),
    ...compareField("login.state", pattern.login?.state, [login.state], redactor.hash),
    ...compareField("login.clientId", pattern.login?.clientId, [login.clientId]),
  ];
}

function comparePath(given: string | undefined, actual: string, redactor: Redactor): FieldComparison[] {
  if (given === undefined) return [];
  const expected = redactor.path(given);
  return [{ field: "path", expected, actual, fits: fitsPath(expected, actual) }];
}

/** Each part is taken where it first is, so that many `*` take no longer than one. A regular expression could hang. */
function fitsPath(pattern: string, path: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return path === pattern;
  if (!path.startsWith(first)) return false;
  let end = first.length;
  for (const part of rest) {
    const start = path.indexOf(part, end);
    if (start < 0) return false;
    end = start + part.length;
  }
  return path.length >= end + last.length && path.endsWith(last);
}

/** Not what every object has: a parameter may be called `constructor`. */
function ownValue<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** @param redact Gives the expected value as the journal shows it. */
function compareField(
  field: string,
  expected: string | boolean | undefined,
  found: readonly (string | undefined)[],
  redact: (value: string) => string = (value) => value,
): FieldComparison[] {
  if (expected === undefined) return [];
  const values = found.filter((value) => value !== undefined);
  const actual = values.length === 0 ? "none" : values.join(", ");
  if (typeof expected === "boolean") {
    return [
      { field, expected: expected ? "any value" : "none", actual, fits: expected === values.length > 0 },
    ];
  }
  const wanted = redact(expected);
  return [{ field, expected: wanted === "" ? '""' : wanted, actual, fits: values.includes(wanted) }];
}
