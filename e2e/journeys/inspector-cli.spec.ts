import { z } from "zod";
import { startInspectorCli } from "../fixtures/inspector-cli.ts";
import { expect, test } from "../fixtures/test.ts";
import { readTodos, requireTodo } from "../fixtures/todos.ts";
import { agreeToEverything } from "../pages/sign-in.ts";

const resultSchema = z.object({ structuredContent: z.unknown(), isError: z.boolean().optional() });

test("the Inspector's command line signs a person in and calls a tool", async ({ page, stack }) => {
  const text = "Buy bread";
  await using cli = await startInspectorCli(stack, { tool: "addTodo", args: { text } });

  await test.step("the person opens the address it prints, and agrees", async () => {
    await page.goto(await cli.authorizationUrl);
    await agreeToEverything(page, "alice");
  });

  await test.step("it calls the tool, prints the answer and ends well", async () => {
    const { exitCode, stdout, stderr } = await cli.ended;
    expect(exitCode, stderr).toBe(0);
    const { result } = z.object({ result: resultSchema }).parse(JSON.parse(stdout));
    expect(result.isError ?? false).toBe(false);
    expect(requireTodo(readTodos(result.structuredContent), text).completed).toBe(false);
  });
});
