/** Composes the Worker: settings, the OAuth provider, and the routes around it. */
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { renderErrorPage, renderLandingPage, renderSettingsPage } from "./auth/pages.tsx";
import { createPingHandler } from "./auth/ping-handler.ts";
import { createProviderOptions } from "./auth/provider.ts";
import { withoutRepeatedClientId, withRevocation } from "./auth/workers-oauth-utils.ts";
import { ENDPOINTS, type Env, parseSettings, SERVER_INFO, type Settings, SettingsError } from "./config.ts";
import { logProblem } from "./log.ts";
import { createMcpRouter } from "./mcp-router.ts";
import { TOOLS } from "./tools.ts";

export { PingSession } from "./auth/ping-session.ts";
export { TodoMcpServer } from "./mcp.ts";

interface App {
  readonly settings: Settings;
  readonly provider: OAuthProvider<Env>;
}

/** One per isolate: settings change only with a new deployment, which brings new isolates. */
let composed: App | undefined;

/** @throws {SettingsError} */
function compose(env: Env): App {
  if (composed !== undefined) return composed;
  const settings = parseSettings(env);
  const provider = new OAuthProvider<Env>(
    createProviderOptions(settings, {
      apiHandler: createMcpRouter(settings),
      defaultHandler: createDefaultHandler(settings),
    }),
  );
  composed = { settings, provider };
  return composed;
}

function createDefaultHandler(settings: Settings): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.get(ENDPOINTS.landing, () => renderLandingPage({ resource: settings.MCP_RESOURCE.href, tools: TOOLS }));
  app.get(ENDPOINTS.health, (c) =>
    c.json({ status: "ok", name: SERVER_INFO.name, version: SERVER_INFO.version }),
  );
  app.route("/", createPingHandler(settings));
  app.notFound((c) => notFound(c.req.raw));
  return app;
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    let app: App;
    try {
      app = compose(env);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      return explainSettings(error, request);
    }
    const { settings, provider } = app;
    const url = new URL(request.url);
    if (url.origin !== settings.MCP_RESOURCE.origin && url.pathname !== ENDPOINTS.health) {
      return misdirected(settings);
    }
    if (url.pathname === ENDPOINTS.mcp && !isAllowedOrigin(request.headers.get("Origin"), settings)) {
      return Response.json(
        { jsonrpc: "2.0", error: { code: -32000, message: "Origin not allowed" }, id: null },
        { status: 403 },
      );
    }
    if (url.pathname === ENDPOINTS.token) {
      const normalized = await withoutRepeatedClientId(request);
      return withRevocation(normalized, env, (inner) => provider.fetch(inner, env, ctx));
    }
    return provider.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;

/** MCP transports: an Origin that is present and not known gets 403, against DNS rebinding. */
function isAllowedOrigin(origin: string | null, settings: Settings): boolean {
  return (
    origin === null || origin === settings.MCP_RESOURCE.origin || settings.ALLOWED_ORIGINS.includes(origin)
  );
}

/** The provider derives its issuer from the request's origin; on any other host it would be another issuer. */
function misdirected(settings: Settings): Response {
  return new Response(`This server answers at ${settings.MCP_RESOURCE.origin} only.\n`, {
    status: 421,
    headers: { "Content-Type": "text/plain; charset=utf-8" },
  });
}

async function explainSettings(error: SettingsError, request: Request): Promise<Response> {
  logProblem("settings.invalid", { problems: error.message });
  if (wantsPage(request)) return renderSettingsPage(error.problems);
  return Response.json(
    { error: "server_error", error_description: "This server is not set up yet.", problems: error.problems },
    { status: 503, headers: { "Cache-Control": "no-store" } },
  );
}

async function notFound(request: Request): Promise<Response> {
  if (!wantsPage(request)) {
    return Response.json(
      { error: "not_found", error_description: "There is nothing at this address." },
      { status: 404 },
    );
  }
  return renderErrorPage({
    status: 404,
    title: "There is nothing here",
    text: "This address does not lead to a page of this server.",
    nextStep: "Check the address, or open the start page at /.",
  });
}

function wantsPage(request: Request): boolean {
  return request.headers.get("Accept")?.includes("text/html") ?? false;
}
