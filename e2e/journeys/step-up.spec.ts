/** A client that asks for little is asked for more when a tool needs it, and the person with it. */
import { expect, test } from "../fixtures/test.ts";
import { readTodos, requireTodo } from "../fixtures/todos.ts";
import { davinciConsentScreen, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

for (const era of ["legacy", "auto"] as const) {
  test(`a tool beyond the granted scopes lets the Inspector ask for them, once (protocol era ${era})`, async ({
    inspector,
    page,
    stack,
    trail,
  }) => {
    const workerConsent = workerConsentPage(page);
    const davinciConsent = davinciConsentScreen(page);

    await test.step("the client asks for reading only, and is granted that", async () => {
      await stack.startFreshInspector(era, { scopes: "todo_api:read" });
      await inspector.connect();
      await workerConsent.expectInspectorAsksFor(["todo_api:read"]);
      await workerConsent.allow();
      await signOnScreen(page).signOn("alice");
      await davinciConsent.approve();
      await inspector.expectConnected(era);
      await inspector.openTools();
      await inspector.callTool("listTodos");
    });

    await test.step("a tool that writes is refused, and the Inspector offers to ask for more", async () => {
      await inspector.startTool("addTodo", { text: "Too early" });
      await inspector.authorizeStepUp("todo_api:write");
    });

    await test.step("the person is asked for all of it, but not who they are", async () => {
      await workerConsent.expectInspectorAsksFor(["todo_api:read", "todo_api:write"]);
      await workerConsent.allow();
      await expect(davinciConsent.heading).toBeVisible();
      await davinciConsent.approve();
      const clientIds = trail.authorizations().map((url) => url.searchParams.get("client_id"));
      expect(clientIds).toHaveLength(2);
      expect(new Set(clientIds).size).toBe(1);
    });

    await test.step("the tool works, and nothing was done before", async () => {
      await inspector.expectToolsShown();
      const todos = readTodos(await inspector.callTool("addTodo", { text: "In time" }));
      requireTodo(todos, "In time");
      expect(todos.map(({ text }) => text)).not.toContain("Too early");
    });
  });
}
