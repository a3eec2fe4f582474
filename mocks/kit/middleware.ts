/**
 * Journals every request to an emulator, and injects the faults that were queued for it. Requests to the control API
 * are not journalled and meet no faults.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import { type Emulator, endpointOf } from "./emulator.ts";
import type { RedactedParameters } from "./journal/journal.ts";
import { type ObservedRequest, observeRequest } from "./journal/observed-request.ts";
import type { Redactor } from "./journal/redaction.ts";
import type { Kit } from "./kit.ts";
import { hideState, type LoginView } from "./login.ts";

export const CONTROL_PATH = "/__mocks";

/** An answer's text for developers, which the journal keeps with the request. */
export const NOTE_HEADER = "X-Emulator-Note";

/** Headers that the journal shows. */
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

/** The journalled request that is being answered. */
const currentRequest = new AsyncLocalStorage<{
  /** Number of the journal entry. */
  readonly number: number;
  readonly endpoint: string | undefined;
  readonly login: LoginView | undefined;
}>();

type NodeHandler = MiddlewareHandler<{ Bindings: HttpBindings }>;
type KitParts = Pick<Kit, "journal" | "queue" | "clock">;

export function journalRequests(
  { journal, clock }: KitParts,
  emulator: Emulator,
  loginOf: (request: ObservedRequest) => LoginView | undefined,
): NodeHandler {
  const { redactor } = journal;
  return async (c, next) => {
    if (c.req.path === CONTROL_PATH || c.req.path.startsWith(`${CONTROL_PATH}/`)) return next();
    const started = Date.now();
    const request = await observeRequest(c.req.raw);
    const endpoint = endpointOf(emulator, request);
    const login = loginOf(request);
    const number = journal.add({
      method: request.method,
      path: redactor.path(request.path),
      query: redactParameters(request.query, redactor),
      form: redactParameters(request.form, redactor),
      headers: redactHeaders(request.headers, redactor),
      emulator: emulator.name,
      endpoint,
      at: new Date(started).toISOString(),
      ...(Math.abs(clock.now() - started) > 1000 && { atEmulator: new Date(clock.now()).toISOString() }),
      ...(login !== undefined && { login: redactLogin(login, redactor) }),
    });
    await currentRequest.run({ number, endpoint, login }, next);
    const location = c.res.headers.get("location");
    const reset = c.env.outgoing.destroyed && !c.env.outgoing.writableFinished;
    const note = c.error?.message ?? c.res.headers.get(NOTE_HEADER);
    journal.update(number, {
      status: reset ? 0 : c.res.status,
      durationMilliseconds: Date.now() - started,
      ...(location !== null && { location: redactor.url(location) }),
      ...(note !== null && { note: redactor.text(note) }),
    });
  };
}

/** Runs behind `journalRequests`. */
export function injectFaults({ journal, queue }: KitParts, { errorBody }: Emulator): NodeHandler {
  return async (c, next) => {
    const { number = 0, endpoint, login } = currentRequest.getStore() ?? {};
    const fault = endpoint === undefined ? undefined : queue.takeOutside(endpoint, login);
    if (fault === undefined) return next();
    journal.update(number, { faults: [fault.fault] });
    const { moment, respond } = fault.definition;
    // Unreferenced, so that a pending fault does not keep the process of a closed emulator running.
    await sleep(fault.milliseconds ?? fault.delayMilliseconds ?? 0, undefined, { ref: false });
    if (moment !== "instead" || fault.afterProcessing === true) await next();
    if (respond === undefined) return;
    const made = moment === "after" ? c.res : new Response();
    const response = await respond({ ...fault }, { c, made, errorBody });
    // A script that may read the real answer must be able to read this one.
    const readers = [...c.res.headers].filter(([name]) => name.startsWith("access-control-"));
    // Hono merges the headers of the old response into a new one unless it is removed first.
    c.res = undefined;
    c.res = response;
    for (const [name, value] of readers) c.header(name, value);
  };
}

/** The name of the fault that the emulator is to build into this answer. */
export function takeInsideFault(
  { journal, queue }: KitParts,
  endpoint: string,
  login: LoginView,
): string | undefined {
  const fault = queue.takeInside(endpoint, login);
  const request = currentRequest.getStore();
  if (fault !== undefined && request !== undefined) journal.update(request.number, { faults: [fault.fault] });
  return fault?.fault;
}

function redactLogin(login: LoginView, redactor: Redactor): LoginView {
  const { state: _, ...names } = login;
  const shown = Object.entries(names).map(([name, value]) => [name, redactor.shown(value)]);
  return { ...hideState(login, redactor.hash), ...Object.fromEntries(shown) };
}

function redactHeaders(headers: Headers, redactor: Redactor): Record<string, string> {
  const shown = SHOWN_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, redactor.header(name, value)]];
  });
  return Object.fromEntries(shown);
}

export function redactParameters(parameters: URLSearchParams, redactor: Redactor): RedactedParameters {
  const redacted = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    const shownName = redactor.name(name);
    redacted.set(shownName, [...(redacted.get(shownName) ?? []), redactor.parameter(name, value)]);
  }
  return Object.fromEntries(redacted);
}
