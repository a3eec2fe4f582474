/**
 * The stateless lane: the same tools for protocol 2026-07-28, which has no sessions. Every request gets a new server,
 * with the caller from the verified token.
 */
import { McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";
import type { z } from "zod";
import { ENDPOINTS, type Env, SERVER_INFO, type Settings } from "./config.ts";
import { type Caller, createToolContext, describeTool, runTool, TOOLS, type Tool } from "./tools.ts";

/**
 * The SDK converts a tool's schemas to JSON Schema for each server, here for each request. They never change, and the
 * conversion is a measurable part of a call (decision 19).
 */
const REGISTRATIONS = TOOLS.map((tool) => ({
  tool,
  description: {
    ...describeTool(tool),
    inputSchema: convertOnce(tool.inputSchema),
    outputSchema: convertOnce(tool.outputSchema),
  },
}));

/** The same Standard Schema with a cached conversion: the SDK asks for one dialect only. */
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
 * Serves one request of one caller. `http-rules.ts` has checked the `Origin`.
 *
 * @param parsed the message; undefined if it is not JSON, which the SDK's handler reads and refuses itself
 * @param options.called tools that the request calls; the server registers only these
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
      // The list never changes, so clients need no stream for it.
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
    // The provider adds the CORS headers for /mcp.
    corsOptions: false,
  });
  // Not the SDK's Worker handler: it would also pass the caller to tools through the SDK, which these tools do not use.
  return handler.fetch(request, parsed === undefined ? undefined : { parsedBody: parsed });
}
