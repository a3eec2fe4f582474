/**
 * HTTP rules for every request: host, path, method, `Origin`, rate limit, body size, and headers of every response. A
 * request that is refused here has caused no KV operation and no call of a Durable Object.
 */
import { renderErrorPage, renderSettingsPage } from "./auth/pages.tsx";
import {
  ENDPOINTS,
  type Endpoint,
  type Env,
  isLoopback,
  type Settings,
  type SettingsError,
} from "./config.ts";
import { errorName, logProblem } from "./log.ts";
import { findExceededLimit } from "./rate-limits.ts";
import { readBodyText } from "./request-body.ts";

/** Methods by endpoint. HEAD is refused where GET begins or completes a sign-in: link scanners send it. */
const METHODS: Readonly<Record<Endpoint, readonly string[]>> = {
  [ENDPOINTS.landing]: ["GET", "HEAD"],
  [ENDPOINTS.health]: ["GET", "HEAD"],
  [ENDPOINTS.mcp]: ["POST", "GET", "DELETE", "OPTIONS"],
  [ENDPOINTS.authorize]: ["GET", "POST"],
  [ENDPOINTS.callback]: ["GET", "POST"],
  [ENDPOINTS.token]: ["POST", "OPTIONS"],
  [ENDPOINTS.register]: ["POST", "OPTIONS"],
  [ENDPOINTS.signOut]: ["GET", "POST"],
  [ENDPOINTS.authorizationServerMetadata]: ["GET", "HEAD", "OPTIONS"],
  [ENDPOINTS.protectedResourceMetadata]: ["GET", "HEAD", "OPTIONS"],
  [ENDPOINTS.rootProtectedResourceMetadata]: ["GET", "HEAD", "OPTIONS"],
};

/** Endpoints for browsers: errors are pages, regardless of `Accept`. */
const PAGES: ReadonlySet<string> = new Set([ENDPOINTS.authorize, ENDPOINTS.callback, ENDPOINTS.signOut]);

/** Forms are small. The MCP endpoint has a limit of its own. */
const MAXIMUM_FORM_BYTES = 64 * 1024;

/** Smaller, because anyone may store a registration. */
const MAXIMUM_REGISTRATION_BYTES = 8 * 1024;

/** One year. Without `includeSubDomains`: other hosts of the domain may be served by plain http. */
const TRANSPORT_SECURITY = "max-age=31536000";

