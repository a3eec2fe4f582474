import { describe, expect, it } from "vitest";
import { type Answer, basic, type Fields, form, REDIRECT_URI } from "../testing/client.ts";
import { addApplications, startTenant } from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const TWO_POLICIES = "5f385b61aea5d59d2fb7ac968ad2247d 0f3c6a1d9b2e4875a6c1d3e5f7091b2c";
const noChallenge = { code_challenge: undefined };
const noPkce = { ...noChallenge, code_challenge_method: undefined };

const edit = addApplications(
  { id: "disabled-client", enabled: false },
  { id: "no-code-client", grantTypes: ["REFRESH_TOKEN"], responseTypes: [] },
  { id: "plain-client", pkceEnforcement: "REQUIRED" },
  { id: "optional-client", pkceEnforcement: "OPTIONAL" },
  { id: "query-client", redirectUris: ["https://client.example/cb?tenant=1"] },
  { id: "pushing-client", parRequirement: "REQUIRED", parTimeout: 30 },
);
withTenant({ edit }, { once: true });

describe("a request whose client or redirect URI cannot be trusted", () => {
  const cases: [string, Fields, string][] = [
    ["without a client", { client_id: undefined }, "client_id"],
    ["with an unknown client", { client_id: "nobody" }, "client_id"],
    ["with a disabled client", { client_id: "disabled-client" }, "client_id"],
    ["without a redirect URI", { redirect_uri: undefined }, "redirect_uri"],
    ["with another redirect URI", { redirect_uri: "https://evil.example/callback" }, "redirect_uri"],
    ["with a path below the registered one", { redirect_uri: `${REDIRECT_URI}/x` }, "redirect_uri"],
    ["with a query added", { redirect_uri: `${REDIRECT_URI}?x=1` }, "redirect_uri"],
    ["with another port", { redirect_uri: "http://localhost:9999/callback" }, "redirect_uri"],
    ["with other letters", { redirect_uri: "http://LOCALHOST:8787/callback" }, "redirect_uri"],
    ["with an unknown request URI", { request_uri: "urn:ietf:params:oauth:request_uri:x" }, "request_uri"],
    ["with a request URI of the client's own", { request_uri: "https://client.example/r" }, "request_uri"],
  ];

  it.each(cases)(
    "[PING-012] [PING-013] [PING-024] [PING-091] gets a P1Error and no redirect %s",
    async (_, changes, target) => {
      const response = await tenant.authorize(changes);
      expect(response.status).toBe(400);
      expect(response.headers.get("location")).toBeNull();
      expect(await response.json()).toMatchObject({
        id: expect.stringMatching(UUID),
        code: "INVALID_DATA",
        message: "The request could not be completed. One or more validation errors were in the request.",
        details: [{ code: "INVALID_VALUE", target }],
      });
    },
  );

  it("[PING-140] [PING-141] is compared with wildcards and loopback addresses as PingOne does", async () => {
    const uris = ["https://www.example.com/th*/callback", "http://127.0.0.1/cb"];
    const { id } = tenant.emulator.seed.application({
      redirectUris: uris,
      allowWildcardInRedirectUris: true,
    });
    const exact = tenant.emulator.seed.application({ redirectUris: ["https://www.example.com/callback"] });
    const statusOf = async (client_id: string, redirect_uri: string) =>
      (await tenant.authorize({ client_id, redirect_uri })).status;
    expect(await statusOf(id, "https://www.example.com/this/callback")).toBe(200);
    expect(await statusOf(id, "http://127.0.0.1:51004/cb")).toBe(200);
    expect(await statusOf(id, "https://www.example.com/th/is/callback")).toBe(400);
    expect(await statusOf(id, "https://evil.example/this/callback")).toBe(400);
    expect(await statusOf(exact.id, "https://www.example.com/this/callback")).toBe(400);
  });

  it("[PING-012] gets a page in a browser, with everything in it escaped", async () => {
    const page = await tenant.open({ redirect_uri: "https://x/<script>" });
    expect(page.response?.status).toBe(400);
    expect(page.heading).toBe("This request cannot be completed");
    expect(page.response?.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.text).not.toContain("<script");
  });

  it.each(["client_id", "redirect_uri"])(
    "gets a P1Error and no redirect when %s is repeated",
    async (name) => {
      const parameters = tenant.authorizeParameters();
      parameters.append(name, parameters.get(name) ?? "");
      const response = await tenant.authorize(parameters);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ details: [{ target: name }] });
    },
  );
});

