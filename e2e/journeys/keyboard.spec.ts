/** The whole sign-in without a mouse. */
import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/test.ts";
import { davinciConsentScreen, PASSWORD, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

test("a person connects, agrees, signs on and consents by keyboard alone", async ({
  inspector,
  page,
  stack,
}) => {
  await stack.startFreshInspector("auto");
  await inspector.connect();

  await test.step("allows the client", async () => {
    await expect(workerConsentPage(page).heading).toBeVisible();
    await tabTo(page, "Allow");
    await page.keyboard.press("Enter");
  });

  await test.step("signs on: the first field has the focus", async () => {
    await expect(signOnScreen(page).heading).toBeVisible();
    await expect(page.getByLabel("Username")).toBeFocused();
    await page.keyboard.type("alice");
    await page.keyboard.press("Tab");
    await expect(page.getByLabel("Password")).toBeFocused();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
  });

  await test.step("consents", async () => {
    await expect(davinciConsentScreen(page).heading).toBeVisible();
    await tabTo(page, "Approve");
    await page.keyboard.press("Space");
  });

  await inspector.expectConnected("auto");
});

async function tabTo(page: Page, button: string): Promise<void> {
  const target = page.getByRole("button", { name: button });
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(target).toBeFocused({ timeout: 50 });
  }).toPass({ intervals: [0] });
}