interface Refusal {
  readonly status: number;
  /** For programs: an error code, of RFC 6749 if one fits, and a sentence. */
  readonly error: string;
  readonly text: string;
  /** JSON-RPC error code at `/mcp`; default: that of {@link jsonRpcError}. */
  readonly rpcCode?: number;
  readonly page: {
    readonly title: string;
    readonly text: string;
    readonly nextStep: string;
    readonly link?: { readonly href: string; readonly text: string };
  };
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Handles requests that pass the rules. The body text is passed if it was read; it can be read again from the request.
 */
export type Answer = (request: Request, body: string | undefined) => Promise<Response>;

interface Rules {
  readonly env: Env;
  readonly settings: Settings;
  readonly answer: Answer;
}

/** Applies the rules to a request and calls the handler if it passes. */
export async function serveByHttpRules(request: Request, rules: Rules): Promise<Response> {
  const response = await judgeAndAnswer(request, rules);
  // RFC 9110 §9.3.2: the headers of GET, and no body.
  return request.method === "HEAD" ? new Response(null, response) : response;
}

/** A store or an object can fail at any time, for example during a deployment: the same request can succeed later. */
async function judgeAndAnswer(request: Request, rules: Rules): Promise<Response> {
  try {
    return await judge(request, rules);
  } catch (error) {
    logProblem("request.failed", { error: errorName(error) });
    return refuse(request, FAILED);
  }
}

async function judge(request: Request, { env, settings, answer }: Rules): Promise<Response> {
  const url = new URL(request.url);
  if (url.origin !== settings.MCP_RESOURCE.origin && url.pathname !== ENDPOINTS.health) {
    return refuse(request, wrongHost(settings), { readableBy: "same origin" });
  }
  const endpoint = endpointOf(url);
  // Exact comparison: Hono decodes paths, so another spelling would reach an endpoint without its rules.
  if (endpoint === undefined) return refuse(request, NOT_FOUND);
  if (!METHODS[endpoint].includes(request.method)) return refuse(request, methodNotAllowed(endpoint));
  if (endpoint === ENDPOINTS.mcp && !isAllowedOrigin(request.headers.get("Origin"), settings)) {
    return refuse(request, ORIGIN_NOT_ALLOWED, { readableBy: "same origin" });
  }
  const exceeded = await findExceededLimit(request, env, endpoint);
  if (exceeded !== undefined) return refuse(request, tooMany(exceeded.retryAfterSeconds));
  // Handlers get HEAD as GET.
  if (request.method === "HEAD") return answer(new Request(request, { method: "GET" }), undefined);
  if (request.method !== "POST" || endpoint === ENDPOINTS.mcp) return answer(request, undefined);
  const limit = endpoint === ENDPOINTS.register ? MAXIMUM_REGISTRATION_BYTES : MAXIMUM_FORM_BYTES;
  const body = await readBodyText(request, limit);
  if (body.kind === "too_large") return refuse(request, tooLarge(limit));
  if (body.kind === "broken_off") return refuse(request, INCOMPLETE);
  return answer(new Request(request, { body: body.text }), body.text);
}

/** The endpoint's name for the log, which must not contain paths that a client made up. */
export function routeName(url: URL): string {
  return endpointOf(url) ?? "other";
}

/** Adds HSTS (RFC 6797), except on plain http in the offline loop. */
export function withTransportSecurity(response: Response, env: Env): Response {
  // Not the parsed settings: the page that reports invalid settings needs the header too.
  if (URL.parse(String(env.MCP_RESOURCE))?.protocol !== "https:") return response;
  const secured = new Response(response.body, response);
  secured.headers.set("Strict-Transport-Security", TRANSPORT_SECURITY);
  return secured;
}

/** The only response while a setting is missing or malformed. */
export function explainSettings(error: SettingsError, request: Request): Response {
  logProblem("settings.invalid", { problems: error.message });
  if (wantsPage(request)) return renderSettingsPage(error.problems);
  return Response.json(
    { error: "server_error", error_description: "This server is not set up yet.", problems: error.problems },
    { status: 503, headers: { "Cache-Control": "no-store" } },
  );
}

function endpointOf({ pathname }: URL): Endpoint | undefined {
  return Object.values(ENDPOINTS).find((endpoint) => endpoint === pathname);
}

/** MCP Streamable HTTP: an unknown `Origin` gets 403, against DNS rebinding. */
function isAllowedOrigin(origin: string | null, settings: Settings): boolean {
  if (origin === null || origin === settings.MCP_RESOURCE.origin) return true;
  if (settings.ALLOWED_ORIGINS.includes(origin)) return true;
  // When serving on loopback, allow loopback origins. After DNS rebinding, the origin still has the attacker's host
  // name.
  const url = URL.parse(origin);
  return url !== null && isLoopback(url) && isLoopback(settings.MCP_RESOURCE);
}

function wantsPage(request: Request): boolean {
  if (PAGES.has(new URL(request.url).pathname)) return true;
  const isReading = request.method === "GET" || request.method === "HEAD";
  return isReading && (request.headers.get("Accept")?.includes("text/html") ?? false);
}

/** A refusal in the form that fits the endpoint: a page, a JSON-RPC error, or an OAuth error. */
function refuse(
  request: Request,
  refusal: Refusal,
  { readableBy }: { readableBy: "any origin" | "same origin" } = { readableBy: "any origin" },
): Response {
  const { status, error, text, rpcCode, page } = refusal;
  const headers = new Headers({ "Cache-Control": "no-store", ...refusal.headers });
  if (wantsPage(request)) return renderErrorPage({ status, ...page, headers });
  if (readableBy === "any origin") allowReading(headers, request);
  return new URL(request.url).pathname === ENDPOINTS.mcp
    ? jsonRpcError(text, { status, code: rpcCode, headers })
    : Response.json({ error, error_description: text }, { status, headers });
}

/** A JSON-RPC error with `id: null`. The default code is from the range that JSON-RPC reserves for servers. */
export function jsonRpcError(
  message: string,
  options: { status: number; code?: number | undefined; headers?: HeadersInit },
): Response {
  const { code = -32000, ...init } = options;
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, init);
}

