/**
 * `pingone-emulator/playwright`: `test` with an emulator for each Playwright worker, and `signOn` for its screens.
 *
 *     import { expect, test } from "pingone-emulator/playwright";
 *
 *     test.use({ pingoneOptions: { redirectUris: ["http://localhost:3000/callback"] } });
 *     test("signs in", async ({ page, signOn }) => {
 *       await page.goto("http://localhost:3000/login");
 *       await signOn(page, "alice");
 *       await expect(page).toHaveURL("http://localhost:3000/");
 *     });
 */
import { test as base } from "@playwright/test";
import { type PingOne, type StartPingOneOptions, startPingOne } from "./index.ts";
import { type PageSignOn, signOn } from "./sign-on/playwright.ts";

export { expect } from "@playwright/test";
export { type SignOnChoices, SignOnError, type SignOnUser } from "./sign-on/person.ts";
/** For an emulator that you started yourself; the fixture of this name knows its emulator. */
export { type PageSignOn, signOn } from "./sign-on/playwright.ts";

export interface PingOneFixtures {
  /**
   * The emulator, as after its start: users, tokens, clock, faults and journal are reset before each test that uses this
   * fixture or `signOn`. A fault that was queued and that no request met fails the test.
   */
  readonly pingone: PingOne;
  /** Answers PingOne's screens in a page, until it is back at the application: `await signOn(page, "alice")`. */
  readonly signOn: PageSignOn;
}

export interface PingOneWorkerFixtures {
  /**
   * How to start the emulator. Set it in the configuration (`use`), or with `test.use` at the top of a file. An
   * application that knows only one issuer needs a fixed `port`; with several workers, override this fixture and add
   * `workerInfo.parallelIndex` to it.
   */
  readonly pingoneOptions: StartPingOneOptions;
  /** The emulator of this Playwright worker, never reset: for worker fixtures that start your application. */
  readonly pingoneEmulator: PingOne;
}

export const test = base.extend<PingOneFixtures, PingOneWorkerFixtures>({
  pingoneOptions: [{}, { option: true, scope: "worker" }],

  pingoneEmulator: [
    async ({ pingoneOptions }, use) => {
      await using emulator = await startPingOne(pingoneOptions);
      await use(emulator);
    },
    { scope: "worker" },
  ],

  pingone: async ({ pingoneEmulator }, use, testInfo) => {
    await pingoneEmulator.reset();
    await use(pingoneEmulator);
    // Of a test that failed already, an unmet fault is a consequence.
    if (testInfo.status === "passed") await pingoneEmulator.faults.expectNone();
  },

  signOn: ({ pingone }, use) => use((page, user, choices) => signOn(page, user, { ...choices, pingone })),
});
