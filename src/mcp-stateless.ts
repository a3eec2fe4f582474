/**
 * The stateless lane: the same tools for protocol 2026-07-28, which has no sessions. Every request gets a fresh
 * server and its caller from the verified token.
 */
import { McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";
import type { z } from "zod";
import { ENDPOINTS, type Env, SERVER_INFO, type Settings } from "./config.ts";
import { type Caller, createToolContext, describeTool, runTool, TOOLS, type Tool } from "./tools.ts";

/**
 * The SDK converts a tool's schemas to JSON Schema for each server, and here each request has its own; but they never
 * change. Converting them was a tenth of a call's work.
 */
const REGISTRATIONS = TOOLS.map((tool) => ({
  tool,
  description: {
    ...describeTool(tool),
    inputSchema: convertOnce(tool.inputSchema),
    outputSchema: convertOnce(tool.outputSchema),
  },
}));

/** The same Standard Schema, with a conversion that remembers its result: the SDK asks for one dialect only. */
function convertOnce(schema: z.ZodObject) {
  const standard = schema["~standard"];
  const once = (convert: typeof standard.jsonSchema.input): typeof convert => {
    let converted: Record<string, unknown> | undefined;
    return (options) => {
      converted ??= convert(options);
      return converted;
    };
  };
  const { input, output } = standard.jsonSchema;
  return { "~standard": { ...standard, jsonSchema: { input: once(input), output: once(output) } } };
}

/**
 * Serves one request of one caller. The Origin has been judged before; see `http-rules.ts`.
 *
 * @param parsed what the request says; undefined where it is no JSON, which the handler reads and refuses itself
 * @param options.called tools that the request calls: its server needs no others
 */
export function serveStateless(
  request: Request,
  parsed: unknown,
  options: {
    env: Env;
    settings: Settings;
    caller: Caller;
    called: readonly Tool[];
  },
): Promise<Response> {
  const { env, settings, caller, called } = options;
  const session = env.PING_SESSION.getByName(caller.pingSessionId);
  const context = createToolContext(caller, settings, session);
  const createServer = () => {
    const server = new McpServer(SERVER_INFO, {
      // The list never changes, so no client has to hold a stream open for it.
      capabilities: { tools: { listChanged: false } },
    });
    for (const { tool, description } of REGISTRATIONS) {
      if (called.length > 0 && !called.includes(tool)) continue;
      server.registerTool(tool.name, description, (input: Record<string, unknown>) =>
        runTool(tool, input, context),
      );
    }
    return server;
  };
  const handler = createMcpHandler(createServer, {
    route: ENDPOINTS.mcp,
    legacy: "reject",
    allowedOriginHostnames: "*",
    // The provider answers CORS for /mcp.
    corsOptions: false,
  });
  // Not as a Worker's handler, which would carry the caller along once more, for tools that ask the SDK who calls.
  return handler.fetch(request, parsed === undefined ? undefined : { parsedBody: parsed });
}
