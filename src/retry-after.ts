/** When to ask an unavailable server again. */

/** Default for a response without `Retry-After`. */
export const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** Whole seconds of a `Retry-After` header (RFC 9110 §10.2.3), at most an hour; undefined if absent or malformed. */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After")?.trim();
  if (value === undefined || value === "") return undefined;
  // Date.parse alone would read "-5" and "1.5" as dates.
  const until = /^[A-Z].* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  const wait = /^\d+$/.test(value) ? Number(value) : Math.ceil((until - Date.now()) / 1000);
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 1), 3600) : undefined;
}
