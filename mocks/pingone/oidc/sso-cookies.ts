/**
 * The SSO session cookies `ST` and `ST-NO-SS`: one value under two names. PingOne's are `Secure`, and `ST` is
 * `SameSite=None`; over http browsers take neither, so both attributes are left out here.
 */
import { getCookie, setCookie } from "hono/cookie";
import type { Session } from "../tokens/store.ts";
import type { OidcContext } from "./context.ts";

const NAMES = ["ST", "ST-NO-SS"] as const;
/** `sessionTokenMaxAge` of PingOne's own answers. */
const MAX_AGE_SECONDS = 2_592_000;

export function readSession(c: OidcContext): Session | undefined {
  for (const name of NAMES) {
    const cookie = getCookie(c, name);
    const session = cookie === undefined ? undefined : c.get("pingone").tokens.store.sessionOfCookie(cookie);
    if (session) return session;
  }
  return undefined;
}

export function sendSessionCookies(c: OidcContext, value: string): void {
  for (const name of NAMES) {
    setCookie(c, name, value, { httpOnly: true, path: cookiePath(c), maxAge: MAX_AGE_SECONDS });
  }
}

export function clearSessionCookies(c: OidcContext): void {
  for (const name of NAMES) setCookie(c, name, "", { httpOnly: true, path: cookiePath(c), maxAge: 0 });
}

function cookiePath(c: OidcContext): string {
  return `/${c.get("pingone").tenant.environment.id}`;
}
