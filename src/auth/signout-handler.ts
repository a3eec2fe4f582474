/**
 * `/signout`: after a sign-in at PingOne, a person sees which MCP clients act for them and ends one or all.
 *
 * Its sign-in shares `/callback` with the MCP sign-in, because one redirect URI is registered at PingOne; the `state`
 * distinguishes them. PingOne's tokens of this sign-in are not kept.
 */
import { type Context, Hono } from "hono";
import { deleteCookie } from "hono/cookie";
import * as oauth from "oauth4webapi";
import { ENDPOINTS, type Env, nameOfPerson, type Settings } from "../config.ts";
import { logEvent, logProblem, requestId } from "../log.ts";
import { userIdOf } from "./credentials.ts";
import { personOf } from "./grant-keeper.ts";
import { renderErrorPage } from "./pages.tsx";
import { describeFailure, readCorrelationId, readErrorCode } from "./ping-failures.ts";
import type { PingFailure } from "./ping-types.ts";
import {
  buildAuthorizationUrl,
  buildSignOffUrl,
  createSignInTransaction,
  redeemIdentity,
} from "./ping-utils.ts";
import {
  type Account,
  clearedAskedPersonCookie,
  forgetAccount,
  readAccount,
  rememberAccount,
  rememberPendingSignIn,
  takePendingSignIn,
} from "./sealed-cookies.ts";
import { renderSignOutPage } from "./signout-page.tsx";

type App = { Bindings: Env };

/** Marks the `state` of this page's own sign-in. */
const STATE_PREFIX = "signout.";

/** The provider's cookie of remembered approvals, shared by all people who use this browser. */
const APPROVALS_COOKIE = "oauth-approvals";

export function isSignOutState(state: string | null): boolean {
  return state?.startsWith(STATE_PREFIX) ?? false;
}

export function createSignOutHandler(settings: Settings): Hono<App> {
  const app = new Hono<App>();
  const secret = settings.COOKIE_ENCRYPTION_KEY;

  app.get(ENDPOINTS.signOut, async (c) => {
    const account = await readAccount(c, secret);
    if (account === undefined) return signInAtPingOne(c, settings);
    const page = pageNumber(c.req.query("page"));
    const { connections, isLast } = await personOf(c.env, account.userId).listConnections(page);
    return renderSignOutPage({
      name: account.name,
      formToken: account.formToken,
      connections,
      page,
      isLast,
      ended: c.req.query("ended") !== undefined,
    });
  });

  app.post(ENDPOINTS.signOut, async (c) => {
    const account = await readAccount(c, secret);
    if (account === undefined) return c.redirect(ENDPOINTS.signOut, 303);
    const form = new URLSearchParams(await c.req.text());
    if (form.get("form_token") !== account.formToken) {
      return startAgain(c, "This form was not sent by this page.");
    }
    const person = personOf(c.env, account.userId);
    switch (form.get("action")) {
      case "end": {
        const wasThere = await person.endConnection(form.get("grant") ?? "", requestId());
        // Already ended, in another tab or by the client: show the current list.
        if (!wasThere) return c.redirect(ENDPOINTS.signOut, 303);
        logEvent("signout.grants_ended", { grants: 1 });
        forgetApprovals(c);
        return c.redirect(`${ENDPOINTS.signOut}?ended`, 303);
      }
      case "end_all": {
        logEvent("signout.grants_ended", { grants: await person.endEverything(requestId()) });
        forgetApprovals(c);
        forgetAccount(c);
        return signOffAtPingOne(c, settings, account);
      }
      default:
        return startAgain(c, "The form does not say what to end.");
    }
  });

  return app;
}

