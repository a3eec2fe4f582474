/** PingOne's discovery document: an invalid one ends the sign-in and is fetched again for the next. */
import { HttpResponse, http } from "msw";
import { describe, expect } from "vitest";
import {
  CRAFTED_ISSUER,
  CRAFTED_SETTINGS,
  type CraftedIssuer,
  craftedMetadata,
  createCraftedIssuer,
} from "../../src/auth/testing/crafted-issuer.ts";
import { network } from "../../src/testing/network.ts";
import { type RegisteredClient, registerClient, startAuthorization } from "../support/mcp-client.ts";
import { expectErrorRedirect, pendingSignInCookies, watchLog } from "../support/observe.ts";
import { comeBack, createWorkerOnlyBrowser, startSignIn } from "../support/sign-in.ts";
import { testWithLonelyWorker } from "../support/test.ts";
import { startLonelyWorker, type TestWorker } from "../support/worker.ts";

const DISCOVERY = `${CRAFTED_ISSUER}/.well-known/openid-configuration`;

const { it, worker } = testWithLonelyWorker(CRAFTED_SETTINGS);
let issuer: CraftedIssuer;
let client: RegisteredClient;
/** This Worker never gets a valid document, because a valid one is cached for an hour. */
let unaware: TestWorker;
let clientOfUnaware: RegisteredClient;
let requests: string[] = [];

it.beforeAll(async () => {
  issuer = await createCraftedIssuer();
  network.events.on("request:start", ({ request }) => {
    if (request.url.startsWith(CRAFTED_ISSUER)) requests.push(new URL(request.url).pathname);
  });
  client = await registerClient(worker);
  unaware = await startLonelyWorker(CRAFTED_SETTINGS);
  clientOfUnaware = await registerClient(unaware);
});

it.afterEach(() => {
  network.resetHandlers();
  requests = [];
});

it.afterAll(async () => {
  await unaware.close();
});

describe("a sign-in cannot begin when the document", () => {
  const json = (change: Record<string, unknown>) => HttpResponse.json({ ...craftedMetadata(), ...change });

  it.each<[what: string, error: string, failure: string, answer: () => Response | Promise<Response>]>([
    [
      "[FAIL-03] answers 500",
      "temporarily_unavailable",
      "unavailable",
      () => new HttpResponse(null, { status: 500 }),
    ],
    [
      "[FAIL-04] answers 429",
      "temporarily_unavailable",
      "unavailable",
      () => new HttpResponse(null, { status: 429 }),
    ],
    [
      "[FAIL-02] is not there",
      "temporarily_unavailable",
      "unavailable",
      () => new HttpResponse(null, { status: 404 }),
    ],
    [
      "redirects",
      "temporarily_unavailable",
      "unavailable",
      () => HttpResponse.redirect("https://evil.example/", 302),
    ],
    ["is HTML", "temporarily_unavailable", "unavailable", () => HttpResponse.html("<h1>Hotel Wi-Fi</h1>")],
    ["[FAIL-06] is cut off", "temporarily_unavailable", "unavailable", () => jsonText('{"issuer":')],
    ["is a list", "server_error", "untrusted", () => HttpResponse.json([])],
    ["is null", "server_error", "untrusted", () => HttpResponse.json(null)],
    ["is empty", "server_error", "untrusted", () => HttpResponse.json({})],
    [
      "[FAIL-06] names another issuer",
      "server_error",
      "untrusted",
      () => json({ issuer: "https://evil.example/as" }),
    ],
    [
      "names the issuer with a slash",
      "server_error",
      "untrusted",
      () => json({ issuer: `${CRAFTED_ISSUER}/` }),
    ],
    ...(["authorization_endpoint", "token_endpoint", "jwks_uri"] as const).flatMap((name) =>
      [undefined, "", "relative", "http://auth.pingone.example/x", "javascript:alert(1)"].map(
        (value): [string, string, string, () => Response] => [
          `has the ${name} ${value}`,
          "server_error",
          "untrusted",
          () => json({ [name]: value }),
        ],
      ),
    ),
    ["has an endpoint that is no text", "server_error", "untrusted", () => json({ token_endpoint: 7 })],
    ["[FAIL-05] has no answer", "temporarily_unavailable", "unavailable", () => HttpResponse.error()],
    [
      "[FAIL-01] never comes",
      "temporarily_unavailable",
      "unavailable",
      () => new Promise<Response>(() => {}),
    ],
  ])("%s", async (_what, error, failure, answer) => {
    network.use(http.get(DISCOVERY, answer));
    const browser = createWorkerOnlyBrowser(unaware);
    const { url, state } = await startAuthorization(unaware, clientOfUnaware);
    const log = watchLog(unaware);
    const back = await (await browser.open(url)).submit("Allow");
    const { redirectUri } = clientOfUnaware;
    expectErrorRedirect(back.url, { redirectUri, error, state, issuer: unaware.origin });
    expect(await pendingSignInCookies(browser, unaware)).toEqual([]);
    expect(requests).toEqual(["/env/as/.well-known/openid-configuration"]);
    const line = await log.line("callback.pingone_failed");
    expect(line).toMatchObject({ error, failure, detail: expect.stringMatching(/^discovery_/) });
  });
});

