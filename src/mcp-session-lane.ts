/**
 * The session lane's side of the router: whose session it is, and one request on its way through McpAgent's handler.
 *
 * That handler asks a session's object twice before it hands over the request: to start, and whether it knows the
 * session. The object starts by itself, and the second question is the one in which it judges its owner; so the handler
 * gets a view of the object that has the answers already, and a call costs the judgement and the request.
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

/** A session that its owner uses. */
export interface AdmittedSession {
  readonly id: string;
  /** What the session was opened with. */
  readonly initializeRequest: InitializeRequest;
}

/**
 * The session that a request names, when it is this caller's. `idFromString` verifies ids of its own namespace without
 * touching an object, so that invented ids create nothing.
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

/** Serves a request outside of any session: it opens one, or is refused by McpAgent's handler. */
export async function openSession(request: Request, context: SessionContext): Promise<Response> {
  const opening = askHandler(request, context, (object) => ({
    __unsafe_ensureInitialized: () => object.__unsafe_ensureInitialized(),
    getInitializeRequest: async () => undefined,
    // The owner is known before the client knows the session's id.
    setInitializeRequest: (initialize: InitializeRequest) => object.open(initialize, context.caller),
    fetch: (asked: Request) => object.fetch(asked),
  }));
  // A client that is gone meanwhile must not leave a session half-made.
  context.ctx.waitUntil(opening.catch(() => undefined));
  const response = await opening;
  const opened = response.headers.get(SESSION_HEADER);
  if (opened !== null) context.ctx.waitUntil(endSessionsBeyondCap(context, opened));
  return response;
}

type SessionObject = DurableObjectStub<TodoMcpServer>;

/** @param viewOf what McpAgent's handler sees of a session's object */
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

/** One that has ended already leaves nothing behind by being asked. What fails here ends by itself when it is idle. */
async function endSession(env: Env, id: string): Promise<void> {
  try {
    await env.MCP_OBJECT.getByName(objectName(id)).end();
  } catch (error) {
    logProblem("mcp.session_end_failed", { error: errorName(error) });
  }
}

/** As McpAgent names the object of a session. */
function objectName(sessionId: string): string {
  return `streamable-http:${sessionId}`;
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
