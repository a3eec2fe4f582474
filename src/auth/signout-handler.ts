/**
 * `/signout`: behind a sign-in at PingOne, a person sees which MCP clients act for them and ends one or all.
 *
 * Its sign-in shares `/callback` with the MCP sign-in, because PingOne knows one redirect URI; the `state` tells
 * them apart. PingOne's tokens of this sign-in are not kept.
 */
import { AuthorizationError, type GrantSummary, type OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import { deleteCookie } from "hono/cookie";
import * as oauth from "oauth4webapi";
import { ENDPOINTS, type Env, type Settings } from "../config.ts";
import { logEvent, logProblem } from "../log.ts";
import { recordEndedAccess } from "./ended-access.ts";
import { renderErrorPage } from "./pages.tsx";
import { UpstreamOAuthError } from "./ping-types.ts";
import {
  buildAuthorizationUrl,
  buildSignOffUrl,
  createSignInTransaction,
  redeemIdentity,
} from "./ping-utils.ts";
import { endPingSession, listGrants, userIdOf } from "./provider.ts";
import {
  type Account,
  forgetAccount,
  readAccount,
  rememberAccount,
  rememberPendingSignIn,
  takePendingSignIn,
} from "./signout-cookies.ts";
import { type ConnectedClient, renderSignOutPage } from "./signout-page.tsx";

type App = { Bindings: Env };

/** Marks the `state` of this page's own sign-in. */
const STATE_PREFIX = "signout.";

/** The provider's cookie of remembered approvals: without it, an app that was ended is asked about again. */
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
    const clients = await listConnectedClients(c.env.OAUTH_PROVIDER, account.userId);
    return renderSignOutPage({
      name: account.name,
      formToken: account.formToken,
      clients,
      ended: c.req.query("ended") !== undefined,
    });
  });

  app.post(ENDPOINTS.signOut, async (c) => {
    const account = await readAccount(c, secret);
    if (account === undefined) return c.redirect(ENDPOINTS.signOut, 303);
    const form = new URLSearchParams(await c.req.text());
    if (form.get("form_token") !== account.formToken) {
      throw new AuthorizationError("invalid_request", {
        description: "This form was not sent by this page.",
      });
    }
    const grants = await listGrants(c.env.OAUTH_PROVIDER, account.userId);
    switch (form.get("action")) {
      case "end": {
        const chosen = grants.filter(({ id }) => id === form.get("grant"));
        // Ended already, in another tab or by its client: the page shows what is left.
        if (chosen.length === 0) return c.redirect(ENDPOINTS.signOut, 303);
        await endGrants(c, chosen);
        return c.redirect(`${ENDPOINTS.signOut}?ended`, 303);
      }
      case "end_all": {
        await endGrants(c, grants);
        forgetAccount(c);
        return signOffAtPingOne(c, settings, account);
      }
      default:
        throw new AuthorizationError("invalid_request", {
          description: "The form does not say what to end.",
        });
    }
  });

  return app;
}

/** The second half of this page's sign-in, called by `/callback`. */
export async function finishSignOutSignIn(c: Context<App>, settings: Settings): Promise<Response> {
  const url = new URL(c.req.url);
  const state = url.searchParams.get("state") ?? "";
  const pending = await takePendingSignIn(c, settings.COOKIE_ENCRYPTION_KEY, state);
  if (pending === undefined) {
    throw new AuthorizationError("invalid_request", {
      description: "This sign-in was begun in another browser.",
    });
  }
  if (url.searchParams.has("error")) return signInFailed(c, 400);
  try {
    const { person, idToken } = await redeemIdentity(settings, {
      response: url,
      redirectUri: new URL(ENDPOINTS.callback, settings.MCP_RESOURCE).href,
      transaction: pending.transaction,
    });
    await rememberAccount(c, settings.COOKIE_ENCRYPTION_KEY, {
      userId: await userIdOf(person.sub),
      name: person.name ?? person.username ?? person.email ?? person.sub,
      idToken,
      formToken: crypto.randomUUID(),
    });
    return c.redirect(ENDPOINTS.signOut, 303);
  } catch (error) {
    return explainUpstreamFailure(c, error);
  }
}

