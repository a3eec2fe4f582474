/**
 * `/callback`: the redirect from PingOne. The person is first identified here, so this is where the Worker checks that
 * they have approved the MCP client. If they have not, it shows the consent page before it issues a grant.
 */
import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
  type ClientInfo,
  OAuthError,
} from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import { ENDPOINTS, type Env, type Props, type Settings, type TodoScope } from "../config.ts";
import { errorName, logEvent, logProblem, requestId } from "../log.ts";
import { userIdOf } from "./credentials.ts";
import { personOf } from "./grant-keeper.ts";
import { renderConsentPage } from "./pages.tsx";
import type { Admission } from "./person.ts";
import type { GrantMetadata } from "./person-tables.ts";
import { describeFailure, readCorrelationId, readErrorCode } from "./ping-failures.ts";
import type { PingSession } from "./ping-session.ts";
import {
  clientSignInTransactionSchema,
  type PendingApproval,
  type PingTokens,
  pendingApprovalSchema,
} from "./ping-types.ts";
import { redeemAuthorizationResponse, revokeRefreshToken } from "./ping-utils.ts";
import { keepRegistration } from "./registration.ts";
import { askedPersonCookie, clearedAskedPersonCookie, readAskedPerson } from "./sealed-cookies.ts";
import { endSignIn, redirect, redirectPingFailure, renderFailure } from "./sign-in-failures.ts";
import { finishSignOutSignIn, isSignOutState } from "./signout-handler.ts";
import {
  mapPingOneError,
  readDecision,
  redirectWithPingOneError,
  requireOnce,
  todoScopesOf,
} from "./workers-oauth-utils.ts";

type App = { Bindings: Env };

/** A person who has signed in at PingOne; their tokens are stored in a PingSession. */
type SignedIn = Omit<PendingApproval, "kind">;

/** The scopes of the page on which the person pressed Allow, and when: in epoch milliseconds, or `now`. */
interface Approval {
  readonly at: number | "now";
  readonly scopes: readonly TodoScope[];
}

/** A completed sign-in that is about to be returned to the MCP client. */
interface Return {
  readonly request: AuthRequest;
  /** The cookies that go with the answer. */
  readonly headers: Headers;
  readonly signedIn: SignedIn;
  readonly clientName: string | undefined;
  /** Whether this person may give this client access, which their object says. */
  readonly admission: Promise<Admission>;
  /** Whether the person was asked in this sign-in. */
  readonly isApproval: boolean;
}

