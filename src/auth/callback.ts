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
import type { z } from "zod";
import { ENDPOINTS, type Env, type Props, type Settings, type TodoScope } from "../config.ts";
import { errorName, logEvent, logProblem, requestId } from "../log.ts";
import { userIdOf } from "./credentials.ts";
import { personOf } from "./grant-keeper.ts";
import { renderConsentPage } from "./pages.tsx";
import type { Admission, AdmissionRequest } from "./person.ts";
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
import { endSignIn, redirect, redirectPingFailure } from "./sign-in-failures.ts";
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

type Approval = AdmissionRequest["approval"];

/** The MCP client's request, and the cookies that go with the answer to it. */
interface Return {
  readonly request: AuthRequest;
  readonly headers: Headers;
}

/** A completed sign-in that is about to be returned to the MCP client. */
interface Completed extends Return {
  readonly signedIn: SignedIn;
  readonly clientName: string | undefined;
  /** Whether this person may give this client access, which their object says. */
  readonly admission: Promise<Admission>;
  /** Whether the person was asked in this sign-in. */
  readonly isApproval: boolean;
}

export function createCallbackHandler(settings: Settings): Hono<App> {
  const app = new Hono<App>();
  app.get(ENDPOINTS.callback, (c) => toItsEnd(c, finishSignIn(c, settings)));
  app.post(ENDPOINTS.callback, (c) => toItsEnd(c, finishApproval(c, settings)));
  return app;
}

async function finishSignIn(c: Context<App>, settings: Settings): Promise<Response> {
  const url = new URL(c.req.url);
  // Before the state is consumed, so that a malformed URL does not use it up.
  requireOnce(url, ["state", "code", "error", "iss"]);
  if (isSignOutState(url.searchParams.get("state"))) return finishSignOutSignIn(c, settings);
  return continueUpstream(c, c.req.raw, clientSignInTransactionSchema, async (transaction, back) => {
    const { request, headers } = back;
    if (url.searchParams.has("error")) return returnRefusal(settings, back, url);
    // Before PingOne's code is spent.
    const { clientName } = await requireClient(c.env, request.clientId);
    const requested = todoScopesOf(request);
    const signIn = await redeemAuthorizationResponse(settings, { response: url, transaction, requested });
    if (signIn.kind === "failed") {
      await revoke(c.env, settings, signIn.refreshToken);
      return redirectPingFailure(signIn, request, headers);
    }
    const { person, tokens } = signIn.value;
    const { scopes } = tokens;
    const userId = userIdOf(person.sub);
    const cleared = await clearedAskedPersonCookie(c, settings.COOKIE_ENCRYPTION_KEY, userId);
    if (cleared !== undefined) headers.append("Set-Cookie", cleared);
    if (scopes.length === 0) {
      logEvent("callback.no_scope_granted");
      await revoke(c.env, settings, tokens.refreshToken);
      return redirect(redirectWithPingOneError(request, "access_denied"), headers);
    }
    const { approvedAt } = transaction;
    const approval = approvedAt === undefined ? undefined : { at: approvedAt, scopes: requested };
    // Two Durable Objects, called in parallel: neither call depends on the other.
    const admission = admit(c.env, settings, request, { userId, scopes, approval });
    const pingSessionId = await openPingSession(c.env, settings, { userId, tokens });
    const signedIn = { userId, person, scopes, pingSessionId };
    const isApproval = approval !== undefined;
    return grantOrAsk(c, settings, { ...back, signedIn, clientName, admission, isApproval });
  });
}

/** The answer to the page that {@link askForApproval} shows. */
async function finishApproval(c: Context<App>, settings: Settings): Promise<Response> {
  const { handle, decision } = await readDecision(c.req.raw);
  const returned = new Request(stateUrl(c.req.url, handle), { headers: c.req.raw.headers });
  return continueUpstream(c, returned, pendingApprovalSchema, async (signedIn, back) => {
    const session = c.env.PING_SESSION.getByName(signedIn.pingSessionId);
    // One answer counts, and only one that the person in front of this browser can have given: the page may still be
    // open when somebody else has signed in.
    if (!(await session.take())) throw pastPageError();
    return endingUnlessGranted(session, async () => {
      const { userId, scopes } = signedIn;
      if ((await readAskedPerson(c, settings.COOKIE_ENCRYPTION_KEY)) !== userId) {
        throw invalidRequest("Another person has signed in in this browser since this page was shown.");
      }
      if (decision === "deny") {
        logEvent("authorize.consent_refused");
        await session.end({ requestId: requestId() });
        return redirectDenied(back, "The person refused access.");
      }
      logEvent("authorize.consent_given");
      const { clientName } = await requireClient(c.env, back.request.clientId);
      const approval = { at: "now", scopes } as const;
      const admission = admit(c.env, settings, back.request, { userId, scopes, approval });
      return grantOrAsk(c, settings, { ...back, signedIn, clientName, admission, isApproval: true });
    });
  });
}

