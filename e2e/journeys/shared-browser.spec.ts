/** Two people use one browser: the approval of one does not count for the other, who is asked after the sign-on. */
import { expectGoodPage } from "../fixtures/page-quality.ts";
import { expect, test } from "../fixtures/test.ts";
import {
  agreeToEverything,
  davinciConsentScreen,
  signOnScreen,
  workerConsentPage,
} from "../pages/sign-in.ts";

const ERA = "auto";

test("the second person in a browser is asked by name, and then works on their own todos", async ({
  inspector,
  context,
  page,
  stack,
}) => {
  await stack.startFreshInspector(ERA);

  await test.step("the first person connects", async () => {
    await inspector.connect();
    await agreeToEverything(page, "alice");
    await inspector.expectConnected(ERA);
  });

  await test.step("the second person signs on at PingOne, and is asked about the app then", async () => {
    await stack.restartInspector(ERA);
    // PingOne's session of the first person has ended; the Worker's cookies are still there.
    await context.clearCookies({ domain: "127.0.0.1" });
    await inspector.connect();
    await signOnScreen(page).signOn("decliner");
    await davinciConsentScreen(page).approve();
    await expect(workerConsentPage(page).heading).toBeVisible();
    await expect(page.getByText("You are signed in as")).toBeVisible();
    await expectGoodPage(page, "worker consent after the sign-on");
    await workerConsentPage(page).allow();
    await inspector.expectConnected(ERA);
  });

  await test.step("the app acts for the second person", async () => {
    await inspector.openTools();
    const me = await inspector.callTool("whoAmI");
    expect(me).toMatchObject({ username: "decliner" });
  });

  await test.step("and the second person alone ends that", async () => {
    const signOutTab = await context.newPage();
    await signOutTab.goto(`${stack.workerOrigin}/signout`);
    await expect(signOutTab.getByRole("button", { name: /^End access of / })).toHaveCount(1);
    await signOutTab.getByRole("button", { name: "End everything and sign out" }).click();
    await expect(signOutTab.getByText(stack.mcpUrl)).toBeVisible();
  });
});
