/** The two halves of a sign-in as separate functions, so that a test can act between them. */

import { TestBrowser, type TestPage } from "pingone-emulator/browser";
import { expect } from "vitest";
import {
  type AuthorizationAttempt,
  answerPages,
  type RegisteredClient,
  registerClient,
  startAuthorization,
} from "./mcp-client.ts";
import type { SignOnChoices } from "./sign-on.ts";
import type { TestWorker } from "./worker.ts";

/** A sign-in that the Worker has redirected to PingOne. */
export interface StartedSignIn {
  readonly client: RegisteredClient;
  readonly attempt: AuthorizationAttempt;
  readonly browser: TestBrowser;
  /** PingOne's authorization endpoint with the parameters that the Worker sent. */
  readonly pingOneUrl: URL;
  /** The Worker's own `state` and `nonce` of this sign-in. */
  readonly state: string;
  readonly nonce: string;
}

/** From the MCP client's request to the redirect to PingOne. The browser does not follow redirects to other origins. */
export async function startSignIn(
  worker: TestWorker,
  options: {
    client?: RegisteredClient;
    browser?: TestBrowser;
    overrides?: Record<string, string | undefined>;
  } = {},
): Promise<StartedSignIn> {
  const client = options.client ?? (await registerClient(worker));
  const browser = options.browser ?? createWorkerOnlyBrowser(worker);
  const attempt = await startAuthorization(worker, client, options.overrides);
  let page = await browser.open(attempt.url);
  if (page.heading.startsWith("Allow")) page = await page.submit("Allow");
  const state = page.url.searchParams.get("state") ?? "";
  const nonce = page.url.searchParams.get("nonce") ?? "";
  expect([state, nonce], "the browser stands in front of PingOne").not.toContain("");
  return { client, attempt, browser, pingOneUrl: page.url, state, nonce };
}

export function createWorkerOnlyBrowser(worker: TestWorker): TestBrowser {
  return new TestBrowser({ fetch: worker.fetch, stopAt: (url) => url.origin !== worker.origin });
}

/** Opens the callback with these parameters. Default `state`: the one of the sign-in. */
export function comeBack(
  worker: TestWorker,
  signIn: Pick<StartedSignIn, "browser" | "state">,
  parameters: Record<string, string>,
): Promise<TestPage> {
  return signIn.browser.open(callbackUrl(worker, { state: signIn.state, ...parameters }));
}

export function callbackUrl(worker: TestWorker, parameters: Record<string, string>): URL {
  const url = new URL("/callback", worker.origin);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/** Answers PingOne's pages in a separate browser. Returns the callback URL without opening it. */
export async function passPingOne(
  worker: TestWorker,
  signIn: Pick<StartedSignIn, "pingOneUrl">,
  choices: SignOnChoices = {},
): Promise<URL> {
  const atPingOne = new TestBrowser({ fetch: worker.fetch, stopAt: (url) => url.origin === worker.origin });
  const page = await answerPages(await atPingOne.open(signIn.pingOneUrl), choices);
  expect(page.url.pathname).toBe("/callback");
  return page.url;
}