/** Continues what was stored when the browser left, and ends it at the MCP client if that fails. */
async function continueUpstream<T>(
  c: Context<App>,
  returned: Request,
  schema: z.ZodType<T>,
  work: (stored: T, back: Return) => Promise<Response>,
): Promise<Response> {
  const { request, data, headers } = await c.env.OAUTH_PROVIDER.finishUpstream(returned);
  try {
    const stored = schema.safeParse(data);
    if (!stored.success) throw pastPageError();
    return await work(stored.data, { request, headers });
  } catch (error) {
    return endSignIn(error, request, headers);
  }
}

/** Gives the client its access if this person has approved it, and asks them otherwise. */
async function grantOrAsk(c: Context<App>, settings: Settings, completed: Completed): Promise<Response> {
  const { request, headers, signedIn, isApproval } = completed;
  const session = c.env.PING_SESSION.getByName(signedIn.pingSessionId);
  try {
    return await endingUnlessGranted(session, async () => {
      const admission = await completed.admission;
      if (admission.kind === "ask") return askForApproval(c, settings, completed);
      const redirectTo = await grantAccess(c.env, completed, admission.admittedAt);
      if (isApproval) await keepRegistration(c.env.OAUTH_PROVIDER, request.clientId);
      logEvent("callback.signed_in", { scopes: signedIn.scopes.join(" ") });
      return redirect(redirectTo, headers);
    });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    logEvent("callback.ended_meanwhile");
    return redirectDenied(completed, "The person ended this app's access.");
  }
}

function admit(
  env: Env,
  { MCP_RESOURCE }: Settings,
  { clientId, redirectUri }: AuthRequest,
  { userId, ...asked }: { userId: string; scopes: readonly TodoScope[]; approval: Approval },
): Promise<Admission> {
  const client = { clientId, redirectUri, resource: MCP_RESOURCE.href };
  const admission = personOf(env, userId).admit({ client, ...asked });
  // Avoids an unhandled rejection where the promise is not awaited.
  admission.catch(() => {});
  return admission;
}

async function askForApproval(
  c: Context<App>,
  { COOKIE_ENCRYPTION_KEY }: Settings,
  { request, headers, signedIn }: Completed,
): Promise<Response> {
  const oauth = c.env.OAUTH_PROVIDER;
  const details = await oauth.describeConsent(request);
  const data: PendingApproval = { kind: "approval", ...signedIn };
  const { state: handle, headers: pending } = await oauth.beginUpstream(request, { data, headers });
  pending.append("Set-Cookie", await askedPersonCookie(COOKIE_ENCRYPTION_KEY, signedIn.userId));
  logEvent("callback.consent_asked");
  const { scopes, person: signedInAs } = signedIn;
  return renderConsentPage({ details, scopes, handle, headers: pending, signedInAs });
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
function returnRefusal(settings: Settings, { request, headers }: Return, url: URL): Response {
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

/** The MCP client gets `access_denied`. */
function redirectDenied({ request, headers }: Return, description: string): Response {
  return redirect(authorizationErrorRedirect(request, "access_denied", description), headers);
}

/** @throws {AuthorizationError} when the client's registration has ended while the person was signing in */
async function requireClient(env: Env, clientId: string): Promise<ClientInfo> {
  const client = await env.OAUTH_PROVIDER.lookupClient(clientId);
  if (client === null) throw invalidRequest("This app is no longer registered.");
  return client;
}

function pastPageError(): AuthorizationError {
  return invalidRequest("This authorization expired or was already used.");
}

function invalidRequest(description: string): AuthorizationError {
  return new AuthorizationError("invalid_request", { description });
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
  { request, signedIn, clientName }: Completed,
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