/** Adds the provider's CORS headers to a response of this Worker. */
export function readableByBrowsers(response: Response, request: Request): Response {
  if (!response.headers.has("Access-Control-Allow-Origin")) allowReading(response.headers, request);
  return response;
}

/** The provider's CORS headers, so that browser clients can read errors. */
function allowReading(headers: Headers, request: Request): void {
  const origin = request.headers.get("Origin");
  headers.append("Vary", "Origin");
  if (origin === null) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", "Retry-After");
}

/**
 * The provider derives its issuer from the request's origin; on any other host it would be another issuer. Not 421
 * (RFC 9110 §15.5.20): Node's fetch repeats the request and fails on its consumed body (decision 10).
 */
function wrongHost({ MCP_RESOURCE }: Settings): Refusal {
  const text = `This server answers at ${MCP_RESOURCE.origin} only. Its MCP endpoint is ${MCP_RESOURCE.href}`;
  return {
    status: 404,
    error: "not_found",
    text,
    page: {
      title: "This server has another address",
      text: `This server answers at ${MCP_RESOURCE.origin} only.`,
      nextStep: `Give your app this address: ${MCP_RESOURCE.href}`,
      link: { href: MCP_RESOURCE.origin, text: "Start page" },
    },
  };
}

const NOT_FOUND: Refusal = {
  status: 404,
  error: "not_found",
  text: "There is nothing at this address.",
  page: {
    title: "There is nothing here",
    text: "This address does not lead to a page of this server.",
    nextStep: "Check the address.",
    link: { href: ENDPOINTS.landing, text: "Start page" },
  },
};

/** RFC 9110 §15.5.6. */
function methodNotAllowed(endpoint: Endpoint): Refusal {
  return {
    status: 405,
    error: "invalid_request",
    text: "Method not allowed",
    rpcCode: -32600,
    page: {
      title: "This address cannot be used like this",
      text: "The browser has sent a kind of request that this address does not answer.",
      nextStep: "Go back to your app and connect again.",
    },
    headers: { Allow: METHODS[endpoint].join(", ") },
  };
}

const FAILED: Refusal = {
  status: 503,
  error: "temporarily_unavailable",
  text: "This server could not answer. Try again in a moment.",
  page: {
    title: "Something went wrong here",
    text: "The request could not be answered because of an error in this server.",
    nextStep: "Wait a moment, then try again.",
  },
  headers: { "Retry-After": "5" },
};

const ORIGIN_NOT_ALLOWED: Refusal = {
  status: 403,
  error: "access_denied",
  text: "Origin not allowed",
  page: {
    title: "This page may not use this server",
    text: "A web page of an unknown origin asked this server.",
    nextStep: "Ask the operator of this server to add its origin.",
  },
};

function tooMany(retryAfterSeconds: number): Refusal {
  return {
    status: 429,
    error: "temporarily_unavailable",
    text: "Too many requests. Slow down.",
    page: {
      title: "Too many attempts",
      text: "Too many requests came from your network in a short time.",
      nextStep: "Wait a minute, then try again.",
    },
    headers: { "Retry-After": String(retryAfterSeconds) },
  };
}

function tooLarge(limit: number): Refusal {
  return {
    status: 413,
    error: "invalid_request",
    text: `The body is larger than ${limit} bytes.`,
    page: {
      title: "This form is too large",
      text: "What was sent is larger than any form of this server.",
      nextStep: "Go back, then try again.",
    },
  };
}

const INCOMPLETE: Refusal = {
  status: 400,
  error: "invalid_request",
  text: "The body is incomplete.",
  page: {
    title: "This form is incomplete",
    text: "The connection ended before all of the form had arrived.",
    nextStep: "Go back, then try again.",
  },
};
