/** Complete sign-ins: kinds of clients, concurrent sign-ins, and the requests of a repeated sign-in. */
import { decodeJwt } from "jose";
import { describe, expect } from "vitest";
import {
  answerPages,
  connectMcp,
  createBrowser,
  PROTOCOL_ERAS,
  redeem,
  registerClient,
  requestRefresh,
  signIn,
  startAuthorization,
} from "../support/mcp-client.ts";
import { countHoldings, pendingSignInCookies, watch } from "../support/observe.ts";
import { sendRaw } from "../support/raw-mcp.ts";
import { startTestStack } from "../support/stack.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();

it.beforeEach(async () => {
  await stack.emulators.reset();
});

async function readUsername(accessToken: string): Promise<unknown> {
  const mcp = await connectMcp(worker, accessToken, "modern");
  const result = await mcp.callTool({ name: "whoAmI", arguments: {} });
  await mcp.close();
  return (result.structuredContent as { username?: unknown }).username;
}

it.each(PROTOCOL_ERAS)(
  "a client shaped as claude.ai is gets through to a tool call in the %s era",
  async (era) => {
    const claude = await registerClient(worker, {
      client_name: "Claude",
      redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
      token_endpoint_auth_method: "client_secret_post",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      scope: "todo_api:read todo_api:write",
    });
    expect(claude.clientSecret).toBeDefined();
    const attempt = await startAuthorization(worker, claude, { scope: " todo_api:read todo_api:write" });
    const page = await createBrowser(worker, claude).open(attempt.url);
    expect(page.heading).toBe("Allow Claude to use your todos?");
    expect(page.text).toContain("claude.ai");
    const last = await answerPages(page);
    const tokens = await redeem(worker, claude, attempt, last.url);
    expect(tokens.scope).toBe("todo_api:read todo_api:write");
    const refreshed = await requestRefresh(worker, claude, tokens);
    const { access_token } = (await refreshed.json()) as { access_token: string };
    const mcp = await connectMcp(worker, access_token, era);
    const result = await mcp.callTool({ name: "listTodos", arguments: {} });
    expect(result.structuredContent).toMatchObject({ todos: expect.any(Array) });
    await mcp.close();
  },
);

describe("a return with cookies", () => {
  it("is silent and costs PingOne one back-channel request", async () => {
    const { client, browser } = await signIn(worker);
    const watched = await watch(stack);
    const attempt = await startAuthorization(worker, client);
    const back = await browser.open(attempt.url);
    expect(back.url.searchParams.get("code")).not.toBeNull();
    // One authorization request of the browser and one token request of the Worker.
    expect(await watched.upstreamCalls()).toEqual(["authorize", "token"]);
    expect((await redeem(worker, client, attempt, back.url)).scope).toBe("todo_api:read todo_api:write");
  });

  it("replaces the grant of the time before, whose tokens end with it", async () => {
    const { client, browser, tokens } = await signIn(worker);
    const before = await countHoldings(worker);
    const { tokens: next } = await signIn(worker, { client, browser });
    expect(await countHoldings(worker)).toMatchObject({
      grants: before.grants,
      pingSessions: before.pingSessions,
    });
    expect(await readUsername(next.access_token)).toBe("alice");
    const response = await sendRaw(worker, { token: tokens.access_token });
    expect(response.status).toBe(401);
  });

  it("asks everything again once the cookies are gone", async () => {
    const { client, browser } = await signIn(worker);
    await browser.cookies.removeAllCookies();
    const { url } = await startAuthorization(worker, client);
    let page = await browser.open(url);
    expect(page.heading).toMatch(/^Allow/);
    page = await page.submit("Allow");
    expect(page.heading).toBe("Sign On");
  });
});

describe("several sign-ins at once", () => {
  it("in two tabs of one browser end each at its own client, in any order", async () => {
    const [one, two] = [await registerClient(worker), await registerClient(worker)];
    const browser = createBrowser(worker, one);
    const attempts = [await startAuthorization(worker, one), await startAuthorization(worker, two)] as const;
    const first = await (await browser.open(attempts[0].url)).submit("Allow");
    const second = await (await browser.open(attempts[1].url)).submit("Allow");
    expect([first.heading, second.heading]).toEqual(["Sign On", "Sign On"]);
    expect(await pendingSignInCookies(browser, worker)).toHaveLength(2);
    const secondBack = await answerPages(second);
    const firstBack = await answerPages(first);
    expect(secondBack.url.searchParams.get("state")).toBe(attempts[1].state);
    expect(firstBack.url.searchParams.get("state")).toBe(attempts[0].state);
    expect(await pendingSignInCookies(browser, worker)).toEqual([]);
    await redeem(worker, one, attempts[0], firstBack.url);
    await redeem(worker, two, attempts[1], secondBack.url);
  });

  it("of different people stay apart", async () => {
    const usernames = ["alice", "bob", "alice", "bob"];
    const results = await Promise.all(usernames.map((username) => signIn(worker, { username })));
    const people = await Promise.all(results.map(({ tokens }) => readUsername(tokens.access_token)));
    expect(people).toEqual(usernames);
  });

  it("show each person their own todos only", async () => {
    const [alice, bob] = await Promise.all([
      signIn(worker, { username: "alice" }),
      signIn(worker, { username: "bob" }),
    ]);
    const clients = await Promise.all(
      [alice, bob].map(({ tokens }) => connectMcp(worker, tokens.access_token, "modern")),
    );
    const [ofAlice, ofBob] = clients;
    await ofAlice?.callTool({ name: "addTodo", arguments: { text: "Only for Alice" } });
    const listed = await ofBob?.callTool({ name: "listTodos", arguments: {} });
    expect(JSON.stringify(listed)).not.toContain("Only for Alice");
    await Promise.all(clients.map((client) => client.close()));
  });
});

describe("the access token of PingOne", () => {
  it.each(["include", "redact"])(
    "is shown by whoAmI as WHOAMI_ACCESS_TOKEN=%s says, and reaches nobody else",
    async (setting) => {
      await using own = await startTestStack({ WHOAMI_ACCESS_TOKEN: setting });
      const { tokens } = await signIn(own.worker);
      for (const era of PROTOCOL_ERAS) {
        const mcp = await connectMcp(own.worker, tokens.access_token, era);
        const result = await mcp.callTool({ name: "whoAmI", arguments: {} });
        const { accessToken } = result.structuredContent as { accessToken?: string };
        if (setting === "include")
          expect(decodeJwt(accessToken ?? "").aud).toEqual([own.emulators.apiIdentifier]);
        else expect(JSON.stringify(result)).not.toMatch(/eyJ/);
        await mcp.close();
      }
      expect(own.worker.logs()).not.toMatch(/eyJ/);
      expect(JSON.stringify(tokens)).not.toMatch(/eyJ/);
    },
  );
});
