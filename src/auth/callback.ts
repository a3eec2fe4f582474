/**
 * `/callback`: the return from PingOne. The person is known only here, so here it is decided whether they have approved
 * the MCP client; where they have not, they are asked on a page before any access is given.
 */
import {
  AuthorizationError,
  type AuthRequest,
  OAuthError,
  type OAuthProviderOptions,
} from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import { ENDPOINTS, type Env, type Person, type Props, type Settings, type TodoScope } from "../config.ts";
import { logEvent, logProblem, requestId } from "../log.ts";
import { userIdOf } from "./credentials.ts";
import { personOf } from "./grants.ts";
import { renderConsentPage } from "./pages.tsx";
import type { GrantMetadata } from "./person-tables.ts";
import { readCorrelationId, readErrorCode } from "./ping-failures.ts";
import { clientSignInTransactionSchema, type PendingApproval, pendingApprovalSchema } from "./ping-types.ts";
import { redeemAuthorizationResponse } from "./ping-utils.ts";
import { keepRegistration } from "./registration.ts";
import { askedPersonCookie, forgottenPersonCookie, readAskedPerson } from "./sealed-cookies.ts";
import { redirect, redirectFailure, renderFailure } from "./sign-in-failures.ts";
import { finishSignOutSignIn, isSignOutState } from "./signout-handler.ts";
import {
  mapPingOneError,
  readDecision,
  redirectWithPingOneError,
  todoScopesOf,
} from "./workers-oauth-utils.ts";

type App = { Bindings: Env };

/** Somebody who has signed in at PingOne, and whose tokens wait in a PingSession. */
interface SignedIn {
  readonly userId: string;
  readonly person: Person;
  readonly scopes: readonly TodoScope[];
  readonly pingSessionId: string;
}

