/**
 * Routes `/mcp` to one of the two lanes after the checks that both need.
 *
 * `http-rules.ts` has checked host, path, `Origin` and rate limits, and the OAuth provider the access token. McpAgent
 * checks neither the owner of a session nor the scopes of a call, and answers 200 before a tool runs; so all checks
 * that end in an HTTP status are made here, for both lanes.
 */
import {
  insufficientScope,
  type OAuthResourceAuth,
  type OAuthResourceContext,
} from "@cloudflare/workers-oauth-provider";
import { isLegacyRequest } from "@modelcontextprotocol/server";
import type { PingSessionOutcome } from "./auth/ping-types.ts";
import { ALL_TODO_SCOPES, ENDPOINTS, type Env, propsSchema, type Settings } from "./config.ts";
import { budgetDeadline, budgetLeftMs } from "./deadline.ts";
import { jsonRpcError } from "./http-rules.ts";
import { logEvent, requestId } from "./log.ts";
import {
  calledTools,
  forEitherLane,
  forStatelessLane,
  isRemovedBatch,
  type Message,
  missingScopes,
  readMessage,
} from "./mcp-request.ts";
import { admitToSession, openSession, SESSION_HEADER, serveInSession } from "./mcp-session-lane.ts";
import { serveStateless } from "./mcp-stateless.ts";
import type { Caller, Tool } from "./tools.ts";

/** Requests that call no tool do not need PingOne: they wait only this long to learn whether the sign-in has ended. */
const PATIENCE_WITHOUT_TOOL_MS = 1000;

/** The API handler of the OAuth provider, which has verified the access token. */
export function createMcpRouter(settings: Settings) {
  return {
    async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
      // The provider sets `auth` and `props` on the context; its handler type lacks them.
      const { auth, props } = ctx as OAuthResourceContext<unknown>;
      const grant = propsSchema.safeParse(props);
      const { userId, clientId } = auth;
      // Props of another shape were written by another version: signing in again replaces the grant.
      if (!grant.success || userId === undefined || clientId === undefined) return invalidToken(settings);
      const message = await readOrRefuse(request);
      if (message instanceof Response) return message;
      const tools = calledTools(message);
      const { person, pingSessionId } = grant.data;
      // A request that names the stateless version is validated by that lane.
      const isStateless = isStatelessVersion(request);
      const admitted = isStateless ? forStatelessLane(request, message) : forEitherLane(request, message);
      const isLegacy = !isStateless && (await isLegacyRequest(admitted, message.parsed));
      const sessionId = isLegacy ? request.headers.get(SESSION_HEADER) : null;
      // In parallel: each of the two Durable Objects may be far away.
      const [signIn, session] = await Promise.all([
        askPingSession(env, pingSessionId, { request, tools }),
        sessionId === null ? undefined : admitToSession(env, sessionId, { userId, clientId }),
      ]);
      if (signIn.kind === "expired") {
        logEvent("mcp.sign_in_required");
        return invalidToken(settings);
      }
      // Listing tools does not need PingOne.
      if (signIn.kind === "unavailable" && tools.length > 0) {
        logEvent("mcp.pingone_unavailable", { retry_after: signIn.retryAfterSeconds });
        return pingOneUnavailable(signIn.retryAfterSeconds);
      }
      const scopes = grantedScopes(auth, signIn);
      const missing = missingScopes(tools, scopes);
      if (missing.length > 0) {
        logEvent("mcp.insufficient_scope", { scope: missing.join(" ") });
        // Include the scopes that the token has: clients request exactly this list and would lose the others.
        return insufficientScope(auth, [...new Set([...auth.scope, ...missing])]);
      }
      const caller: Caller = {
        userId,
        clientId,
        scopes,
        person,
        pingSessionId,
        requestId: requestId(),
        deadline: budgetDeadline(),
        ...(signIn.kind !== "unavailable" && { token: signIn }),
      };
      if (!isLegacy)
        return serveStateless(admitted, message.parsed, { env, settings, caller, called: tools });
      return sessionId === null
        ? openSession(admitted, { env, ctx, caller })
        : serveInSession(admitted, session, { env, ctx, caller });
    },
  };
}

/** The parsed request, or the refusal of one that neither lane accepts. */
async function readOrRefuse(request: Request): Promise<Message | Response> {
  // Protocol 2026-07-28 has no sessions: neither GET nor DELETE.
  if (isStatelessVersion(request) && request.method !== "POST") return methodNotAllowed();
  const message = await readMessage(request);
  switch (message.kind) {
    case "too_large":
      return jsonRpcError("Request body too large", { status: 413, code: -32600 });
    case "broken_off":
      return jsonRpcError("Request body incomplete", { status: 400, code: -32700 });
    case "read":
      return isRemovedBatch(request, message)
        ? jsonRpcError("This protocol version has no batches: send one message at a time", {
            status: 400,
            code: -32600,
          })
        : message;
  }
}

/** The scopes of a call: those of the MCP token that PingOne's token still has after its last refresh. */
function grantedScopes(
  auth: OAuthResourceAuth,
  signIn: Exclude<PingSessionOutcome, { kind: "expired" }>,
): string[] {
  if (signIn.kind === "unavailable") return auth.scope;
  return auth.scope.filter((scope) => signIn.scopes.some((granted) => granted === scope));
}

/**
 * Asks the PingSession before any tool runs, so that an ended sign-in becomes an HTTP 401, after which the client signs
 * in again by itself (RFC 6750 §3.1), instead of a tool error.
 */
function askPingSession(
  env: Env,
  pingSessionId: string,
  { request, tools }: { request: Request; tools: readonly Tool[] },
) {
  const patienceMs = tools.length === 0 ? PATIENCE_WITHOUT_TOOL_MS : Number.POSITIVE_INFINITY;
  return env.PING_SESSION.getByName(pingSessionId).getAccessToken({
    requestId: requestId(),
    waitAtMostMs: Math.min(budgetLeftMs(), patienceMs),
    mcpSession: request.headers.get(SESSION_HEADER) ?? undefined,
  });
}

/** RFC 6750 §3 and RFC 9728 §5.1: where to learn how to sign in again. */
function invalidToken(settings: Settings): Response {
  const metadata = new URL(ENDPOINTS.protectedResourceMetadata, settings.MCP_RESOURCE).href;
  return Response.json(
    { error: "invalid_token", error_description: "The sign-in has ended. Sign in again." },
    {
      status: 401,
      headers: {
        "WWW-Authenticate":
          'Bearer realm="OAuth", error="invalid_token", error_description="The sign-in has ended. Sign in again.", ' +
          `resource_metadata="${metadata}", scope="${ALL_TODO_SCOPES.join(" ")}"`,
        "Cache-Control": "no-store",
      },
    },
  );
}

function pingOneUnavailable(retryAfterSeconds: number): Response {
  return jsonRpcError("The sign-in service cannot be reached. Try again later.", {
    status: 503,
    headers: { "Retry-After": String(retryAfterSeconds) },
  });
}

/** RFC 9110 §15.5.6. */
function methodNotAllowed(): Response {
  return jsonRpcError("Method not allowed", {
    status: 405,
    code: -32600,
    headers: { Allow: "POST, OPTIONS" },
  });
}

function isStatelessVersion(request: Request): boolean {
  return request.headers.get("MCP-Protocol-Version") === "2026-07-28";
}
