/** Every page of the Worker: accessible, on small and large screens, light and dark, by keyboard alone. */
import { beginAuthorization } from "../fixtures/authorization.ts";
import { startMisconfiguredWorker } from "../fixtures/misconfigured-worker.ts";
import { expectGoodPage } from "../fixtures/page-quality.ts";
import { expect, test } from "../fixtures/test.ts";
import { bob } from "../fixtures/users.ts";
import { DaVinciConsentScreen, SignOnScreen } from "../pages/davinci.ts";
import { WorkerConsentPage } from "../pages/worker-consent.ts";

test("the Worker's consent page is good, also for a client with a monstrous name", async ({
  page,
  stack,
}) => {
  await page.goto(await beginAuthorization(stack));
  await expect(new WorkerConsentPage(page).heading).toHaveText("Allow Weekly planner to use your todos?");
  await expectGoodPage(page, "worker consent");

  const clientName = `<b>${"Supercalifragilistic".repeat(6)}</b>`;
  await page.goto(await beginAuthorization(stack, { clientName, scope: "todo_api:read" }));
  await expect(new WorkerConsentPage(page).heading).toHaveText(
    `Allow ${clientName.slice(0, 99)}… to use your todos?`,
  );
  await expectGoodPage(page, "worker consent long name");
});

test("the Worker's landing, error and not-found pages are good", async ({ page, stack }) => {
  await page.goto(stack.workerOrigin);
  await expect(page.getByText(stack.mcpUrl)).toBeVisible();
  await expectGoodPage(page, "worker landing");

  const stale = await page.goto(`${stack.workerOrigin}/callback?state=of-another-browser&code=unknown`);
  expect(stale?.status()).toBe(400);
  await expectGoodPage(page, "worker error");

  const missing = await page.goto(`${stack.workerOrigin}/nowhere`);
  expect(missing?.status()).toBe(404);
  await expectGoodPage(page, "worker not found");
});

test("the Worker's sign-out page is good for a person without apps", async ({ page, stack }) => {
  await page.goto(`${stack.workerOrigin}/signout`);
  await new SignOnScreen(page).signOn(bob);
  await new DaVinciConsentScreen(page).approve();
  await expect(page.getByText("No app has access to your todos.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign out", exact: true })).toBeVisible();
  await expectGoodPage(page, "worker sign-out without apps");
});

test("the page that names missing settings is good", async ({ page }) => {
  await using worker = await startMisconfiguredWorker();
  const response = await page.goto(worker.origin);
  expect(response?.status()).toBe(503);
  await expect(page.getByText("PINGONE_ISSUER", { exact: true })).toBeVisible();
  await expect(page.getByText("COOKIE_ENCRYPTION_KEY", { exact: true })).toBeVisible();
  await expectGoodPage(page, "worker settings");
});
