/** Every screen of the emulator: accessible, on small and large screens, light and dark, by keyboard alone. */
import type { Page } from "@playwright/test";
import type { PingOne } from "pingone-emulator";
import { expect, test } from "pingone-emulator/playwright";
import { expectGoodPage } from "../fixtures/page-quality.ts";
import { davinciConsentScreen, PASSWORD, signOnScreen } from "../pages/sign-in.ts";

const NEW_PASSWORD = "Fresh-2FederateM0re!";

test("sign on, its refusals and consent are good", async ({ page, pingone }) => {
  const signOn = await reachSignOn(page, pingone);
  await expectGoodPage(page, "sign on");

  await signOn.signOn("alice", "wrong");
  await expect(page.getByRole("alert")).toHaveText("Invalid username and/or password");
  await expectGoodPage(page, "sign on refused");

  await signOn.signOn("locked");
  await expectGoodScreen(page, "Account Locked");
  await page.getByRole("button", { name: "Back to sign on" }).click();

  await signOn.signOn("alice");
  await expectGoodScreen(page, "Application Consent");
});

test("registration is good", async ({ page, pingone }) => {
  await reachSignOn(page, pingone);
  await page.getByRole("button", { name: "No account? Register now!" }).click();
  await expectGoodScreen(page, "Create Your Profile");

  await page.getByLabel("Email").fill("newcomer@example.com");
  await page.getByLabel("First Name").fill("Nora");
  await page.getByLabel("Last Name").fill("New");
  await page.getByLabel("Password").fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Continue" }).click();
  await expectGoodScreen(page, "Verification Code");

  await page.getByLabel("Verification Code").fill("000000");
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expectGoodPage(page, "verify account refused");

  await page.getByLabel("Verification Code").fill(await readOneTimeCode(page));
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await expectGoodScreen(page, "Success");
});

test("recovery of a forgotten password is good", async ({ page, pingone }) => {
  await reachSignOn(page, pingone);
  await page.getByRole("button", { name: "Having trouble signing on?" }).click();
  await expectGoodScreen(page, "Recover Your Account");

  await page.getByLabel("Username").fill("bob");
  await page.getByRole("button", { name: "Continue" }).click();
  await expectGoodScreen(page, "Enter New Password");

  await page.getByLabel("Recovery Code").fill(await readOneTimeCode(page));
  await page.getByLabel("New Password", { exact: true }).fill(NEW_PASSWORD);
  await page.getByLabel("Verify New Password").fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Continue" }).click();
  await expectGoodScreen(page, "Success");
});

test("a forced change of password is good", async ({ page, pingone }) => {
  const signOn = await reachSignOn(page, pingone);
  await signOn.signOn("mustchange");
  await expectGoodScreen(page, "Update Password");

  await page.getByLabel("Current Password").fill(PASSWORD);
  await page.getByLabel("New Password", { exact: true }).fill(NEW_PASSWORD);
  await page.getByLabel("Verify New Password").fill(`${NEW_PASSWORD}x`);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expectGoodPage(page, "update password refused");
});

test("a passcode, and consent to a choice of scopes, are good", async ({ page, pingone }) => {
  await pingone.flows.choose("consent-reduced-scopes");
  const signOn = await reachSignOn(page, pingone);
  await signOn.signOn("mfa");
  await expectGoodScreen(page, "Enter Your Passcode");

  await page.getByLabel("Passcode").fill(await readOneTimeCode(page));
  await page.getByRole("button", { name: "Verify", exact: true }).click();
  await expectScreen(page, "Application Consent");
  await expect(page.getByRole("checkbox", { name: "todo_api:write" })).toBeChecked();
  await expectGoodPage(page, "consent to a choice of scopes");
});

test("the page that strands a person who declines is good, though a dead end", async ({ page, pingone }) => {
  await pingone.flows.choose("consent-strands-the-person");
  const signOn = await reachSignOn(page, pingone);
  await signOn.signOn("decliner");
  await davinciConsentScreen(page).decline();
  await expectGoodScreen(page, "You have declined the request.");
});

test("the emulator's own pages are good: an error, signed off", async ({ page, pingone }) => {
  const refused = await page.goto(`${pingone.issuer}/authorize?response_type=code&client_id=unknown`);
  expect(refused?.status()).toBe(400);
  await expectGoodPage(page, "pingone error");

  await page.goto(`${pingone.issuer}/signoff`);
  await expectGoodPage(page, "signed off");
});

async function reachSignOn(page: Page, pingone: PingOne) {
  const query = new URLSearchParams({
    client_id: pingone.client.id,
    // Nobody listens there: these journeys end before PingOne sends the person back.
    redirect_uri: "http://localhost:8787/callback",
    response_type: "code",
    scope: "openid profile todo_api:read todo_api:write",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  await page.goto(`${pingone.issuer}/authorize?${query}`);
  await expectScreen(page, "Sign On");
  return signOnScreen(page);
}

async function expectScreen(page: Page, heading: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
}

async function expectGoodScreen(page: Page, heading: string): Promise<void> {
  await expectScreen(page, heading);
  await expectGoodPage(page, heading);
}

/** The emulator shows beside the screen what PingOne would send by e-mail. */
async function readOneTimeCode(page: Page): Promise<string> {
  return (await page.getByTestId("one-time-code").textContent()) ?? "";
}
