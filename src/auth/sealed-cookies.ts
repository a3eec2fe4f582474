/**
 * Short-lived cookies, sealed, so that a browser can neither read nor make one. Two belong to the sign-out page: one
 * while the person is at PingOne, one while they look at the page. One names who was asked about a client at the
 * callback.
 */
import type { Context } from "hono";
import { deleteCookie, generateCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import { signInTransactionSchema } from "./ping-types.ts";
import { sealToText, unsealFromText } from "./sealing.ts";

/** Long enough to type a password or to read a list; then the person signs in again, mostly silently. */
const COOKIE_TTL_SECONDS = 600;

/** Browsers drop a cookie beyond 4096 bytes; an ID token longer than this is left out. */
const MAXIMUM_ID_TOKEN_LENGTH = 2400;

const COOKIE_OPTIONS = {
  prefix: "host",
  secure: true,
  httpOnly: true,
  path: "/",
  maxAge: COOKIE_TTL_SECONDS,
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
  /** Stands in the page's forms too: a form that another site sends has not got it. */
  formToken: z.string(),
});

export type Account = Omit<z.infer<typeof accountSchema>, "expiresAt">;
export type PendingSignIn = Omit<z.infer<typeof pendingSchema>, "expiresAt">;

const askedSchema = z.object({ expiresAt: z.number(), userId: z.string() });

const ASKED_COOKIE = "ping-asked";
const PENDING_COOKIE = "ping-signout-pending";
const ACCOUNT_COOKIE = "ping-signout-account";

/** One for each sign-in, so that two tabs do not take each other's. */
function pendingCookie(state: string): string {
  return `${PENDING_COOKIE}-${state.replaceAll(/[^A-Za-z0-9_-]/g, "").slice(0, 24)}`;
}

export async function rememberPendingSignIn(
  c: Context,
  secret: string,
  pending: PendingSignIn,
): Promise<void> {
  const name = pendingCookie(pending.state);
  // Lax, because the browser comes back from another site.
  setCookie(c, name, await sealCookie(secret, name, pending), { ...COOKIE_OPTIONS, sameSite: "Lax" });
}

/** What was remembered under this `state`, once. */
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
  const { idToken, ...rest } = account;
  const kept =
    idToken !== undefined && idToken.length <= MAXIMUM_ID_TOKEN_LENGTH ? { ...rest, idToken } : rest;
  setCookie(c, ACCOUNT_COOKIE, await sealCookie(secret, ACCOUNT_COOKIE, kept), {
    ...COOKIE_OPTIONS,
    sameSite: "Lax",
  });
}

export function readAccount(c: Context, secret: string): Promise<Account | undefined> {
  return openCookie(secret, ACCOUNT_COOKIE, getCookie(c, ACCOUNT_COOKIE, "host"), accountSchema);
}

export function forgetAccount(c: Context): void {
  deleteCookie(c, ACCOUNT_COOKIE, COOKIE_OPTIONS);
}

/** The cookie that names who was asked, as a header's value. */
export async function askedPersonCookie(secret: string, userId: string): Promise<string> {
  const value = await sealCookie(secret, ASKED_COOKIE, { userId });
  return generateCookie(ASKED_COOKIE, value, { ...COOKIE_OPTIONS, sameSite: "Lax" });
}

/** The header value that deletes it. */
export function clearedAskedPersonCookie(): string {
  return generateCookie(ASKED_COOKIE, "", { ...COOKIE_OPTIONS, sameSite: "Lax", maxAge: 0 });
}

export async function readAskedPerson(c: Context, secret: string): Promise<string | undefined> {
  const asked = await openCookie(secret, ASKED_COOKIE, getCookie(c, ASKED_COOKIE, "host"), askedSchema);
  return asked?.userId;
}

function sealCookie(secret: string, id: string, content: object): Promise<string> {
  const expiresAt = Date.now() + COOKIE_TTL_SECONDS * 1000;
  return sealToText(JSON.stringify({ ...content, expiresAt }), { secret, id });
}

async function openCookie<T extends { expiresAt: number }>(
  secret: string,
  id: string,
  value: string | undefined,
  schema: z.ZodType<T>,
): Promise<Omit<T, "expiresAt"> | undefined> {
  const text = value === undefined ? undefined : await unsealFromText(value, { secret, id });
  if (text === undefined) return undefined;
  // A cookie of another version counts as absent.
  const parsed = schema.safeParse(JSON.parse(text));
  // The browser's own Max-Age is a courtesy; this is the rule.
  if (!parsed.success || parsed.data.expiresAt <= Date.now()) return undefined;
  const { expiresAt: _, ...content } = parsed.data;
  return content;
}
