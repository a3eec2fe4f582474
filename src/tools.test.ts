import { describe, expect } from "vitest";
import { z } from "zod";
import { ALL_TODO_SCOPES } from "./config.ts";
import { contextWith, it, toolNamed } from "./testing/tool-context.ts";
import { runTool, TOOLS } from "./tools.ts";

describe("the table of tools", () => {
  it("is what it was when it was last reviewed", () => {
    const table = TOOLS.map(({ name, title, scopes, annotations, inputSchema }) => ({
      name,
      title,
      scopes: scopes.join(" "),
      hints: Object.entries(annotations)
        .filter(([, value]) => value)
        .map(([hint]) => hint)
        .join(" "),
      input: Object.keys(inputSchema.shape).join(" "),
    }));
    expect(table).toMatchInlineSnapshot(`
      [
        {
          "hints": "readOnlyHint idempotentHint",
          "input": "",
          "name": "whoAmI",
          "scopes": "",
          "title": "Who am I",
        },
        {
          "hints": "readOnlyHint idempotentHint",
          "input": "",
          "name": "listTodos",
          "scopes": "todo_api:read",
          "title": "List todos",
        },
        {
          "hints": "",
          "input": "text",
          "name": "addTodo",
          "scopes": "todo_api:write",
          "title": "Add a todo",
        },
        {
          "hints": "idempotentHint",
          "input": "todoId completed",
          "name": "toggleTodo",
          "scopes": "todo_api:write",
          "title": "Mark a todo as done or open",
        },
        {
          "hints": "destructiveHint idempotentHint",
          "input": "todoId",
          "name": "deleteTodo",
          "scopes": "todo_api:write",
          "title": "Delete a todo",
        },
      ]
    `);
  });

  it.each(TOOLS.map((tool) => [tool.name, tool] as const))("%s is described in full", (_name, tool) => {
    expect(tool.name).toMatch(/^[a-z][A-Za-z]+$/);
    expect(tool.title).not.toBe("");
    expect(tool.description).toMatch(/^[A-Z].*\.$/s);
    for (const scope of tool.scopes) expect(ALL_TODO_SCOPES).toContain(scope);
    for (const hint of ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const) {
      expect(tool.annotations[hint]).toBeTypeOf("boolean");
    }
    for (const schema of [tool.inputSchema, tool.outputSchema]) {
      for (const [parameter, type] of Object.entries(schema.shape)) {
        expect(type.description, `${tool.name}.${parameter} is described`).toMatch(/\S/);
      }
    }
  });

  it.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s has hints and scopes that do not contradict each other",
    (_name, { annotations, scopes }) => {
      if (annotations.readOnlyHint) {
        expect(annotations.destructiveHint).toBe(false);
        expect(scopes).not.toContain("todo_api:write");
      } else {
        expect(scopes).toContain("todo_api:write");
      }
    },
  );

  it("uses every scope, and every name once", () => {
    expect(new Set(TOOLS.flatMap(({ scopes }) => scopes))).toEqual(new Set(ALL_TODO_SCOPES));
    expect(new Set(TOOLS.map(({ name }) => name)).size).toBe(TOOLS.length);
  });

  it.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s has schemas that are JSON schemas of objects",
    (_name, tool) => {
      for (const schema of [tool.inputSchema, tool.outputSchema]) {
        expect(z.toJSONSchema(schema, { io: "input" })).toMatchObject({ type: "object" });
      }
    },
  );
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
    ["addTodo", { text: 7 }],
    ["addTodo", { text: null }],
    ["toggleTodo", { todoId: "1" }],
    ["toggleTodo", { todoId: "1", completed: "true" }],
    ["toggleTodo", { completed: true }],
    ["deleteTodo", {}],
    ["deleteTodo", { todoId: "" }],
    ["deleteTodo", { todoId: "." }],
    ["deleteTodo", { todoId: ".." }],
    ["deleteTodo", { todoId: "a/b" }],
    ["deleteTodo", { todoId: "a b" }],
    ["deleteTodo", { todoId: "a?b" }],
    ["deleteTodo", { todoId: "a%2Fb" }],
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
