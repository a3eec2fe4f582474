/** How failed exchanges with PingOne are told apart: every one leaves as an {@link UpstreamOAuthError}. */
import * as oauth from "oauth4webapi";
import { UpstreamOAuthError } from "./ping-types.ts";

/** Used when PingOne is unavailable and names no time itself. */
export const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** A status that says "not now" leaves as `unavailable`, with the wait that PingOne names. @throws {UpstreamOAuthError} */
export function throwIfUnavailable(response: Response, step: string): void {
  if (response.status < 500 && response.status !== 429 && response.status !== 408) return;
  throw new UpstreamOAuthError(
    "unavailable",
    `${step}_http_${response.status}`,
    readRetryAfter(response.headers),
  );
}

/** Whole seconds of a `Retry-After` header (RFC 9110 §10.2.3), at most an hour; undefined when absent or odd. */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After")?.trim();
  if (value === undefined || value === "") return undefined;
  // Date.parse alone would read "-5" and "1.5" as dates.
  const until = /^[A-Z].* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  const wait = /^\d+$/.test(value) ? Number(value) : Math.ceil((until - Date.now()) / 1000);
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 1), 3600) : undefined;
}

const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  oauth.INVALID_RESPONSE,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.KEY_SELECTION,
  oauth.JSON_ATTRIBUTE_COMPARISON,
  oauth.UNSUPPORTED_OPERATION,
  oauth.MISSING_SERVER_METADATA,
  oauth.INVALID_SERVER_METADATA,
  oauth.HTTP_REQUEST_FORBIDDEN,
  oauth.REQUEST_PROTOCOL_FORBIDDEN,
]);

/** Runs one exchange and gives every failure its {@link UpstreamOAuthError}. Details are codes, never upstream text. */
export async function mapFailures<T>(step: string, exchange: () => Promise<T>): Promise<T> {
  try {
    return await exchange();
  } catch (error) {
    throw toUpstreamError(error, step);
  }
}

function toUpstreamError(error: unknown, step: string): UpstreamOAuthError {
  if (error instanceof UpstreamOAuthError) return error;
  if (error instanceof oauth.ResponseBodyError) {
    if (error.error === "invalid_grant")
      return new UpstreamOAuthError("invalid_grant", `${step}_invalid_grant`);
    if (error.error === "invalid_client" || error.status === 401) {
      return new UpstreamOAuthError("invalid_client", `${step}_invalid_client`);
    }
    if (error.error === "temporarily_unavailable" || error.error === "server_error") {
      return new UpstreamOAuthError("unavailable", `${step}_${error.error}`);
    }
    return new UpstreamOAuthError("rejected", `${step}_http_${error.status}`);
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new UpstreamOAuthError("invalid_client", `${step}_http_${error.status}`);
  }
  if (error instanceof oauth.AuthorizationResponseError)
    return new UpstreamOAuthError("rejected", `${step}_error`);
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code !== undefined && UNTRUSTED_CODES.has(code))
    return new UpstreamOAuthError("untrusted", `${step}_${code}`);
  // What is left: no answer (reset, DNS, timeout), or an answer that is not one (not JSON, cut off, no token).
  const name = code ?? (error instanceof Error ? error.name : "unknown");
  return new UpstreamOAuthError("unavailable", `${step}_${name}`);
}
