/** After a refusal the client gets `access_denied` with its own `state` and the Worker's `iss`, and shows it. */
import type { TestStack } from "../fixtures/stack.ts";
import { expect, test } from "../fixtures/test.ts";
import type { Trail } from "../fixtures/trail.ts";
import type { InspectorPage } from "../pages/inspector.ts";
import { davinciConsentScreen, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

test("the person refuses the client at the Worker", async ({ inspector, page, stack, trail }) => {
  await stack.startFreshInspector("auto");
  await inspector.connect();
  await workerConsentPage(page).refuse();

  await expectAccessDenied(inspector, stack, trail);
  await stack.control.journal.expectNone({ endpoint: "authorize" });
});

test("the person declines at DaVinci", async ({ inspector, page, stack, trail }) => {
  await stack.startFreshInspector("auto");
  await inspector.connect();
  await workerConsentPage(page).allow();
  await signOnScreen(page).signOn("decliner");
  await davinciConsentScreen(page).decline();

  await expectAccessDenied(inspector, stack, trail);
  await stack.control.journal.expectNone({ endpoint: "token" });
});

async function expectAccessDenied(inspector: InspectorPage, stack: TestStack, trail: Trail): Promise<void> {
  await expect(inspector.authorizationNotice()).toContainText("access_denied");
  const [request] = trail.authorizations();
  expect(trail.outcomes()).toHaveLength(1);
  const [outcome] = trail.outcomes();
  expect(outcome?.origin).toBe(stack.inspectorOrigin);
  expect(Object.fromEntries(outcome?.searchParams ?? [])).toMatchObject({
    error: "access_denied",
    state: request?.searchParams.get("state"),
    iss: stack.workerOrigin,
  });
  expect(outcome?.searchParams.has("code")).toBe(false);
}
