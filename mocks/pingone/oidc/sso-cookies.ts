/**
 * The SSO session cookies `ST` and `ST-NO-SS`: one value under two names. PingOne's are `Secure`, and `ST` is
 * `SameSite=None`. Over http browsers take neither, so both attributes need an issuer with https.
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
    setCookie(c, name, value, { ...attributesOf(c, name), maxAge: MAX_AGE_SECONDS });
  }
}

export function clearSessionCookies(c: OidcContext): void {
  for (const name of NAMES) setCookie(c, name, "", { ...attributesOf(c, name), maxAge: 0 });
}

function attributesOf(c: OidcContext, name: (typeof NAMES)[number]) {
  const { tenant, tokens } = c.get("pingone");
  const isSecure = tokens.signer.isSecure;
  return {
    httpOnly: true,
    path: `/${tenant.environment.id}`,
    ...(isSecure && { secure: true }),
    ...(isSecure && name === "ST" && { sameSite: "None" as const }),
  };
}
