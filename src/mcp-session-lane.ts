/**
 * The router's part of the session lane: checks the owner of a session and passes the request to McpAgent's handler.
 *
 * That handler makes two calls to a session's object before it passes the request on: to start it, and to ask whether
 * the session exists. The object starts by itself, and the ownership check has already answered the second; so the
 * handler gets a proxy of the object that answers both, and a request costs two calls: the ownership check and the
 * request itself.
 */
import { ENDPOINTS, type Env } from "./config.ts";
import { jsonRpcError } from "./http-rules.ts";
import { errorName, logEvent, logProblem } from "./log.ts";
import { type InitializeRequest, TodoMcpServer, withCaller } from "./mcp.ts";
import type { Caller } from "./tools.ts";

export const SESSION_HEADER = "Mcp-Session-Id";

/** Of MCP's Streamable HTTP. The provider answers OPTIONS. */
const handler = TodoMcpServer.serve(ENDPOINTS.mcp, { binding: "MCP_OBJECT" });

interface SessionContext {
  readonly env: Env;
  readonly ctx: ExecutionContext;
  readonly caller: Caller;
}

/** A session, after the ownership check. */
export interface AdmittedSession {
  readonly id: string;
  /** The `initialize` message with which the session was opened. */
  readonly initializeRequest: InitializeRequest;
}

/**
 * The session that a request names, if it belongs to this caller. `idFromString` verifies ids of its namespace without
 * calling an object, so that invented ids create none.
 */
export async function admitToSession(
  env: Env,
  id: string,
  owner: Pick<Caller, "userId" | "clientId">,
): Promise<AdmittedSession | undefined> {
  try {
    env.MCP_OBJECT.idFromString(id);
  } catch {
    return undefined;
  }
  const initializeRequest = await env.MCP_OBJECT.getByName(objectName(id)).admit(owner);
  return initializeRequest === undefined ? undefined : { id, initializeRequest };
}

/** Serves one request in an open session. */
export async function serveInSession(
  request: Request,
  session: AdmittedSession | undefined,
  context: SessionContext,
): Promise<Response> {
  if (session === undefined) {
    logEvent("mcp.session_not_found");
    return jsonRpcError("Session not found", { status: 404, code: -32001 });
  }
  const response = await askHandler(request, context, (object) => ({
    __unsafe_ensureInitialized: async () => {},
    getInitializeRequest: async () => session.initializeRequest,
    fetch: (asked: Request) => object.fetch(asked),
    _cf_terminateSession: () => object._cf_terminateSession(),
  }));
  const { env, ctx, caller } = context;
  if (request.method === "DELETE" && response.ok) {
    ctx.waitUntil(env.PING_SESSION.getByName(caller.pingSessionId).removeMcpSession(session.id));
  }
  return response;
}

/** Serves a request without a session id: it opens a session, or McpAgent's handler refuses it. */
export async function openSession(request: Request, context: SessionContext): Promise<Response> {
  const opening = askHandler(request, context, (object) => ({
    __unsafe_ensureInitialized: () => object.__unsafe_ensureInitialized(),
    getInitializeRequest: async () => undefined,
    // Store the owner before the client gets the session id.
    setInitializeRequest: (initialize: InitializeRequest) => object.open(initialize, context.caller),
    fetch: (asked: Request) => object.fetch(asked),
  }));
  // Complete the session even if the client has disconnected.
  context.ctx.waitUntil(opening.catch(() => undefined));
  const response = await opening;
  const opened = response.headers.get(SESSION_HEADER);
  if (opened !== null) context.ctx.waitUntil(endSessionsBeyondCap(context, opened));
  return response;
}

type SessionObject = DurableObjectStub<TodoMcpServer>;

/** @param viewOf makes the proxy that McpAgent's handler gets for a session's object */
async function askHandler(
  request: Request,
  { env, ctx, caller }: SessionContext,
  viewOf: (object: SessionObject) => object,
): Promise<Response> {
  const namespace = env.MCP_OBJECT;
  const view = {
    newUniqueId: () => namespace.newUniqueId(),
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId) => viewOf(namespace.get(id)),
  };
  return withOwnHeaders(await handler.fetch(withCaller(request, caller), { ...env, MCP_OBJECT: view }, ctx));
}

async function endSessionsBeyondCap({ env, caller }: SessionContext, opened: string): Promise<void> {
  const beyond = await env.PING_SESSION.getByName(caller.pingSessionId).addMcpSession(opened);
  if (beyond.length === 0) return;
  logEvent("mcp.sessions_beyond_cap", { sessions: beyond.length });
  await Promise.all(beyond.map((id) => endSession(env, id)));
}

/** Ending an ended session leaves no storage. A session that cannot be reached ends by itself when it is idle. */
async function endSession(env: Env, id: string): Promise<void> {
  try {
    await env.MCP_OBJECT.getByName(objectName(id)).end();
  } catch (error) {
    logProblem("mcp.session_end_failed", { error: errorName(error) });
  }
}

/** McpAgent's name for the object of a session. */
function objectName(sessionId: string): string {
  return `streamable-http:${sessionId}`;
}

/**
 * Corrects headers of the Agents SDK: it allows every origin, where the provider allows the requesting one, and it
 * sends JSON-RPC errors without a JSON content type.
 */
function withOwnHeaders(response: Response): Response {
  const corrected = new Response(response.body, response);
  corrected.headers.delete("Access-Control-Allow-Origin");
  if (response.status >= 400) corrected.headers.set("Content-Type", "application/json");
  return corrected;
}
