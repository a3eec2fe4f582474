/**
 * In front of both MCP lanes: who may call, which lane answers, and what is refused before any tool runs.
 *
 * Host, path, Origin and rate limits have been judged before (`http-rules.ts`), then the access token (the OAuth
 * provider). McpAgent alone checks neither who owns a session nor what a call needs, and answers 200 before a tool has
 * run; so the checks that end in an HTTP status are made here, for both lanes alike.
 */
import { insufficientScope, type OAuthResourceContext } from "@cloudflare/workers-oauth-provider";
import { isLegacyRequest } from "@modelcontextprotocol/server";
import { getAgentByName } from "agents";
import { ALL_TODO_SCOPES, ENDPOINTS, type Env, type Props, propsSchema, type Settings } from "./config.ts";
import { budgetDeadline, budgetLeftMs } from "./deadline.ts";
import { logEvent, requestId } from "./log.ts";
import { TodoMcpServer, withCaller } from "./mcp.ts";
import { calledTools, isRemovedBatch, missingScopes, readMessage, withPlainAccept } from "./mcp-request.ts";
import { endMcpSession, mcpSessionName } from "./mcp-session-ends.ts";
import { serveStateless } from "./mcp-stateless.ts";
import type { Caller, Tool } from "./tools.ts";

/** Listing tools and the like need nothing of PingOne: they wait this long to hear that a sign-in is over. */
const PATIENCE_WITHOUT_TOOL_MS = 1000;

/** Of MCP's Streamable HTTP. The provider answers OPTIONS. */
const sessionLane = TodoMcpServer.serve(ENDPOINTS.mcp, { binding: "MCP_OBJECT" });

type Context = OAuthResourceContext<Props>;

/** The handler behind the OAuth provider: every request that arrives here carries a valid access token of ours. */
export function createMcpRouter(settings: Settings) {
  return {
    async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
      const auth = (ctx as Context).auth;
      const props = propsSchema.safeParse(ctx.props);
      // A grant whose props have another shape was made by another version: signing in again replaces it.
      if (!props.success || auth.userId === undefined || auth.clientId === undefined)
        return invalidToken(settings);
      // Protocol 2026-07-28 has no sessions, so there is nothing to stream from or to end.
      if (isStatelessVersion(request) && request.method !== "POST") return methodNotAllowed();
      const message = await readMessage(request);
      if (message.kind === "too_large") return jsonRpcError(413, -32600, "Request body too large");
      if (message.kind === "broken_off") return jsonRpcError(400, -32700, "Request body incomplete");
      if (isRemovedBatch(request, message)) {
        return jsonRpcError(400, -32600, "This protocol version has no batches: send one message at a time");
      }
      const tools = calledTools(message);

      const signIn = await askPingSession(env, props.data.pingSessionId, tools);
      if (signIn.kind === "expired") {
        logEvent("mcp.sign_in_required");
        return invalidToken(settings);
      }
      // Listing tools needs nothing from PingOne.
      if (signIn.kind === "unavailable" && tools.length > 0) {
        logEvent("mcp.pingone_unavailable", { retry_after: signIn.retryAfterSeconds });
        return pingOneUnavailable(signIn.retryAfterSeconds);
      }
      // The token may be narrower than the sign-in behind it, and a refresh at PingOne may have narrowed that.
      const scopes =
        signIn.kind === "unavailable"
          ? auth.scope
          : auth.scope.filter((scope) => signIn.scopes.some((granted) => granted === scope));
      const missing = missingScopes(tools, scopes);
      if (missing.length > 0) {
        logEvent("mcp.insufficient_scope", { scope: missing.join(" ") });
        // What the token has is named too: clients ask for exactly this list, and would lose the rest.
        return insufficientScope(auth, [...new Set([...auth.scope, ...missing])]);
      }
      const caller: Caller = {
        userId: auth.userId,
        clientId: auth.clientId,
        scopes,
        person: props.data.person,
        pingSessionId: props.data.pingSessionId,
        requestId: requestId(),
        deadline: budgetDeadline(),
      };
      const admitted = withPlainAccept(request, message);
      if (await isLegacyRequest(admitted, message.parsed))
        return serveSession(admitted, { env, ctx, caller });
      return serveStateless(admitted, { env, ctx, settings, caller });
    },
  };
}

