/** Composes the Worker: settings, the OAuth provider, and the routes around it. */
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { renderLandingPage } from "./auth/pages.tsx";
import { createPingHandler } from "./auth/ping-handler.ts";
import { createProviderOptions, createRegistrationOptions, endSessionWithGrant } from "./auth/provider.ts";
import { answerRegistration, grantAtStake, withoutRepeatedClientId } from "./auth/workers-oauth-utils.ts";
import { withBudget } from "./budget.ts";
import { ENDPOINTS, type Env, parseSettings, SERVER_INFO, type Settings, SettingsError } from "./config.ts";
import { explainSettings, routeName, serveByHttpRules, withTransportSecurity } from "./http-rules.ts";
import { logRequest } from "./log.ts";
import { createMcpRouter } from "./mcp-router.ts";
import { answerMetadata } from "./metadata.ts";
import { purgeExpiredGrants } from "./purge.ts";
import { TOOLS } from "./tools.ts";

export { PingSession } from "./auth/ping-session.ts";
export { TodoMcpServer } from "./mcp.ts";

interface App {
  readonly settings: Settings;
  readonly provider: OAuthProvider<Env>;
  /** Serves `/register` only: what it stores lives shorter until it is used. */
  readonly registration: OAuthProvider<Env>;
}

/** One per isolate: settings change only with a new deployment, which brings new isolates. */
let composed: App | undefined;

/** @throws {SettingsError} */
function compose(env: Env): App {
  if (composed !== undefined) return composed;
  const settings = parseSettings(env);
  const handlers = { apiHandler: createMcpRouter(settings), defaultHandler: createDefaultHandler(settings) };
  composed = {
    settings,
    provider: new OAuthProvider<Env>(createProviderOptions(settings, handlers)),
    registration: new OAuthProvider<Env>(createRegistrationOptions(settings, handlers)),
  };
  return composed;
}

function createDefaultHandler(settings: Settings): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.get(ENDPOINTS.landing, () => renderLandingPage({ resource: settings.MCP_RESOURCE.href, tools: TOOLS }));
  app.get(ENDPOINTS.health, (c) =>
    c.json({ status: "ok", name: SERVER_INFO.name, version: SERVER_INFO.version }),
  );
  app.route("/", createPingHandler(settings));
  return app;
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const route = routeName(new URL(request.url));
    return logRequest({ method: request.method, route }, async () =>
      withTransportSecurity(await serve(request, env, ctx), env),
    );
  },

  async scheduled(_controller: ScheduledController, env: Env): Promise<void> {
    await logRequest({ method: "CRON", route: "purge" }, async () => {
      await purgeExpiredGrants(env, compose(env).provider);
      return new Response(null, { status: 204 });
    });
  },
} satisfies ExportedHandler<Env>;

async function serve(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  let app: App;
  try {
    app = compose(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return explainSettings(error, request);
  }
  const { settings } = app;
  return withBudget(settings.REQUEST_BUDGET_SECONDS, () =>
    serveByHttpRules(request, {
      env,
      settings,
      answer: (admitted, body) => answer(app, { request: admitted, body, env, ctx }),
    }),
  );
}

async function answer(
  { provider, registration }: App,
  {
    request,
    body,
    env,
    ctx,
  }: { request: Request; body: string | undefined; env: Env; ctx: ExecutionContext },
): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case ENDPOINTS.authorizationServerMetadata:
    case ENDPOINTS.rootProtectedResourceMetadata:
      return answerMetadata(request, (asked) => provider.fetch(asked, env, ctx));
    case ENDPOINTS.token: {
      if (body === undefined) return provider.fetch(request, env, ctx);
      const answerToken = () => provider.fetch(withoutRepeatedClientId(request, body), env, ctx);
      const stake = grantAtStake(request, body);
      return stake === undefined ? answerToken() : endSessionWithGrant(env, stake, answerToken);
    }
    case ENDPOINTS.register:
      return answerRegistration(await registration.fetch(request, env, ctx));
    default:
      return provider.fetch(request, env, ctx);
  }
}
