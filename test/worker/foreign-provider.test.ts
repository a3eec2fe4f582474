import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTodoStandIn } from "../../mocks/todo/server.ts";
import { createTodoStore } from "../../mocks/todo/store.ts";
import { type ForeignProvider, startForeignProvider } from "../support/foreign-provider.ts";
import {
  connectMcp,
  createBrowser,
  PROTOCOL_ERAS,
  redeem,
  registerClient,
  startAuthorization,
} from "../support/mcp-client.ts";
import { startTestWorker, type TestWorker, WORKER_ORIGIN } from "../support/worker.ts";

const AUDIENCE = "https://todo.api.com";

let provider: ForeignProvider;
let todo: Awaited<ReturnType<typeof createTodoStandIn>>;
let worker: TestWorker;

beforeAll(async () => {
  provider = await startForeignProvider({ redirectUri: `${WORKER_ORIGIN}/callback`, audience: AUDIENCE });
  const metadata = (await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  todo = await createTodoStandIn({
    port: 0,
    issuer: provider.issuer,
    jwks: new URL(metadata.jwks_uri),
    audience: AUDIENCE,
    store: createTodoStore({ seeds: { default: [], users: {} }, usernameOf: () => undefined }),
    clock: Date.now,
  });
  worker = await startTestWorker({
    PINGONE_ISSUER: provider.issuer,
    MCP_SERVER_CLIENT_ID: provider.client.id,
    MCP_SERVER_CLIENT_SECRET: provider.client.secret,
    API_IDENTIFIER: AUDIENCE,
    API_URL: todo.origin,
    PINGONE_RESOURCE_PARAM: "send",
  });
});

afterAll(async () => {
  await worker.close();
  await todo.close();
  await provider[Symbol.asyncDispose]();
});

it.each(PROTOCOL_ERAS)(
  "signs in at a certified OpenID Provider of others and calls tools in the %s era",
  async (era) => {
    const client = await registerClient(worker);
    const browser = createBrowser(worker, client);
    const attempt = await startAuthorization(worker, client);
    let page = await (await browser.open(attempt.url)).submit("Allow");
    page = await page.submit("Sign-in", { login: "dana", password: "any" });
    page = await page.submit("Continue");
    const tokens = await redeem(worker, client, attempt, page.url);

    const mcp = await connectMcp(worker, tokens.access_token, era);
    const me = (await mcp.callTool({ name: "whoAmI", arguments: {} })).structuredContent as {
      accessToken: string;
    };
    expect(decodeJwt(me.accessToken).aud).toBe(AUDIENCE);
    const added = await mcp.callTool({ name: "addTodo", arguments: { text: "Buy milk" } });
    expect(added.structuredContent).toMatchObject({ todos: [{ text: "Buy milk" }] });
    await mcp.callTool({
      name: "deleteTodo",
      arguments: { todoId: (added.structuredContent as { todos: { id: string }[] }).todos[0]?.id },
    });
    await mcp.close();
  },
);
