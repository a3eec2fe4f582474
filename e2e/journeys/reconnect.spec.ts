/**
 * Reconnecting with and without the browser's cookies. Each connection must pass through `/authorize` with the client
 * id of the first: an Inspector that still has tokens would connect without any request for authorization.
 */
import { expect, test } from "../fixtures/test.ts";
import type { Trail } from "../fixtures/trail.ts";
import { agreeToEverything, signOnScreen, workerConsentPage } from "../pages/sign-in.ts";

const ERA = "auto";

test("a first connection asks everything, a reconnection with cookies nothing, one without cookies asks again", async ({
  inspector,
  context,
  page,
  stack,
  trail,
}) => {
  await stack.startFreshInspector(ERA);

  const firstClientId = await test.step("the first connection asks everything", async () => {
    await inspector.connect();
    await agreeToEverything(page, "alice");
    await inspector.expectConnected(ERA);
    return onlyClientId(trail);
  });

  await test.step("a reconnection with cookies is silent", async () => {
    await stack.restartInspector(ERA);
    trail.clear();
    await inspector.connect();
    await inspector.expectConnected(ERA);
    expect(onlyClientId(trail)).toBe(firstClientId);
    expect(new Set(trail.shown.map((url) => url.origin))).toEqual(new Set([stack.inspectorOrigin]));
  });

  await test.step("after the cookies are cleared, consent and sign-in are asked for again", async () => {
    await stack.restartInspector(ERA);
    trail.clear();
    await context.clearCookies();
    await inspector.connect();
    await workerConsentPage(page).allow();
    // PingOne remembers its own consent with the person, not in the browser: DaVinci asks who it is, and no more.
    await signOnScreen(page).signOn("alice");
    await inspector.expectConnected(ERA);
    expect(onlyClientId(trail)).toBe(firstClientId);
  });
});

/** Of the one authorization that there was. */
function onlyClientId(trail: Trail): string {
  const clientIds = trail.authorizations().map((url) => url.searchParams.get("client_id") ?? "");
  expect(clientIds).toHaveLength(1);
  const [clientId = ""] = clientIds;
  expect(clientId).not.toBe("");
  return clientId;
}
