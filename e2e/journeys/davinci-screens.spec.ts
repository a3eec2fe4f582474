/**
 * Every screen of the DaVinci flows: accessible, on small and large screens, light and dark, by keyboard alone. The
 * flow engine stands behind a bare server of this file, so that a screen takes one click to reach.
 */
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { test as base, expect, type Page } from "@playwright/test";
import { Hono } from "hono";
import usersFixture from "../../fixtures/pingone/users.json" with { type: "json" };
import { createTestEngine, PASSWORD } from "../../mocks/pingone/davinci/flow-driver.ts";
import { PAGE_CONTENT_SECURITY_POLICY } from "../../mocks/pingone/davinci/layout.ts";
import type { UserFixture } from "../../mocks/pingone/users.ts";
import { expectGoodPage } from "../fixtures/page-quality.ts";
import { DaVinciConsentScreen, SignOnScreen } from "../pages/davinci.ts";

const DEFAULT_FLOW = "sign-on-with-consent";

interface Fixtures {
  /** Opens the first screen of a flow. */
  readonly openFlow: (flow?: string) => Promise<void>;
}

const test = base.extend<Fixtures>({
  openFlow: async ({ page }, use) => {
    const { open, engine } = createTestEngine({ users: usersFixture._embedded.users as UserFixture[] });
    const app = new Hono();
    app.use(async (context, next) => {
      await next();
      context.header("Content-Security-Policy", PAGE_CONTENT_SECURITY_POLICY);
    });
    app.get("/flows/:flow", async (context) => context.html((await open(context.req.param("flow"))).html));
    app.post("/as/interaction/:id", async (context) => {
      const form = new URLSearchParams(await context.req.text());
      const outcome = await engine.submit(context.req.param("id"), form);
      return outcome?.kind === "screen" ? context.html(outcome.html) : context.json(outcome ?? null);
    });
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;

    await use(async (flow = DEFAULT_FLOW) => {
      await page.goto(`http://127.0.0.1:${port}/flows/${flow}`);
    });
    await new Promise((resolve) => server.close(resolve));
  },
});

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

const readCode = async (page: Page) => (await page.getByTestId("one-time-code").textContent()) ?? "";

async function expectGoodScreen(page: Page, heading: string, name = heading): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  await expectGoodPage(page, `davinci ${name}`);
}

test("sign on, its error and consent are good", async ({ page, openFlow }) => {
  await openFlow();
  await expectGoodScreen(page, "Sign On");

  const signOn = new SignOnScreen(page);
  await signOn.signOn({ username: "alice", password: "wrong" });
  await signOn.expectRefusal("Invalid username and/or password");
  await expectGoodScreen(page, "Sign On", "sign on error");

  await signOn.signOn({ username: "alice", password: PASSWORD });
  await expectGoodScreen(page, "Application Consent");
});

test("the choice of scopes and the page that strands a person are good", async ({ page, openFlow }) => {
  await openFlow("consent-reduced-scopes");
  await new SignOnScreen(page).signOn({ username: "alice", password: PASSWORD });
  await page.getByLabel("todo_api:write").uncheck();
  await expectGoodScreen(page, "Application Consent", "choice of scopes");

  await openFlow("consent-strands-the-person");
  await new SignOnScreen(page).signOn({ username: "alice", password: PASSWORD });
  await new DaVinciConsentScreen(page).decline();
  await expectGoodScreen(page, "You have declined the request.");
});

test("registration and its verification code are good", async ({ page, openFlow }) => {
  await openFlow();
  await press(page, "No account? Register now!");
  await expectGoodScreen(page, "Create Your Profile");

  await page.getByLabel("Email").fill("zoe@example.com");
  await page.getByLabel("Given Name").fill("Zoe");
  await page.getByLabel("Family Name").fill("Zimmer");
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Continue");
  await expectGoodScreen(page, "Verify Your Account");

  const code = await readCode(page);
  await page.getByRole("textbox", { name: "Verification Code" }).fill(code);
  await press(page, "Verify");
  await expectGoodScreen(page, "Registration Complete");
});

test("the ways out of a forgotten, an expired and a locked password are good", async ({ page, openFlow }) => {
  await openFlow();
  await press(page, "Having trouble signing on?");
  await expectGoodScreen(page, "Recover Your Account");
  await page.getByLabel("Username").fill("alice");
  await press(page, "Continue");
  await expectGoodScreen(page, "Enter New Password");
  await press(page, "Cancel");

  const signOn = new SignOnScreen(page);
  await signOn.signOn({ username: "locked", password: PASSWORD });
  await expectGoodScreen(page, "Account Locked");
  await press(page, "Back");

  await signOn.signOn({ username: "expired", password: PASSWORD });
  await expectGoodScreen(page, "Update Password");
  await page.getByLabel("Current Password").fill(PASSWORD);
  await page.getByLabel("New Password", { exact: true }).fill("N3w-Passw0rd!");
  await page.getByLabel("Verify New Password").fill("N3w-Passw0rd!");
  await press(page, "Update Password");
  await expectGoodScreen(page, "Password Reset Success");
});

test("the one-time code is good, and a person can sign on by keyboard alone", async ({ page, openFlow }) => {
  await openFlow();
  // The first empty field has the focus, and Enter presses the first button.
  await page.keyboard.type("mfa");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expectGoodScreen(page, "Enter Your Passcode");

  const code = await readCode(page);
  await page.getByRole("textbox", { name: "Passcode" }).focus();
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Application Consent");
});
