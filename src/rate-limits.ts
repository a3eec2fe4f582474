/**
 * Rate limits of the endpoints that strangers can call, by Workers rate-limit bindings (`wrangler.jsonc`).
 *
 * They are counted per Cloudflare location and are a brake on floods and run-away agents, not a quota.
 */
import { renderErrorPage } from "./auth/pages.tsx";
import { ENDPOINTS, type Env } from "./config.ts";
import { logProblem } from "./log.ts";

interface Limit {
  readonly binding: "RATE_LIMIT_REGISTER" | "RATE_LIMIT_AUTHORIZE" | "RATE_LIMIT_TOKEN" | "RATE_LIMIT_MCP";
  /** The binding's period: after it the count has started anew. */
  readonly retryAfterSeconds: number;
}

const LIMITS: Readonly<Record<string, Limit>> = {
  [ENDPOINTS.register]: { binding: "RATE_LIMIT_REGISTER", retryAfterSeconds: 60 },
  [ENDPOINTS.authorize]: { binding: "RATE_LIMIT_AUTHORIZE", retryAfterSeconds: 60 },
  [ENDPOINTS.token]: { binding: "RATE_LIMIT_TOKEN", retryAfterSeconds: 60 },
  [ENDPOINTS.mcp]: { binding: "RATE_LIMIT_MCP", retryAfterSeconds: 10 },
};

/** A 429 in the form that the endpoint's callers read, or undefined when the request may pass. */
export async function refuseTooMany(
  request: Request,
  env: Env,
  pathname: string,
): Promise<Response | undefined> {
  const limit = LIMITS[pathname];
  if (limit === undefined) return undefined;
  const { success } = await env[limit.binding].limit({ key: await callerKey(request, pathname) });
  if (success) return undefined;
  logProblem("rate_limit.exceeded", { limit: limit.binding });
  return tooMany(pathname, limit.retryAfterSeconds);
}

/**
 * On `/mcp` a caller is an access token: one address can stand for many people, as with hosted agents. Only its
 * hash leaves this function. Everywhere else a caller is an address.
 */
async function callerKey(request: Request, pathname: string): Promise<string> {
  const authorization = request.headers.get("Authorization");
  if (pathname === ENDPOINTS.mcp && authorization !== null) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(authorization));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

async function tooMany(pathname: string, retryAfterSeconds: number): Promise<Response> {
  const headers = new Headers({ "Retry-After": String(retryAfterSeconds), "Cache-Control": "no-store" });
  if (pathname === ENDPOINTS.authorize) {
    return renderErrorPage({
      status: 429,
      title: "Too many attempts",
      text: "Too many sign-ins were started from your network in a short time.",
      nextStep: "Wait a minute, then go back to your app and connect again.",
      headers,
    });
  }
  const body =
    pathname === ENDPOINTS.mcp
      ? { jsonrpc: "2.0", error: { code: -32000, message: "Too many requests. Slow down." }, id: null }
      : { error: "temporarily_unavailable", error_description: "Too many requests. Try again later." };
  return Response.json(body, { status: 429, headers });
}
