/** Access ends where the person ends it, and the client that had it notices. */
import { startInspectorCli } from "../fixtures/inspector-cli.ts";
import { expectGoodPage } from "../fixtures/page-quality.ts";
import { expect, test } from "../fixtures/test.ts";
import { agreeToEverything, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

const PERSON = "decliner";

test("a person ends the access of one app, then of all, and is signed off at PingOne", async ({
  context,
  inspector,
  page,
  stack,
}) => {
  const inspectorHost = new URL(stack.inspectorOrigin).host;
  const cliHost = new URL(stack.cliCallbackUrl).host;
  await test.step("an app is connected", async () => {
    await stack.startFreshInspector("auto");
    await inspector.connect();
    await agreeToEverything(page, PERSON);
    await inspector.expectConnected("auto");
  });

  // Opened only here: a browser draws a page behind another so rarely that every click on it takes seconds.
  const signOutTab = await context.newPage();
  const endInspectorAt = (host: string) =>
    signOutTab.getByRole("button", { name: `End access of MCP Inspector at ${host}, since ` });

  await test.step("another app is connected", async () => {
    await using cli = await startInspectorCli(stack, { tool: "listTodos" });
    await signOutTab.goto(await cli.authorizationUrl);
    await workerConsentPage(signOutTab).allow();
    expect((await cli.ended).exitCode).toBe(0);
  });

  await test.step("the person sees both and ends one", async () => {
    await signOutTab.goto(`${stack.workerOrigin}/signout`);
    await expect(signOutTab.getByRole("heading", { level: 1 })).toHaveText("Apps that act for you");
    await expect(endInspectorAt(inspectorHost)).toHaveCount(1);
    await expect(endInspectorAt(cliHost)).toHaveCount(1);
    await expectGoodPage(signOutTab, "worker sign-out");
    await endInspectorAt(cliHost).click();
    await expect(signOutTab.getByRole("status")).toHaveText("The access has ended.");
    await expect(endInspectorAt(cliHost)).toHaveCount(0);
    await expect(endInspectorAt(inspectorHost)).toHaveCount(1);
  });

  await test.step("the other still works", async () => {
    await page.bringToFront();
    await inspector.openTools();
    await inspector.callTool("listTodos");
  });

  await test.step("the person ends everything: PingOne's session, too", async () => {
    await signOutTab.bringToFront();
    await signOutTab.getByRole("button", { name: "End everything and sign out" }).click();
    await expect(signOutTab).toHaveURL(`${stack.workerOrigin}/`);
    await stack.control.journal.expect({ endpoint: "signoff" }, { times: 1 });
    const { pingone } = await stack.control.state.summary();
    expect(pingone.users.find(({ username }) => username === PERSON)).toMatchObject({ sessions: 0 });
  });

  await test.step("the client is asked everything again at its next call", async () => {
    await page.bringToFront();
    await inspector.startTool("listTodos");
    await workerConsentPage(page).allow();
    await signOnScreen(page).signOn(PERSON);
    await inspector.expectToolsShown();
    await inspector.callTool("listTodos");
  });
});
