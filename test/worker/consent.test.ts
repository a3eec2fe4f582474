/** POST /authorize: accepts only the answer to the Worker's own consent page. */

import type { TestBrowser, TestPage } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import {
  type AuthorizationAttempt,
  answerPages,
  createBrowser,
  type RegisteredClient,
  registerClient,
  startAuthorization,
} from "../support/mcp-client.ts";
import {
  beginTransaction,
  expectNoSecrets,
  expectPage,
  expectSignInError,
  pendingSignInCookies,
  watch,
} from "../support/observe.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();
let client: RegisteredClient;

it.beforeAll(async () => {
  client = await registerClient(worker);
});

interface Question {
  readonly browser: TestBrowser;
  readonly page: TestPage;
  readonly handle: string;
  readonly attempt: AuthorizationAttempt;
}

async function askForConsent(overrides: Record<string, string | undefined> = {}): Promise<Question> {
  const browser = createBrowser(worker, client);
  const attempt = await startAuthorization(worker, client, overrides);
  const page = await browser.open(attempt.url);
  const handle = page.root.querySelector('input[name="handle"]')?.getAttribute("value") ?? "";
  expect(handle).not.toBe("");
  return { browser, page, handle, attempt };
}

/** Posts a form to /authorize with the cookies of this browser. */
async function answer(
  browser: TestBrowser,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return worker.fetch(`${worker.origin}/authorize`, {
    method: "POST",
    headers: {
      Accept: "text/html",
      "Content-Type": "application/x-www-form-urlencoded",
      Cookie: await browser.cookies.getCookieString(worker.origin),
      ...headers,
    },
    body,
  });
}

async function expectRefused(send: () => Promise<Response>, text: RegExp, status = 400): Promise<void> {
  const watched = await watch(stack);
  const response = await send();
  const page = await expectPage(response, { status, text });
  expectNoSecrets(page);
  for (const cookie of response.headers.getSetCookie()) expect(cookie).toContain("Max-Age=0");
  expect(await watched.upstreamCalls()).toEqual([]);
  await watched.expectNothingGained();
}