/** Completes the sign-in of this page; called by `/callback`. */
export async function finishSignOutSignIn(c: Context<App>, settings: Settings): Promise<Response> {
  const url = new URL(c.req.url);
  const state = url.searchParams.get("state") ?? "";
  const pending = await takePendingSignIn(c, settings.COOKIE_ENCRYPTION_KEY, state);
  if (pending === undefined) {
    return startAgain(c, "This sign-in has expired, was already used, or began in another browser.");
  }
  if (url.searchParams.has("error")) {
    logEvent("signout.refused_at_pingone", {
      pingone_error: readErrorCode(url.searchParams.get("error") ?? ""),
      correlation_id: readCorrelationId(url.searchParams.get("error_description")),
    });
    return signInFailed(c, 400);
  }
  const identity = await redeemIdentity(settings, {
    response: url,
    transaction: pending.transaction,
  });
  if (identity.kind === "failed") return explainPingFailure(c, identity);
  const { person, idToken } = identity.value;
  const userId = userIdOf(person.sub);
  const cleared = await clearedAskedPersonCookie(c, settings.COOKIE_ENCRYPTION_KEY, userId);
  if (cleared !== undefined) c.header("Set-Cookie", cleared, { append: true });
  await rememberAccount(c, settings.COOKIE_ENCRYPTION_KEY, {
    userId,
    name: nameOfPerson(person),
    idToken,
    formToken: crypto.randomUUID(),
  });
  return c.redirect(ENDPOINTS.signOut, 303);
}

/** From 1. Any other value means the first page. */
function pageNumber(text: string | undefined): number {
  return /^[1-9]\d{0,5}$/.test(text ?? "") ? Number(text) : 1;
}

async function signInAtPingOne(c: Context<App>, settings: Settings): Promise<Response> {
  const state = `${STATE_PREFIX}${oauth.generateRandomState()}`;
  const transaction = createSignInTransaction();
  const location = await buildAuthorizationUrl(settings, { scopes: [], transaction });
  if (location.kind === "failed") return explainPingFailure(c, location);
  location.value.searchParams.set("state", state);
  await rememberPendingSignIn(c, settings.COOKIE_ENCRYPTION_KEY, { state, transaction });
  return c.redirect(location.value.href, 302);
}

async function signOffAtPingOne(c: Context<App>, settings: Settings, account: Account): Promise<Response> {
  const returnTo = new URL(ENDPOINTS.landing, settings.MCP_RESOURCE).href;
  const location = await buildSignOffUrl(settings, { idToken: account.idToken, returnTo });
  if (location.kind === "ok") return c.redirect(location.value?.href ?? returnTo, 303);
  logProblem("signout.pingone_failed", describeFailure(location));
  return pageWithCookies(c, 503, {
    title: "The access of your apps has ended",
    text: "PingOne could not be reached, so you are still signed in there in this browser.",
    nextStep: "Try again later to sign out at PingOne too.",
    link: { href: ENDPOINTS.signOut, text: "Back to your apps" },
  });
}

/** Makes this browser's next connection show the consent page at once. The decision itself is the person's object's. */
function forgetApprovals(c: Context<App>): void {
  deleteCookie(c, APPROVALS_COOKIE, { prefix: "host", secure: true, path: "/" });
}

function explainPingFailure(c: Context<App>, failure: PingFailure): Response {
  logProblem("signout.pingone_failed", describeFailure(failure));
  return signInFailed(c, failure.failure === "unavailable" ? 503 : 502);
}

function signInFailed(c: Context<App>, status: 400 | 502 | 503): Response {
  return pageWithCookies(c, status, {
    title: "PingOne did not sign you in",
    text: "To show which apps act for you, this server has to know who you are.",
    nextStep: "You can try once more.",
    link: { href: ENDPOINTS.signOut, text: "Sign in at PingOne" },
  });
}

function startAgain(c: Context<App>, text: string): Response {
  logEvent("signout.rejected");
  return pageWithCookies(c, 400, {
    title: "This page cannot be used any more",
    text,
    nextStep: "Open the list of your apps again.",
    link: { href: ENDPOINTS.signOut, text: "Your apps" },
  });
}

/** Hono adds cookies that the handler has set or deleted only to responses that Hono creates. */
function pageWithCookies(
  c: Context<App>,
  status: number,
  words: Omit<Parameters<typeof renderErrorPage>[0], "status">,
): Response {
  const page = renderErrorPage({ status, ...words });
  return c.newResponse(page.body, page);
}
