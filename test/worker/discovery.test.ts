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
import { expectSignInError, pendingSignInCookies, watchLog } from "../support/observe.ts";
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

  const ERRORS = { unavailable: "temporarily_unavailable", untrusted: "server_error" } as const;

  /** The operator reads the status in the log. */
  const status = (what: string, code: number): Row => [
    what,
    "unavailable",
    () => new HttpResponse(null, { status: code }),
    new RegExp(`^discovery_http_${code}$`),
  ];

  type Row = [
    what: string,
    failure: keyof typeof ERRORS,
    answer: () => Response | Promise<Response>,
    detail?: RegExp,
  ];

  it.each<Row>([
    status("[FAIL-03] answers 500", 500),
    status("answers 503", 503),
    status("[FAIL-04] answers 429", 429),
    status("answers 408", 408),
    ["[FAIL-02] is not there", "unavailable", () => new HttpResponse(null, { status: 404 })],
    ["redirects", "unavailable", () => HttpResponse.redirect("https://evil.example/", 302)],
    ["is HTML", "unavailable", () => HttpResponse.html("<h1>Hotel Wi-Fi</h1>")],
    ["[FAIL-06] is cut off", "unavailable", () => jsonText('{"issuer":')],
    ["is a list", "untrusted", () => HttpResponse.json([])],
    ["is null", "untrusted", () => HttpResponse.json(null)],
    ["is empty", "untrusted", () => HttpResponse.json({})],
    ["[FAIL-06] names another issuer", "untrusted", () => json({ issuer: "https://evil.example/as" })],
    ["names the issuer with a slash", "untrusted", () => json({ issuer: `${CRAFTED_ISSUER}/` })],
    ...["authorization_endpoint", "token_endpoint", "jwks_uri"].flatMap((name) =>
      [undefined, "", "relative", "http://auth.pingone.example/x", "javascript:alert(1)"].map(
        (value): Row => [`has the ${name} ${value}`, "untrusted", () => json({ [name]: value })],
      ),
    ),
    ["has an endpoint that is no text", "untrusted", () => json({ token_endpoint: 7 })],
    ["[FAIL-05] has no answer", "unavailable", () => HttpResponse.error()],
    ["[FAIL-01] never comes", "unavailable", () => new Promise<Response>(() => {})],
  ])("%s", async (_what, failure, answer, detail = /^discovery_/) => {
    network.use(http.get(DISCOVERY, answer));
    const browser = createWorkerOnlyBrowser(unaware);
    const attempt = await startAuthorization(unaware, clientOfUnaware);
    const log = watchLog(unaware);
    const back = await (await browser.open(attempt.url)).submit("Allow");
    const error = ERRORS[failure];
    expectSignInError(back.url, { client: clientOfUnaware, attempt }, error);
    expect(await pendingSignInCookies(browser, unaware)).toEqual([]);
    const { OAUTH_KV } = await unaware.getEnv();
    expect((await OAUTH_KV.list({ prefix: "transaction:" })).keys).toEqual([]);
    expect(requests).toEqual(["/env/as/.well-known/openid-configuration"]);
    const line = await log.line("callback.pingone_failed");
    expect(line).toMatchObject({ error, failure, detail: expect.stringMatching(detail) });
  });
});

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
    await using other = await startLonelyWorker(CRAFTED_SETTINGS);
    const issuerElsewhere = await createCraftedIssuer(elsewhere);
    network.use(...issuerElsewhere.handlers);
    const signIn = await startSignIn(other);
    const { origin, pathname, searchParams } = signIn.pingOneUrl;
    expect(origin + pathname).toBe("https://login.elsewhere.example/a/b");
    expect(searchParams.get("tenant")).toBe("7");
    issuerElsewhere.answerWith({ nonce: signIn.nonce });
    const back = await comeBack(other, signIn, { code: "the-code" });
    expect(back.url.searchParams.get("code")).not.toBeNull();
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
    await using other = await startLonelyWorker({ ...CRAFTED_SETTINGS, ...settings });
    network.use(...issuer.handlers);
    const signIn = await startSignIn(other);
    for (const [name, value] of Object.entries(sent)) {
      expect(signIn.pingOneUrl.searchParams.get(name)).toBe(value);
    }
    issuer.answerWith({ nonce: signIn.nonce });
    await comeBack(other, signIn, { code: "the-code" });
    expect(issuer.tokenRequests.at(-1)?.get("resource") ?? null).toBe(sent.resource ?? null);
  });
});

function jsonText(text: string): Response {
  return new HttpResponse(text, { headers: { "Content-Type": "application/json" } });
}
