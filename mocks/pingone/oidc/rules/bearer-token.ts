/** Tokens in the header `Authorization` (RFC 6750 section 2.1), and how they are refused. */
import { P1Refusal } from "../../refusals.ts";

export function isBearerHeader(header: string | undefined): boolean {
  return header !== undefined && /^bearer(\s|$)/i.test(header);
}

/** `undefined` without a token, and for one that has characters that no token has. */
export function tokenInHeader(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^bearer +([\w~+/.=-]+)$/i.exec(header.trim())?.[1];
}

export function malformed(status: 400 | 413 = 400): P1Refusal {
  return challenge(status, "INVALID_REQUEST", "The request is malformed.", 'error="invalid_request"');
}

export function invalidToken(): P1Refusal {
  const message = "The token is invalid, expired or revoked.";
  return challenge(401, "INVALID_TOKEN", message, 'error="invalid_token"');
}

export function accessFailed(): P1Refusal {
  const message = "The request could not be completed. You do not have access to this resource.";
  return new P1Refusal(403, "ACCESS_FAILED", message);
}

/** RFC 6750 section 3 in the header. The body is unverified wording: PingOne's is not known. */
export function challenge(
  status: 400 | 401 | 403 | 413,
  code: string,
  message: string,
  parameters = "",
): P1Refusal {
  return new P1Refusal(status, code, message, { "WWW-Authenticate": `Bearer ${parameters}`.trim() });
}