export function createCallbackHandler(settings: Settings): Hono<App> {
  const app = new Hono<App>();
  const secret = settings.COOKIE_ENCRYPTION_KEY;

  app.get(ENDPOINTS.callback, (c) => toItsEnd(c, finishSignIn(c)));

  async function finishSignIn(c: Context<App>): Promise<Response> {
    const url = new URL(c.req.url);
    // Before the state is consumed, so that a malformed URL does not use it up.
    requireOnce(url, ["state", "code", "error", "iss"]);
    if (isSignOutState(url.searchParams.get("state"))) return finishSignOutSignIn(c, settings);
    const { request, data, headers } = await c.env.OAUTH_PROVIDER.finishUpstream(c.req.raw);
    const transaction = clientSignInTransactionSchema.safeParse(data);
    if (!transaction.success) return renderFailure(pastPageError(), headers);
    if (url.searchParams.has("error")) return returnRefusal(settings, { request, headers, url });
    try {
      // Before PingOne's code is spent.
      const { clientName } = await requireClient(c.env, request.clientId);
      const signIn = await redeemAuthorizationResponse(settings, {
        response: url,
        transaction: transaction.data,
        requested: todoScopesOf(request),
      });
      if (signIn.kind === "failed") {
        await revoke(c.env, settings, signIn.refreshToken);
        return redirectPingFailure(signIn, request, headers);
      }
      const { person, tokens } = signIn.value;
      const userId = await userIdOf(person.sub);
      const cleared = await clearedAskedPersonCookie(c, secret, userId);
      if (cleared !== undefined) headers.append("Set-Cookie", cleared);
      if (tokens.scopes.length === 0) {
        logEvent("callback.no_scope_granted");
        await revoke(c.env, settings, tokens.refreshToken);
        return redirect(redirectWithPingOneError(request, "access_denied"), headers);
      }
      const { approvedAt } = transaction.data;
      const approval =
        approvedAt === undefined ? undefined : { at: approvedAt, scopes: todoScopesOf(request) };
      // Two Durable Objects, called in parallel: neither call depends on the other.
      const admission = admit(c.env, request, { userId, scopes: tokens.scopes, approval });
      const pingSessionId = await openPingSession(c.env, settings, { userId, tokens });
      const signedIn = { userId, person, scopes: tokens.scopes, pingSessionId };
      const isApproval = approval !== undefined;
      return await grantOrAsk(c, { request, headers, signedIn, clientName, admission, isApproval });
    } catch (error) {
      return endSignIn(error, request, headers);
    }
  }

  app.post(ENDPOINTS.callback, (c) => toItsEnd(c, finishApproval(c)));

  /** The answer to the page that {@link askForApproval} shows. */
  async function finishApproval(c: Context<App>): Promise<Response> {
    const { handle, decision } = await readDecision(c.req.raw);
    const { request, data, headers } = await c.env.OAUTH_PROVIDER.finishUpstream(
      new Request(stateUrl(c.req.url, handle), { headers: c.req.raw.headers }),
    );
    const pending = pendingApprovalSchema.safeParse(data);
    if (!pending.success) return renderFailure(pastPageError(), headers);
    const signedIn = pending.data;
    const session = c.env.PING_SESSION.getByName(signedIn.pingSessionId);
    try {
      // One answer counts, and only one that the person in front of this browser can have given: the page may still be
      // open when somebody else has signed in.
      if (!(await session.take())) throw pastPageError();
      return await endingUnlessGranted(session, async () => {
        if ((await readAskedPerson(c, secret)) !== signedIn.userId) {
          throw new AuthorizationError("invalid_request", {
            description: "Another person has signed in in this browser since this page was shown.",
          });
        }
        if (decision === "deny") {
          logEvent("authorize.consent_refused");
          await session.end({ requestId: requestId() });
          return redirect(
            authorizationErrorRedirect(request, "access_denied", "The person refused access."),
            headers,
          );
        }
        logEvent("authorize.consent_given");
        const { clientName } = await requireClient(c.env, request.clientId);
        const { userId, scopes } = signedIn;
        const admission = admit(c.env, request, { userId, scopes, approval: { at: "now", scopes } });
        return grantOrAsk(c, { request, headers, signedIn, clientName, admission, isApproval: true });
      });
    } catch (error) {
      return endSignIn(error, request, headers);
    }
  }

  /** Gives the client its access if this person has approved it, and asks them otherwise. */
  async function grantOrAsk(c: Context<App>, back: Return): Promise<Response> {
    const { request, headers, signedIn, isApproval } = back;
    const session = c.env.PING_SESSION.getByName(signedIn.pingSessionId);
    try {
      return await endingUnlessGranted(session, async () => {
        const admission = await back.admission;
        if (admission.kind === "ask") return askForApproval(c, back);
        const redirectTo = await grantAccess(c.env, back, admission.admittedAt);
        if (isApproval) await keepRegistration(c.env.OAUTH_PROVIDER, request.clientId);
        logEvent("callback.signed_in", { scopes: signedIn.scopes.join(" ") });
        return redirect(redirectTo, headers);
      });
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      logEvent("callback.ended_meanwhile");
      return redirect(
        authorizationErrorRedirect(request, "access_denied", "The person ended this app's access."),
        headers,
      );
    }
  }

  function admit(
    env: Env,
    { clientId, redirectUri }: AuthRequest,
    { userId, ...asked }: { userId: string; scopes: readonly TodoScope[]; approval: Approval | undefined },
  ): Promise<Admission> {
    const client = { clientId, redirectUri, resource: settings.MCP_RESOURCE.href };
    const admission = personOf(env, userId).admit({ client, ...asked });
    // Avoids an unhandled rejection where the promise is not awaited.
    admission.catch(() => {});
    return admission;
  }

  async function askForApproval(c: Context<App>, { request, headers, signedIn }: Return): Promise<Response> {
    const oauth = c.env.OAUTH_PROVIDER;
    const details = await oauth.describeConsent(request);
    const data: PendingApproval = { kind: "approval", ...signedIn };
    const pending = await oauth.beginUpstream(request, { data, headers });
    pending.headers.append("Set-Cookie", await askedPersonCookie(secret, signedIn.userId));
    logEvent("callback.consent_asked");
    return renderConsentPage({
      details,
      scopes: signedIn.scopes,
      handle: pending.state,
      headers: pending.headers,
      signedInAs: signedIn.person,
    });
  }

  return app;
}