/**
 * Asks the PingSession before anything runs, so that an ended sign-in is an HTTP 401 that makes the client sign
 * in again by itself (RFC 6750 §3.1), and not a sentence inside a tool's answer.
 */
function askPingSession(env: Env, pingSessionId: string, tools: readonly Tool[]) {
  const patienceMs = tools.length === 0 ? PATIENCE_WITHOUT_TOOL_MS : Number.POSITIVE_INFINITY;
  return env.PING_SESSION.getByName(pingSessionId).getAccessToken({
    requestId: requestId(),
    waitAtMostMs: Math.min(budgetLeftMs(), patienceMs),
  });
}

interface SessionContext {
  readonly env: Env;
  readonly ctx: ExecutionContext;
  readonly caller: Caller;
}

async function serveSession(request: Request, context: SessionContext): Promise<Response> {
  const { env, ctx, caller } = context;
  const sessionId = request.headers.get("Mcp-Session-Id");
  if (sessionId === null) {
    const opening = openSession(request, context);
    // A client that is gone meanwhile must not leave a session half-made.
    ctx.waitUntil(opening.catch(() => undefined));
    return opening;
  }
  const session = await findSession(env, sessionId);
  if ((await session?.claim(caller)) !== "admitted") {
    logEvent("mcp.session_not_found");
    return jsonRpcError(404, -32001, "Session not found");
  }
  return withOwnHeaders(await sessionLane.fetch(withCaller(request, caller), env, ctx));
}

async function openSession(request: Request, { env, ctx, caller }: SessionContext): Promise<Response> {
  const response = withOwnHeaders(await sessionLane.fetch(withCaller(request, caller), env, ctx));
  const opened = response.headers.get("Mcp-Session-Id");
  if (opened === null) return response;
  await (await findSession(env, opened))?.claimNew(caller);
  ctx.waitUntil(endSessionsBeyondCap(env, caller, opened));
  return response;
}

async function endSessionsBeyondCap(env: Env, caller: Caller, opened: string): Promise<void> {
  const beyond = await env.PING_SESSION.getByName(caller.pingSessionId).addMcpSession(opened);
  if (beyond.length === 0) return;
  logEvent("mcp.sessions_beyond_cap", { sessions: beyond.length });
  await Promise.all(beyond.map((sessionId) => endMcpSession(env, sessionId)));
}

/**
 * The session's object, or undefined for an id that this server never gave out. `idFromString` verifies ids of
 * its own namespace without touching an object, so that invented ids create nothing.
 */
async function findSession(env: Env, sessionId: string) {
  try {
    env.MCP_OBJECT.idFromString(sessionId);
  } catch {
    return undefined;
  }
  return getAgentByName<Env, TodoMcpServer>(env.MCP_OBJECT, mcpSessionName(sessionId));
}

/**
 * The Agents SDK lets every origin read its answers, where the provider answers with the one that asked; and it sends
 * its JSON-RPC errors without saying that they are JSON.
 */
function withOwnHeaders(response: Response): Response {
  const corrected = new Response(response.body, response);
  corrected.headers.delete("Access-Control-Allow-Origin");
  if (response.status >= 400) corrected.headers.set("Content-Type", "application/json");
  return corrected;
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
  const response = jsonRpcError(503, -32000, "The sign-in service cannot be reached. Try again later.");
  response.headers.set("Retry-After", String(retryAfterSeconds));
  return response;
}

/** RFC 9110 §15.5.6. */
function methodNotAllowed(): Response {
  const response = jsonRpcError(405, -32600, "Method not allowed");
  response.headers.set("Allow", "POST, OPTIONS");
  return response;
}

function jsonRpcError(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status });
}

function isStatelessVersion(request: Request): boolean {
  return request.headers.get("MCP-Protocol-Version") === "2026-07-28";
}
