/** Every page of the Worker: accessible, on small and large screens, light and dark, by keyboard alone. */
import { PROJECT_ROOT } from "../../scripts/stack/stack.ts";
import { startWorker } from "../../scripts/stack/worker.ts";
import { registerClient, startAuthorization } from "../../test/support/mcp-client.ts";
import { expectGoodPage } from "../fixtures/page-quality.ts";
import type { TestStack } from "../fixtures/stack.ts";
import { expect, test } from "../fixtures/test.ts";
import { davinciConsentScreen, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

test("the Worker's consent page is good, also for a client with a very long name", async ({
  page,
  stack,
}) => {
  await page.goto(await beginAuthorization(stack, "Weekly planner"));
  await expect(workerConsentPage(page).heading).toHaveText("Allow Weekly planner to use your todos?");
  await expectGoodPage(page, "worker consent");

  const clientName = `<b>${"Supercalifragilistic".repeat(6)}</b>`;
  await page.goto(await beginAuthorization(stack, clientName, { scope: "todo_api:read" }));
  await expect(workerConsentPage(page).heading).toHaveText(
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
  // Connects no app in any test.
  await signOnScreen(page).signOn("bob");
  await davinciConsentScreen(page).approve();
  await expect(page.getByText("No app has access to your todos.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign out", exact: true })).toBeVisible();
  await expectGoodPage(page, "worker sign-out without apps");
});

test("the page that names missing settings is good", async ({ page }, testInfo) => {
  const worker = await startWorker({
    root: PROJECT_ROOT,
    port: 0,
    storage: testInfo.outputPath("state"),
    logFile: testInfo.outputPath("worker.log"),
    settings: { MCP_SERVER_CLIENT_ID: "mcp-server", API_URL: "not a URL" },
  });
  try {
    const response = await page.goto(worker.origin);
    expect(response?.status()).toBe(503);
    await expect(page.getByText("PINGONE_ISSUER", { exact: true })).toBeVisible();
    await expect(page.getByText("COOKIE_ENCRYPTION_KEY", { exact: true })).toBeVisible();
    await expectGoodPage(page, "worker settings");
  } finally {
    await worker.stop();
  }
});

/** Registers a client and returns the address that begins an authorization for it. */
async function beginAuthorization(stack: TestStack, clientName: string, overrides: { scope?: string } = {}) {
  const worker = { origin: stack.workerOrigin, resource: stack.mcpUrl, fetch };
  const redirectUri = `${stack.inspectorOrigin}/oauth/callback`;
  const client = await registerClient(worker, { client_name: clientName, redirect_uris: [redirectUri] });
  return (await startAuthorization(worker, client, overrides)).url.href;
}
