/**
 * The session lane: one McpAgent Durable Object per MCP session, for clients of protocol 2025-11-25 and older.
 *
 * The router lets a session's owner in and nobody else, and sends along for whom each request is made; see
 * `mcp-router.ts`. This class remembers the owner's ids, acts for the caller of each request, and deletes itself when
 * idle, which McpAgent leaves to its user.
 */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker-provider.js";
import { McpAgent } from "agents/mcp";
import { z } from "zod";
import { usableTokenSchema } from "./auth/ping-types.ts";
import { type Env, type Props, parseSettings, personSchema, SERVER_INFO } from "./config.ts";
import { logEvent } from "./log.ts";
import { type Caller, createToolContext, describeTool, runTool, TOOLS, type ToolContext } from "./tools.ts";

const OWNER_KEY = "owner";
const LAST_USED_KEY = "lastUsedAt";

const ownerSchema = z.object({ version: z.literal(1), userId: z.string(), clientId: z.string() });

type Owner = Pick<Caller, "userId" | "clientId">;

/** As McpAgent keeps it. */
export type InitializeRequest = NonNullable<Awaited<ReturnType<TodoMcpServer["getInitializeRequest"]>>>;

/** Carries the caller of each request from the router to the tool, past McpAgent. */
const CALLER_HEADER = "X-Todo-Mcp-Caller";

const callerSchema = z.object({
  userId: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  person: personSchema,
  pingSessionId: z.string(),
  requestId: z.string().optional(),
  deadline: z.number(),
  token: usableTokenSchema.optional(),
}) satisfies z.ZodType<Caller>;

/** The request as a session's object takes it. What a client has sent under the header's name is overwritten. */
export function withCaller(request: Request, caller: Caller): Request {
  const headers = new Headers(request.headers);
  // A header takes no other characters than Latin ones.
  headers.set(CALLER_HEADER, encodeURIComponent(JSON.stringify(caller)));
  return new Request(request, { headers });
}

export class TodoMcpServer extends McpAgent<Env, unknown, Props> {
  override server = new McpServer(SERVER_INFO, {
    capabilities: { tools: {} },
    // The SDK's default compiles schemas with `new Function`, which Workers forbid.
    jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
  });

  constructor(ctx: DurableObjectState, env: Env) {
    // Before anything else is stored, so that an object whose start is cut short is woken and ends itself.
    void ctx.storage.setAlarm(Date.now() + parseSettings(env).SESSION_IDLE_SECONDS * 1000);
    super(ctx, env);
  }

  /**
   * SECURITY: no event store. McpAgent's own writes each answer to storage so that a broken stream can be resumed
   * (`Last-Event-ID`), and a `whoAmI` answer can hold a PingOne token, which no storage may show.
   */
  protected override getEventStore(): undefined {
    return undefined;
  }

  /** McpAgent's own stores them, with the person's name and address. Each request brings its caller instead. */
  override async updateProps(): Promise<void> {}

  /** Runs at every start of the object, before it answers anything. */
  override async init(): Promise<void> {
    for (const tool of TOOLS) {
      this.server.registerTool(
        tool.name,
        describeTool(tool),
        (input: Record<string, unknown>, { requestInfo }) =>
          runTool(tool, input, this.#toolContext(requestInfo?.headers)),
      );
    }
    // The list never changes. `registerTool` promises otherwise, and clients would hold a stream open for it.
    this.server.server.registerCapabilities({ tools: { listChanged: false } });
    // From the first moment on, because the client may be gone before its session has an owner.
    const idleSeconds = parseSettings(this.env).SESSION_IDLE_SECONDS;
    await this.schedule(idleSeconds, "endWhenIdle", undefined, { idempotent: true });
  }

  /** Called once, before the client knows the session id. */
  async open(initializeRequest: InitializeRequest, { userId, clientId }: Owner): Promise<void> {
    await this.setInitializeRequest(initializeRequest);
    await this.ctx.storage.put(OWNER_KEY, ownerSchema.parse({ version: 1, userId, clientId }));
    await this.#touch();
  }

  /**
   * Lets in the owner of this session, who uses it now. Anyone else learns nothing.
   *
   * @returns what the session was opened with, or undefined for anyone else and for a session that is over
   */
  async admit(caller: Owner): Promise<InitializeRequest | undefined> {
    const owner = ownerSchema.safeParse(await this.ctx.storage.get(OWNER_KEY));
    if (!owner.success) {
      // The id of a session that has ended, or one that another version has opened. Being asked has started this
      // object anew, and it must leave nothing.
      await this.ctx.storage.deleteAll();
      return undefined;
    }
    if (owner.data.userId !== caller.userId || owner.data.clientId !== caller.clientId) return undefined;
    await this.#touch();
    return this.getInitializeRequest();
  }

  /** Ends the session: its streams close, and nothing of it is left. */
  async end(): Promise<void> {
    await this.destroy();
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

  #toolContext(headers: Readonly<Record<string, string | string[] | undefined>> = {}): ToolContext {
    const sent = headers[CALLER_HEADER.toLowerCase()];
    const caller = callerSchema.parse(JSON.parse(decodeURIComponent(String(sent))));
    const session = this.env.PING_SESSION.getByName(caller.pingSessionId);
    return createToolContext(caller, parseSettings(this.env), session);
  }
}
