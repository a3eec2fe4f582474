/**
 * One JSON line per event, for `wrangler tail` and Workers Logs. Lines of one request share its `request_id`.
 *
 * SECURITY: callers pass only codes, names and numbers that this Worker defines. No text of a person, a client or an
 * upstream, and no token, code, verifier, cookie or secret.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { EventName, ProblemName } from "./log-events.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

interface CurrentRequest {
  readonly id: string;
  /** Fields for the line `request`; undefined if another isolate writes that line, or if it is already written. */
  line?: LogFields | undefined;
}

const currentRequest = new AsyncLocalStorage<CurrentRequest>();

export function logEvent(event: EventName, fields: LogFields = {}): void {
  console.log(JSON.stringify({ event, request_id: requestId(), ...fields }));
}

/** Logs the result of a request: on the line `request` if that is still to be written, otherwise on a separate line. */
export function logOfRequest(event: EventName, fields: LogFields): void {
  const current = currentRequest.getStore();
  if (current?.line === undefined) logEvent(event, fields);
  else current.line = { ...current.line, ...fields };
}

/** Logs a failure or a refusal that the operator should look at. */
export function logProblem(event: ProblemName, fields: LogFields = {}): void {
  console.error(JSON.stringify({ event, request_id: requestId(), ...fields }));
}

/** The id of the current request, also inside a Durable Object that it calls. */
export function requestId(): string | undefined {
  return currentRequest.getStore()?.id;
}

/** Runs work for a request that another isolate serves, so that its lines have the same id. */
export function continueRequest<T>(id: string | undefined, work: () => T): T {
  return id === undefined || id === requestId() ? work() : currentRequest.run({ id }, work);
}

/** Serves one request under a new id and logs its outcome. `route` must be a name defined by this Worker. */
export async function logRequest(
  fields: { method: string; route: string },
  serve: () => Promise<Response>,
): Promise<Response> {
  const current: CurrentRequest = { id: crypto.randomUUID(), line: fields };
  return currentRequest.run(current, async () => {
    const startedAt = Date.now();
    const log = (status: number) => {
      const { line } = current;
      current.line = undefined;
      logEvent("request", {
        ...line,
        status,
        outcome: outcomeOf(status),
        duration_ms: Date.now() - startedAt,
      });
    };
    try {
      const response = await serve();
      log(response.status);
      return response;
    } catch (error) {
      log(500);
      throw error;
    }
  });
}

/** Runs an alarm of a Durable Object under an id of its own, since no request causes it, and logs its outcome. */
export async function logAlarm(object: string, work: () => Promise<void>): Promise<void> {
  await currentRequest.run({ id: crypto.randomUUID() }, async () => {
    const startedAt = Date.now();
    let outcome: "ok" | "failed" = "failed";
    try {
      await work();
      outcome = "ok";
    } finally {
      logEvent("alarm", { object, outcome, duration_ms: Date.now() - startedAt });
    }
  });
}

function outcomeOf(status: number): "ok" | "refused" | "failed" {
  if (status < 400) return "ok";
  return status < 500 ? "refused" : "failed";
}

/** The name of an error. Its message is not logged, since it can contain upstream or client text. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}

/** An id shown on an error page and in the log line of the same failure. */
export function createReference(): string {
  return crypto.randomUUID().slice(0, 8);
}