async function signInAtPingOne(c: Context<App>, settings: Settings): Promise<Response> {
  const state = `${STATE_PREFIX}${oauth.generateRandomState()}`;
  const transaction = createSignInTransaction();
  try {
    const redirectUri = new URL(ENDPOINTS.callback, settings.MCP_RESOURCE).href;
    const location = await buildAuthorizationUrl(settings, { redirectUri, scopes: [], transaction });
    location.searchParams.set("state", state);
    await rememberPendingSignIn(c, settings.COOKIE_ENCRYPTION_KEY, { state, transaction });
    return c.redirect(location.href, 302);
  } catch (error) {
    return explainUpstreamFailure(c, error);
  }
}

async function signOffAtPingOne(c: Context<App>, settings: Settings, account: Account): Promise<Response> {
  const returnTo = new URL(ENDPOINTS.landing, settings.MCP_RESOURCE).href;
  try {
    const location = await buildSignOffUrl(settings, { idToken: account.idToken, returnTo });
    return c.redirect(location?.href ?? returnTo, 303);
  } catch (error) {
    if (!(error instanceof UpstreamOAuthError)) throw error;
    logProblem("signout.pingone_failed", { failure: error.failure, detail: error.detail });
    return pageWithCookies(c, 503, {
      title: "The access of your apps has ended",
      text: "PingOne could not be reached, so you are still signed in there in this browser.",
      nextStep: "Try again later to sign out at PingOne too.",
      link: { href: ENDPOINTS.signOut, text: "Back to your apps" },
    });
  }
}

/** Access ends here first, for every grant; PingOne is told after that, about all at once. */
async function endGrants(c: Context<App>, grants: readonly GrantSummary[]): Promise<void> {
  for (const grant of grants) {
    await recordEndedAccess(c.env, grant);
    await c.env.OAUTH_PROVIDER.revokeGrant(grant.id, grant.userId);
  }
  deleteCookie(c, APPROVALS_COOKIE, { prefix: "host", secure: true, path: "/" });
  logEvent("signout.grants_ended", { grants: grants.length });
  await Promise.allSettled(grants.map((grant) => endPingSession(c.env, grant, { revoke: true })));
}

async function listConnectedClients(provider: OAuthHelpers, userId: string): Promise<ConnectedClient[]> {
  const grants = await listGrants(provider, userId);
  return Promise.all(
    grants.map(async (grant) => ({
      grantId: grant.id,
      name: await clientName(provider, grant.clientId),
      host: grant.redirectUri === undefined ? "unknown" : new URL(grant.redirectUri).host,
      since: new Date(grant.createdAt * 1000),
      scopes: grant.scope,
    })),
  );
}

/** The page must work although a client is gone or its metadata document cannot be fetched. */
async function clientName(provider: OAuthHelpers, clientId: string): Promise<string> {
  try {
    return (await provider.lookupClient(clientId))?.clientName ?? clientId;
  } catch {
    return clientId;
  }
}

function explainUpstreamFailure(c: Context<App>, error: unknown): Promise<Response> {
  if (!(error instanceof UpstreamOAuthError)) throw error;
  logProblem("signout.pingone_failed", { failure: error.failure, detail: error.detail });
  return signInFailed(c, error.failure === "unavailable" ? 503 : 502);
}

function signInFailed(c: Context<App>, status: 400 | 502 | 503): Promise<Response> {
  return pageWithCookies(c, status, {
    title: "PingOne did not sign you in",
    text: "This page shows who acts for you, so it needs to know who you are.",
    nextStep: "You can try once more.",
    link: { href: ENDPOINTS.signOut, text: "Sign in at PingOne" },
  });
}

/** Hono adds the cookies that this request has set or deleted only to responses that it makes itself. */
async function pageWithCookies(
  c: Context<App>,
  status: 400 | 502 | 503,
  words: Omit<Parameters<typeof renderErrorPage>[0], "status">,
): Promise<Response> {
  const page = await renderErrorPage({ status, ...words });
  return c.newResponse(page.body, status, Object.fromEntries(page.headers));
}