/**
 * Cloudflare cancels the work of a request whose client has disconnected. `waitUntil` lets it finish, so that tokens
 * which PingOne has issued are stored or revoked.
 */
function toItsEnd(c: Context<App>, work: Promise<Response>): Promise<Response> {
  c.executionCtx.waitUntil(work.catch(() => {}));
  return work;
}

/** Ends the PingSession if the work fails: no grant refers to it then. */
async function endingUnlessGranted(
  session: DurableObjectStub<PingSession>,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    try {
      await session.end({ requestId: requestId() });
    } catch (endError) {
      // The session ends by itself within ten minutes; report the original error.
      logProblem("callback.session_not_ended", { error: errorName(endError) });
    }
    throw error;
  }
}

/** The URL with `state` as its only query parameter, where the provider reads it; the form sends it in the body. */
function stateUrl(address: string, state: string): URL {
  const url = new URL(address);
  url.search = new URLSearchParams({ state }).toString();
  return url;
}

/** PingOne returned an error response (RFC 6749 §4.1.2.1). */
function returnRefusal(
  settings: Settings,
  { request, headers, url }: { request: AuthRequest; headers: Headers; url: URL },
): Response {
  const error = url.searchParams.get("error") ?? "";
  // RFC 9207 §2.4: ignore an error response of another issuer.
  const issuer = url.searchParams.get("iss");
  const isPingOne = issuer === null || URL.parse(issuer)?.href === settings.PINGONE_ISSUER.href;
  const code = isPingOne ? mapPingOneError(error) : "server_error";
  logEvent("callback.refused_at_pingone", {
    error: code,
    pingone_error: readErrorCode(error),
    correlation_id: readCorrelationId(url.searchParams.get("error_description")),
  });
  return redirect(redirectWithPingOneError(request, code), headers);
}

/** @throws {AuthorizationError} when the client's registration has ended while the person was signing in */
async function requireClient(env: Env, clientId: string): Promise<ClientInfo> {
  const client = await env.OAUTH_PROVIDER.lookupClient(clientId);
  if (client !== null) return client;
  throw new AuthorizationError("invalid_request", { description: "This app is no longer registered." });
}

function pastPageError(): AuthorizationError {
  return new AuthorizationError("invalid_request", {
    description: "This authorization expired or was already used.",
  });
}

/** Stores the tokens in a new PingSession; revokes them if that fails. @returns its name */
async function openPingSession(
  env: Env,
  settings: Settings,
  { userId, tokens }: { userId: string; tokens: PingTokens },
): Promise<string> {
  const id = crypto.randomUUID();
  try {
    await env.PING_SESSION.getByName(id).open({ id, userId, tokens });
    return id;
  } catch (error) {
    await revoke(env, settings, tokens.refreshToken);
    throw error;
  }
}

/** Revokes the refresh token of a failed sign-in, through a PingSession that repeats the request. Never throws. */
async function revoke(env: Env, settings: Settings, refreshToken: string | undefined): Promise<void> {
  if (refreshToken === undefined) return;
  try {
    const session = env.PING_SESSION.getByName(crypto.randomUUID());
    await session.discard(refreshToken, { requestId: requestId() });
  } catch (error) {
    // The object cannot be reached: try once from here.
    const result = await revokeRefreshToken(settings, refreshToken);
    if (result.kind === "ok") return;
    logProblem("callback.token_not_revoked", { error: errorName(error), ...describeFailure(result) });
  }
}

/** Creates the grant that refers to the PingSession. @returns the redirect with the client's code */
async function grantAccess(
  env: Env,
  { request, signedIn, clientName }: Return,
  admittedAt: number,
): Promise<string> {
  const { userId, person, scopes, pingSessionId } = signedIn;
  const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
    request,
    userId,
    metadata: {
      pingSessionId,
      admittedAt,
      ...(clientName !== undefined && { clientName }),
    } satisfies GrantMetadata,
    scope: scopes,
    props: { version: 1, person, pingSessionId } satisfies Props,
    // The person's object replaces an older grant, when this one's code is redeemed.
    revokeExistingGrants: false,
  });
  return redirectTo;
}
