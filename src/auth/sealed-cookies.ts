/**
 * Short-lived sealed cookies, which a browser can neither read nor forge. Two belong to `/signout`: one during the
 * sign-in at PingOne, one while the page is shown. The third one identifies the person to whom the callback showed the
 * consent page.
 */
import type { Context } from "hono";
import { deleteCookie, generateCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import { signInTransactionSchema } from "./ping-types.ts";
import { sealToText, unsealFromText } from "./sealing.ts";

/** Enough to enter a password or to read the list; after that the person signs in again, usually silently. */
const COOKIE_TTL_SECONDS = 600;

/** Browsers drop a cookie beyond 4096 bytes; an ID token longer than this is left out. */
const MAXIMUM_ID_TOKEN_LENGTH = 2400;

const COOKIE_OPTIONS = {
  prefix: "host",
  secure: true,
  httpOnly: true,
  path: "/",
  maxAge: COOKIE_TTL_SECONDS,
  // Lax, because the browser comes back from another site.
  sameSite: "Lax",
} as const;

const pendingSchema = z.object({
  expiresAt: z.number(),
  state: z.string(),
  transaction: signInTransactionSchema,
});

const accountSchema = z.object({
  expiresAt: z.number(),
  userId: z.string(),
  name: z.string(),
  idToken: z.string().optional(),
  /** Also a hidden field of the page's forms, against cross-site request forgery. */
  formToken: z.string(),
});

export type Account = Omit<z.infer<typeof accountSchema>, "expiresAt">;
export type PendingSignIn = Omit<z.infer<typeof pendingSchema>, "expiresAt">;

const askedSchema = z.object({ expiresAt: z.number(), userId: z.string() });

const ASKED_COOKIE = "ping-asked";
const PENDING_COOKIE = "ping-signout-pending";
const ACCOUNT_COOKIE = "ping-signout-account";

/** One for each sign-in, so that two tabs do not overwrite each other's. */
function pendingCookie(state: string): string {
  return `${PENDING_COOKIE}-${state.replaceAll(/[^A-Za-z0-9_-]/g, "").slice(0, 24)}`;
}

export async function rememberPendingSignIn(
  c: Context,
  secret: string,
  pending: PendingSignIn,
): Promise<void> {
  const name = pendingCookie(pending.state);
  setCookie(c, name, await sealCookie(secret, name, pending), COOKIE_OPTIONS);
}

/** Reads the cookie of this `state`, once. */
export async function takePendingSignIn(
  c: Context,
  secret: string,
  state: string,
): Promise<PendingSignIn | undefined> {
  const name = pendingCookie(state);
  const value = getCookie(c, name, "host");
  if (value !== undefined) deleteCookie(c, name, COOKIE_OPTIONS);
  const pending = await openCookie(secret, name, value, pendingSchema);
  return pending?.state === state ? pending : undefined;
}

export async function rememberAccount(c: Context, secret: string, account: Account): Promise<void> {
  const isTooLong = (account.idToken?.length ?? 0) > MAXIMUM_ID_TOKEN_LENGTH;
  const kept = isTooLong ? { ...account, idToken: undefined } : account;
  setCookie(c, ACCOUNT_COOKIE, await sealCookie(secret, ACCOUNT_COOKIE, kept), COOKIE_OPTIONS);
}

export function readAccount(c: Context, secret: string): Promise<Account | undefined> {
  return openCookie(secret, ACCOUNT_COOKIE, getCookie(c, ACCOUNT_COOKIE, "host"), accountSchema);
}

export function forgetAccount(c: Context): void {
  deleteCookie(c, ACCOUNT_COOKIE, COOKIE_OPTIONS);
}

/** The `Set-Cookie` value for the person to whom the callback shows the consent page. */
export async function askedPersonCookie(secret: string, userId: string): Promise<string> {
  const value = await sealCookie(secret, ASKED_COOKIE, { userId });
  return generateCookie(ASKED_COOKIE, value, COOKIE_OPTIONS);
}

/**
 * After a sign-in: invalidates a consent page that is open in this browser for another person.
 *
 * @returns the `Set-Cookie` value that deletes the cookie, or undefined if it names no other person
 */
export async function clearedAskedPersonCookie(
  c: Context,
  secret: string,
  userId: string,
): Promise<string | undefined> {
  const asked = await readAskedPerson(c, secret);
  if (asked === undefined || asked === userId) return undefined;
  return generateCookie(ASKED_COOKIE, "", { ...COOKIE_OPTIONS, maxAge: 0 });
}

export async function readAskedPerson(c: Context, secret: string): Promise<string | undefined> {
  const asked = await openCookie(secret, ASKED_COOKIE, getCookie(c, ASKED_COOKIE, "host"), askedSchema);
  return asked?.userId;
}

function sealCookie(secret: string, id: string, content: object): Promise<string> {
  const expiresAt = Date.now() + COOKIE_TTL_SECONDS * 1000;
  return sealToText({ ...content, expiresAt }, { secret, id });
}

/** A cookie of another version counts as absent. */
async function openCookie<T extends { expiresAt: number }>(
  secret: string,
  id: string,
  value: string | undefined,
  schema: z.ZodType<T>,
): Promise<Omit<T, "expiresAt"> | undefined> {
  const opened = await unsealFromText(value ?? "", schema, { secret, id });
  // The server checks the lifetime; a browser may ignore Max-Age.
  if (opened === undefined || opened.expiresAt <= Date.now()) return undefined;
  const { expiresAt: _, ...content } = opened;
  return content;
}
