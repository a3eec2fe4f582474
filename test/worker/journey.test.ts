import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect } from "vitest";
import { connectMcp, PROTOCOL_ERAS, signIn } from "../support/mcp-client.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack } = testWithStack();

describe.each(PROTOCOL_ERAS)("the journey of a client in the %s era", (era) => {
  it("registers, is allowed, signs in at PingOne and works on the person's todos", async () => {
    const { worker, emulators } = stack;
    const { tokens } = await signIn(worker, { username: "alice" });
    expect(tokens.scope.split(" ").sort()).toEqual(["todo_api:read", "todo_api:write"]);

    const client = await connectMcp(worker, tokens.access_token, era);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "whoAmI",
      "listTodos",
      "addTodo",
      "toggleTodo",
      "deleteTodo",
    ]);

    const me = await client.callTool({ name: "whoAmI", arguments: {} });
    const { accessToken } = me.structuredContent as { accessToken: string };
    const keys = createRemoteJWKSet(new URL(`${emulators.issuer}/jwks`));
    const { payload } = await jwtVerify(accessToken, keys, {
      issuer: emulators.issuer,
      audience: emulators.apiIdentifier,
    });
    expect(String(payload.scope).split(" ")).toEqual(
      expect.arrayContaining(["todo_api:read", "todo_api:write"]),
    );

    const text = `Buy milk (${era})`;
    const added = await client.callTool({ name: "addTodo", arguments: { text } });
    const todo = readTodos(added).find((item) => item.text === text);
    expect(todo).toMatchObject({ text, completed: false });
    const todoId = todo?.id ?? "";

    const toggled = await client.callTool({ name: "toggleTodo", arguments: { todoId, completed: true } });
    expect(readTodos(toggled)).toContainEqual({ id: todoId, text, completed: true });

    await client.callTool({ name: "deleteTodo", arguments: { todoId } });
    const left = await client.callTool({ name: "listTodos", arguments: {} });
    expect(readTodos(left).map(({ id }) => id)).not.toContain(todoId);
    await client.close();
  });
});

function readTodos(answer: {
  structuredContent?: unknown;
}): { id: string; text: string; completed: boolean }[] {
  return (answer.structuredContent as { todos: { id: string; text: string; completed: boolean }[] }).todos;
}
