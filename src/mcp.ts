/**
 * The session lane: one McpAgent Durable Object per MCP session, for clients of protocol 2025-11-25 and older.
 *
 * The router admits only the owner of a session and sends the caller with each request; see `mcp-router.ts`. This class
 * stores the owner's ids, acts for the caller of each request, and deletes itself when idle, which McpAgent does not
 * do.
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

/** Passes the caller of each request from the router to the tool. */
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

/** The request with the caller in a header. A header of the same name that a client sent is overwritten. */
export function withCaller(request: Request, caller: Caller): Request {
  const headers = new Headers(request.headers);
  // Header values allow Latin-1 characters only.
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
    // Set the alarm before anything else is stored, so that an object whose start is interrupted ends itself.
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

  /** McpAgent's version stores the props, with the person's name and address. Here each request carries its caller. */
  override async updateProps(): Promise<void> {}

  /** Runs at every start of the object, before any request. */
  override async init(): Promise<void> {
    for (const tool of TOOLS) {
      this.server.registerTool(
        tool.name,
        describeTool(tool),
        (input: Record<string, unknown>, { requestInfo }) =>
          runTool(tool, input, this.#toolContext(requestInfo?.headers)),
      );
    }
    // `registerTool` sets `listChanged`, for which clients would keep a stream open. The list never changes.
    this.server.server.registerCapabilities({ tools: { listChanged: false } });
    // At the first start, because the client may disconnect before its session has an owner.
    const idleSeconds = parseSettings(this.env).SESSION_IDLE_SECONDS;
    await this.schedule(idleSeconds, "endWhenIdle", undefined, { idempotent: true });
  }

  /** Called once, before the client gets the session id. */
  async open(initializeRequest: InitializeRequest, { userId, clientId }: Owner): Promise<void> {
    await this.setInitializeRequest(initializeRequest);
    await this.ctx.storage.put(OWNER_KEY, ownerSchema.parse({ version: 1, userId, clientId }));
    await this.#touch();
  }

  /**
   * Admits the owner of this session and records its use.
   *
   * @returns the `initialize` message of the session, or undefined for anyone else and for a session that has ended
   */
  async admit(caller: Owner): Promise<InitializeRequest | undefined> {
    const owner = ownerSchema.safeParse(await this.ctx.storage.get(OWNER_KEY));
    if (!owner.success) {
      // The session has ended, or another version opened it. This call has started the object again: delete its
      // storage.
      await this.ctx.storage.deleteAll();
      return undefined;
    }
    if (owner.data.userId !== caller.userId || owner.data.clientId !== caller.clientId) return undefined;
    await this.#touch();
    return this.getInitializeRequest();
  }

  /** Ends the session: closes its streams and deletes its storage. */
  async end(): Promise<void> {
    await this.destroy();
  }

  /** Alarm callback of the Agents SDK: deletes this session if it has been idle for long enough. */
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
