/**
 * One JSON line per event, for `wrangler tail` and Workers Logs.
 *
 * SECURITY: callers pass codes, names and numbers of our own choosing. Nothing that a person, a client or an
 * upstream wrote belongs here, and no token, code, verifier, cookie or secret.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export function logEvent(event: string, fields: LogFields = {}): void {
  console.log(JSON.stringify({ event, ...fields }));
}

export function logProblem(event: string, fields: LogFields = {}): void {
  console.error(JSON.stringify({ event, ...fields }));
}

/** An id that stands on an error page and in the log line, so that a person can be helped. */
export function createReference(): string {
  return crypto.randomUUID().slice(0, 8);
}
