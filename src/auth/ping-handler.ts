/**
 * Sign-in: the Worker's own consent page, the redirect to PingOne, and the return from it.
 *
 * Each MCP client is asked about before PingOne is ever reached, because PingOne knows only one application, ours
 * (MCP security best practices: confused deputy).
 */
import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
  CimdFetchError,
  type OAuthHelpers,
} from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import {
  ENDPOINTS,
  type Env,
  type GrantMetadata,
  type Props,
  type Settings,
  THIRTY_DAYS_SECONDS,
} from "../config.ts";
import { createReference, logEvent, logProblem } from "../log.ts";
import { forgetEndedAccess, wasAccessEnded } from "./ended-access.ts";
import { renderConsentPage, renderErrorPage } from "./pages.tsx";
import {
  type ClientSignInTransaction,
  clientSignInTransactionSchema,
  type PingSignIn,
  UpstreamOAuthError,
} from "./ping-types.ts";
import { buildAuthorizationUrl, createSignInTransaction, redeemAuthorizationResponse } from "./ping-utils.ts";
import { forgetReplacedSessions, keepRegistration, userIdOf } from "./provider.ts";
import { createSignOutHandler, finishSignOutSignIn, isSignOutState } from "./signout-handler.ts";
import {
  isForm,
  mapPingOneError,
  mapUpstreamFailure,
  normalizeAuthorizationRequest,
  redirectWithPingOneError,
  requireReadableAuthorizationRequest,
  todoScopesOf,
} from "./workers-oauth-utils.ts";

type App = { Bindings: Env };

const START_AGAIN = "Go back to your app and connect again.";

export function createPingHandler(settings: Settings): Hono<App> {
  const app = new Hono<App>();
  const callbackUri = new URL(ENDPOINTS.callback, settings.MCP_RESOURCE).href;
  // Without a subject: who the person is, only PingOne will say, after this page.
  const remember = { secret: settings.COOKIE_ENCRYPTION_KEY, maxAgeSeconds: THIRTY_DAYS_SECONDS };

  app.get(ENDPOINTS.authorize, async (c) => {
    const oauth = c.env.OAUTH_PROVIDER;
    const url = new URL(c.req.url);
    requireReadableAuthorizationRequest(url);
    const request = normalizeAuthorizationRequest(await oauth.parseAuthRequest(c.req.raw), url);
    if (await oauth.isConsentRemembered(c.req.raw, request, remember)) {
      logEvent("authorize.consent_remembered");
      return redirectToPingOne(c, { request, headers: new Headers(), consentRemembered: true });
    }
    return askForConsent(oauth, request);
  });

  app.post(ENDPOINTS.authorize, async (c) => {
    const oauth = c.env.OAUTH_PROVIDER;
    const { handle, decision } = await readConsentForm(c.req.raw);
    if (decision === "deny") {
      const denied = await oauth.denyConsent(c.req.raw, handle, {
        description: "The person refused access.",
      });
      logEvent("authorize.consent_refused");
      return new Response(null, { status: 302, headers: denied.headers });
    }
    const { request, headers } = await oauth.approveConsent(c.req.raw, handle, { remember });
    await keepRegistration(oauth, request.clientId);
    logEvent("authorize.consent_given");
    return redirectToPingOne(c, { request, headers, consentRemembered: false });
  });

  app.get(ENDPOINTS.callback, async (c) => {
    const url = new URL(c.req.url);
    // Before the state is consumed, so that a mangled address loses nothing.
    for (const name of ["state", "code", "error", "iss"]) {
      if (url.searchParams.getAll(name).length > 1) {
        throw new AuthorizationError("invalid_request", { description: `"${name}" must be sent once.` });
      }
    }
    if (isSignOutState(url.searchParams.get("state"))) return finishSignOutSignIn(c, settings);
    const { request, data, headers } = await c.env.OAUTH_PROVIDER.finishUpstream(c.req.raw);
    const transaction = clientSignInTransactionSchema.parse(data);
    const error = url.searchParams.get("error");
    if (error !== null) {
      // RFC 9207 §2.4: what another server says is not the person's answer.
      const issuer = url.searchParams.get("iss");
      const isPingOne = issuer === null || URL.parse(issuer)?.href === settings.PINGONE_ISSUER.href;
      const code = isPingOne ? mapPingOneError(error) : "server_error";
      logEvent("callback.refused_at_pingone", { error: code });
      return redirect(redirectWithPingOneError(request, code), headers);
    }
    return completeSignIn(c, { request, transaction, headers, url });
  });

  async function redirectToPingOne(
    c: Context<App>,
    options: { request: AuthRequest; headers: Headers; consentRemembered: boolean },
  ): Promise<Response> {
    const { request, headers, consentRemembered } = options;
    const transaction = { ...createSignInTransaction(), consentRemembered };
    let location: URL;
    try {
      // Before the sign-in begins, so that nothing of it is left in browser and store when PingOne is away.
      location = await buildAuthorizationUrl(settings, {
        redirectUri: callbackUri,
        scopes: todoScopesOf(request),
        transaction,
      });
    } catch (error) {
      return redirectUpstreamFailure(error, request, headers);
    }
    const upstream = await c.env.OAUTH_PROVIDER.beginUpstream(request, { data: transaction, headers });
    location.searchParams.set("state", upstream.state);
    return redirect(location.href, upstream.headers);
  }

  async function completeSignIn(
    c: Context<App>,
    options: { request: AuthRequest; transaction: ClientSignInTransaction; headers: Headers; url: URL },
  ): Promise<Response> {
    const { request, transaction, headers, url } = options;
    try {
      await requireRegisteredClient(c.env, request.clientId);
      const signIn = await redeemAuthorizationResponse(settings, {
        response: url,
        redirectUri: callbackUri,
        transaction,
        requested: todoScopesOf(request),
      });
      if (signIn.scopes.length === 0) {
        logEvent("callback.no_scope_granted");
        return redirect(redirectWithPingOneError(request, "access_denied"), headers);
      }
      const userId = await userIdOf(signIn.person.sub);
      const access = { userId, clientId: request.clientId };
      if (!transaction.consentRemembered) await forgetEndedAccess(c.env, access);
      else if (await wasAccessEnded(c.env, access))
        return await askForConsent(c.env.OAUTH_PROVIDER, request, headers);
      const redirectTo = await grantAccess(c.env, request, { signIn, userId });
      logEvent("callback.signed_in", { scopes: signIn.scopes.join(" ") });
      return redirect(redirectTo, headers);
    } catch (error) {
      if (error instanceof AuthorizationError) return renderFailure(error, headers);
      return redirectUpstreamFailure(error, request, headers);
    }
  }

  app.route("/", createSignOutHandler(settings));
  app.onError((error) => renderFailure(error));
  return app;
}

