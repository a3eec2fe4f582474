/** The control page of the emulators in a browser: its buttons do what the API does, with and without JavaScript. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import type { Offline } from "pingone-emulator";
import { expect, test } from "../fixtures/emulators.ts";
import { expectGoodPage } from "../fixtures/page-quality.ts";

const openPage = (page: Page, { origin }: Offline) => page.goto(`${origin}/__mocks`);
const part = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

async function useEveryButton(page: Page, emulators: Offline): Promise<void> {
  await openPage(page, emulators);

  await page.getByLabel("Seconds (negative: back)").fill("7200");
  await page.getByRole("button", { name: "Move the clock" }).click();
  await expect(part(page, "Overview")).toContainText("moved by 7200 s");
  await page.getByRole("button", { name: "Back to real time" }).click();
  await expect(part(page, "Overview")).not.toContainText("moved by");

  const before = (await emulators.state.summary()).pingone.signingKeyId;
  await page.getByLabel("Drop the old keys").check();
  await page.getByRole("button", { name: "Rotate the signing key" }).click();
  const { signingKeyId, keyIds } = (await emulators.state.summary()).pingone;
  expect(signingKeyId).not.toBe(before);
  expect(keyIds).toEqual([signingKeyId]);

  await page.getByLabel("DaVinci flow", { exact: true }).selectOption({ index: 1 });
  await page.getByRole("button", { name: "Choose this flow" }).click();
  const bound = (await emulators.state.summary()).pingone.flows.filter((flow) => flow.bound);
  await expect(part(page, "Overview")).toContainText(bound[0]?.name ?? "nothing");

  const switches = part(page, "Switches");
  await switches.getByLabel("Access token lifetime, seconds").fill("90");
  await switches.getByLabel("Additional replay protection").selectOption("no");
  await switches.getByLabel("Refresh tokens", { exact: true }).selectOption("opaque");
  await page.getByRole("button", { name: "Set the switches" }).click();
  await expect(page.getByRole("status")).toContainText("Done");
  expect((await emulators.state.summary()).pingone.switches).toMatchObject({
    accessTokenTtlSeconds: 90,
    replayProtection: false,
    refreshTokenType: "OPAQUE_TOKEN",
    gracePeriodSeconds: null,
  });
  await switches.getByLabel("Additional replay protection").selectOption("as the application says");
  await page.getByRole("button", { name: "Set the switches" }).click();
  expect((await emulators.state.summary()).pingone.switches).toMatchObject({
    accessTokenTtlSeconds: 90,
    replayProtection: null,
  });

  const faults = part(page, "Faults");
  await faults.getByLabel("Fault", { exact: true }).selectOption("status");
  await faults.getByLabel("Endpoint", { exact: true }).selectOption("userinfo");
  await faults.getByLabel("Only for user").fill("alice");
  await faults.getByRole("button", { name: "Queue the fault" }).click();
  await expect(page.getByRole("alert")).toContainText("status");
  await faults.getByLabel("Fault", { exact: true }).selectOption("reset");
  await faults.getByLabel("Endpoint", { exact: true }).selectOption("jwks");
  await faults.getByRole("button", { name: "Queue the fault" }).click();
  await expect(faults).toContainText("reset on jwks, 1 time");
  await faults.getByRole("button", { name: /^Remove fault \d+$/ }).click();
  await expect(faults).toContainText("No fault is queued.");

  for (const action of ["Expire tokens of alice", "Revoke tokens of alice", "End sessions of alice"]) {
    await page.getByRole("button", { name: action }).click();
    await expect(page.getByRole("status")).toContainText('{"count":0}');
  }

  await page.request.get(`${emulators.issuer}/jwks`);
  await page.getByRole("link", { name: "Refresh" }).click();
  await page.getByText(/^#\d+ GET .*\/as\/jwks -> 200/).click();
  await expect(part(page, "Journal")).toContainText("Endpoint");
  await page.getByRole("button", { name: "Empty the journal" }).click();
  await expect(part(page, "Journal")).toContainText("0 requests");

  await page.getByRole("button", { name: "Reset everything" }).click();
  await expect(page.getByRole("status")).toContainText("Done");
  expect((await emulators.state.summary()).pingone.switches.accessTokenTtlSeconds).not.toBe(90);
}

test("every button of the control page does what the API does", async ({ page, emulators }) => {
  await useEveryButton(page, emulators);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("every button does the same, and no control is shown that would do nothing", async ({
    page,
    emulators,
  }) => {
    await useEveryButton(page, emulators);
    await expect(page.getByRole("button", { name: "Stop live updates" })).toBeHidden();
  });
});

test("the journal and the state follow without a reload, until they are told to stop", async ({
  page,
  emulators,
}) => {
  await openPage(page, emulators);
  const journal = part(page, "Journal");
  await expect(journal).toContainText("0 requests");
  await page.request.get(`${emulators.issuer}/jwks`);
  await expect(journal).toContainText("1 request");

  const entry = journal.getByText(/^#1 GET/);
  await entry.click();
  await emulators.faults.queue({ endpoint: "token", fault: "reset" });
  await page.request.get(`${emulators.issuer}/jwks`);
  await expect(journal).toContainText("2 requests");
  await expect(part(page, "Faults")).toContainText("reset on token");
  await expect(journal.locator("details[open]")).toHaveCount(1);
  await expect(journal.locator("summary:focus")).toContainText("#1 GET");
});

test("live updates stop and start again at the press of a button", async ({ page, emulators }) => {
  await page.clock.install();
  await openPage(page, emulators);
  await page.getByRole("button", { name: "Stop live updates" }).click();
  const updates: string[] = [];
  page.on("request", (request) => updates.push(request.url()));
  await page.request.get(`${emulators.issuer}/jwks`);
  await page.clock.runFor(10_000);
  expect(updates).toEqual([]);
  await expect(part(page, "Journal")).toContainText("0 requests");
  await page.getByRole("button", { name: "Start live updates" }).click();
  await page.clock.runFor(2000);
  await expect(part(page, "Journal")).toContainText("1 request");
});

test("the control page is good", async ({ page, emulators }) => {
  await emulators.faults.queue({ endpoint: "token", fault: "reset", login: { user: "alice" } });
  await page.request.get(`${emulators.issuer}/jwks`);
  await page.request.get(`${emulators.origin}/nowhere`);
  await openPage(page, emulators);
  await page.getByText(/^#2 GET/).click();
  await page.getByText("What each fault does").click();
  await expectGoodPage(page, "control page");
});

test("the page of a run says why a flow ended in login_required", async ({ page, emulators }) => {
  await emulators.flows.choose("dies-before-any-screen");
  const { id } = emulators.client;
  const query = new URLSearchParams({
    client_id: id,
    redirect_uri: "http://localhost:8787/callback",
    response_type: "code",
    scope: "openid",
    code_challenge: "A".repeat(43),
    code_challenge_method: "S256",
  });
  await fetch(`${emulators.issuer}/authorize?${query}`, { redirect: "manual" });

  await openPage(page, emulators);
  await part(page, "Flow runs").getByRole("link", { name: "run of dies-before-any-screen" }).click();
  await expect(part(page, "Why it ended in login_required")).toContainText(
    "shows an error before any screen",
  );
  await page.getByRole("link", { name: "The last step, with its inputs and outputs" }).click();
  await expect(part(page, "Steps")).toContainText("errorConnector.customErrorMessage");
  await expectGoodPage(page, "run of a flow");
});

test("a page of a stranger can neither use nor frame nor read the control API", async ({
  page,
  emulators,
}) => {
  const target = `${emulators.origin}/__mocks`;
  const stranger = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<h1>A stranger</h1>
      <form method="post" action="${target}/page/faults.queue">
        <input name="fault" value="reset"><input name="endpoint" value="token"><button>Win a prize</button>
      </form>
      <iframe src="${target}"></iframe>`);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => stranger.once("listening", resolve));
  try {
    const { port } = stranger.address() as AddressInfo;
    // Another site, and another origin of the same site.
    for (const host of ["localhost", "127.0.0.1"]) {
      await page.goto(`http://${host}:${port}/`);
      await expect(
        page.frameLocator("iframe").getByRole("heading", { name: "Emulator controls" }),
      ).toHaveCount(0);
      const read = await page.evaluate(
        (url) =>
          fetch(url).then(
            (response) => response.status,
            () => "blocked",
          ),
        `${target}/state`,
      );
      expect(read).toBe("blocked");
      const [response] = await Promise.all([
        page.waitForResponse(`${target}/page/faults.queue`),
        page.getByRole("button", { name: "Win a prize" }).click(),
      ]);
      expect(response.status()).toBe(403);
      expect(await emulators.faults.pending()).toEqual([]);
    }
  } finally {
    stranger.close();
    stranger.closeAllConnections();
  }
});
