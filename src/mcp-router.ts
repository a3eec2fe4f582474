/**
 * In front of both MCP lanes: who may call, which lane answers, and what is refused before any tool runs.
 *
 * Host, path, Origin and rate limits have been judged before (`http-rules.ts`), then the access token (the OAuth
 * provider). McpAgent alone checks neither who owns a session nor what a call needs, and answers 200 before a tool has
 * run; so the checks that end in an HTTP status are made here, for both lanes alike.
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

/** Listing tools and the like need nothing of PingOne: they wait this long to hear that a sign-in is over. */
const PATIENCE_WITHOUT_TOOL_MS = 1000;

/** The handler behind the OAuth provider: every request that arrives here carries a valid access token of ours. */
export function createMcpRouter(settings: Settings) {
  return {
    async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
      // The provider sets `auth` and `props` on the context, which its handler type does not say.
      const { auth, props } = ctx as OAuthResourceContext<unknown>;
      const grant = propsSchema.safeParse(props);
      const { userId, clientId } = auth;
      // A grant whose props have another shape was made by another version: signing in again replaces it.
      if (!grant.success || userId === undefined || clientId === undefined) return invalidToken(settings);
      const message = await readOrRefuse(request);
      if (message instanceof Response) return message;
      const tools = calledTools(message);
      const { person, pingSessionId } = grant.data;
      // What names the stateless version is judged by its lane alone, which looks at the message anyway.
      const isStateless = isStatelessVersion(request);
      const admitted = isStateless ? forStatelessLane(request, message) : forEitherLane(request, message);
      const isLegacy = !isStateless && (await isLegacyRequest(admitted, message.parsed));
      const sessionId = isLegacy ? request.headers.get(SESSION_HEADER) : null;
      // Side by side: on Cloudflare each of the two objects may be far away.
      const [signIn, session] = await Promise.all([
        askPingSession(env, pingSessionId, { request, tools }),
        sessionId === null ? undefined : admitToSession(env, sessionId, { userId, clientId }),
      ]);
      if (signIn.kind === "expired") {
        logEvent("mcp.sign_in_required");
        return invalidToken(settings);
      }
      // Listing tools needs nothing from PingOne.
      if (signIn.kind === "unavailable" && tools.length > 0) {
        logEvent("mcp.pingone_unavailable", { retry_after: signIn.retryAfterSeconds });
        return pingOneUnavailable(signIn.retryAfterSeconds);
      }
      const scopes = grantedScopes(auth, signIn);
      const missing = missingScopes(tools, scopes);
      if (missing.length > 0) {
        logEvent("mcp.insufficient_scope", { scope: missing.join(" ") });
        // What the token has is named too: clients ask for exactly this list, and would lose the rest.
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

/** What the request says, or the refusal of what neither lane is to answer. */
async function readOrRefuse(request: Request): Promise<Message | Response> {
  // Protocol 2026-07-28 has no sessions, so there is nothing to stream from or to end.
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

/** The token may be narrower than the sign-in behind it, and a refresh at PingOne may have narrowed that. */
function grantedScopes(
  auth: OAuthResourceAuth,
  signIn: Exclude<PingSessionOutcome, { kind: "expired" }>,
): string[] {
  if (signIn.kind === "unavailable") return auth.scope;
  return auth.scope.filter((scope) => signIn.scopes.some((granted) => granted === scope));
}

/**
 * Asks the PingSession before anything runs, so that an ended sign-in is an HTTP 401 that makes the client sign
 * in again by itself (RFC 6750 §3.1), and not a sentence inside a tool's answer.
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
