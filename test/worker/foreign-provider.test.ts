import { decodeJwt } from "jose";
import { expect } from "vitest";
import { signInAtForeignProvider } from "../support/foreign-stack.ts";
import { connectMcp, PROTOCOL_ERAS } from "../support/mcp-client.ts";
import { testWithForeignStack } from "../support/test.ts";

const { it, stack } = testWithForeignStack();

it.each(PROTOCOL_ERAS)(
  "signs in at a certified OpenID Provider of others and calls tools in the %s era",
  async (era) => {
    const { tokens } = await signInAtForeignProvider(stack.worker);
    const mcp = await connectMcp(stack.worker, tokens.access_token, era);
    const me = (await mcp.callTool({ name: "whoAmI", arguments: {} })).structuredContent as {
      accessToken: string;
    };
    expect(decodeJwt(me.accessToken).aud).toBe(stack.audience);
    const added = await mcp.callTool({ name: "addTodo", arguments: { text: "Buy milk" } });
    expect(added.structuredContent).toMatchObject({ todos: [{ text: "Buy milk" }] });
    const { todos } = added.structuredContent as { todos: { id: string }[] };
    await mcp.callTool({ name: "deleteTodo", arguments: { todoId: todos[0]?.id } });
    await mcp.close();
  },
);
