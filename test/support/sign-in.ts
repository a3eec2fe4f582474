/** The two halves of a sign-in on their own, so that a test can put anything in between. */
import { expect } from "vitest";
import { TestBrowser, type TestPage } from "../../mocks/kit/testing/browser.ts";
import {
  type AuthorizationAttempt,
  answerPages,
  type PersonChoices,
  type RegisteredClient,
  registerClient,
  startAuthorization,
} from "./mcp-client.ts";
import type { TestWorker } from "./worker.ts";

/** A sign-in whose browser stands in front of PingOne. */
export interface StartedSignIn {
  readonly client: RegisteredClient;
  readonly attempt: AuthorizationAttempt;
  readonly browser: TestBrowser;
  /** PingOne's authorization endpoint with everything that the Worker sent along. */
  readonly pingOneUrl: URL;
  /** The Worker's own `state` and `nonce` of this sign-in. */
  readonly state: string;
  readonly nonce: string;
}

/** From the MCP client's request to PingOne's door. The browser follows nothing that leaves the Worker. */
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
  return new TestBrowser(worker.fetch, (url) => url.origin !== worker.origin);
}

/** Comes back from PingOne with these parameters; `state` is the right one unless it is given. */
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

/** Answers PingOne's pages in a browser of their own, and stops at the Worker's door. */
export async function passPingOne(
  worker: TestWorker,
  signIn: StartedSignIn,
  choices: PersonChoices = {},
): Promise<URL> {
  const atPingOne = new TestBrowser(worker.fetch, (url) => url.origin === worker.origin);
  const page = await answerPages(await atPingOne.open(signIn.pingOneUrl), choices);
  expect(page.url.pathname).toBe("/callback");
  return page.url;
}
