/** Composes the Worker: settings, the OAuth provider, and the routes around it. */
import { OAuthProvider, type OAuthProviderOptions } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { renderErrorPage, renderLandingPage, renderSettingsPage } from "./auth/pages.tsx";
import { createPingHandler } from "./auth/ping-handler.ts";
import { withOAuthStore } from "./auth/grants.ts";
import { createProviderOptions } from "./auth/provider.ts";
import { nameSecretExpiry } from "./auth/registration.ts";
import { answerTokenRequest } from "./auth/token-endpoint.ts";
import { withBudget } from "./deadline.ts";
import {
  ENDPOINTS,
  type Env,
  isLoopback,
  parseSettings,
  SERVER_INFO,
  type Settings,
  SettingsError,
} from "./config.ts";
import { logProblem, logRequest } from "./log.ts";
import { createMcpRouter } from "./mcp-router.ts";
import { refuseTooMany } from "./rate-limits.ts";
import { readBodyText } from "./request-body.ts";
import { TOOLS } from "./tools.ts";

export { Person } from "./auth/person.ts";
export { PingSession } from "./auth/ping-session.ts";
export { TodoMcpServer } from "./mcp.ts";

/** Forms are small. The MCP endpoint has a limit of its own. */
const MAXIMUM_BODY_BYTES = 64 * 1024;

/** What anybody may have stored is smaller still. */
const MAXIMUM_REGISTRATION_BYTES = 8 * 1024;

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
  const options: OAuthProviderOptions<Env> = createProviderOptions(settings, {
    apiHandler: createMcpRouter(settings),
    defaultHandler: createDefaultHandler(settings, () => options),
  });
  composed = { settings, provider: new OAuthProvider<Env>(options) };
  return composed;
}

function createDefaultHandler(
  settings: Settings,
  options: () => OAuthProviderOptions<Env>,
): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.get(ENDPOINTS.landing, () => renderLandingPage({ resource: settings.MCP_RESOURCE.href, tools: TOOLS }));
  app.get(ENDPOINTS.health, (c) =>
    c.json({ status: "ok", name: SERVER_INFO.name, version: SERVER_INFO.version }),
  );
  app.route("/", createPingHandler(settings, options));
  app.notFound((c) => notFound(c.req.raw));
  return app;
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const route = routeName(new URL(request.url).pathname);
    return logRequest({ method: request.method, route }, () => serve(request, env, ctx));
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
  return withBudget(app.settings.REQUEST_BUDGET_SECONDS, () => route(app, request, withOAuthStore(env), ctx));
}

async function route(app: App, request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const { settings, provider } = app;
  const url = new URL(request.url);
  if (url.origin !== settings.MCP_RESOURCE.origin && url.pathname !== ENDPOINTS.health)
    return misdirected(settings);
  if (url.pathname === ENDPOINTS.mcp && !isAllowedOrigin(request.headers.get("Origin"), settings)) {
    return Response.json(
      { jsonrpc: "2.0", error: { code: -32000, message: "Origin not allowed" }, id: null },
      { status: 403 },
    );
  }
  const tooMany = await refuseTooMany(request, env, url.pathname);
  if (tooMany !== undefined) return readableByBrowsers(tooMany, request);
  if (url.pathname === ENDPOINTS.authorizationServerMetadata) {
    return withRevocationMethods(await provider.fetch(request, env, ctx));
  }
  if (url.pathname === ENDPOINTS.mcp || request.method !== "POST") return provider.fetch(request, env, ctx);

  const limit = url.pathname === ENDPOINTS.register ? MAXIMUM_REGISTRATION_BYTES : MAXIMUM_BODY_BYTES;
  const body = await readBodyText(request, limit);
  if (body === undefined) return readableByBrowsers(await tooLarge(request, limit), request);
  const replayed = new Request(request, { body });
  switch (url.pathname) {
    case ENDPOINTS.token:
      return answerTokenRequest(replayed, body, (authentic) => provider.fetch(authentic, env, ctx));
    case ENDPOINTS.register:
      return nameSecretExpiry(await provider.fetch(replayed, env, ctx));
    default:
      return provider.fetch(replayed, env, ctx);
  }
}

/** RFC 8414 §2: where the field is absent, only Basic counts, and public clients could not revoke their tokens. */
async function withRevocationMethods(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const metadata = await response.json<Record<string, unknown>>();
  const methods = metadata.token_endpoint_auth_methods_supported;
  return Response.json({ ...metadata, revocation_endpoint_auth_methods_supported: methods }, response);
}

/** The endpoint's name for the log: an address that somebody made up must not get into it. */
function routeName(pathname: string): string {
  return Object.values(ENDPOINTS).find((endpoint) => endpoint === pathname) ?? "other";
}

/** MCP transports: an Origin that is present and not known gets 403, against DNS rebinding. */
function isAllowedOrigin(origin: string | null, settings: Settings): boolean {
  if (origin === null || origin === settings.MCP_RESOURCE.origin) return true;
  if (settings.ALLOWED_ORIGINS.includes(origin)) return true;
  // On a developer's machine, pages of that machine are no strangers; a page that was rebound to it has its own name.
  const url = URL.parse(origin);
  return url !== null && isLoopback(url) && isLoopback(settings.MCP_RESOURCE);
}

/** CORS as the provider does it for its own answers, so that browser clients can read why they were refused. */
function readableByBrowsers(response: Response, request: Request): Response {
  const origin = request.headers.get("Origin");
  if (origin === null) return response;
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.set("Access-Control-Expose-Headers", "Retry-After");
  response.headers.append("Vary", "Origin");
  return response;
}

/** The provider derives its issuer from the request's origin; on any other host it would be another issuer. */
function misdirected(settings: Settings): Response {
  return new Response(`This server answers at ${settings.MCP_RESOURCE.origin} only.\n`, {
    status: 421,
    headers: { "Content-Type": "text/plain; charset=utf-8" },
  });
}

async function tooLarge(request: Request, limit: number): Promise<Response> {
  if (wantsPage(request)) {
    return renderErrorPage({
      status: 413,
      title: "This form is too large",
      text: "What was sent is larger than any form of this server.",
      nextStep: "Go back to your app and connect again.",
    });
  }
  return Response.json(
    { error: "invalid_request", error_description: `The body is larger than ${limit} bytes.` },
    { status: 413, headers: { "Cache-Control": "no-store" } },
  );
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
    nextStep: "Check the address.",
    link: { href: ENDPOINTS.landing, text: "Start page" },
  });
}

function wantsPage(request: Request): boolean {
  return request.headers.get("Accept")?.includes("text/html") ?? false;
}
