/**
 * Which journal entries a test means, and how near the others come. A hidden parameter can be asked for by its real
 * value: it is hashed the same way as the journal's, so neither side of the comparison shows it.
 */
import { z } from "zod";
import { loginScopeSchema, namesOfPerson } from "../login.ts";
import type { JournalEntry, RedactedParameters } from "./journal.ts";
import type { Redactor } from "./redaction.ts";

/** A value that must be there; or `true`: any value, `false`: not there at all. */
const expectedParameters = z.record(z.string(), z.union([z.string(), z.boolean()]));

export type RequestPatternSchema<Endpoint extends string, EmulatorName extends string> = ReturnType<
  typeof createRequestPatternSchema<Endpoint, EmulatorName>
>;

/** Everything in a pattern must fit; without a field, any request fits. */
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
    after: z.int().optional().describe("a number from `lastRequestNumber()`: only newer requests"),
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
  const { user, state, clientId } = pattern.login ?? {};
  const login = entry.login ?? {};
  const headers = Object.entries(pattern.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return [
    ...compareField("endpoint", pattern.endpoint, [entry.endpoint]),
    ...compareField("emulator", pattern.emulator, [entry.emulator]),
    ...compareField("method", pattern.method?.toUpperCase(), [entry.method]),
    ...comparePath(pattern.path, entry.path, redactor),
    ...compareField("status", pattern.status?.toString(), [entry.status?.toString()]),
    ...compareField("fault", pattern.fault, entry.faults),
    ...compareParameters("query", pattern.query, entry.query, redactor),
    ...compareParameters("form", pattern.form, entry.form, redactor),
    ...headers.flatMap(([name, value]) =>
      compareField(`headers.${name}`, value, [entry.headers[name]], (plain) => redactor.header(name, plain)),
    ),
    ...compareField("login.user", user, namesOfPerson(login)),
    ...compareField("login.state", state, [login.state], redactor.hash),
    ...compareField("login.clientId", clientId, [login.clientId]),
  ];
}

function comparePath(given: string | undefined, actual: string, redactor: Redactor): FieldComparison[] {
  if (given === undefined) return [];
  const expected = redactor.path(given);
  const source = expected.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return [{ field: "path", expected, actual, fits: new RegExp(`^${source.join(".*")}$`, "s").test(actual) }];
}

function compareParameters(
  part: "query" | "form",
  expected: Readonly<Record<string, string | boolean>> | undefined,
  actual: RedactedParameters,
  redactor: Redactor,
): FieldComparison[] {
  return Object.entries(expected ?? {}).flatMap(([name, value]) =>
    compareField(`${part}.${name}`, value, actual[name] ?? [], (plain) => redactor.parameter(name, plain)),
  );
}

/**
 * @param expected Nothing is compared when the pattern does not ask for the field.
 * @param redact Makes of the expected value what the journal shows of it.
 */
function compareField(
  field: string,
  expected: string | boolean | undefined,
  found: readonly (string | undefined)[],
  redact: (plain: string) => string = (plain) => plain,
): FieldComparison[] {
  if (expected === undefined) return [];
  const actual = found.filter((value) => value !== undefined);
  const shown = actual.length === 0 ? "none" : actual.join(", ");
  if (typeof expected === "boolean") {
    const fits = expected === actual.length > 0;
    return [{ field, expected: expected ? "any value" : "none", actual: shown, fits }];
  }
  const wanted = redact(expected);
  return [{ field, expected: wanted === "" ? '""' : wanted, actual: shown, fits: actual.includes(wanted) }];
}
