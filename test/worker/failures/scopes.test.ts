/**
 * A connection is limited to the scopes that its client requested and its user granted: in both lanes, before any
 * upstream request.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { TestBrowser } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import { ALL_TODO_SCOPES, OFFLINE_ACCESS, type TodoScope } from "../../../src/config.ts";
import { answerPages, connectMcp, PROTOCOL_ERAS, redeem, requestRefresh } from "../../support/mcp-client.ts";
import { countHoldings, readChallenge, watchLog } from "../../support/observe.ts";
import { startSignIn } from "../../support/sign-in.ts";
import { testWithStack } from "../../support/test.ts";
import { APPS, createApp } from "./app.ts";
import { connect, postToolCall, signInAtPingOne, watchCalls } from "./signed-in.ts";

/** One call of each tool, with the scopes that it requires. */
const CALLS = {
  whoAmI: { input: {}, scopes: [] },
  listTodos: { input: {}, scopes: ["todo_api:read"] },
  addTodo: { input: { text: "Buy milk" }, scopes: ["todo_api:write"] },
  toggleTodo: { input: { todoId: "none", completed: true }, scopes: ["todo_api:write"] },
  deleteTodo: { input: { todoId: "none" }, scopes: ["todo_api:write"] },
} as const satisfies Record<string, { input: Record<string, unknown>; scopes: readonly TodoScope[] }>;

const { it, stack } = testWithStack();

/** Asserts, for every tool in both lanes, that calls within the scopes reach the Todo API and others do not. */
async function expectBound(accessToken: string, granted: readonly TodoScope[]): Promise<void> {
  const { worker } = stack;
  for (const era of PROTOCOL_ERAS) {
    const connection = await connect(worker, accessToken, era);
    const me = await connection.mcp.callTool({ name: "whoAmI", arguments: {} });
    expect((me.structuredContent as { scopes: string[] }).scopes.sort()).toEqual([...granted].sort());
    for (const [tool, { input, scopes }] of Object.entries(CALLS)) {
      const calls = await watchCalls(stack);
      const log = watchLog(worker);
      const answer = await connection.call(tool, input);
      const isAllowed = scopes.every((scope) => granted.includes(scope));
      expect([tool, era, answer.status]).toEqual([tool, era, isAllowed ? 200 : 403]);
      if (isAllowed) {
        // There is no todo with this id.
        expect([tool, era, answer.isError]).toEqual([tool, era, "todoId" in input]);
        continue;
      }
      expect(readChallenge(answer)).toMatchObject({
        error: "insufficient_scope",
        // The challenge includes the granted scopes, because clients request exactly this list.
        scope: [...granted, ...scopes].join(" "),
        resource_metadata: `${worker.origin}/.well-known/oauth-protected-resource/mcp`,
      });
      expect(await calls.since()).toEqual([]);
      expect(await log.line("mcp.insufficient_scope")).toMatchObject({ scope: scopes.join(" ") });
    }
  }
}

describe("a client that asks for", () => {
  it.each<[asked: string, granted: readonly TodoScope[]]>([
    ["todo_api:read", ["todo_api:read"]],
    ["todo_api:write", ["todo_api:write"]],
    ["todo_api:read offline_access", ["todo_api:read"]],
    ["todo_api:read todo_api:admin", ["todo_api:read"]],
  ])("%s gets that and no more, at PingOne too", async (asked, granted) => {
    const { accessToken, tokens, login } = await signInAtPingOne(stack, { scope: asked });
    expect(tokens.scope).toBe(granted.join(" "));
    const [authorize] = await stack.emulators.journal.find({ endpoint: "authorize", login });
    expect(authorize?.query.scope).toEqual([`openid profile ${granted.join(" ")}`]);
    if (asked === granted.join(" ")) await expectBound(accessToken, granted);
  });

  it("nothing is offered everything", async () => {
    const { accessToken, tokens, login } = await signInAtPingOne(stack, { scope: "" });
    expect(tokens.scope).toBe(ALL_TODO_SCOPES.join(" "));
    const calls = await watchCalls(stack, login);
    const connection = await connect(stack.worker, accessToken, "modern");
    expect((await connection.call("addTodo", CALLS.addTodo.input)).isError).toBe(false);
    expect(await calls.since()).toEqual(["todos.add"]);
  });

  it("less when it refreshes its token is bound by that token", async () => {
    const { client, tokens } = await signInAtPingOne(stack);
    const refreshed = await requestRefresh(stack.worker, client, tokens, { scope: "todo_api:read" });
    const narrowed = (await refreshed.json()) as { access_token: string; scope: string };
    expect(narrowed.scope).toBe("todo_api:read");
    await expectBound(narrowed.access_token, ["todo_api:read"]);
  });
});

