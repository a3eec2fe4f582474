/** Reads a token response of PingOne: tokens, scopes, audience and identity. */
import { decode } from "hono/jwt";
import type * as oauth from "oauth4webapi";
import { z } from "zod";
import { ALL_TODO_SCOPES, type Person, type TodoScope } from "../config.ts";
import { nowInSeconds } from "../time.ts";
import { failed } from "./ping-failures.ts";
import type { PingFailure, PingTokens } from "./ping-types.ts";

/** A token with less than this left is refreshed before it is handed out. */
const REFRESH_MARGIN_SECONDS = 60;

/** RFC 6749 §5.1: `expires_in` is only RECOMMENDED; PingOne's default lifetime is one hour. */
const FALLBACK_EXPIRES_IN_SECONDS = 3600;

/** @param requested the scopes that were asked for, or that the refreshed token had */
export function readTokens(
  tokens: oauth.TokenEndpointResponse,
  subject: string,
  requested: readonly TodoScope[],
): PingTokens {
  const lifetime = Math.floor(tokens.expires_in ?? FALLBACK_EXPIRES_IN_SECONDS);
  const expiresAt = nowInSeconds() + lifetime;
  // Otherwise a token with a lifetime shorter than the margin would be refreshed for every call.
  const margin = lifetime > REFRESH_MARGIN_SECONDS ? REFRESH_MARGIN_SECONDS : Math.ceil(lifetime / 2);
  return {
    version: 2,
    subject,
    accessToken: tokens.access_token,
    accessTokenExpiresAt: expiresAt,
    refreshAt: expiresAt - margin,
    scopes: grantedScopes(tokens.scope, requested),
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
  };
}

/** RFC 6749 §5.1: no `scope` in the response means that it was granted as requested. */
function grantedScopes(scope: string | undefined, requested: readonly TodoScope[]): TodoScope[] {
  if (scope === undefined) return [...requested];
  const granted = new Set(scope.split(" "));
  return ALL_TODO_SCOPES.filter((name) => granted.has(name) && requested.includes(name));
}

const audienceSchema = z.object({ aud: z.union([z.string(), z.array(z.string())]) });

/**
 * SECURITY: an access token for another API must never be sent to the Todo API (MCP authorization, token audience).
 * The Todo API checks its signature; the Worker has it directly from the token endpoint.
 */
export function judgeAudience(
  { accessToken, refreshToken }: Pick<PingTokens, "accessToken" | "refreshToken">,
  audience: string,
): PingFailure | undefined {
  let payload: unknown;
  try {
    payload = decode(accessToken).payload;
  } catch {
    return failed("wrong_audience", "access_token_is_no_jwt", { refreshToken });
  }
  const claims = audienceSchema.safeParse(payload);
  if (!claims.success) return failed("wrong_audience", "access_token_without_audience", { refreshToken });
  const audiences = typeof claims.data.aud === "string" ? [claims.data.aud] : claims.data.aud;
  if (audiences.includes(audience)) return undefined;
  return failed("wrong_audience", "access_token_for_another_api", { refreshToken });
}

export function readPerson(claims: oauth.IDToken): Person {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const fullName = [claims.given_name, claims.family_name].filter(text).join(" ");
  return {
    sub: claims.sub,
    name: text(claims.name) ?? text(fullName),
    username: text(claims.preferred_username),
    email: text(claims.email),
  };
}
