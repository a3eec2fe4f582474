/** Clients whose client id is the URL of their metadata (Client ID Metadata Documents). */
import { HttpResponse, http } from "msw";
import { describe, expect } from "vitest";
import { network } from "../../src/testing/network.ts";
import {
  answerPages,
  connectMcp,
  createBrowser,
  PROTOCOL_ERAS,
  type RegisteredClient,
  redeem,
  startAuthorization,
} from "../support/mcp-client.ts";
import { expectNoSecrets, expectPage, expectSignInError, watch, watchLog } from "../support/observe.ts";
import { testWithStack } from "../support/test.ts";

/** The client id and redirect URI of Claude. */
const CLAUDE: RegisteredClient = {
  clientId: "https://claude.ai/oauth/mcp-oauth-client-metadata",
  redirectUri: "https://claude.ai/api/mcp/auth_callback",
};

const { it, stack, worker } = testWithStack({ CLIENT_METADATA_DOCUMENTS: "on" });
let fetched: string[] = [];

it.beforeAll(async () => {
  network.events.on("request:start", ({ request }) => {
    if (!request.url.startsWith("http://127.0.0.1")) fetched.push(request.url);
  });
});

it.afterEach(() => {
  network.resetHandlers();
  fetched = [];
});

function documentOf(
  client: RegisteredClient,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    client_id: client.clientId,
    client_name: "Claude",
    redirect_uris: [client.redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    ...changes,
  };
}

function publish(client: RegisteredClient, changes: Record<string, unknown> = {}): void {
  network.use(http.get(client.clientId, () => HttpResponse.json(documentOf(client, changes))));
}

/** A new client, whose document is in no cache. */
function newClient(): RegisteredClient {
  const host = `app-${crypto.randomUUID().slice(0, 8)}.example`;
  return { clientId: `https://${host}/client.json`, redirectUri: `https://${host}/callback` };
}

async function open(client: RegisteredClient, overrides: Record<string, string> = {}): Promise<Response> {
  const { url } = await startAuthorization(worker, client, overrides);
  return worker.fetch(url, { headers: { Accept: "text/html" } });
}

it("the metadata says that such clients are welcome", async () => {
  const response = await worker.fetch(`${worker.origin}/.well-known/oauth-authorization-server`);
  expect(await response.json()).toMatchObject({ client_id_metadata_document_supported: true });
});

it.each(PROTOCOL_ERAS)("Claude signs a person in and calls a tool in the %s era", async (era) => {
  publish(CLAUDE);
  const attempt = await startAuthorization(worker, CLAUDE, { scope: " todo_api:read todo_api:write" });
  const browser = createBrowser(worker, CLAUDE);
  const page = await browser.open(attempt.url);
  expect(page.heading).toBe("Allow Claude to use your todos?");
  const last = await answerPages(page);
  const tokens = await redeem(worker, CLAUDE, attempt, last.url);
  const mcp = await connectMcp(worker, tokens.access_token, era);
  const result = await mcp.callTool({ name: "listTodos", arguments: {} });
  expect(result.structuredContent).toMatchObject({ todos: expect.any(Array) });
  await mcp.close();
  expect((await (await worker.getEnv()).OAUTH_KV.list({ prefix: "client:" })).keys).toEqual([]);
});

describe("the consent page of such a client", () => {
  it("names the domain that publishes the document, and where access goes", async () => {
    const client = newClient();
    publish(client, { client_name: "Nice app" });
    const text = await expectPage(await open(client), { status: 200, text: /Allow Nice app/ });
    expect(text).toContain(`Published by <strong>${new URL(client.clientId).host}</strong>`);
    expect(text).not.toContain("Nobody has verified it");
  });

  it("shows hostile metadata as text", async () => {
    const client = newClient();
    publish(client, { client_name: '<script>alert(1)</script>"' });
    const text = await expectPage(await open(client), { status: 200, text: /&lt;script&gt;/ });
    expect(text).not.toContain("<script");
  });

  it("accepts any port of a loopback redirect, as command line clients need it", async () => {
    const client = { ...newClient(), redirectUri: "http://localhost:49152/callback" };
    publish(client, { redirect_uris: ["http://localhost/callback"] });
    const text = await expectPage(await open(client), { status: 200, text: /Allow Claude/ });
    expect(text).toContain("on your own computer");
  });
});

