/** Classifies failed requests to PingOne: each becomes a {@link PingFailure}. */
import * as oauth from "oauth4webapi";
import { errorName } from "../log.ts";
import { readRetryAfter } from "../retry-after.ts";
import type { PingFailure, PingResult, UpstreamFailure } from "./ping-types.ts";

export function failed(
  failure: UpstreamFailure,
  detail: string,
  more: Omit<PingFailure, "kind" | "failure" | "detail"> = {},
): PingFailure {
  return { kind: "failed", failure, detail, ...more };
}

/** The fields of a failure for the log. */
export function describeFailure({ failure, detail, correlationId, policy }: PingFailure) {
  return { failure, detail, correlation_id: correlationId, policy };
}

/** 429 and 5xx become `unavailable`, with PingOne's `Retry-After`. Undefined for any other status. */
export function readUnavailable(response: Response, step: string): PingFailure | undefined {
  const { status, headers } = response;
  if (status < 500 && status !== 429 && status !== 408) return undefined;
  return failed("unavailable", `${step}_http_${status}`, { retryAfterSeconds: readRetryAfter(headers) });
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

/** Runs one request to PingOne; errors of oauth4webapi become a {@link PingFailure}. */
export async function attempt<T>(
  step: string,
  exchange: () => Promise<PingResult<T>>,
): Promise<PingResult<T>> {
  try {
    return await exchange();
  } catch (error) {
    return failureFrom(error, step);
  }
}

function failureFrom(error: unknown, step: string): PingFailure {
  if (error instanceof oauth.ResponseBodyError) {
    const correlationId = readCorrelationId(error.error_description);
    return failed(failureOf(error), `${step}_${readErrorCode(error.error)}`, { correlationId });
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return failed("invalid_client", `${step}_http_${error.status}`);
  }
  if (error instanceof oauth.AuthorizationResponseError) return failed("rejected", `${step}_error`);
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code !== undefined && UNTRUSTED_CODES.has(code)) return failed("untrusted", `${step}_${code}`);
  // Everything else: no response (reset, DNS, timeout), or an unusable one (not JSON, truncated, no token).
  return failed("unavailable", `${step}_${code ?? errorName(error)}`);
}

function failureOf({ error, status }: oauth.ResponseBodyError): UpstreamFailure {
  if (error === "invalid_grant") return "invalid_grant";
  if (error === "invalid_client" || status === 401) return "invalid_client";
  return error === "temporarily_unavailable" || error === "server_error" ? "unavailable" : "rejected";
}

/** Codes of RFC 6749 §4.1.2.1 and §5.2, and of OpenID Connect Core §3.1.2.6. */
const ERROR_CODES: ReadonlySet<string> = new Set([
  "access_denied",
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "invalid_client",
  "invalid_grant",
  "invalid_request",
  "invalid_scope",
  "login_required",
  "server_error",
  "temporarily_unavailable",
  "unauthorized_client",
  "unsupported_grant_type",
  "unsupported_response_type",
]);

/** PingOne's `error` for the log: known codes only, since a DaVinci author can write anything there. */
export function readErrorCode(error: string): string {
  return ERROR_CODES.has(error) ? error : "other";
}

/** PingOne ends its descriptions with "(Correlation ID: <UUID>)"; the rest of them must not be logged. */
export function readCorrelationId(description: string | null | undefined): string | undefined {
  return /\(Correlation ID: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)/i.exec(description ?? "")?.[1];
}
