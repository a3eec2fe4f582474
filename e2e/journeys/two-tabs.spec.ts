/** One browser, two clients that ask at the same time: no page of one may end up in the other's sign-in. */
import { startInspectorCli } from "../fixtures/inspector-cli.ts";
import { expect, test } from "../fixtures/test.ts";
import { davinciConsentScreen, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

test("two authorizations in two tabs of one browser, taken step by step in turn, both complete", async ({
  context,
  inspector,
  page: inspectorTab,
  stack,
  trail,
}) => {
  await stack.startFreshInspector("auto");
  await using cli = await startInspectorCli(stack, { tool: "listTodos" });

  await test.step("one tab shows the Worker's consent page", async () => {
    await inspector.connect();
    await expect(workerConsentPage(inspectorTab).heading).toBeVisible();
  });
  const cliTab = await context.newPage();
  await test.step("the other tab shows it, too", async () => {
    await cliTab.goto(await cli.authorizationUrl);
    await expect(workerConsentPage(cliTab).heading).toBeVisible();
  });

  await test.step("both tabs reach DaVinci's sign on", async () => {
    for (const tab of [inspectorTab, cliTab]) {
      await tab.bringToFront();
      await workerConsentPage(tab).allow();
      await expect(signOnScreen(tab).heading).toBeVisible();
    }
  });

  await test.step("both tabs sign on and consent, the later one first", async () => {
    for (const tab of [cliTab, inspectorTab]) {
      await tab.bringToFront();
      await signOnScreen(tab).signOn("alice");
    }
    for (const tab of [cliTab, inspectorTab]) {
      await tab.bringToFront();
      const consent = davinciConsentScreen(tab);
      await expect(consent.heading).toBeVisible();
      await consent.approve();
    }
  });

  await test.step("each client gets its own outcome and works", async () => {
    await inspector.expectConnected("auto");
    const { exitCode, stderr } = await cli.ended;
    expect(exitCode, stderr).toBe(0);
    const states = (urls: readonly URL[]) => urls.map((url) => url.searchParams.get("state")).sort();
    expect(new Set(states(trail.authorizations())).size).toBe(2);
    expect(states(trail.outcomes())).toEqual(states(trail.authorizations()));
    const clientIds = trail.authorizations().map((url) => url.searchParams.get("client_id"));
    expect(new Set(clientIds).size).toBe(2);
  });
});
