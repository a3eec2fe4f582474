/**
 * One JSON line per event, for `wrangler tail` and Workers Logs. Lines of one request share its `request_id`.
 *
 * SECURITY: callers pass codes, names and numbers of our own choosing. Nothing that a person, a client or an
 * upstream wrote belongs here, and no token, code, verifier, cookie or secret.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

const currentRequest = new AsyncLocalStorage<string>();

export function logEvent(event: string, fields: LogFields = {}): void {
  console.log(JSON.stringify({ event, request_id: currentRequest.getStore(), ...fields }));
}

/** For what an operator should look at: something failed, or somebody was refused who may not have meant it. */
export function logProblem(event: string, fields: LogFields = {}): void {
  console.error(JSON.stringify({ event, request_id: currentRequest.getStore(), ...fields }));
}

/** The id of the request that is being served, or of the one that a Durable Object is called for. */
export function requestId(): string | undefined {
  return currentRequest.getStore();
}

/** Runs work of a request that another isolate has begun, so that its lines carry the same id. */
export function continueRequest<T>(id: string | undefined, work: () => T): T {
  return id === undefined ? work() : currentRequest.run(id, work);
}

/** Serves one request under a fresh id, and logs how it ended. `route` must be a name of our own. */
export async function logRequest(
  fields: { method: string; route: string },
  serve: () => Promise<Response>,
): Promise<Response> {
  return currentRequest.run(crypto.randomUUID(), async () => {
    const startedAt = Date.now();
    const log = (status: number) =>
      logEvent("request", {
        ...fields,
        status,
        outcome: outcomeOf(status),
        duration_ms: Date.now() - startedAt,
      });
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

/** Runs an alarm of a Durable Object, which no request has caused, under an id of its own. */
export async function logAlarm(object: string, work: () => Promise<void>): Promise<void> {
  await currentRequest.run(crypto.randomUUID(), async () => {
    const startedAt = Date.now();
    await work();
    logEvent("alarm", { object, duration_ms: Date.now() - startedAt });
  });
}

function outcomeOf(status: number): "ok" | "refused" | "failed" {
  if (status < 400) return "ok";
  return status < 500 ? "refused" : "failed";
}

/** An id that stands on an error page and in the log line, so that a person can be helped. */
export function createReference(): string {
  return crypto.randomUUID().slice(0, 8);
}
