/**
 * The HTTP rules around everything else: which host, paths, methods and origins are served, how often, how large a
 * body may be, and what every answer carries. What is refused here has cost no read of KV and touched no object.
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
import { logProblem } from "./log.ts";
import { findExceededLimit } from "./rate-limits.ts";
import { type BodyOutcome, readBodyText } from "./request-body.ts";

/** What each endpoint answers. HEAD of a page that begins or ends a sign-in would do so for a link scanner. */
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

/** Only browsers come here, whatever they say that they accept. */
const PAGES: ReadonlySet<string> = new Set([ENDPOINTS.authorize, ENDPOINTS.callback, ENDPOINTS.signOut]);

/** Forms are small. The MCP endpoint has a limit of its own. */
const MAXIMUM_BODY_BYTES = 64 * 1024;

/** What anybody may have stored is smaller still. */
const MAXIMUM_REGISTRATION_BYTES = 8 * 1024;

/** One year. Without `includeSubDomains`: other hosts of the domain may be served by plain http. */
const TRANSPORT_SECURITY = "max-age=31536000";

interface Refusal {
  readonly status: number;
  /** For programs: a code of RFC 6749 where one fits, and a sentence. */
  readonly error: string;
  readonly text: string;
  /** For programs at `/mcp`. */
  readonly rpcCode: number;
  readonly page: {
    readonly title: string;
    readonly text: string;
    readonly nextStep: string;
    readonly link?: { readonly href: string; readonly text: string };
  };
  readonly headers?: Readonly<Record<string, string>>;
}

/** What stands behind the rules. A body that was read comes along; it can be read again from the request. */
export type Answer = (request: Request, body: string | undefined) => Promise<Response>;

interface Rules {
  readonly env: Env;
  readonly settings: Settings;
  readonly answer: Answer;
}

/** Answers a request that keeps to the rules, and refuses any other. */
export async function serveByHttpRules(request: Request, rules: Rules): Promise<Response> {
  const response = await judge(request, rules);
  // RFC 9110 §9.3.2: the headers of GET, and no body.
  return request.method === "HEAD" ? new Response(null, response) : response;
}

async function judge(request: Request, { env, settings, answer }: Rules): Promise<Response> {
  const url = new URL(request.url);
  if (url.origin !== settings.MCP_RESOURCE.origin && url.pathname !== ENDPOINTS.health) {
    return refuse(request, wrongHost(settings), { readableBy: "same origin" });
  }
  const endpoint = endpointOf(url);
  // Compared to the letter: Hono decodes paths, so another spelling would reach an endpoint past its rules.
  if (endpoint === undefined) return refuse(request, NOT_FOUND);
  if (!METHODS[endpoint].includes(request.method)) return refuse(request, methodNotAllowed(endpoint));
  if (endpoint === ENDPOINTS.mcp && !isAllowedOrigin(request.headers.get("Origin"), settings)) {
    return refuse(request, ORIGIN_NOT_ALLOWED, { readableBy: "same origin" });
  }
  const exceeded = await findExceededLimit(request, env, endpoint);
  if (exceeded !== undefined) return refuse(request, tooMany(exceeded.retryAfterSeconds));
  // What stands behind the rules is asked as by GET, so that no handler has to know of HEAD.
  if (request.method === "HEAD") return answer(new Request(request, { method: "GET" }), undefined);
  if (request.method !== "POST" || endpoint === ENDPOINTS.mcp) return answer(request, undefined);
  const limit = endpoint === ENDPOINTS.register ? MAXIMUM_REGISTRATION_BYTES : MAXIMUM_BODY_BYTES;
  const body = await readBodyText(request, limit);
  if (body.kind !== "read") return refuse(request, unreadable(body, limit));
  return answer(new Request(request, { body: body.text }), body.text);
}

/** The endpoint's name for the log: an address that somebody made up must not get into it. */
export function routeName(url: URL): string {
  return endpointOf(url) ?? "other";
}

/** Browsers that have been here once do not come by plain http again (RFC 6797). Not for the offline loop's http. */
export function withTransportSecurity(response: Response, env: Env): Response {
  // Not the parsed settings: this holds for the page that says that they are bad, too.
  if (URL.parse(String(env.MCP_RESOURCE))?.protocol !== "https:") return response;
  const secured = new Response(response.body, response);
  secured.headers.set("Strict-Transport-Security", TRANSPORT_SECURITY);
  return secured;
}

