/**
 * `/authorize`: the Worker's own consent page and the redirect to PingOne. `callback.ts` handles the return.
 *
 * The Worker asks for consent to each MCP client before it redirects to PingOne, because all clients share one
 * application there (MCP security best practices: confused deputy).
 */
import type { AuthRequest } from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import { ENDPOINTS, type Env, type Settings, THIRTY_DAYS_SECONDS } from "../config.ts";
import { logEvent } from "../log.ts";
import { renderConsentPage } from "./pages.tsx";
import type { ClientSignInTransaction } from "./ping-types.ts";
import { buildAuthorizationUrl, createSignInTransaction } from "./ping-utils.ts";
import { endSignIn, redirect, redirectPingFailure } from "./sign-in-failures.ts";
import {
  normalizeAuthorizationRequest,
  readDecision,
  requireReadableAuthorizationRequest,
  todoScopesOf,
} from "./workers-oauth-utils.ts";

type App = { Bindings: Env };

export function createAuthorizeHandler(settings: Settings): Hono<App> {
  const app = new Hono<App>();
  // Without a subject: the person is not known before PingOne's response. The callback decides.
  const remember = { secret: settings.COOKIE_ENCRYPTION_KEY, maxAgeSeconds: THIRTY_DAYS_SECONDS };

  app.get(ENDPOINTS.authorize, async (c) => {
    const oauth = c.env.OAUTH_PROVIDER;
    const url = new URL(c.req.url);
    requireReadableAuthorizationRequest(url);
    const request = normalizeAuthorizationRequest(await oauth.parseAuthRequest(c.req.raw), url);
    if (await oauth.isConsentRemembered(c.req.raw, request, remember)) {
      logEvent("authorize.consent_remembered");
      return redirectToPingOne(c, settings, { request, headers: new Headers() });
    }
    const details = await oauth.describeConsent(request);
    const consent = await oauth.beginConsent(request);
    logEvent("authorize.consent_asked");
    return renderConsentPage({ details, scopes: todoScopesOf(request), ...consent });
  });

  app.post(ENDPOINTS.authorize, async (c) => {
    const oauth = c.env.OAUTH_PROVIDER;
    const { handle, decision } = await readDecision(c.req.raw);
    if (decision === "deny") {
      const denied = await oauth.denyConsent(c.req.raw, handle, {
        description: "The person refused access.",
      });
      logEvent("authorize.consent_refused");
      return redirect(denied.redirectTo, denied.headers);
    }
    const { request, headers } = await oauth.approveConsent(c.req.raw, handle, { remember });
    logEvent("authorize.consent_given");
    return redirectToPingOne(c, settings, { request, headers, approvedAt: Date.now() });
  });

  return app;
}

async function redirectToPingOne(
  c: Context<App>,
  settings: Settings,
  options: { request: AuthRequest; headers: Headers; approvedAt?: number },
): Promise<Response> {
  const { request, headers, approvedAt } = options;
  const transaction: ClientSignInTransaction = {
    kind: "sign_in",
    ...createSignInTransaction(),
    ...(approvedAt !== undefined && { approvedAt }),
  };
  // Before the transaction is created, so that no cookie or KV record is left if discovery fails.
  const location = await buildAuthorizationUrl(settings, {
    scopes: todoScopesOf(request),
    transaction,
  });
  if (location.kind === "failed") return redirectPingFailure(location, request, headers);
  try {
    const upstream = await c.env.OAUTH_PROVIDER.beginUpstream(request, { data: transaction, headers });
    location.value.searchParams.set("state", upstream.state);
    return redirect(location.value.href, upstream.headers);
  } catch (error) {
    return endSignIn(error, request, headers);
  }
}
