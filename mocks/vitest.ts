/**
 * `pingone-emulator/vitest`: `test` with an emulator for each test file, `signOn` over HTTP, and `runFlow` for tests of a
 * DaVinci flow.
 *
 *     import { test } from "pingone-emulator/vitest";
 *
 *     test("signs in", async ({ pingone, signOn }) => {
 *       const { url } = await signOn(authorizationUrl, "alice");
 *     });
 */
import { test as base } from "vitest";
import { type PingOne, type StartPingOneOptions, startPingOne } from "./index.ts";
import type { TestBrowser } from "./kit/browser.ts";
import { type SignedOn, type SignOnOptions, signOn } from "./sign-on/http.ts";
import type { SignOnUser } from "./sign-on/person.ts";

export { TestBrowser, TestPage } from "./kit/browser.ts";
export { type FlowRun, type RunFlowOptions, runFlow } from "./run-flow.ts";
export type { SignedOn } from "./sign-on/http.ts";
export {
  type SeenScreen,
  type SignOnChoices,
  SignOnError,
  type SignOnUser,
} from "./sign-on/person.ts";
export type { ScreenAnswer } from "./sign-on/screen.ts";

export interface PingOneFixtures {
  /** The emulator of this file, started when a test first needs it, never reset. */
  readonly pingoneEmulator: PingOne;
  /**
   * The emulator, as after its start: users, tokens, clock, faults and journal are reset before each test that uses this
   * fixture or `signOn`; so such tests cannot be concurrent. A fault that was queued and that no request met fails the
   * test.
   */
  readonly pingone: PingOne;
  /** Opens an address that leads to PingOne, and answers its screens: `await signOn(authorizationUrl, "alice")`. */
  readonly signOn: (
    start: string | URL,
    user: SignOnUser,
    options?: Omit<SignOnOptions, "pingone"> & { readonly browser?: TestBrowser | undefined },
  ) => Promise<SignedOn>;
}

/**
 * As {@link test}, with options for the start of the emulator. Call it at the top level of a test file.
 * @example const test = createTest({ redirectUris: ["http://localhost:3000/callback"] });
 */
export function createTest(options: StartPingOneOptions = {}) {
  return base.extend<PingOneFixtures>({
    pingoneEmulator: [
      // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of fixtures from the pattern.
      async ({}, use) => {
        await using emulator = await startPingOne(options);
        await use(emulator);
      },
      { scope: "file" },
    ],

    pingone: async ({ pingoneEmulator, task }, use) => {
      await pingoneEmulator.reset();
      await use(pingoneEmulator);
      // Of a test that failed already, an unmet fault is a consequence.
      if (task.result?.state !== "fail") await pingoneEmulator.faults.expectNone();
    },

    signOn: async ({ pingone }, use) => {
      await use((start, user, choices) => signOn(start, user, { ...choices, pingone }));
    },
  });
}

/** Vitest's `test`, with the emulator of the shipped tenant on a free port. */
export const test = createTest();
