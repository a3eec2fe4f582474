/** Composes the Worker from settings, OAuth provider and routes. */
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { createCallbackHandler } from "./auth/callback.ts";
import { type RegistrationWrites, withOAuthStore } from "./auth/grants.ts";
import { renderLandingPage } from "./auth/pages.tsx";
import { createAuthorizeHandler } from "./auth/ping-handler.ts";
import { createProviderOptions } from "./auth/provider.ts";
import { renderFailure } from "./auth/sign-in-failures.ts";
import { createSignOutHandler } from "./auth/signout-handler.ts";
import { answerTokenRequest, asksForTokens } from "./auth/token-endpoint.ts";
import { ENDPOINTS, type Env, parseSettings, SERVER_INFO, type Settings, SettingsError } from "./config.ts";
import { withBudget } from "./deadline.ts";
import {
  explainSettings,
  readableByBrowsers,
  routeName,
  serveByHttpRules,
  withTransportSecurity,
} from "./http-rules.ts";
import { logRequest } from "./log.ts";
import { createMcpRouter } from "./mcp-router.ts";
import { answerMetadata } from "./metadata.ts";
import { TOOLS } from "./tools.ts";

export { Person } from "./auth/person.ts";
export { PingSession } from "./auth/ping-session.ts";
export { TodoMcpServer } from "./mcp.ts";

interface App {
  readonly settings: Settings;
  readonly provider: OAuthProvider<Env>;
  /** The provider's environment, by what the request may do to a client's registration. */
  readonly providerEnv: Readonly<Record<RegistrationWrites, Env>>;
}

/** One per isolate: a new deployment, which changes settings, starts new isolates. */
let composed: App | undefined;

/** @throws {SettingsError} */
function compose(env: Env): App {
  if (composed !== undefined) return composed;
  const settings = parseSettings(env);
  composed = {
    settings,
    providerEnv: {
      fresh: withOAuthStore(env, { registration: "fresh" }),
      renewed: withOAuthStore(env, { registration: "renewed" }),
      unchanged: withOAuthStore(env, { registration: "unchanged" }),
    },
    provider: new OAuthProvider<Env>(
      createProviderOptions(settings, {
        apiHandler: createMcpRouter(settings),
        defaultHandler: createDefaultHandler(settings),
      }),
    ),
  };
  return composed;
}

function createDefaultHandler(settings: Settings): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.get(ENDPOINTS.landing, () => renderLandingPage({ resource: settings.MCP_RESOURCE.href, tools: TOOLS }));
  app.get(ENDPOINTS.health, (c) =>
    c.json({ status: "ok", name: SERVER_INFO.name, version: SERVER_INFO.version }),
  );
  app.route("/", createAuthorizeHandler(settings));
  app.route("/", createCallbackHandler(settings));
  app.route("/", createSignOutHandler(settings));
  app.onError((error) => renderFailure(error));
  return app;
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const route = routeName(new URL(request.url));
    return logRequest({ method: request.method, route }, async () =>
      withTransportSecurity(await serve(request, env, ctx), env),
    );
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
  const { provider, settings, providerEnv } = app;
  return withBudget(settings.REQUEST_BUDGET_SECONDS, () =>
    serveByHttpRules(request, {
      env,
      settings,
      answer: (admitted, body) => {
        const seen = providerEnv[registrationWritesOf(admitted, body)];
        return answer(admitted, body, (asked) => provider.fetch(asked, seen, ctx));
      },
    }),
  );
}

function registrationWritesOf(request: Request, body: string | undefined): RegistrationWrites {
  switch (new URL(request.url).pathname) {
    case ENDPOINTS.register:
      return "fresh";
    case ENDPOINTS.token:
      return body !== undefined && asksForTokens(body) ? "renewed" : "unchanged";
    default:
      return "renewed";
  }
}

async function answer(
  request: Request,
  body: string | undefined,
  askProvider: (request: Request) => Promise<Response>,
): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case ENDPOINTS.authorizationServerMetadata:
    case ENDPOINTS.rootProtectedResourceMetadata:
      return answerMetadata(request, askProvider);
    case ENDPOINTS.token:
      if (body === undefined) return askProvider(request);
      return readableByBrowsers(await answerTokenRequest(request, body, askProvider), request);
    default:
      return askProvider(request);
  }
}
