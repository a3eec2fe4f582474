/**
 * The SSO session cookies `ST` and `ST-NO-SS`: one value under two names. PingOne's are `Secure`, and `ST` is
 * `SameSite=None`; over http browsers take neither, so both attributes are left out here.
 */
import { getCookie, setCookie } from "hono/cookie";
import type { FrontContext } from "../errors.ts";
import type { Front } from "../front.ts";
import type { Session } from "../tokens/store.ts";

const NAMES = ["ST", "ST-NO-SS"] as const;
/** `sessionTokenMaxAge` of PingOne's own answers. */
const MAX_AGE_SECONDS = 2_592_000;

export function readSession(front: Front, c: FrontContext): Session | undefined {
  for (const name of NAMES) {
    const cookie = getCookie(c, name);
    const session = cookie === undefined ? undefined : front.state.sessionOfCookie(cookie);
    if (session) return session;
  }
  return undefined;
}

export function sendSessionCookies(front: Front, c: FrontContext, value: string): void {
  for (const name of NAMES) {
    setCookie(c, name, value, { httpOnly: true, path: `/${front.environment.id}`, maxAge: MAX_AGE_SECONDS });
  }
}

export function clearSessionCookies(front: Front, c: FrontContext): void {
  for (const name of NAMES)
    setCookie(c, name, "", { httpOnly: true, path: `/${front.environment.id}`, maxAge: 0 });
}
