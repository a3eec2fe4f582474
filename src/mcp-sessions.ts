/** How the Worker reaches the Durable Objects behind MCP session ids. */
import { getAgentByName } from "agents";
import type { Env } from "./config.ts";
import { logProblem } from "./log.ts";
import type { TodoMcpServer } from "./mcp.ts";

/**
 * The object of a session, or undefined for an id that this server never gave out. `idFromString` verifies ids of
 * its own namespace without touching an object, so that invented ids create nothing.
 */
export async function findMcpSession(env: Env, sessionId: string) {
  try {
    env.MCP_OBJECT.idFromString(sessionId);
  } catch {
    return undefined;
  }
  // Without props: a cold start with somebody else's props would hand them this session.
  return getAgentByName<Env, TodoMcpServer>(env.MCP_OBJECT, objectName(sessionId));
}

/** Ends sessions, however far each has got. One that had ended already leaves nothing behind by being asked. */
export async function endMcpSessions(env: Env, sessionIds: readonly string[]): Promise<void> {
  await Promise.all(
    sessionIds.map(async (sessionId) => {
      try {
        await env.MCP_OBJECT.getByName(objectName(sessionId)).end();
      } catch (error) {
        // It ends by itself when it is idle.
        logProblem("mcp.session_end_failed", { error: error instanceof Error ? error.name : "unknown" });
      }
    }),
  );
}

/** As McpAgent names them. */
function objectName(sessionId: string): string {
  return `streamable-http:${sessionId}`;
}
