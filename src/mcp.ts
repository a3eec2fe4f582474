/**
 * The session lane: one McpAgent Durable Object per MCP session, for clients of protocol 2025-11-25 and older.
 *
 * The router lets a session's owner in and nobody else; see `mcp-router.ts`. This class remembers the owner, acts
 * for them with their current grant, and deletes itself when idle, which McpAgent leaves to its user.
 */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker-provider.js";
import { McpAgent } from "agents/mcp";
import { type Env, type Props, parseSettings, SERVER_INFO } from "./config.ts";
import { logEvent } from "./log.ts";
import { type Caller, createToolContext, describeTool, runTool, TOOLS, type ToolContext } from "./tools.ts";

const CALLER_KEY = "caller";
const LAST_USED_KEY = "lastUsedAt";

/** `admitted`: the caller owns the session, or has just opened it. */
export type SessionClaim = "admitted" | "unknown";

export class TodoMcpServer extends McpAgent<Env, unknown, Props> {
  override server = new McpServer(SERVER_INFO, {
    capabilities: { tools: {} },
    // The SDK's default compiles schemas with `new Function`, which Workers forbid.
    jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
  });

  /**
   * SECURITY: no event store. McpAgent's own writes each answer to storage so that a broken stream can be resumed
   * (`Last-Event-ID`), and a `whoAmI` answer can hold a PingOne token, which no storage may show.
   */
  protected override getEventStore(): undefined {
    return undefined;
  }

  override async init(): Promise<void> {
    for (const tool of TOOLS) {
      this.server.registerTool(tool.name, describeTool(tool), async (input: Record<string, unknown>) =>
        runTool(tool, input, await this.#toolContext()),
      );
    }
  }

  /**
   * Opens the session for its owner. Called once, with the answer to `initialize` in hand and before the client
   * knows the session id.
   */
  async claimNew(caller: Caller): Promise<void> {
    await this.ctx.storage.put(CALLER_KEY, caller);
    await this.#touch();
    await this.schedule(parseSettings(this.env).SESSION_IDLE_SECONDS, "endWhenIdle");
  }

  /** Lets the owner in, with the grant and scopes of this very request. Anyone else learns nothing. */
  async claim(caller: Caller): Promise<SessionClaim> {
    const owner = await this.ctx.storage.get<Caller>(CALLER_KEY);
    if (owner === undefined) {
      // The id of a session that has ended. Being asked has started this object anew, and it must leave nothing.
      await this.ctx.storage.deleteAll();
      return "unknown";
    }
    if (owner.userId !== caller.userId || owner.clientId !== caller.clientId) return "unknown";
    await this.ctx.storage.put(CALLER_KEY, caller);
    await this.#touch();
    return "admitted";
  }

  /** Alarm callback of the Agents SDK: deletes this session when nobody has used it for long enough. */
  async endWhenIdle(): Promise<void> {
    const lastUsedAt = (await this.ctx.storage.get<number>(LAST_USED_KEY)) ?? 0;
    const idleSeconds = parseSettings(this.env).SESSION_IDLE_SECONDS;
    const leftSeconds = idleSeconds - Math.floor((Date.now() - lastUsedAt) / 1000);
    if (leftSeconds > 0) {
      await this.schedule(leftSeconds, "endWhenIdle");
      return;
    }
    logEvent("mcp.session_idle_ended");
    await this.destroy();
  }

  async #touch(): Promise<void> {
    await this.ctx.storage.put(LAST_USED_KEY, Date.now());
  }

  async #toolContext(): Promise<ToolContext> {
    const caller = await this.ctx.storage.get<Caller>(CALLER_KEY);
    if (caller === undefined) throw new Error("The session has no owner");
    const session = this.env.PING_SESSION.getByName(caller.pingSessionId);
    return createToolContext(caller, parseSettings(this.env), session);
  }
}
