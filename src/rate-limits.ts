/**
 * Rate limits of the public endpoints, by Workers rate-limit bindings (`wrangler.jsonc`).
 *
 * They are counted per Cloudflare location: they slow down floods and looping agents and are not a quota.
 */
import { hash } from "node:crypto";
import { ENDPOINTS, type Endpoint, type Env } from "./config.ts";
import { logProblem } from "./log.ts";

interface Limit {
  readonly binding:
    | "RATE_LIMIT_REGISTER"
    | "RATE_LIMIT_AUTHORIZE"
    | "RATE_LIMIT_TOKEN"
    | "RATE_LIMIT_MCP"
    | "RATE_LIMIT_MCP_ADDRESS";
  readonly caller: "address" | "token";
  /** The binding's period, after which the count starts again. */
  readonly retryAfterSeconds: number;
}

const SIGN_IN_LIMIT: Limit = { binding: "RATE_LIMIT_AUTHORIZE", caller: "address", retryAfterSeconds: 60 };

export const LIMITS: Readonly<Partial<Record<Endpoint, readonly Limit[]>>> = {
  [ENDPOINTS.register]: [{ binding: "RATE_LIMIT_REGISTER", caller: "address", retryAfterSeconds: 60 }],
  [ENDPOINTS.authorize]: [SIGN_IN_LIMIT],
  [ENDPOINTS.callback]: [SIGN_IN_LIMIT],
  [ENDPOINTS.signOut]: [SIGN_IN_LIMIT],
  [ENDPOINTS.token]: [{ binding: "RATE_LIMIT_TOKEN", caller: "address", retryAfterSeconds: 60 }],
  // One address can serve many people, as with hosted agents, so its limit is higher than that of a token.
  [ENDPOINTS.mcp]: [
    { binding: "RATE_LIMIT_MCP", caller: "token", retryAfterSeconds: 10 },
    { binding: "RATE_LIMIT_MCP_ADDRESS", caller: "address", retryAfterSeconds: 10 },
  ],
};

/** The limit that this request exceeds, or undefined. */
export async function findExceededLimit(
  request: Request,
  env: Env,
  endpoint: Endpoint,
): Promise<Pick<Limit, "retryAfterSeconds"> | undefined> {
  for (const limit of LIMITS[endpoint] ?? []) {
    const caller = limit.caller === "token" ? tokenKey(request) : addressKey(request);
    // Endpoints that share a binding are counted separately.
    const { success } = await env[limit.binding].limit({ key: `${endpoint} ${caller}` });
    if (success) continue;
    logProblem("rate_limit.exceeded", { limit: limit.binding });
    return limit;
  }
  return undefined;
}

/** The caller: a hash of the access token, or the IP address without one. */
function tokenKey(request: Request): string {
  const authorization = request.headers.get("Authorization");
  return authorization === null ? addressKey(request) : hash("sha256", authorization, "base64url");
}

/** An IPv6 customer has at least a /64 (RFC 6177 §2), which counts as one address. */
function addressKey(request: Request): string {
  const address = request.headers.get("CF-Connecting-IP") ?? "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill("0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
