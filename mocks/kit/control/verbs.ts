/**
 * Every verb of the control API once: its route, what it takes and what it does. The HTTP API, the forms of the page
 * and the documentation's test all go by this table.
 */
import { z } from "zod";
import type { FaultRequest } from "../faults/catalogue.ts";
import type { RequestPattern } from "../journal/request-pattern.ts";
import type { Control } from "./control.ts";

export interface Verb {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/__mocks`. */
  readonly path: string;
  readonly about: string;
  /** The JSON body, or for GET the query. */
  readonly input: z.ZodType;
  readonly run: (control: Control, input: unknown) => Promise<unknown>;
}

function verb<S extends z.ZodType>(
  method: Verb["method"],
  path: string,
  about: string,
  input: S,
  run: (control: Control, input: z.output<S>) => Promise<unknown>,
): Verb {
  // The router parses every input with this verb's own schema before it runs it.
  return { method, path, about, input, run: run as Verb["run"] };
}

const MAX_CLOCK_SECONDS = 10 * 365 * 24 * 3600;
const MAX_WAIT_MS = 60_000;

// Patterns and faults are parsed by the verb itself, which can then list the names that it knows.
const nothing = z.strictObject({});
const userInput = z.strictObject({ user: z.string().min(1) });
const withinMilliseconds = z.int().min(0).max(MAX_WAIT_MS).optional();

export const VERBS = {
  state: verb("GET", "/state", "Counts and names of everything both emulators hold.", nothing, (control) =>
    control.state(),
  ),
  requests: verb("GET", "/requests", "The journal, oldest first.", nothing, async (control) => ({
    requests: await control.requests(),
  })),
  findRequests: verb(
    "POST",
    "/requests/find",
    "What of the journal fits a pattern.",
    z.looseObject({}),
    async (control, pattern) => ({ requests: await control.requests(pattern as RequestPattern) }),
  ),
  expectRequest: verb(
    "POST",
    "/requests/expect",
    "Fails (417) with the closest entry unless a request fits the pattern.",
    z.strictObject({ pattern: z.looseObject({}), times: z.int().min(0).optional(), withinMilliseconds }),
    async (control, { pattern, ...options }) => ({
      requests: await control.expectRequest(pattern as RequestPattern, options),
    }),
  ),
  clearRequests: verb("DELETE", "/requests", "Empties the journal.", nothing, (control) =>
    control.clearRequests(),
  ),
  pendingFaults: verb("GET", "/faults", "Faults that wait for a request.", nothing, async (control) => ({
    faults: await control.pendingFaults(),
  })),
  queueFault: verb(
    "POST",
    "/faults",
    "Makes the next fitting request meet a fault.",
    z.looseObject({}),
    async (control, fault) => ({ id: await control.queueFault(fault as FaultRequest) }),
  ),
  clearFaults: verb("DELETE", "/faults", "Forgets every fault that still waits.", nothing, (control) =>
    control.clearFaults(),
  ),
  removeFault: verb(
    "POST",
    "/faults/remove",
    "Forgets one fault.",
    z.strictObject({ id: z.int() }),
    (control, { id }) => control.removeFault(id),
  ),
  assertNoPendingFaults: verb(
    "POST",
    "/faults/expect-none",
    "Fails (417) if a fault still waits.",
    nothing,
    (control) => control.assertNoPendingFaults(),
  ),
  advanceClock: verb(
    "POST",
    "/clock",
    "Moves the emulators' clock; a negative number moves it back.",
    z.strictObject({ advanceSeconds: z.number().min(-MAX_CLOCK_SECONDS).max(MAX_CLOCK_SECONDS) }),
    (control, { advanceSeconds }) => control.advanceClock(advanceSeconds),
  ),
  resetClock: verb("DELETE", "/clock", "Back to real time.", nothing, (control) => control.resetClock()),
  rotateKeys: verb(
    "POST",
    "/keys/rotate",
    "A new signing key; `drop` takes the old ones out of the JWKS.",
    z.strictObject({ drop: z.boolean().optional() }),
    async (control, options) => ({ kid: await control.rotateKeys(options) }),
  ),
  refreshTokens: verb(
    "GET",
    "/tokens/refresh",
    "Refresh tokens that are good now: whose they are and for which scopes.",
    nothing,
    async (control) => ({ tokens: await control.refreshTokens() }),
  ),
  expireTokens: verb(
    "POST",
    "/tokens/expire",
    "The user's access tokens count as expired at userinfo and introspection.",
    userInput,
    async (control, { user }) => ({ count: await control.expireTokens(user) }),
  ),
  revokeTokens: verb(
    "POST",
    "/tokens/revoke",
    "Revokes the user's access and refresh tokens.",
    userInput,
    async (control, { user }) => ({ count: await control.revokeTokens(user) }),
  ),
  endSession: verb(
    "POST",
    "/sessions/end",
    "Ends the user's SSO sessions and their refresh tokens.",
    userInput,
    async (control, { user }) => ({ count: await control.endSession(user) }),
  ),
  chooseFlow: verb(
    "POST",
    "/flow",
    "Binds a flow policy to an application, the Worker's by default.",
    z.strictObject({ flow: z.string().min(1), application: z.string().min(1).optional() }),
    (control, { flow, application }) => control.chooseFlow(flow, application),
  ),
  setSwitches: verb(
    "POST",
    "/switches",
    "Sets behaviours that differ between tenants and dates.",
    z.record(z.string(), z.unknown()),
    (control, switches) => control.setSwitches(switches),
  ),
  reset: verb("POST", "/reset", "Everything back to the fixtures.", nothing, (control) => control.reset()),
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as readonly VerbName[];