describe("a document that cannot be read is a page, not a failure of the server, when", () => {
  const published = (changes: Record<string, unknown>) => (client: RegisteredClient) =>
    HttpResponse.json(documentOf(client, changes));

  it.each<[what: string, answer: (client: RegisteredClient) => Response]>([
    ["it is not there", () => new HttpResponse(null, { status: 404 })],
    ["its server fails", () => new HttpResponse(null, { status: 500 })],
    ["its server cannot be reached", () => HttpResponse.error()],
    ["it is HTML", () => HttpResponse.html("<h1>Hotel Wi-Fi</h1>")],
    ["it is malformed", () => jsonText('{"client_id":')],
    ["it is a list", () => HttpResponse.json([])],
    ["it is null", () => HttpResponse.json(null)],
    ["it is too large", published({ padding: "x".repeat(6000) })],
    ["it is about another client", published({ client_id: CLAUDE.clientId })],
    ["it names no client", published({ client_id: undefined })],
    ["it has no redirect URIs", published({ redirect_uris: undefined })],
    ["it has a hostile redirect URI", published({ redirect_uris: ["javascript:alert(1)"] })],
    ["it has a hostile home page", published({ client_uri: "javascript:alert(1)" })],
    [
      "it holds a secret",
      published({ client_secret: "x", token_endpoint_auth_method: "client_secret_post" }),
    ],
  ])("%s", async (_what, answer) => {
    const client = newClient();
    network.use(http.get(client.clientId, () => answer(client)));
    const watched = await watch(stack);
    const response = await open(client);
    const text = await expectPage(response, { status: 400, text: /could not be verified|cannot continue/ });
    expectNoSecrets(text);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
    expect(fetched).toEqual([client.clientId]);
  });

  it("its host has no answer, with a reference that the log has too", async () => {
    const client = newClient();
    network.use(http.get(client.clientId, () => HttpResponse.error()));
    const log = watchLog(worker);
    const expected = { status: 400, text: /This app could not be verified/ };
    const text = await expectPage(await open(client), expected);
    const { reference } = await log.line("authorize.client_metadata_failed");
    expect(text).toContain(String(reference));
  });
});

describe("an address that is no client is refused without asking for it when", () => {
  it.each([
    ["it is plain http", "http://app.example/client.json"],
    ["it has a fragment", "https://app.example/client.json#x"],
    ["it carries credentials", "https://user:secret@app.example/client.json"],
    ["it is no URL", "https://"],
  ])("%s", async (_what, clientId) => {
    const watched = await watch(stack);
    const response = await open({ clientId, redirectUri: "https://app.example/callback" });
    await expectPage(response, { status: 400, text: /cannot continue|could not be verified/ });
    await watched.expectNothingGained();
    expect(fetched).toEqual([]);
  });
});

it("a document does not vouch for another redirect URI", async () => {
  const client = newClient();
  publish(client);
  const response = await open(client, { redirect_uri: "https://evil.example/callback" });
  await expectPage(response, { status: 400, text: /redirect/i });
});

it("a refusal brings such a client back with access_denied", async () => {
  const client = newClient();
  publish(client);
  const attempt = await startAuthorization(worker, client);
  const back = await (await createBrowser(worker, client).open(attempt.url)).submit("Refuse");
  expectSignInError(back.url, { client, attempt }, "access_denied");
});

describe("a request that no handler answers", () => {
  it("reaches no network, and is noticed although the Worker answers with a page", async ({ unanswered }) => {
    const client = newClient();
    await expectPage(await open(client), { status: 400, text: /could not be verified/ });
    expect(unanswered.splice(0)).toEqual([`GET ${client.clientId}`]);
  });

  it.fails("fails its test", async () => {
    await expectPage(await open(newClient()), { status: 400, text: /could not be verified/ });
  });
});

function jsonText(text: string): Response {
  return new HttpResponse(text, { headers: { "Content-Type": "application/json" } });
}
