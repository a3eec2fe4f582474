/** The pages between "connect" and the client's callback: the Worker's consent, then two screens of the DaVinci flow. */
import { expect, type Page } from "@playwright/test";

/** TEST ONLY: the password of every test user. */
export const PASSWORD = "2FederateM0re!";

/** The Worker's own question: whether this MCP client may act for the person. */
export function workerConsentPage(page: Page) {
  const heading = page.getByRole("heading", { level: 1, name: /^Allow .* to use your todos\?$/ });
  return {
    heading,
    allow: () => page.getByRole("button", { name: "Allow" }).click(),
    refuse: () => page.getByRole("button", { name: "Refuse" }).click(),
    /** Names the Inspector, where the access goes, and what it is for. */
    expectInspectorAsksFor: async (scopes: readonly string[]) => {
      await expect(heading).toHaveText("Allow MCP Inspector to use your todos?");
      for (const text of ["MCP Inspector", "localhost"]) {
        await expect(page.getByRole("definition").filter({ hasText: text })).toBeVisible();
      }
      await expect(page.getByRole("listitem")).toHaveCount(scopes.length);
      for (const scope of scopes) {
        await expect(page.getByRole("listitem").filter({ hasText: scope })).toBeVisible();
      }
    },
  };
}

export function signOnScreen(page: Page) {
  return {
    heading: page.getByRole("heading", { level: 1, name: "Sign On" }),
    signOn: async (username: string, password = PASSWORD) => {
      await page.getByLabel("Username").fill(username);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Sign On" }).click();
    },
  };
}

/** The consent of the PingOne connector. */
export function davinciConsentScreen(page: Page) {
  return {
    heading: page.getByRole("heading", { level: 1, name: "Application Consent" }),
    approve: () => page.getByRole("button", { name: "Approve" }).click(),
    decline: () => page.getByRole("button", { name: "Decline" }).click(),
  };
}

/** All three questions are asked, in this order, and answered with yes. */
export async function agreeToEverything(page: Page, username: string): Promise<void> {
  await workerConsentPage(page).allow();
  await signOnScreen(page).signOn(username);
  await davinciConsentScreen(page).approve();
}
