/**
 * Baselines: the same tool over the same upstream, alone and behind the OAuth provider only. There is no sign-in, and
 * no PingOne token is sent to the upstream.
 */
import { type OAuthHelpers, OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { McpServer as SessionServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpServer as StatelessServer } from "@modelcontextprotocol/server";
import { McpAgent } from "agents/mcp";
import { createMcpHandler } from "agents/mcp/server";
import { z } from "zod";

/** Typed as the project's `Env`, which the Agents SDK requires; only the bindings used here exist. */
type FloorEnv = Cloudflare.Env & { readonly OAUTH_PROVIDER: OAuthHelpers };

const PATHS = {
  readAndForward: "/kv",
  stateless: "/stateless",
  agent: "/agent",
  providerStateless: "/p/stateless",
  providerAgent: "/p/agent",
} as const;

const SERVER_INFO = { name: "floor", version: "1.0.0" };

const listed = z.object({
  todos: z.array(z.object({ id: z.string(), text: z.string(), completed: z.boolean() })),
});
const DESCRIPTION = { title: "List todos", description: "Lists all todos." };
const TOOL = { ...DESCRIPTION, inputSchema: z.object({}), outputSchema: listed };

function fetchTodos(env: FloorEnv): Promise<Response> {
  return fetch(`${env.API_URL}/api/todos`, { headers: { Authorization: "Bearer nobody" } });
}

async function listTodos(env: FloorEnv) {
  const structuredContent = (await (await fetchTodos(env)).json()) as z.infer<typeof listed>;
  return { content: [{ type: "text" as const, text: "Done." }], structuredContent };
}

export class BareAgent extends McpAgent<FloorEnv> {
  override server = new SessionServer(SERVER_INFO);

  override async init(): Promise<void> {
    this.server.registerTool(
      "listTodos",
      { ...DESCRIPTION, inputSchema: {}, outputSchema: listed.shape },
      () => listTodos(this.env),
    );
  }
}

function serveStateless(route: string) {
  return {
    fetch(request: Request, env: FloorEnv, ctx: ExecutionContext): Promise<Response> {
      const createServer = () => {
        const server = new StatelessServer(SERVER_INFO, { capabilities: { tools: {} } });
        server.registerTool("listTodos", TOOL, () => listTodos(env));
        return server;
      };
      return createMcpHandler(createServer, {
        route,
        legacy: "reject",
        allowedOriginHostnames: "*",
        corsOptions: false,
      })(request, env, ctx);
    },
  };
}

const bareAgent = BareAgent.serve(PATHS.agent, { binding: "BARE_AGENT" });
const bareStateless = serveStateless(PATHS.stateless);

let provider: OAuthProvider<FloorEnv> | undefined;
function providerOf(env: FloorEnv): OAuthProvider<FloorEnv> {
  provider ??= new OAuthProvider<FloorEnv>({
    apiHandlers: {
      [PATHS.providerStateless]: serveStateless(PATHS.providerStateless),
      [PATHS.providerAgent]: BareAgent.serve(PATHS.providerAgent, { binding: "BARE_AGENT" }),
    },
    defaultHandler: { fetch: authorize },
    authorizeEndpoint: "/authorize",
    tokenEndpoint: "/token",
    clientRegistrationEndpoint: "/register",
    clientIdMetadataDocumentEnabled: false,
    resourceMetadata: { resource: env.MCP_RESOURCE },
  });
  return provider;
}

/** Grants every request without asking. */
async function authorize(request: Request, env: FloorEnv): Promise<Response> {
  const authorization = await env.OAUTH_PROVIDER.parseAuthRequest(request);
  const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
    request: authorization,
    userId: "nobody",
    metadata: {},
    scope: authorization.scope,
    props: { name: "nobody" },
  });
  return Response.redirect(redirectTo, 302);
}

export default {
  async fetch(request: Request, env: FloorEnv, ctx: ExecutionContext): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case PATHS.agent:
        return bareAgent.fetch(request, env, ctx);
      case PATHS.stateless:
        return bareStateless.fetch(request, env, ctx);
      case PATHS.readAndForward: {
        await env.OAUTH_KV.get("token:nobody");
        await request.text();
        const { body } = await fetchTodos(env);
        return new Response(body, { headers: { "Content-Type": "application/json" } });
      }
      default:
        return providerOf(env).fetch(request, env, ctx);
    }
  },
} satisfies ExportedHandler<FloorEnv>;
