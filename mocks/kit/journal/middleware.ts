/**
 * Journals every request of an emulator before anything else looks at it. The control API itself is not journalled.
 */
import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../clock.ts";
import { hideState, type LoginView } from "../login.ts";
import type { Journal, RedactedParameters } from "./journal.ts";
import { type ObservedRequest, observeRequest } from "./observed-request.ts";
import type { Redactor } from "./redaction.ts";

export const CONTROL_PATH = "/__mocks";

/** Headers worth a line in the journal. */
const SHOWN_HEADERS = [
  "accept",
  "authorization",
  "content-type",
  "cookie",
  "origin",
  "referer",
  "sec-fetch-site",
  "user-agent",
] as const;

/** What the middleware leaves in Hono's context for the fault middleware behind it. */
interface Observed {
  readonly endpoint: string | undefined;
  readonly login: LoginView | undefined;
  /** Number of the journal entry. */
  readonly number: number;
}

export type JournalEnv = { Bindings: HttpBindings; Variables: { observed: Observed } };

export interface JournalMiddlewareOptions {
  readonly emulator: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly endpointOf: (request: ObservedRequest) => string | undefined;
  readonly loginOf: (request: ObservedRequest) => LoginView | undefined;
}

function isControlPath(path: string): boolean {
  return path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`);
}

export function journalRequests(options: JournalMiddlewareOptions): MiddlewareHandler<JournalEnv> {
  const { journal, emulator, clock } = options;
  const { redactor } = journal;
  return async (c, next) => {
    if (isControlPath(c.req.path)) return next();
    const started = Date.now();
    const request = await observeRequest(c.req.raw);
    const endpoint = options.endpointOf(request);
    const login = options.loginOf(request);
    const number = journal.add({
      ...describeRequest(request, redactor),
      emulator,
      endpoint,
      at: new Date(started).toISOString(),
      ...(Math.abs(clock() - started) > 1000 && { atEmulator: new Date(clock()).toISOString() }),
      ...(login !== undefined && { login: hideState(login, redactor.hash) }),
    });
    c.set("observed", { endpoint, login, number });
    await next();
    const location = c.res.headers.get("location");
    const reset = c.env.outgoing.destroyed && !c.env.outgoing.writableFinished;
    journal.update(number, {
      status: reset ? 0 : c.res.status,
      durationMilliseconds: Date.now() - started,
      ...(location !== null && { location: redactor.url(location) }),
      ...(c.error !== undefined && { note: redactor.text(c.error.message) }),
    });
  };
}

function describeRequest(observed: ObservedRequest, redactor: Redactor) {
  const headers: Record<string, string> = {};
  for (const name of SHOWN_HEADERS) {
    const value = observed.headers.get(name);
    if (value !== null) headers[name] = redactor.header(name, value);
  }
  return {
    method: observed.method,
    path: redactor.path(observed.path),
    query: redactParameters(observed.query, redactor),
    form: redactParameters(observed.form, redactor),
    headers,
  };
}

export function redactParameters(parameters: URLSearchParams, redactor: Redactor): RedactedParameters {
  const redacted = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    const shownName = redactor.text(name);
    redacted.set(shownName, [...(redacted.get(shownName) ?? []), redactor.parameter(name, value)]);
  }
  return Object.fromEntries(redacted);
}
