/**
 * Journals every request of an emulator before anything else looks at it. The control API itself is not journalled.
 */
import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import type { Clock, LoginCredentials, LoginView } from "../../pingone/contracts.ts";
import { type EmulatorName, endpointOf } from "../endpoints.ts";
import type { Journal, RedactedParameters } from "./journal.ts";
import { credentialsOf, type ObservedRequest, observeRequest } from "./observed-request.ts";
import type { Redactor } from "./redaction.ts";

export const CONTROL_PATH = "/__mocks";

/** Headers worth a line in the journal. `Authorization` and `Cookie` are hidden by rules of their own. */
const SHOWN_HEADERS = [
  "accept",
  "content-type",
  "origin",
  "referer",
  "sec-fetch-site",
  "user-agent",
] as const;

/** What the middleware leaves in Hono's context for the fault middleware behind it. */
export interface JournalVariables {
  observed: ObservedRequest;
  login: LoginView | undefined;
  journalNumber: number;
}

export type JournalEnv = { Bindings: HttpBindings; Variables: JournalVariables };

export interface JournalMiddlewareOptions {
  readonly emulator: EmulatorName;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly loginOf: (credentials: LoginCredentials) => LoginView | undefined;
}

export function isControlPath(path: string): boolean {
  return path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`);
}

export function journalRequests(options: JournalMiddlewareOptions): MiddlewareHandler<JournalEnv> {
  const { journal, emulator, clock } = options;
  return async (c, next) => {
    if (isControlPath(c.req.path)) return next();
    const started = Date.now();
    const observed = await observeRequest(c.req.raw);
    const login = loginOf(observed, options.loginOf);
    const number = journal.add({
      ...describeRequest(observed, journal.redactor),
      emulator,
      endpoint: endpointOf(emulator, observed.method, observed.path),
      at: new Date(started).toISOString(),
      ...(Math.abs(clock() - started) > 1000 && { atEmulator: new Date(clock()).toISOString() }),
      ...(login !== undefined && { login: redactLogin(login, journal.redactor) }),
    });
    c.set("observed", observed);
    c.set("login", login);
    c.set("journalNumber", number);
    await next();
    const location = c.res.headers.get("location");
    const reset = c.env.outgoing.destroyed && !c.env.outgoing.writableFinished;
    journal.update(number, {
      status: reset ? 0 : c.res.status,
      durationMilliseconds: Date.now() - started,
      ...(location !== null && { location: journal.redactor.url(location) }),
      ...(c.error !== undefined && { note: journal.redactor.text(c.error.message) }),
    });
  };
}

/** What the request says of its own login, completed by what the emulator knows of its credentials. */
function loginOf(
  observed: ObservedRequest,
  lookUp: (credentials: LoginCredentials) => LoginView | undefined,
): LoginView | undefined {
  const own: [keyof LoginView, string | null][] = [
    ["state", observed.query.get("state") ?? observed.form.get("state")],
    ["loginHint", observed.query.get("login_hint") ?? observed.form.get("login_hint")],
    ["username", observed.form.get("username")],
    ["clientId", observed.query.get("client_id") ?? observed.form.get("client_id")],
  ];
  const credentials = credentialsOf(observed);
  const known = Object.keys(credentials).length > 0 ? lookUp(credentials) : undefined;
  const stated: LoginView = Object.fromEntries(own.filter(([, value]) => value !== null && value !== ""));
  const login = { ...stated, ...known };
  return Object.keys(login).length > 0 ? login : undefined;
}

/** `state` is a capability at the Worker's callback, so the journal only shows that two are the same. */
function redactLogin(login: LoginView, redactor: Redactor): LoginView {
  return login.state === undefined ? login : { ...login, state: redactor.hash(login.state) };
}

function describeRequest(observed: ObservedRequest, redactor: Redactor) {
  const headers: Record<string, string> = {};
  for (const name of SHOWN_HEADERS) {
    const value = observed.headers.get(name);
    if (value !== null) headers[name] = name === "referer" ? redactor.url(value) : redactor.text(value);
  }
  const authorization = observed.headers.get("authorization");
  if (authorization !== null) headers.authorization = redactor.authorization(authorization);
  const cookie = observed.headers.get("cookie");
  if (cookie !== null) headers.cookie = redactor.cookies(cookie);
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
