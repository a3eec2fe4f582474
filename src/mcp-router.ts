/**
 * In front of both MCP lanes: who may call, which lane answers, and what is refused before any tool runs.
 *
 * McpAgent alone checks neither the Origin nor who owns a session, and answers 200 before a tool has run; so the
 * checks that end in an HTTP status are made here, for both lanes alike.
 */
import { insufficientScope, type OAuthResourceContext } from "@cloudflare/workers-oauth-provider";
import { isLegacyRequest } from "@modelcontextprotocol/server";
import { getAgentByName } from "agents";
import { z } from "zod";
import { budgetLeftMs } from "./deadline.ts";
import { ALL_TODO_SCOPES, ENDPOINTS, type Env, type Props, propsSchema, type Settings } from "./config.ts";
import { logEvent, requestId } from "./log.ts";
import { TodoMcpServer } from "./mcp.ts";
import { serveStateless } from "./mcp-stateless.ts";
import { readBodyText } from "./request-body.ts";
import { type Caller, TOOLS, type Tool } from "./tools.ts";

/** The SDKs' own limit. */
const MAXIMUM_BODY_BYTES = 4 * 1024 * 1024;

/** Of MCP's Streamable HTTP. The provider answers OPTIONS. */
const sessionLane = TodoMcpServer.serve(ENDPOINTS.mcp, { binding: "MCP_OBJECT" });

const toolCallSchema = z.object({
  jsonrpc: z.literal("2.0"),
  method: z.literal("tools/call"),
  params: z.object({ name: z.string() }),
});

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
      const caller: Caller = {
        userId: auth.userId,
        clientId: auth.clientId,
        scopes: auth.scope,
        person: props.data.person,
        pingSessionId: props.data.pingSessionId,
        requestId: requestId(),
        deadline: Date.now() + budgetLeftMs(),
      };
      // The provider's route covers what lies below /mcp too, where no Origin rule and no rate limit apply.
      if (new URL(request.url).pathname !== ENDPOINTS.mcp) return jsonRpcError(404, -32600, "Not found");
      const methods = methodsOf(request);
      if (!methods.includes(request.method)) return methodNotAllowed(methods);
      const body = await readBody(request);
      if (body === "too_large") return jsonRpcError(413, -32600, "Request body too large");
      const tools = calledTools(body.parsed);

      const ended = await requireLivePingSession({ settings, env, caller, tools, auth });
      if (ended !== undefined) return ended;

      const missing = missingScopes(tools, caller.scopes);
      if (missing.length > 0) {
        logEvent("mcp.insufficient_scope", { scope: missing.join(" ") });
        // What the token has is named too: clients ask for exactly this list, and would lose the rest.
        return insufficientScope(auth, [...new Set([...auth.scope, ...missing])]);
      }
      const replayed = body.text === undefined ? request : new Request(request, { body: body.text });
      if (await isLegacyRequest(replayed, body.parsed)) return serveSession(replayed, env, ctx, caller);
      return serveStateless(replayed, { env, ctx, settings, caller });
    },
  };
}

/**
 * Asks the PingSession before anything runs, so that an ended sign-in is an HTTP 401 that makes the client sign
 * in again by itself (RFC 6750 §3.1), and not a sentence inside a tool's answer.
 */
async function requireLivePingSession(options: {
  settings: Settings;
  env: Env;
  caller: Caller;
  tools: readonly Tool[];
  auth: Context["auth"];
}): Promise<Response | undefined> {
  const { settings, env, caller, tools, auth } = options;
  const outcome = await env.PING_SESSION.getByName(caller.pingSessionId).getAccessToken({
    requestId: caller.requestId,
    waitAtMostMs: budgetLeftMs(),
  });
  switch (outcome.kind) {
    case "valid":
    case "refreshed":
      return undefined;
    case "expired": {
      logEvent("mcp.sign_in_required");
      return invalidToken(settings);
    }
    case "unavailable": {
      // Listing tools needs nothing from PingOne.
      if (tools.length === 0) return undefined;
      logEvent("mcp.pingone_unavailable", { retry_after: outcome.retryAfterSeconds });
      const response = jsonRpcError(503, -32000, "The sign-in service cannot be reached. Try again later.");
      response.headers.set("Retry-After", String(outcome.retryAfterSeconds));
      return response;
    }
  }
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

async function serveSession(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  caller: Caller,
): Promise<Response> {
  const sessionId = request.headers.get("Mcp-Session-Id");
  if (sessionId !== null) {
    const session = await findSession(env, sessionId);
    if ((await session?.claim(caller)) !== "admitted") {
      logEvent("mcp.session_not_found");
      return jsonRpcError(404, -32001, "Session not found");
    }
    return labelJson(await sessionLane.fetch(request, env, ctx));
  }
  const response = labelJson(await sessionLane.fetch(request, env, ctx));
  const opened = response.headers.get("Mcp-Session-Id");
  if (opened !== null) await (await findSession(env, opened))?.claimNew(caller);
  return response;
}

/** The Agents SDK sends its JSON-RPC errors without saying that they are JSON. */
function labelJson(response: Response): Response {
  if (response.status < 400) return response;
  const labelled = new Response(response.body, response);
  labelled.headers.set("Content-Type", "application/json");
  return labelled;
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
  // Without props: a cold start with somebody else's props would hand them this session.
  return getAgentByName<Env, TodoMcpServer>(env.MCP_OBJECT, `streamable-http:${sessionId}`);
}

async function readBody(request: Request): Promise<{ text?: string; parsed?: unknown } | "too_large"> {
  if (request.method !== "POST") return {};
  const text = await readBodyText(request, MAXIMUM_BODY_BYTES);
  if (text === undefined) return "too_large";
  try {
    return { text, parsed: JSON.parse(text) };
  } catch {
    return { text };
  }
}

function calledTools(body: unknown): Tool[] {
  const messages = Array.isArray(body) ? body : [body];
  return messages.flatMap((message) => {
    const call = toolCallSchema.safeParse(message);
    return call.success ? TOOLS.filter(({ name }) => name === call.data.params.name) : [];
  });
}

function missingScopes(tools: readonly Tool[], granted: readonly string[]): string[] {
  const needed = new Set(tools.flatMap(({ scopes }) => scopes));
  return [...needed].filter((scope) => !granted.includes(scope));
}

function jsonRpcError(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status });
}

/** RFC 9110 §15.5.6. */
/** Protocol 2026-07-28 has no sessions, so there is nothing to stream from or to end. */
function methodsOf(request: Request): readonly string[] {
  return request.headers.get("MCP-Protocol-Version") === "2026-07-28" ? ["POST"] : ["POST", "GET", "DELETE"];
}

function methodNotAllowed(methods: readonly string[]): Response {
  const response = jsonRpcError(405, -32600, "Method not allowed");
  response.headers.set("Allow", [...methods, "OPTIONS"].join(", "));
  return response;
}