describe("allowing", () => {
  it("sends the browser to PingOne with PKCE, a nonce and a state of its own", async () => {
    const { browser, handle, attempt } = await askForConsent({ scope: "todo_api:read" });
    const response = await answer(browser, `handle=${handle}&decision=approve`);
    expect(response.status).toBe(302);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
    const location = new URL(response.headers.get("Location") ?? "");
    expect(location.origin + location.pathname).toBe(`${stack.emulators.issuer}/authorize`);
    const parameters = Object.fromEntries(location.searchParams);
    expect(parameters).toEqual({
      response_type: "code",
      client_id: stack.emulators.client.id,
      redirect_uri: "https://mcp.example.com/callback",
      scope: "openid profile todo_api:read",
      state: expect.stringMatching(/^[\w-]{32,}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(parameters.state).not.toBe(attempt.state);
    // The consent cookie is deleted, the sign-in cookie is set, and the approval is stored.
    const cookies = response.headers.getSetCookie();
    expect(cookies.find((cookie) => cookie.startsWith("__Host-oauth-consent-"))).toContain("Max-Age=0");
    const signIn = cookies.find((cookie) => cookie.startsWith("__Host-oauth-upstream-"));
    expect(signIn).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/);
    expect(cookies.find((cookie) => cookie.startsWith("__Host-oauth-approvals"))).toMatch(
      /; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000$/,
    );
    expectNoSecrets(cookies.join("\n"), parameters.nonce, attempt.state);
  });

  it("keeps what the Worker remembers of the sign-in out of its store's readable parts", async () => {
    const { browser, handle, attempt } = await askForConsent();
    const response = await answer(browser, `handle=${handle}&decision=approve`);
    const upstream = new URL(response.headers.get("Location") ?? "").searchParams;
    const { OAUTH_KV } = await worker.getEnv();
    const { keys } = await OAUTH_KV.list({ prefix: "transaction:" });
    const stored = await Promise.all(keys.map(async ({ name }) => `${name} ${await OAUTH_KV.get(name)}`));
    expect(stored.length).toBeGreaterThan(0);
    expectNoSecrets(stored.join("\n"), attempt.state, upstream.get("state"), upstream.get("nonce"));
  });

  it("is remembered for the same client and scopes, so that the next request asks nothing", async () => {
    const { browser, page } = await askForConsent();
    await answerPages(page);
    const { url } = await startAuthorization(worker, client, { prompt: "consent" });
    const again = await browser.open(url);
    expect(again.url.searchParams.get("code")).not.toBeNull();
    expect(again.url.origin + again.url.pathname).toBe(client.redirectUri);
  });

  it.each<[what: string, prepare: () => Promise<RegisteredClient>, overrides: Record<string, string>]>([
    ["another client", () => registerClient(worker), {}],
    ["a scope more", async () => client, { scope: "todo_api:read todo_api:write" }],
    ["another port of the redirect", async () => client, { redirect_uri: "http://localhost:7778/callback" }],
  ])("is not remembered for %s", async (_what, prepare, overrides) => {
    const { browser, page } = await askForConsent({ scope: "todo_api:read" });
    await answerPages(page);
    const { url } = await startAuthorization(worker, await prepare(), {
      scope: "todo_api:read",
      ...overrides,
    });
    expect((await browser.open(url)).heading).toMatch(/^Allow/);
  });

  it("[SEC-01] is remembered in no cookie that somebody made up or changed", async () => {
    const { browser, page } = await askForConsent();
    await answerPages(page);
    const { url } = await startAuthorization(worker, client);
    const cookies = await browser.cookies.getCookies(worker.origin);
    const approvals = cookies.find(({ key }) => key === "__Host-oauth-approvals")?.value ?? "";
    expect(approvals.length).toBeGreaterThan(10);
    const middle = Math.floor(approvals.length / 2);
    const changed =
      approvals.slice(0, middle) + (approvals[middle] === "A" ? "B" : "A") + approvals.slice(middle + 1);
    for (const value of [changed, "", "x", "a.b"]) {
      const headers = { Cookie: `__Host-oauth-approvals=${value}`, Accept: "text/html" };
      await expectPage(await worker.fetch(url, { headers }), { status: 200, text: /Allow Test client/ });
    }
  });
});

describe("refusing", () => {
  it("brings the client back with access_denied, its state and iss, and leaves nothing behind", async () => {
    const watched = await watch(stack);
    const { browser, page, attempt } = await askForConsent();
    const back = await page.submit("Refuse");
    expectSignInError(back.url, { client, attempt }, "access_denied");
    expect(await pendingSignInCookies(browser, worker)).toEqual([]);
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
  });

  it("is not remembered: the next request asks again", async () => {
    const { browser, page } = await askForConsent();
    await page.submit("Refuse");
    const { url } = await startAuthorization(worker, client);
    expect((await browser.open(url)).heading).toMatch(/^Allow/);
  });

  it("cannot be turned into allowing afterwards", async () => {
    const { browser, page, handle } = await askForConsent();
    await page.submit("Refuse");
    await expectRefused(() => answer(browser, `handle=${handle}&decision=approve`), /cannot continue/);
  });
});

describe("an answer is refused on a page when", () => {
  it("its handle is missing, empty, unknown or repeated", async () => {
    const { browser, handle } = await askForConsent();
    const bodies = [
      "decision=approve",
      "handle=&decision=approve",
      "handle=unknown&decision=approve",
      `handle=${handle}&handle=${handle}&decision=approve`,
      `handle=${encodeURIComponent("<script>")}&decision=approve`,
    ];
    for (const body of bodies) await expectRefused(() => answer(browser, body), /cannot continue/);
  });

  it("its decision is missing, repeated or none that the page offers", async () => {
    const { browser, handle } = await askForConsent();
    const decisions = [
      "",
      "&decision=",
      "&decision=maybe",
      "&decision=deny&decision=approve",
      "&decision=APPROVE",
    ];
    for (const decision of decisions) {
      await expectRefused(() => answer(browser, `handle=${handle}${decision}`), /does not say whether/);
    }
    // The refused answers have not used the handle.
    expect((await answer(browser, `handle=${handle}&decision=approve`)).status).toBe(302);
  });

  it.each(["approve", "deny"])("it was already given, now with %s", async (decision) => {
    const { browser, handle } = await askForConsent();
    expect((await answer(browser, `handle=${handle}&decision=approve`)).status).toBe(302);
    await expectRefused(() => answer(browser, `handle=${handle}&decision=${decision}`), /cannot continue/);
  });

  it.each(["approve", "deny"])("[SEC-07] another browser gives it, with %s", async (decision) => {
    const { browser, handle } = await askForConsent();
    const stranger = createBrowser(worker, client);
    const body = `handle=${handle}&decision=${decision}`;
    await expectRefused(() => answer(stranger, body), /cannot continue/);
    // The user's own browser can still answer.
    expect((await answer(browser, body)).status).toBe(302);
  });

  it("a browser gives it that has a question of its own open", async () => {
    const { handle } = await askForConsent();
    const other = await askForConsent();
    await expectRefused(() => answer(other.browser, `handle=${handle}&decision=approve`), /cannot continue/);
  });

  it.each(["text/plain", "multipart/form-data; boundary=x", "application/json", ""])(
    "it is sent as %j",
    async (type) => {
      const { browser, handle } = await askForConsent();
      const body = `handle=${handle}&decision=approve`;
      await expectRefused(() => answer(browser, body, { "Content-Type": type }), /not sent as a form/);
    },
  );

  it("its ten minutes are over", async () => {
    const { begun, forget } = await beginTransaction(worker, () => askForConsent());
    const { browser, handle } = begun;
    await forget();
    await expectRefused(() => answer(browser, `handle=${handle}&decision=approve`), /cannot continue/);
  });

  it("it is larger than any form of this server", async () => {
    const { browser, handle } = await askForConsent();
    const body = `handle=${handle}&decision=approve&padding=`.padEnd(65 * 1024, "x");
    await expectRefused(() => answer(browser, body), /too large/, 413);
  });
});

it("keeps the questions of two tabs apart", async () => {
  const browser = createBrowser(worker, client);
  const [one, two] = [await startAuthorization(worker, client), await startAuthorization(worker, client)];
  const first = await browser.open(one.url);
  const second = await browser.open(two.url);
  expect(await pendingSignInCookies(browser, worker)).toHaveLength(2);
  const refused = await second.submit("Refuse");
  expect(refused.url.searchParams.get("state")).toBe(two.state);
  const allowed = await answerPages(first);
  expect(allowed.url.searchParams.get("state")).toBe(one.state);
  expect(allowed.url.searchParams.get("code")).not.toBeNull();
  expect(await pendingSignInCookies(browser, worker)).toEqual([]);
});
