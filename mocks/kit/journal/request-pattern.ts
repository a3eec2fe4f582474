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
  const plain = (
    field: string,
    expected: string | number | undefined,
    actual: string | number | undefined,
  ) =>
    expected === undefined
      ? []
      : [{ field, expected: String(expected), actual: String(actual ?? "none"), fits: expected === actual }];
  return [
    ...plain("endpoint", pattern.endpoint, entry.endpoint),
    ...plain("emulator", pattern.emulator, entry.emulator),
    ...plain("method", pattern.method?.toUpperCase(), entry.method),
    ...comparePath(pattern.path, entry.path, redactor),
    ...plain("status", pattern.status, entry.status),
    ...compareFault(pattern.fault, entry.faults),
    ...compareParameters("query", pattern.query, entry.query, redactor),
    ...compareParameters("form", pattern.form, entry.form, redactor),
    ...compareHeaders(pattern.headers, entry.headers, redactor),
    ...compareLogin(pattern, entry, redactor),
  ];
}

function comparePath(given: string | undefined, actual: string, redactor: Redactor): FieldComparison[] {
  if (given === undefined) return [];
  const expected = redactor.path(given);
  const source = expected.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return [{ field: "path", expected, actual, fits: new RegExp(`^${source.join(".*")}$`, "s").test(actual) }];
}

function compareFault(expected: string | undefined, actual: readonly string[]): FieldComparison[] {
  if (expected === undefined) return [];
  return [{ field: "fault", expected, actual: actual.join(", ") || "none", fits: actual.includes(expected) }];
}

function compareParameters(
  part: "query" | "form",
  expected: Readonly<Record<string, string | boolean>> | undefined,
  actual: RedactedParameters,
  redactor: Redactor,
): FieldComparison[] {
  return Object.entries(expected ?? {}).map(([name, value]) =>
    compareValue(`${part}.${name}`, value, actual[name] ?? [], (plain) => redactor.parameter(name, plain)),
  );
}

function compareHeaders(
  expected: Readonly<Record<string, string | boolean>> | undefined,
  actual: Readonly<Record<string, string>>,
  redactor: Redactor,
): FieldComparison[] {
  return Object.entries(expected ?? {}).map(([givenName, value]) => {
    const name = givenName.toLowerCase();
    const found = actual[name];
    const redact = (plain: string) => {
      if (name === "authorization") return redactor.authorization(plain);
      if (name === "cookie") return redactor.cookies(plain);
      return name === "referer" ? redactor.url(plain) : redactor.text(plain);
    };
    return compareValue(`headers.${name}`, value, found === undefined ? [] : [found], redact);
  });
}

function compareLogin(pattern: RequestPattern, entry: JournalEntry, redactor: Redactor): FieldComparison[] {
  const { user, state, clientId } = pattern.login ?? {};
  const login = entry.login ?? {};
  const shown = (value: string) => value;
  const compareOne = (
    field: string,
    expected: string | undefined,
    actual: readonly (string | undefined)[],
    redact: (plain: string) => string,
  ) =>
    expected === undefined
      ? []
      : [
          compareValue(
            `login.${field}`,
            expected,
            actual.filter((value) => value !== undefined),
            redact,
          ),
        ];
  return [
    ...compareOne("user", user, namesOfPerson(login), shown),
    ...compareOne("state", state, [login.state], redactor.hash),
    ...compareOne("clientId", clientId, [login.clientId], shown),
  ];
}

function compareValue(
  field: string,
  expected: string | boolean,
  actual: readonly string[],
  redact: (plain: string) => string,
): FieldComparison {
  const shown = actual.length === 0 ? "none" : actual.join(", ");
  if (typeof expected === "boolean") {
    const fits = expected === actual.length > 0;
    return { field, expected: expected ? "any value" : "none", actual: shown, fits };
  }
  const wanted = redact(expected);
  return { field, expected: wanted === "" ? '""' : wanted, actual: shown, fits: actual.includes(wanted) };
}
