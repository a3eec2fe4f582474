/** What the product is for, once in each protocol era: connect, agree, sign on, work on todos. */
import { scopesOf, verifyTodoApiToken } from "../fixtures/access-token.ts";
import { expect, test } from "../fixtures/test.ts";
import { readTodos, requireTodo } from "../fixtures/todos.ts";
import { alice } from "../fixtures/users.ts";
import { DaVinciConsentScreen, SignOnScreen } from "../pages/davinci.ts";
import { WorkerConsentPage } from "../pages/worker-consent.ts";

const TOOLS = ["whoAmI", "listTodos", "addTodo", "toggleTodo", "deleteTodo"] as const;

for (const era of ["legacy", "auto"] as const) {
  test(`the Inspector connects with protocol era ${era}, and a person works on their todos`, async ({
    inspector,
    page,
    stack,
    trail,
  }) => {
    await stack.startFreshInspector(era);

    await test.step("the Inspector begins its own OAuth flow", async () => {
      await inspector.open();
      await inspector.connect();
    });

    await test.step("the Worker asks whether this client may act for the person", async () => {
      const consent = new WorkerConsentPage(page);
      await consent.expectToName({
        client: "MCP Inspector",
        host: "localhost",
        scopes: ["todo_api:read", "todo_api:write"],
      });
      await consent.allow();
    });

    await test.step("DaVinci signs the person on and asks for consent", async () => {
      await new SignOnScreen(page).signOn(alice);
      const consent = new DaVinciConsentScreen(page);
      await expect(consent.heading).toBeVisible();
      await consent.approve();
    });

    await test.step("the Inspector is connected, in the era it was told, with all tools", async () => {
      await inspector.expectConnected(era);
      expect(trail.authorizations()).toHaveLength(1);
      await inspector.openTools();
      await expect(page.getByRole("heading", { name: `Tools (${TOOLS.length})` })).toBeVisible();
      for (const tool of TOOLS) await expect(inspector.toolButton(tool)).toBeVisible();
    });

    await test.step("whoAmI returns PingOne's access token for the Todo API", async () => {
      const payload = await verifyTodoApiToken(await inspector.callTool("whoAmI"), stack);
      expect(scopesOf(payload)).toEqual(expect.arrayContaining(["todo_api:read", "todo_api:write"]));
    });

    await test.step("a todo is added, listed, toggled and deleted", async () => {
      const text = `Buy milk (${era})`;
      const added = requireTodo(readTodos(await inspector.callTool("addTodo", { text })), text);
      expect(added.completed).toBe(false);

      const listed = readTodos(await inspector.callTool("listTodos"));
      expect(listed).toContainEqual(added);

      const toggled = await inspector.callTool("toggleTodo", { todoId: added.id, completed: true });
      expect(readTodos(toggled)).toContainEqual({ ...added, completed: true });

      const left = readTodos(await inspector.callTool("deleteTodo", { todoId: added.id }));
      expect(left.map(({ id }) => id)).not.toContain(added.id);
      await stack.control.expectRequest({ endpoint: "todos.delete", status: 200 }, { times: 1 });
    });
  });
}
