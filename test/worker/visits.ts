/** Sign-ins up to the response of the callback, by users who share a browser or not. */

import type { TestBrowser, TestPage } from "pingone-emulator/browser";
import { expect } from "vitest";
import { type RegisteredClient, redeem, registerClient, type TokenResponse } from "../support/mcp-client.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { createWorkerOnlyBrowser, passPingOne, type StartedSignIn, startSignIn } from "../support/sign-in.ts";
import type { TestWorker } from "../support/worker.ts";

interface Visit {
  readonly signIn: StartedSignIn;
  /** The result of the callback: the client's redirect URI, or a page of the Worker. */
  readonly page: TestPage;
}

export function visitsOf(worker: TestWorker) {
  /** From the client's request through PingOne, where this user signs on, to the Worker's response. */
  async function visit(
    person: string,
    options: { client: RegisteredClient; browser: TestBrowser; overrides?: Record<string, string> },
  ): Promise<Visit> {
    const signIn = await startSignIn(worker, options);
    const callback = await passPingOne(worker, signIn, { username: person });
    return { signIn, page: await signIn.browser.open(callback) };
  }

  function isAtClient({ signIn, page }: Visit): boolean {
    return page.url.href.startsWith(`${signIn.client.redirectUri}?`);
  }

  async function finish({ signIn, page }: Visit): Promise<TokenResponse> {
    return redeem(worker, signIn.client, signIn.attempt, page.url);
  }

  async function statusOf({ access_token: token }: TokenResponse): Promise<number> {
    const response = await sendInEra(worker, "modern", { call: "tools/list", token });
    await response.text();
    return response.status;
  }

  /** A client that alice has approved, in a browser that has the approval cookie. */
  async function approvedByAlice() {
    const client = await registerClient(worker);
    const browser = createWorkerOnlyBrowser(worker);
    const tokens = await finish(await visit("alice", { client, browser }));
    return { client, browser, tokens };
  }

  /** Bob has signed in at PingOne in the browser in which alice had approved the client. */
  async function bobIsAsked() {
    const approved = await approvedByAlice();
    const visited = await visit("bob", approved);
    expect(isAtClient(visited)).toBe(false);
    return { ...approved, visited };
  }

  /** This user opens the sign-out page in a browser that nobody has used for it. */
  async function openSignOut(browser: TestBrowser, person: string): Promise<TestPage> {
    const atPingOne = await browser.open(`${worker.origin}/signout`);
    const callback = await passPingOne(worker, { pingOneUrl: atPingOne.url }, { username: person });
    const page = await browser.open(callback);
    expect(page.heading).toBe("Apps that act for you");
    return page;
  }

  return { visit, isAtClient, finish, statusOf, approvedByAlice, bobIsAsked, openSignOut };
}
