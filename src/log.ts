/**
 * One JSON line per event, for `wrangler tail` and Workers Logs. Lines of one request share its `request_id`.
 *
 * SECURITY: callers pass codes, names and numbers of our own choosing. Nothing that a person, a client or an
 * upstream wrote belongs here, and no token, code, verifier, cookie or secret.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { EventName, ProblemName } from "./reference.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

interface CurrentRequest {
  readonly id: string;
  /** What the request's own line will say; undefined where another isolate writes that line, or has written it. */
  line?: LogFields | undefined;
}

const currentRequest = new AsyncLocalStorage<CurrentRequest>();

export function logEvent(event: EventName, fields: LogFields = {}): void {
  console.log(JSON.stringify({ event, request_id: requestId(), ...fields }));
}

/** What came of a request: on the request's own line where that is still to be written, and otherwise on one of its own. */
export function logOfRequest(event: EventName, fields: LogFields): void {
  const current = currentRequest.getStore();
  if (current?.line === undefined) logEvent(event, fields);
  else current.line = { ...current.line, ...fields };
}

/** Something failed, or a caller was refused, and the operator should look. */
export function logProblem(event: ProblemName, fields: LogFields = {}): void {
  console.error(JSON.stringify({ event, request_id: requestId(), ...fields }));
}

/** The id of the request that is being served, or of the one that a Durable Object is called for. */
export function requestId(): string | undefined {
  return currentRequest.getStore()?.id;
}

/** Runs work of a request that another isolate has begun, so that its lines carry the same id. */
export function continueRequest<T>(id: string | undefined, work: () => T): T {
  return id === undefined || id === requestId() ? work() : currentRequest.run({ id }, work);
}

/** Serves one request under a fresh id, and logs how it ended. `route` must be a name of our own. */
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

/** Runs an alarm of a Durable Object, which no request has caused, under an id of its own, and logs how it ended. */
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

/** All that may be known of what was thrown: its message can hold what somebody else wrote. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}

/** An id that stands on an error page and in the log line, so that a person can be helped. */
export function createReference(): string {
  return crypto.randomUUID().slice(0, 8);
}