describe("a request with an error that may be redirected", () => {
  const cases: [string, Fields, string][] = [
    ["no response type", { response_type: undefined }, "invalid_request"],
    ["an unknown response type", { response_type: "cod" }, "unsupported_response_type"],
    ["a response type of the implicit grant", { response_type: "token" }, "unauthorized_client"],
    ["a hybrid response type", { response_type: "code id_token" }, "unauthorized_client"],
    ["the response type code twice", { response_type: "code code" }, "unsupported_response_type"],
    ["a response type in other letters", { response_type: "CODE" }, "unsupported_response_type"],
    ["an application without the code grant", { client_id: "no-code-client" }, "unauthorized_client"],
    ["an unknown response mode", { response_mode: "web_message" }, "invalid_request"],
    ["no scope", { scope: undefined }, "invalid_scope"],
    ["only spaces for a scope", { scope: "  " }, "invalid_scope"],
    ["no challenge under S256_REQUIRED", noPkce, "invalid_request"],
    ["no challenge method under S256_REQUIRED", { code_challenge_method: undefined }, "invalid_request"],
    ["the method plain under S256_REQUIRED", { code_challenge_method: "plain" }, "invalid_request"],
    ["an unknown challenge method", { code_challenge_method: "S512" }, "invalid_request"],
    ["a challenge that is no SHA-256 digest", { code_challenge: "short" }, "invalid_request"],
    ["no challenge under REQUIRED", { client_id: "plain-client", ...noPkce }, "invalid_request"],
    ["a method without a challenge", { client_id: "optional-client", ...noChallenge }, "invalid_request"],
    ["an unknown prompt", { prompt: "again" }, "invalid_request"],
    ["the prompt none beside another", { prompt: "none login" }, "invalid_request"],
    ["a negative max_age", { max_age: "-1" }, "invalid_request"],
    ["a max_age that is no number", { max_age: "soon" }, "invalid_request"],
    ["an unknown flow policy", { acr_values: "f".repeat(32) }, "invalid_request"],
    ["two flow policies", { acr_values: TWO_POLICIES }, "invalid_request"],
    ["a parameter that is too long", { login_hint: "x".repeat(8193) }, "invalid_request"],
    ["no pushed request where one is required", { client_id: "pushing-client" }, "invalid_request"],
  ];

  it.each(cases)(
    "[PING-003] [PING-014] [PING-015] is refused by redirect with PingOne's description format: %s",
    async (_, changes, error) => {
      const answer = await tenant.authorizeError({ state: "the state", ...changes });
      expect(answer).toEqual({ error, error_description: expect.any(String), state: "the state" });
      expect(answer.error_description).toMatch(
        /^The request could not be completed\. One or more validation errors were in the request\.: .+ \(Correlation ID: [0-9a-f-]{36}\)$/,
      );
    },
  );

  const repeated = ["scope", "state", "response_type", "response_mode", "x"];
  it.each(repeated)("[PING-011] is refused with invalid_request when %s is repeated", async (name) => {
    const parameters = tenant.authorizeParameters();
    parameters.append(name, "one");
    parameters.append(name, "one");
    expect(await tenant.authorizeError(parameters)).toMatchObject({ error: "invalid_request" });
  });

  it("[PING-014] [PING-106] shows the correlation id in the header, too", async () => {
    const response = await tenant.authorize({ scope: undefined });
    const id = response.headers.get("correlation-id") ?? "";
    expect(id).toMatch(UUID);
    expect(response.headers.get("location")).toContain(id);
  });

  it("keeps the query of the redirect URI", async () => {
    const target = { client_id: "query-client", redirect_uri: "https://client.example/cb?tenant=1" };
    const { headers } = await tenant.authorize({ ...target, scope: undefined });
    expect(headers.get("location")).toMatch(`${target.redirect_uri}&error=invalid_scope&`);
  });

  it("[PING-021] answers errors in the fragment when the response type or mode asks for it", async () => {
    for (const changes of [{ response_type: "id_token" }, { response_mode: "fragment", scope: undefined }]) {
      const location = (await tenant.authorize(changes)).headers.get("location") ?? "";
      expect(location).toMatch(/^http:\/\/localhost:8787\/callback#error=/);
    }
  });

  it("[PING-021] answers errors by a self-posting form with response_mode=form_post", async () => {
    const response = await tenant.authorize({ response_mode: "form_post", scope: undefined, state: '"><b>' });
    expect(response.status).toBe(200);
    const page = await response.text();
    expect(page).toContain(`<form method="post" action="${REDIRECT_URI}">`);
    expect(page).toContain('name="error" value="invalid_scope"');
    expect(page).toContain('name="state" value="&quot;&gt;&lt;b&gt;"');
    expect(response.headers.get("content-security-policy")).toMatch(/script-src 'sha256-/);
  });
});

describe("a request that PingOne accepts", () => {
  const accepted: [string, Fields][] = [
    ["as the Worker sends it", {}],
    ["with a scope twice and spaces around", { scope: " openid  openid todo_api:read " }],
    ["with parameters that nobody knows", { something: "else", audience: "x" }],
    ["with an empty parameter, which counts as absent", { prompt: "", acr_values: "" }],
    ["with prompt=consent, which changes nothing", { prompt: "consent" }],
    ["with prompt=select_account, which changes nothing", { prompt: "select_account" }],
    ["with prompt=login", { prompt: "login" }],
    ["with the allowed method plain", { client_id: "plain-client", code_challenge_method: "plain" }],
  ];

  it.each(accepted)("[PING-010] [PING-018] shows the flow's first screen %s", async (_, changes) => {
    const response = await tenant.authorize(changes);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toContain("<h1>Sign On</h1>");
  });

  it("[PING-009] [PING-090] may come as a form post", async () => {
    const response = await fetch(`${tenant.issuer}/authorize`, {
      method: "POST",
      body: tenant.authorizeParameters(),
      redirect: "manual",
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("<h1>Sign On</h1>");
  });

  it("[PING-020] fills the username in from login_hint", async () => {
    const page = await (await tenant.authorize({ login_hint: 'alice"@example.com' })).text();
    expect(page).toContain('value="alice&quot;@example.com"');
  });
});

describe("prompt=none", () => {
  const policyId = "33333333333333333333333333333333";
  const told = (errorDescription: string) => ({ type: "error", error: "told", errorDescription });
  const nodes = {
    mode: {
      type: "branch",
      value: "parameters.auth_mode",
      equals: { silent: "silent" },
      otherwise: "other",
    },
    silent: told("silent: {{parameters.auth_mode}}"),
    other: told("other: {{parameters.auth_mode}}"),
  };

  it.each([
    ["prompt=none", { prompt: "none" }, "silent: silent"],
    ["prompt=none and an auth_mode of the client's", { prompt: "none", auth_mode: "mine" }, "silent: silent"],
    ["prompt=login", { prompt: "login" }, "other: "],
    ["no prompt", {}, "other: "],
  ])("[PING-132] reaches the flow as auth_mode: %s", async (_, changes, description) => {
    await using own = await startTenant({
      flows: { "mode.json": { name: "mode", description: "Tells.", policyId, start: "mode", nodes } },
    });
    const answer = await own.authorizeError({ acr_values: policyId, ...changes });
    expect(answer.error_description).toBe(description);
  });
});

describe("a form post to /authorize", () => {
  it("that is too large gets a P1Error", async () => {
    const parameters = tenant.authorizeParameters({ padding: "x".repeat(70_000) });
    const response = await fetch(`${tenant.issuer}/authorize`, { method: "POST", body: parameters });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "INVALID_DATA", details: [{ target: "body" }] });
  });
});

describe("pushed authorization requests (RFC 9126)", () => {
  const push = (changes: Fields = {}, authorization?: string) =>
    tenant.ask("par", tenant.authorizeParameters(changes), authorization);
  const short = ({ request_uri }: Answer, client_id = "mcp-server") =>
    form({ client_id, request_uri: String(request_uri) });

  it("[PING-023] take the place of the parameters, once, for the client that pushed", async () => {
    const { headers, ...pushed } = await push({ state: "pushed" });
    expect(pushed).toEqual({
      status: 201,
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[0-9a-f-]{36}$/),
      expires_in: 60,
    });
    expect((await tenant.authorize(short({ headers, ...pushed }, "plain-client"))).status).toBe(400);
    const parameters = new URLSearchParams(`${short({ headers, ...pushed })}&scope=ignored`);
    const page = await tenant.visit(tenant.openBrowser(), parameters);
    expect(page.url.searchParams.get("state")).toBe("pushed");
    expect(page.url.searchParams.get("code")).toMatch(UUID);
    expect((await tenant.authorize(parameters)).status).toBe(400);
  });

  it("are not taken, and stay good, when their URI is repeated", async () => {
    const parameters = short(await push());
    const twice = new URLSearchParams(`${parameters}&request_uri=${parameters.get("request_uri")}`);
    expect((await tenant.authorize(twice)).status).toBe(400);
    expect((await tenant.authorize(parameters)).status).toBe(200);
  });

  it("[PING-023] serve an application that requires them", async () => {
    const client = { id: "pushing-client", secret: tenant.emulator.client.secret };
    const pushed = await push({ client_id: client.id }, basic(client));
    expect(pushed.expires_in).toBe(30);
    expect((await tenant.authorize(short(pushed, client.id))).status).toBe(200);
  });

  it("expire", async () => {
    await using own = await startTenant();
    const pushed = await own.ask("par", own.authorizeParameters());
    own.advanceSeconds(61);
    expect((await own.authorize(short(pushed))).status).toBe(400);
  });

  it.each<[string, Fields, string]>([
    ["a redirect URI that is not registered", { redirect_uri: "https://evil.example/" }, "invalid_request"],
    ["a scope that is not granted", { scope: "nonsense" }, "invalid_scope"],
    ["no challenge", { code_challenge: undefined }, "invalid_request"],
    ["a request URI", { request_uri: "urn:x" }, "invalid_request"],
    ["the id of another client", { client_id: "plain-client" }, "invalid_client"],
  ])("[PING-023] are refused as JSON with %s", async (_, changes, error) => {
    const status = error === "invalid_client" ? 401 : 400;
    expect(await push(changes)).toMatchObject({ status, error });
  });

  it("[PING-010] show the flow unknown parameters, but not how the client authenticated", async () => {
    const policyId = "22222222222222222222222222222222";
    const errorDescription = "{{parameters.client_secret}}/{{parameters.shown}}";
    const tell = { type: "error", error: "told", errorDescription };
    await using own = await startTenant({
      edit: addApplications({ id: "post-client", tokenEndpointAuthMethod: "CLIENT_SECRET_POST" }),
      flows: {
        "tell.json": { name: "tell", description: "Tells.", policyId, start: "tell", nodes: { tell } },
      },
    });
    const client = { client_id: "post-client", client_secret: own.emulator.client.secret };
    const fields = own.authorizeParameters({ ...client, acr_values: policyId, shown: "yes" });
    const answer = await own.authorizeError(short(await own.ask("par", fields, ""), "post-client"));
    expect(answer.error_description).toBe("/yes");
  });

  it("need client authentication", async () => {
    expect(await push({}, "")).toMatchObject({ status: 401, error: "invalid_client" });
  });
});
