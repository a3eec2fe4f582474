/** How an MCP session is ended from outside. */
import type { Env } from "./config.ts";
import { logProblem } from "./log.ts";

/** As McpAgent names the object of a session. */
export function mcpSessionName(sessionId: string): string {
  return `streamable-http:${sessionId}`;
}

/** One that has ended already leaves nothing behind by being asked. What fails here ends by itself when it is idle. */
export async function endMcpSession(env: Env, sessionId: string): Promise<void> {
  try {
    await env.MCP_OBJECT.getByName(mcpSessionName(sessionId)).end();
  } catch (error) {
    logProblem("mcp.session_end_failed", { error: error instanceof Error ? error.name : "unknown" });
  }
}
