/** Access at PingOne has ended: MCP SDK clients get 401, sign in again without the app's help and continue. */
import { expect } from "vitest";
import { testWithStack } from "../../support/test.ts";
import { APPS, type AppKind, createApp } from "./app.ts";
import { DUE_AFTER_ONE_SECOND, seconds } from "./signed-in.ts";

/** Each test ends the access of its user, so each has its own user. */
const PERSON: Readonly<Record<AppKind, string>> = {
  "SDK v1": "alice",
  "SDK v2, old protocol": "bob",
  "SDK v2, new protocol": "decliner",
};

const { it, stack } = testWithStack();

it.beforeAll(async () => {
  // Every token is due for a refresh at PingOne after one second.
  await stack.emulators.switches.set({ accessTokenTtlSeconds: DUE_AFTER_ONE_SECOND });
});

it.concurrent.each(APPS)(
  "[FAIL-29] an app with %s signs in again when access at PingOne has ended, and its call succeeds",
  async (kind) => {
    const { emulators, worker } = stack;
    const username = PERSON[kind];
    const app = createApp(worker, kind, { username });
    await app.connect();
    expect(await app.callTool("listTodos")).toMatchObject({ isError: false });
    expect(app.signIns).toHaveLength(1);
    const { client } = app.memory;

    // The session at PingOne is valid, so the user sees no page.
    await seconds(1);
    await emulators.tokens.revoke(username);
    const visited = app.browser.visited.length;
    expect(await app.callTool("listTodos")).toMatchObject({ isError: false });
    expect(app.signIns).toHaveLength(2);
    const pages = app.browser.visited.slice(visited).map(({ pathname }) => pathname);
    expect(pages).toEqual([
      "/authorize",
      expect.stringMatching(/\/as\/authorize$/),
      "/callback",
      "/callback",
    ]);

    // The session at PingOne has ended, so the user signs on. The tool call is executed exactly once.
    await seconds(1);
    await emulators.sessions.end(username);
    const after = await emulators.journal.mark();
    const text = `Buy milk by ${kind}`;
    const answer = await app.callTool("addTodo", { text });
    expect(answer.text.split(text)).toHaveLength(2);
    expect(app.signIns).toHaveLength(3);
    const added = { endpoint: "todos.add", login: { user: username }, after } as const;
    expect(await emulators.journal.find(added)).toHaveLength(1);

    // The client is the same, and one grant has replaced the old ones.
    expect(app.memory.client).toEqual(client);
    const people = (await worker.getEnv()).PERSON;
    const userId = emulators.users.find((user) => user.username === username)?.id ?? "";
    expect((await people.getByName(userId).listConnections(1)).connections).toHaveLength(1);
    await app.close();
  },
);
