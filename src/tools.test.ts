import { describe, expect } from "vitest";
import { contextWith, it, toolNamed } from "./testing/tool-context.ts";
import { runTool, TOOLS } from "./tools.ts";

describe("the table of tools", () => {
  it("is what it was when it was last reviewed", () => {
    const table = TOOLS.map(({ name, title, scopes, annotations, inputSchema }) => {
      const hints = Object.entries(annotations).flatMap(([hint, value]) => (value ? [hint] : []));
      return [name, title, scopes.join(" "), hints.join(" "), Object.keys(inputSchema.shape).join(" ")];
    });
    expect(table.map((cells) => cells.join(" | "))).toMatchInlineSnapshot(`
      [
        "whoAmI | Who am I |  | readOnlyHint idempotentHint | ",
        "listTodos | List todos | todo_api:read | readOnlyHint idempotentHint | ",
        "addTodo | Add a todo | todo_api:write |  | text",
        "toggleTodo | Mark a todo as done or open | todo_api:write | idempotentHint | todoId completed",
        "deleteTodo | Delete a todo | todo_api:write | destructiveHint idempotentHint | todoId",
      ]
    `);
  });

  it.each(TOOLS.map((tool) => [tool.name, tool] as const))("%s is described in full", (_name, tool) => {
    expect(tool.description).toMatch(/^[A-Z].*\.$/s);
    for (const schema of [tool.inputSchema, tool.outputSchema]) {
      for (const [parameter, type] of Object.entries(schema.shape)) {
        expect(type.description, `${tool.name}.${parameter} is described`).toMatch(/\S/);
      }
    }
  });
});

describe("input", () => {
  it.each([
    ["addTodo", { text: "x" }],
    ["addTodo", { text: "x".repeat(1000) }],
    ["toggleTodo", { todoId: "a-b_c.d~1", completed: false }],
    ["deleteTodo", { todoId: "..." }],
    ["deleteTodo", { todoId: "x".repeat(128) }],
  ])("of %s may be %j", (name, input) => {
    expect(toolNamed(name).inputSchema.safeParse(input).success).toBe(true);
  });

  it.each([
    ["addTodo", {}],
    ["addTodo", { text: "" }],
    ["addTodo", { text: " \n\t" }],
    ["addTodo", { text: "x".repeat(1001) }],
    ["addTodo", { text: null }],
    ["toggleTodo", { todoId: "1" }],
    ["toggleTodo", { todoId: "1", completed: "true" }],
    ["toggleTodo", { completed: true }],
    ["deleteTodo", {}],
    ["deleteTodo", { todoId: "" }],
    ["deleteTodo", { todoId: "." }],
    ["deleteTodo", { todoId: ".." }],
    ["deleteTodo", { todoId: "a/b" }],
    ["deleteTodo", { todoId: "1\n" }],
    ["deleteTodo", { todoId: "x".repeat(129) }],
    ["deleteTodo", { todoId: 1 }],
  ])("of %s may not be %j", (name, input) => {
    expect(toolNamed(name).inputSchema.safeParse(input).success).toBe(false);
  });

  it("is trimmed before it is sent", async () => {
    const context = contextWith();
    await runTool(toolNamed("addTodo"), { text: "  Buy milk " }, context);
    expect(context.todoApi.addTodo).toHaveBeenCalledWith("Buy milk");
  });
});