describe("a person who picks scopes at DaVinci", () => {
  it.beforeAll(() => stack.emulators.flows.choose("consent-reduced-scopes"));
  it.afterAll(() => stack.emulators.flows.choose("sign-on-with-consent"));

  /** Signs in as a user who unticks these boxes. */
  async function signInWithout(unticked: readonly string[], username: string) {
    const { worker } = stack;
    const signIn = await startSignIn(worker);
    const atPingOne = new TestBrowser({ fetch: worker.fetch, stopAt: (url) => url.origin === worker.origin });
    let page = await atPingOne.open(signIn.pingOneUrl);
    page = await page.submit("Sign On", { Username: username, Password: "2FederateM0re!" });
    expect(page.heading).toBe("Application Consent");
    for (const scope of unticked) {
      page.root.querySelector(`input[type="checkbox"][value="${scope}"]`)?.removeAttribute("checked");
    }
    const { url } = await answerPages(page);
    return { ...signIn, back: (await signIn.browser.open(url)).url };
  }

  it("bounds what a client may do that asked for more", async () => {
    const { client, attempt, back } = await signInWithout(["todo_api:write"], "decliner");
    const tokens = await redeem(stack.worker, client, attempt, back);
    expect(tokens.scope).toBe("todo_api:read");
    await expectBound(tokens.access_token, ["todo_api:read"]);
  });

  it("[FAIL-25] and leaves none gives no access, and the client hears of it", async () => {
    const before = await countHoldings(stack.worker);
    const log = watchLog(stack.worker);
    const { back } = await signInWithout(ALL_TODO_SCOPES, "bob");
    expect(back.searchParams.get("error")).toBe("access_denied");
    await log.line("callback.no_scope_granted");
    expect(await countHoldings(stack.worker)).toEqual(before);
  });
});

describe.each(APPS)("an app with %s", (kind) => {
  it("that was given reading asks for both when it needs writing, and its call succeeds", async () => {
    const { worker } = stack;
    const app = createApp(worker, kind);
    // State of an earlier run: on a first sign-in, the SDKs request all scopes that the server lists.
    const { client, tokens } = await signInAtPingOne(stack, { scope: "todo_api:read" });
    Object.assign(app.memory, {
      client: { client_id: client.clientId, issuer: worker.origin },
      tokens: { ...tokens, token_type: "bearer", issuer: worker.origin },
    });
    // SDK v1 tries a refresh before it requests more scopes, and fails if the refresh does not add them.
    if (kind === "SDK v1") delete app.memory.tokens?.refresh_token;
    await app.connect();
    expect((await app.callTool("listTodos")).isError).toBe(false);
    expect(app.signIns).toEqual([]);
    const { grants, pingSessions } = await countHoldings(worker);
    const text = `Added by ${kind}`;
    expect((await app.callTool("addTodo", { text })).text).toContain(text);
    const [stepUp] = app.signIns;
    const asked = (stepUp?.searchParams.get("scope") ?? "")
      .split(" ")
      .filter((scope) => scope !== OFFLINE_ACCESS);
    expect(asked.sort()).toEqual([...ALL_TODO_SCOPES]);
    // Reading still works, and the new grant replaces the old one.
    expect((await app.callTool("listTodos")).text).toContain(text);
    expect(app.signIns).toHaveLength(1);
    expect(await countHoldings(worker)).toMatchObject({ grants, pingSessions });
    await app.close();
  });
});

describe("tools, scopes, metadata and PingOne's fixtures", () => {
  async function fixture(name: string): Promise<Record<string, unknown>[]> {
    const file = path.join(import.meta.dirname, "../../../fixtures/pingone", `${name}.json`);
    const { _embedded } = JSON.parse(await readFile(file, "utf8")) as {
      _embedded: Record<string, Record<string, unknown>[]>;
    };
    return _embedded[name] ?? [];
  }
  const namesOf = (scopes: unknown) => (scopes as { id: string; name: string }[]) ?? [];

  it("name the same scopes", async () => {
    const { worker, emulators } = stack;
    const needed = new Set(Object.values(CALLS).flatMap(({ scopes }) => [...scopes]));
    expect([...needed].sort()).toEqual([...ALL_TODO_SCOPES]);

    const document = async (address: string) =>
      (await (await worker.fetch(worker.origin + address)).json()) as { scopes_supported: string[] };
    const server = await document("/.well-known/oauth-authorization-server");
    expect(server.scopes_supported).toEqual([...ALL_TODO_SCOPES, OFFLINE_ACCESS]);
    const resource = await document("/.well-known/oauth-protected-resource/mcp");
    expect(resource.scopes_supported).toEqual([...ALL_TODO_SCOPES]);
    const refused = await postToolCall(worker, "none:none:none", "whoAmI");
    expect(readChallenge(refused).scope).toBe(ALL_TODO_SCOPES.join(" "));

    // The custom resource has these scopes, and the application is granted each.
    const resources = await fixture("resources");
    const todoApi = resources.find(({ audience }) => audience === emulators.apiIdentifier);
    const scopes = namesOf(todoApi?.scopes);
    expect(scopes.map(({ name }) => name).sort()).toEqual([...ALL_TODO_SCOPES]);
    const grant = (await fixture("grants")).find(
      ({ resource, application }) =>
        (resource as { id: string }).id === todoApi?.id &&
        (application as { id: string }).id === emulators.client.id,
    );
    expect(
      namesOf(grant?.scopes)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(scopes.map(({ id }) => id).sort());
  });

  it("are the tools that a client is offered", async () => {
    const { accessToken } = await signInAtPingOne(stack);
    const client = await connectMcp(stack.worker, accessToken, "modern");
    expect((await client.listTools()).tools.map(({ name }) => name).sort()).toEqual(
      Object.keys(CALLS).sort(),
    );
    await client.close();
  });
});
