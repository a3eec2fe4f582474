/** Access at PingOne has ended: real clients find out by a 401, sign in again by themselves and go on. */
import { expect } from "vitest";
import { testWithStack } from "../../support/test.ts";
import { APPS, type AppKind, createApp } from "./app.ts";
import { DUE_AFTER_ONE_SECOND, seconds } from "./signed-in.ts";

/** Each ends one person's access, so each has a person of its own. */
const PERSON: Readonly<Record<AppKind, string>> = {
  "SDK v1": "alice",
  "SDK v2, old protocol": "bob",
  "SDK v2, new protocol": "decliner",
};

const { it, stack } = testWithStack();

it.beforeAll(async () => {
  // So that every token is due, and PingOne asked, once a second has passed.
  await stack.emulators.control.setSwitches({ accessTokenTtlSeconds: DUE_AFTER_ONE_SECOND });
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

    // PingOne remembers the person, who is asked nothing.
    await seconds(1);
    await emulators.control.revokeTokens(username);
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

    // PingOne has forgotten the person, who signs on. What was asked for is done, and done once.
    await seconds(1);
    await emulators.control.endSession(username);
    const after = await emulators.control.lastRequestNumber();
    const text = `Buy milk by ${kind}`;
    const answer = await app.callTool("addTodo", { text });
    expect(answer.text.split(text)).toHaveLength(2);
    expect(app.signIns).toHaveLength(3);
    const added = { endpoint: "todos.add", login: { user: username }, after } as const;
    expect(await emulators.control.requests(added)).toHaveLength(1);

    // The same client, and one grant in place of the old ones.
    expect(app.memory.client).toEqual(client);
    const people = (await worker.getEnv()).PERSON;
    const userId = emulators.users.find((user) => user.username === username)?.id ?? "";
    expect((await people.getByName(userId).listConnections(1)).connections).toHaveLength(1);
    await app.close();
  },
);