/** Until every setting is good, nothing but this is served. */
export async function explainSettings(error: SettingsError, request: Request): Promise<Response> {
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

/** MCP transports: an Origin that is present and not known gets 403, against DNS rebinding. */
function isAllowedOrigin(origin: string | null, settings: Settings): boolean {
  if (origin === null || origin === settings.MCP_RESOURCE.origin) return true;
  if (settings.ALLOWED_ORIGINS.includes(origin)) return true;
  // Serving on loopback: pages of this machine are allowed. A page that was rebound to it has its own name.
  const url = URL.parse(origin);
  return url !== null && isLoopback(url) && isLoopback(settings.MCP_RESOURCE);
}

function wantsPage(request: Request): boolean {
  if (PAGES.has(new URL(request.url).pathname)) return true;
  const isReading = request.method === "GET" || request.method === "HEAD";
  return isReading && (request.headers.get("Accept")?.includes("text/html") ?? false);
}

/** A refusal in the form that its reader knows: a page, a JSON-RPC error, or an OAuth error. */
async function refuse(
  request: Request,
  refusal: Refusal,
  { readableBy }: { readableBy: "any origin" | "same origin" } = { readableBy: "any origin" },
): Promise<Response> {
  const { status, error, text, rpcCode, page } = refusal;
  const headers = new Headers({ "Cache-Control": "no-store", ...refusal.headers });
  if (wantsPage(request)) return renderErrorPage({ status, ...page, headers });
  if (readableBy === "any origin") allowReading(headers, request);
  const body =
    new URL(request.url).pathname === ENDPOINTS.mcp
      ? { jsonrpc: "2.0", error: { code: rpcCode, message: text }, id: null }
      : { error, error_description: text };
  return Response.json(body, { status, headers });
}

/** CORS as the provider does it for its own answers, so that browser clients can read why they were refused. */
function allowReading(headers: Headers, request: Request): void {
  const origin = request.headers.get("Origin");
  headers.append("Vary", "Origin");
  if (origin === null) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", "Retry-After");
}

/**
 * The provider derives its issuer from the request's origin; on any other host it would be another issuer. Not 421,
 * which RFC 9110 §15.5.20 has for this: clients send such a request again, and fail with words of their own.
 */
function wrongHost({ MCP_RESOURCE }: Settings): Refusal {
  const text = `This server answers at ${MCP_RESOURCE.origin} only. Its MCP endpoint is ${MCP_RESOURCE.href}`;
  return {
    status: 404,
    error: "not_found",
    text,
    rpcCode: -32000,
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
  rpcCode: -32600,
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

const ORIGIN_NOT_ALLOWED: Refusal = {
  status: 403,
  error: "access_denied",
  text: "Origin not allowed",
  rpcCode: -32000,
  page: {
    title: "This page may not use this server",
    text: "Origin not allowed",
    nextStep: "Ask the operator of this server to add its origin.",
  },
};

function tooMany(retryAfterSeconds: number): Refusal {
  return {
    status: 429,
    error: "temporarily_unavailable",
    text: "Too many requests. Slow down.",
    rpcCode: -32000,
    page: {
      title: "Too many attempts",
      text: "Too many requests came from your network in a short time.",
      nextStep: "Wait a minute, then go back to your app and connect again.",
    },
    headers: { "Retry-After": String(retryAfterSeconds) },
  };
}

function unreadable({ kind }: Exclude<BodyOutcome, { kind: "read" }>, limit: number): Refusal {
  const page = {
    title: kind === "too_large" ? "This form is too large" : "This form is incomplete",
    text:
      kind === "too_large"
        ? "What was sent is larger than any form of this server."
        : "The connection ended before all of the form had arrived.",
    nextStep: "Go back to your app and connect again.",
  };
  return kind === "too_large"
    ? {
        status: 413,
        error: "invalid_request",
        text: `The body is larger than ${limit} bytes.`,
        rpcCode: -32600,
        page,
      }
    : { status: 400, error: "invalid_request", text: "The body is incomplete.", rpcCode: -32600, page };
}