/** @param headers cookies of what went before, to be sent with the page */
async function askForConsent(
  oauth: OAuthHelpers,
  request: AuthRequest,
  headers?: Headers,
): Promise<Response> {
  const details = await oauth.describeConsent(request);
  const consent = await oauth.beginConsent(request);
  for (const cookie of headers?.getSetCookie() ?? []) consent.headers.append("Set-Cookie", cookie);
  logEvent("authorize.consent_asked");
  return renderConsentPage({ details, scopes: todoScopesOf(request), ...consent });
}

/** @throws {AuthorizationError} when the client's registration has ended while the person was signing in */
async function requireRegisteredClient(env: Env, clientId: string): Promise<void> {
  if ((await env.OAUTH_PROVIDER.lookupClient(clientId)) !== null) return;
  throw new AuthorizationError("invalid_request", { description: "This app is no longer registered." });
}

/** Makes the grant and the PingSession behind it. @returns where the client gets its code */
async function grantAccess(
  env: Env,
  request: AuthRequest,
  { signIn, userId }: { signIn: PingSignIn; userId: string },
): Promise<string> {
  const pingSessionId = crypto.randomUUID();
  const session = env.PING_SESSION.getByName(pingSessionId);
  await session.open(signIn.tokens);
  try {
    const { redirectTo } = await forgetReplacedSessions(env, userId, () =>
      env.OAUTH_PROVIDER.completeAuthorization({
        request,
        userId,
        metadata: { pingSessionId } satisfies GrantMetadata,
        scope: signIn.scopes.slice(),
        props: { version: 1, person: signIn.person, pingSessionId } satisfies Props,
      }),
    );
    return redirectTo;
  } catch (error) {
    // No grant will ever name this session.
    await session.end({ revoke: true });
    throw error;
  }
}

/** @throws {AuthorizationError} when the form is not the one that the consent page shows */
async function readConsentForm(request: Request): Promise<{ handle: string; decision: "approve" | "deny" }> {
  const refuse = (description: string): never => {
    throw new AuthorizationError("invalid_request", { description });
  };
  if (!isForm(request)) refuse("The form was not sent as a form.");
  const form = new URLSearchParams(await request.clone().text());
  const [handle, ...otherHandles] = form.getAll("handle");
  const [decision, ...otherDecisions] = form.getAll("decision");
  if (handle === undefined || otherHandles.length > 0) return refuse("The form is incomplete.");
  if ((decision !== "approve" && decision !== "deny") || otherDecisions.length > 0) {
    return refuse("The form does not say whether you allow or refuse.");
  }
  return { handle, decision };
}

function redirect(location: string, headers: Headers): Response {
  headers.set("Location", location);
  headers.set("Cache-Control", "no-store");
  headers.set("Referrer-Policy", "no-referrer");
  return new Response(null, { status: 302, headers });
}

/** Something failed, but the MCP client and its redirect URI are known: it hears about it as an OAuth error. */
function redirectUpstreamFailure(error: unknown, request: AuthRequest, headers: Headers): Response {
  const reference = createReference();
  if (error instanceof UpstreamOAuthError) {
    const code = mapUpstreamFailure(error);
    const { failure, detail } = error;
    logProblem("callback.pingone_failed", { reference, failure, detail, error: code });
    return redirect(redirectWithPingOneError(request, code), headers);
  }
  logProblem("callback.failed", { reference, error: error instanceof Error ? error.name : "unknown" });
  return redirect(
    authorizationErrorRedirect(request, "server_error", "The sign-in failed in this server."),
    headers,
  );
}

function renderFailure(error: unknown, headers = new Headers()): Response | Promise<Response> {
  if (error instanceof AuthorizationError) {
    if (error.redirectTo !== undefined) return redirect(error.redirectTo, headers);
    logEvent("authorize.rejected", { error: error.code });
    return renderErrorPage({
      status: 400,
      title: "This sign-in cannot continue",
      text: error.description,
      nextStep: `${START_AGAIN} A sign-in page works once, for ten minutes, in the browser that opened it.`,
      headers,
    });
  }
  const reference = createReference();
  if (error instanceof CimdFetchError) {
    logProblem("authorize.client_metadata_failed", { reference, reason: error.reason });
    return renderErrorPage({
      status: 400,
      title: "This app could not be verified",
      text: "The document in which this app describes itself could not be read.",
      nextStep: "Try again later, or ask the maker of the app.",
      reference,
      headers,
    });
  }
  logProblem("authorize.failed", { reference, error: error instanceof Error ? error.name : "unknown" });
  return renderErrorPage({
    status: 500,
    title: "Something went wrong here",
    text: "The sign-in could not be completed because of an error in this server.",
    nextStep: START_AGAIN,
    reference,
    headers,
  });
}
