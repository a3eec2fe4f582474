/** What the product is for, once in each protocol era: connect, agree, sign on, work on todos. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { z } from "zod";
import { expect, test } from "../fixtures/test.ts";
import { readTodos, requireTodo } from "../fixtures/todos.ts";
import { davinciConsentScreen, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

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
      await inspector.connect();
    });

    await test.step("the Worker asks whether this client may act for the person", async () => {
      const consent = workerConsentPage(page);
      await consent.expectInspectorAsksFor(["todo_api:read", "todo_api:write"]);
      await consent.allow();
    });

    await test.step("DaVinci signs the person on and asks for consent", async () => {
      await signOnScreen(page).signOn("alice");
      const consent = davinciConsentScreen(page);
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
      const whoAmI = z.object({ accessToken: z.string() }).parse(await inspector.callTool("whoAmI"));
      // As the Todo API verifies it: by the keys that PingOne publishes, and not expired.
      const keys = createRemoteJWKSet(new URL(`${stack.issuer}/jwks`));
      const expected = { issuer: stack.issuer, audience: "https://todo.api.com", requiredClaims: ["exp"] };
      const { payload } = await jwtVerify(whoAmI.accessToken, keys, expected);
      // One text of words (RFC 9068 §2.2.3).
      const scopes = z.string().parse(payload.scope).split(" ");
      expect(scopes).toEqual(expect.arrayContaining(["todo_api:read", "todo_api:write"]));
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
      await stack.control.journal.expect({ endpoint: "todos.delete", status: 200 }, { times: 1 });
    });
  });
}
