/**
 * Verifies a bearer token as the real Todo API does: locally, by signature and claims. It does not ask PingOne, so a
 * token that was revoked there is accepted here until it expires.
 */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Clock } from "../kit/clock.ts";

export interface BearerRules {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  readonly clock: Clock;
}

/** A challenge of RFC 6750 section 3 and its HTTP status. */
export interface BearerRefusal {
  readonly status: 400 | 401 | 403;
  /** Absent when the request had no token (RFC 6750 section 3.1). */
  readonly error?: "invalid_request" | "invalid_token" | "insufficient_scope";
  readonly description: string;
  readonly scope?: string;
}

export type BearerOutcome =
  | { readonly subject: string; readonly refusal?: undefined }
  | { readonly refusal: BearerRefusal };

/**
 * Keys of the issuer, fetched over HTTP and cached for ten minutes. An unknown `kid` makes jose fetch them again
 * without a cooldown, so that the first request with a new key succeeds. A cooldown would limit fetches caused by
 * forged tokens, which is not needed on loopback.
 */
export function remoteKeys(jwksUri: URL): JWTVerifyGetKey {
  return createRemoteJWKSet(jwksUri, { cooldownDuration: 0, cacheMaxAge: 600_000, timeoutDuration: 5000 });
}

/** Returns the subject of a valid token that has the required scope, or the refusal. */
export async function verifyBearer(
  authorization: string | null,
  requiredScope: string,
  rules: BearerRules,
): Promise<BearerOutcome> {
  if (authorization === null || !/^bearer(\s|$)/i.test(authorization)) {
    return refuse(401, undefined, "This API needs a bearer token.");
  }
  const token = /^bearer +([\w~+/.=-]+)$/i.exec(authorization.trim())?.[1];
  if (token === undefined) return refuse(400, "invalid_request", "The Authorization header is malformed.");

  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, keyByKid(rules.keys), {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: ["RS256"],
      requiredClaims: ["exp", "iat", "sub"],
      currentDate: new Date(rules.clock()),
    }));
  } catch (error) {
    return refuse(401, "invalid_token", describeFailure(error, rules));
  }
  if ("nonce" in payload || "at_hash" in payload) {
    return refuse(401, "invalid_token", "This is an ID token. Send the access token.");
  }
  if (payload.sub === undefined || payload.sub === "") {
    return refuse(401, "invalid_token", "The token names no user.");
  }
  const scope = payload.scope;
  // `scope` is a space-separated string (RFC 8693 section 4.2). Whole scopes are compared: a substring test would
  // accept `todo_api:readonly` as `todo_api:read`.
  const granted = typeof scope === "string" ? scope.split(" ") : [];
  if (!granted.includes(requiredScope)) {
    return {
      refusal: {
        status: 403,
        error: "insufficient_scope",
        description: `This needs the scope ${requiredScope}.`,
        scope: requiredScope,
      },
    };
  }
  return { subject: payload.sub };
}

function refuse(status: 400 | 401, error: BearerRefusal["error"], description: string): BearerOutcome {
  return { refusal: { status, description, ...(error !== undefined && { error }) } };
}

/** Describes the check that failed, without any part of the token. */
function describeFailure(error: unknown, rules: BearerRules): string {
  if (error instanceof errors.JWTExpired) return "The token has expired.";
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case "iss":
        return `The token is not from ${rules.issuer}.`;
      case "aud":
        return `The token's audience is not ${rules.audience}.`;
      case "nbf":
        return "The token is not valid yet.";
      default:
        return `The token's claim ${error.claim} is missing or wrong.`;
    }
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "Only tokens signed with RS256 are accepted.";
  if (error instanceof errors.JWKSNoMatchingKey)
    return "The token was signed with a key its issuer does not publish.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is wrong.";
  if (isIssuerFailure(error)) throw error;
  return "The token is not a JWT that this API understands.";
}

/** True when the keys could not be fetched. The token may be valid, so the response must not be 401. */
function isIssuerFailure(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  // jose reports a JWKS response with a status other than 200 as its generic error.
  return (
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === "ERR_JOSE_GENERIC"
  );
}

/** PingOne's tokens always have a `kid`; without one jose would use the only key of the set. */
function keyByKid(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return (header, token) => {
    if (header.kid === undefined) throw new errors.JWKSNoMatchingKey();
    return keys(header, token);
  };
}

/** RFC 6750 section 3. */
export function challengeOf(refusal: BearerRefusal): string {
  const parameters = [`realm="todo-api"`];
  if (refusal.error !== undefined) {
    parameters.push(`error="${refusal.error}"`, `error_description="${refusal.description}"`);
  }
  if (refusal.scope !== undefined) parameters.push(`scope="${refusal.scope}"`);
  return `Bearer ${parameters.join(", ")}`;
}