export function createCallbackHandler(
  settings: Settings,
  options: () => OAuthProviderOptions<Env>,
): Hono<App> {
  const app = new Hono<App>();
  const secret = settings.COOKIE_ENCRYPTION_KEY;

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
    const transaction = clientSignInTransactionSchema.safeParse(data);
    if (!transaction.success) throw expired();
    if (url.searchParams.has("error")) return returnRefusal(settings, { request, headers, url });
    try {
      await requireRegisteredClient(c.env, request.clientId);
      const signIn = await redeemAuthorizationResponse(settings, {
        response: url,
        redirectUri: new URL(ENDPOINTS.callback, settings.MCP_RESOURCE).href,
        transaction: transaction.data,
        requested: todoScopesOf(request),
      });
      if (signIn.kind === "failed") {
        if (signIn.refreshToken !== undefined) await discard(c.env, signIn.refreshToken);
        return redirectFailure(signIn, request, headers);
      }
      const { person, tokens } = signIn.value;
      if (tokens.scopes.length === 0) {
        logEvent("callback.no_scope_granted");
        if (tokens.refreshToken !== undefined) await discard(c.env, tokens.refreshToken);
        return redirect(redirectWithPingOneError(request, "access_denied"), headers);
      }
      const userId = await userIdOf(person.sub);
      const asked = await readAskedPerson(c, secret);
      if (asked !== undefined && asked !== userId) headers.append("Set-Cookie", forgottenPersonCookie());
      const pingSessionId = crypto.randomUUID();
      const session = c.env.PING_SESSION.getByName(pingSessionId);
      await session.open({ id: pingSessionId, userId, tokens });
      const signedIn = { userId, person, scopes: tokens.scopes, pingSessionId };
      return await admit(c, { request, headers, signedIn, approvedAt: transaction.data.approvedAt });
    } catch (error) {
      if (error instanceof AuthorizationError) return renderFailure(error, headers);
      return redirectFailure(error, request, headers);
    }
  });

  /** The answer to the page that {@link askAgain} shows. */
  app.post(ENDPOINTS.callback, async (c) => {
    const { handle, decision } = await readDecision(c.req.raw);
    const { request, data, headers } = await c.env.OAUTH_PROVIDER.finishUpstream(
      new Request(stateUrl(c.req.url, handle), { headers: c.req.raw.headers }),
    );
    const pending = pendingApprovalSchema.safeParse(data);
    if (!pending.success) throw expired();
    const signedIn = pending.data;
    const session = c.env.PING_SESSION.getByName(signedIn.pingSessionId);
    // Somebody else has signed in in this browser since: the page that is still open is not theirs to answer.
    if ((await readAskedPerson(c, secret)) !== signedIn.userId) {
      await session.end({ revoke: true, requestId: requestId() });
      throw new AuthorizationError("invalid_request", {
        description: "Another person has signed in in this browser since this page was shown.",
      });
    }
    if (decision === "deny") {
      logEvent("authorize.consent_refused");
      await session.end({ revoke: true, requestId: requestId() });
      return redirect(redirectWithPingOneError(request, "access_denied"), headers);
    }
    if (!(await session.take())) throw expired();
    logEvent("authorize.consent_given");
    try {
      return await admit(c, { request, headers, signedIn, approvedAt: Date.now() });
    } catch (error) {
      return redirectFailure(error, request, headers);
    }
  });

  /** Gives the client its access if this person has approved it, and asks them otherwise. */
  async function admit(
    c: Context<App>,
    callback: { request: AuthRequest; headers: Headers; signedIn: SignedIn; approvedAt: number | undefined },
  ): Promise<Response> {
    const { request, headers, signedIn, approvedAt } = callback;
    const { userId, scopes, pingSessionId } = signedIn;
    try {
      const admission = await personOf(c.env, userId).admit({
        clientId: request.clientId,
        redirectUri: request.redirectUri,
        resource: settings.MCP_RESOURCE.href,
        scopes: todoScopesOf(request),
        approvedAt,
      });
      if (admission.kind === "ask") return await askAgain(c, { request, headers, signedIn });
      const redirectTo = await grantAccess(c.env, request, signedIn, admission.admittedAt);
      await keepRegistration(options(), c.env, request.clientId);
      logEvent("callback.signed_in", { scopes: scopes.join(" ") });
      return redirect(redirectTo, headers);
    } catch (error) {
      // No grant will ever name this session.
      await c.env.PING_SESSION.getByName(pingSessionId).end({ revoke: true, requestId: requestId() });
      if (!(error instanceof OAuthError)) throw error;
      // The person has ended this client's access while it was being made.
      logEvent("callback.ended_meanwhile");
      return redirect(redirectWithPingOneError(request, "access_denied"), headers);
    }
  }

  async function askAgain(
    c: Context<App>,
    { request, headers, signedIn }: { request: AuthRequest; headers: Headers; signedIn: SignedIn },
  ): Promise<Response> {
    const oauth = c.env.OAUTH_PROVIDER;
    const details = await oauth.describeConsent(request);
    const data: PendingApproval = { kind: "approval", ...signedIn, scopes: [...signedIn.scopes] };
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

/** The provider reads a state from the address; a form's is kept out of it. */
function stateUrl(address: string, state: string): URL {
  const url = new URL(address);
  url.search = new URLSearchParams({ state }).toString();
  return url;
}

/** PingOne did not sign the person in, and says so in the address. */
function returnRefusal(
  settings: Settings,
  { request, headers, url }: { request: AuthRequest; headers: Headers; url: URL },
): Response {
  const error = url.searchParams.get("error") ?? "";
  // RFC 9207 §2.4: what another server says is not the person's answer.
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
async function requireRegisteredClient(env: Env, clientId: string): Promise<void> {
  if ((await env.OAUTH_PROVIDER.lookupClient(clientId)) !== null) return;
  throw new AuthorizationError("invalid_request", { description: "This app is no longer registered." });
}

function expired(): AuthorizationError {
  return new AuthorizationError("invalid_request", {
    description: "This authorization expired or was already used.",
  });
}

/** PingOne has issued a refresh token for a sign-in that ends here. */
async function discard(env: Env, refreshToken: string): Promise<void> {
  try {
    const session = env.PING_SESSION.getByName(crypto.randomUUID());
    await session.discard(refreshToken, { requestId: requestId() });
  } catch (error) {
    logProblem("callback.token_not_discarded", { error: error instanceof Error ? error.name : "unknown" });
  }
}

/** Makes the grant in front of the PingSession. @returns where the client gets its code */
async function grantAccess(
  env: Env,
  request: AuthRequest,
  { userId, person, scopes, pingSessionId }: SignedIn,
  admittedAt: number,
): Promise<string> {
  const client = await env.OAUTH_PROVIDER.lookupClient(request.clientId);
  const clientName = client?.clientName;
  const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
    request,
    userId,
    metadata: {
      pingSessionId,
      admittedAt,
      ...(clientName !== undefined && { clientName }),
    } satisfies GrantMetadata,
    scope: [...scopes],
    props: { version: 1, person, pingSessionId } satisfies Props,
    // The person's object replaces an older grant, when this one's code is redeemed.
    revokeExistingGrants: false,
  });
  return redirectTo;
}