it.each([500, 503, 429, 408])(
  "the operator reads in the log that the document was answered with %i",
  async (status) => {
    network.use(http.get(DISCOVERY, () => new HttpResponse(null, { status })));
    const { url } = await startAuthorization(unaware, clientOfUnaware);
    const log = watchLog(unaware);
    await (await createWorkerOnlyBrowser(unaware).open(url)).submit("Allow");
    expect(await log.line("callback.pingone_failed")).toMatchObject({
      detail: `discovery_http_${status}`,
    });
  },
);

describe("a good document", () => {
  it("is asked for once, however many sign-ins begin", async () => {
    network.use(...issuer.handlers);
    for (let count = 0; count < 3; count += 1) await startSignIn(worker, { client });
    expect(requests).toEqual(["/env/as/.well-known/openid-configuration"]);
  });

  it("is what all addresses are taken from, whatever their paths", async () => {
    const elsewhere = {
      authorization_endpoint: "https://login.elsewhere.example/a/b?tenant=7",
      token_endpoint: "https://tokens.elsewhere.example/c",
      jwks_uri: "https://keys.elsewhere.example/d.json",
    };
    const other = await startLonelyWorker(CRAFTED_SETTINGS);
    try {
      const issuerElsewhere = await createCraftedIssuer(elsewhere);
      network.use(...issuerElsewhere.handlers);
      const signIn = await startSignIn(other);
      expect(signIn.pingOneUrl.origin + signIn.pingOneUrl.pathname).toBe(
        "https://login.elsewhere.example/a/b",
      );
      expect(signIn.pingOneUrl.searchParams.get("tenant")).toBe("7");
      issuerElsewhere.answerWith({ nonce: signIn.nonce });
      const back = await comeBack(other, signIn, { code: "the-code" });
      expect(back.url.searchParams.get("code")).not.toBeNull();
    } finally {
      await other.close();
    }
  });

  it.each<[settings: Record<string, string>, sent: Record<string, string | null>]>([
    [
      { PINGONE_OFFLINE_ACCESS: "send" },
      { scope: "openid profile todo_api:read todo_api:write offline_access" },
    ],
    [{ PINGONE_RESOURCE_PARAM: "send" }, { resource: "https://todo.api.com", acr_values: null }],
    [
      { PINGONE_DV_POLICY_ID: "0f3c6a1d9b2e4875a6c1d3e5f7091b2c" },
      { acr_values: "0f3c6a1d9b2e4875a6c1d3e5f7091b2c", resource: null },
    ],
  ])("is used with %j", async (settings, sent) => {
    const other = await startLonelyWorker({ ...CRAFTED_SETTINGS, ...settings });
    try {
      network.use(...issuer.handlers);
      const signIn = await startSignIn(other);
      for (const [name, value] of Object.entries(sent)) {
        expect(signIn.pingOneUrl.searchParams.get(name)).toBe(value);
      }
      issuer.answerWith({ nonce: signIn.nonce });
      await comeBack(other, signIn, { code: "the-code" });
      expect(issuer.tokenRequests.at(-1)?.get("resource") ?? null).toBe(sent.resource ?? null);
    } finally {
      await other.close();
    }
  });
});

function jsonText(text: string): Response {
  return new HttpResponse(text, { headers: { "Content-Type": "application/json" } });
}
