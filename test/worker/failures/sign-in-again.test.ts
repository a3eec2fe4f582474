/** Access at PingOne has ended: real clients find out by a 401, sign in again by themselves and go on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countHoldings } from "../../support/observe.ts";
import { startTestStack, type TestStack } from "../../support/stack.ts";
import { APPS, createApp } from "./app.ts";
import { DUE_AFTER_ONE_SECOND, seconds, watchCalls } from "./signed-in.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

describe.each(APPS)("an app with %s", (kind) => {
  it("signs in again when PingOne has ended the session, and its call succeeds", async () => {
    const { standIns, worker } = stack;
    const app = createApp(worker, kind);
    await standIns.control.setSwitches({ accessTokenTtlSeconds: DUE_AFTER_ONE_SECOND });
    await app.connect();
    expect(await app.callTool("listTodos")).toMatchObject({ isError: false });
    expect(app.signIns).toHaveLength(1);
    const { client } = app.memory;
    const holdings = await countHoldings(worker);

    await seconds(1);
    await standIns.control.endSession("alice");
    const calls = await watchCalls(stack);
    const text = `Buy milk by ${kind}`;
    const answer = await app.callTool("addTodo", { text });
    expect(answer.text).toContain(text);
    expect(app.signIns).toHaveLength(2);
    // The same client, one grant, and the todo was sent once: with the new token.
    expect(app.memory.client).toEqual(client);
    const { grants, pingSessions } = await countHoldings(worker);
    expect({ grants, pingSessions }).toEqual({
      grants: holdings.grants,
      pingSessions: holdings.pingSessions,
    });
    expect((await calls.since()).filter((name) => name === "todos.add")).toEqual(["todos.add"]);
    await app.close();
  });

  it("signs in again without being asked anything while PingOne remembers the person", async () => {
    const { standIns, worker } = stack;
    const app = createApp(worker, kind);
    await standIns.control.setSwitches({ accessTokenTtlSeconds: DUE_AFTER_ONE_SECOND });
    await app.connect();
    await seconds(1);
    await standIns.control.revokeTokens("alice");
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
    await app.close();
  });
});
