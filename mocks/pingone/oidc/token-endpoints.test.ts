import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { basic, claimsOf, type Fields } from "../testing/client.ts";
import { addApplications, editItem, startTenant, type Tenant } from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const SECRET = "TEST-ONLY-mcp-server-secret";
const TODO_RESOURCE = "a3d5c7e9-0003-4a6b-8c2d-1e3f5a7b9c03";
const asTodoApi = basic({ id: TODO_RESOURCE, secret: "TEST-ONLY-todo-api-secret" });
const asSecondClient = basic({ id: "second-client", secret: SECRET });
const asConsentWorker = basic({ id: "consent-worker", secret: "TEST-ONLY-consent-worker-secret" });

withTenant({ edit: addApplications({ id: "second-client" }) });

const consentWorkerToken = async () =>
  (await tenant.token({ grant_type: "client_credentials" }, asConsentWorker)).access_token;
const introspect = async (token: string, authorization?: string) => {
  const { status, headers, ...body } = await tenant.ask("introspect", { token }, authorization);
  return body;
};

describe("userinfo", () => {
  it("[PING-062] tells of the person what the scopes allow, for a token of the custom resource too", async () => {
    const { access_token } = await tenant.obtainTokens();
    const response = await tenant.userInfo(access_token);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      sub: tenant.userId("alice"),
      preferred_username: "alice",
      given_name: "Alice",
      family_name: "Ames",
      updated_at: expect.any(Number),
      email: "alice@example.com",
      env: tenant.environmentId,
      org: "0c8a7f52-3e1d-4b96-8f07-d45a2b9c6e13",
      "p1.region": "NA",
    });
    const { access_token: bare } = await tenant.obtainTokens({ parameters: { scope: "openid" } });
    const shown = (await (await tenant.userInfo(bare)).json()) as object;
    expect(Object.keys(shown).sort()).toEqual(["env", "org", "p1.region", "sub"]);
  });

  it("[PING-062] takes the token in the header or in the body of a POST", async () => {
    const { access_token } = await tenant.obtainTokens();
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await fetch(`${tenant.issuer}/userinfo`, { method: "POST", headers })).status).toBe(200);
    expect((await tenant.post("userinfo", { access_token }, "")).status).toBe(200);
  });

  const header = (authorization: string) => ({ headers: { authorization } });
  const body = (...tokens: string[]) => ({
    method: "POST",
    body: new URLSearchParams(tokens.map((token) => ["access_token", token])),
  });
  it.each<[string, (token: string) => RequestInit & { query?: string }, number, string?]>([
    ["no token", () => ({}), 401],
    ["a token in the query", (token) => ({ query: `?access_token=${token}` }), 401],
    ["another scheme", () => header("Basic x"), 401],
    ["another scheme beside a token", (token) => ({ ...header("Basic x"), ...body(token) }), 401],
    ["a malformed header", () => header("Bearer a b"), 400, "invalid_request"],
    ["a made-up token", () => header("Bearer abc"), 401, "invalid_token"],
    [
      "a token in header and body",
      (token) => ({ ...header(`Bearer ${token}`), ...body(token) }),
      400,
      "invalid_request",
    ],
    ["a token in the body twice", (token) => body(token, token), 400, "invalid_request"],
    ["a body that is no form", () => ({ method: "POST", body: "{}" }), 400, "invalid_request"],
  ])("[PING-064] [PING-102] refuses %s", async (_, request, status, error) => {
    const { access_token } = await tenant.obtainTokens();
    const { query = "", ...init } = request(access_token);
    const response = await fetch(`${tenant.issuer}/userinfo${query}`, init);
    expect(response.status).toBe(status);
    const challenge = error === undefined ? "Bearer" : `Bearer error="${error}"`;
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      code: expect.stringMatching(/^[A-Z_]+$/),
      message: expect.any(String),
    });
  });

  it("refuses an ID token and a refresh token", async () => {
    const { id_token, refresh_token } = await tenant.obtainTokens();
    expect((await tenant.userInfo(id_token)).status).toBe(401);
    expect((await tenant.userInfo(refresh_token)).status).toBe(401);
  });

  it("refuses a token without openid with 403 insufficient_scope", async () => {
    const { access_token } = await tenant.obtainTokens({ parameters: { scope: "todo_api:read" } });
    const response = await tenant.userInfo(access_token);
    expect(response.status).toBe(403);
    expect(response.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
  });

  it("[PING-063] refuses a token of client_credentials with 403 ACCESS_FAILED", async () => {
    const response = await tenant.userInfo(await consentWorkerToken());
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "ACCESS_FAILED" });
  });

  it("refuses a token that has expired, by time or by the control API", async () => {
    const { access_token } = await tenant.obtainTokens();
    tenant.advanceSeconds(3601);
    expect((await tenant.userInfo(access_token)).status).toBe(401);
    const { access_token: other } = await tenant.obtainTokens();
    expect(tenant.emulator.admin.expireTokens("alice")).toBe(1);
    expect((await tenant.userInfo(other)).status).toBe(401);
    expect(tenant.emulator.admin.expireTokens("alice")).toBe(0);
  });
});

describe("introspection", () => {
  it("[PING-065] tells an application of its own access token", async () => {
    const { access_token } = await tenant.obtainTokens();
    expect(await introspect(access_token)).toEqual({
      active: true,
      token_type: "Bearer",
      username: "alice",
      ...claimsOf(access_token),
    });
  });

  it("tells an application of its own refresh token, until that is rotated", async () => {
    const { refresh_token } = await tenant.obtainTokens();
    expect(await introspect(refresh_token)).toMatchObject({ active: true, token_type: "refresh_token" });
    await tenant.refresh(refresh_token);
    expect(await introspect(refresh_token)).toEqual({ active: false });
  });

  it("[PING-065] tells a resource of the tokens that are meant for it, and of no others", async () => {
    const { access_token, refresh_token } = await tenant.obtainTokens();
    expect(await introspect(access_token, asTodoApi)).toMatchObject({
      active: true,
      sub: tenant.userId("alice"),
    });
    expect(await introspect(refresh_token, asTodoApi)).toEqual({ active: false });
    const { access_token: other } = await tenant.obtainTokens({ parameters: { scope: "openid" } });
    expect(await introspect(other, asTodoApi)).toEqual({ active: false });
  });

  it("[PING-065] [PING-103] tells nothing of another application's token, a made-up one or an ID token", async () => {
    const { access_token, id_token } = await tenant.obtainTokens();
    expect(await introspect(access_token, asSecondClient)).toEqual({ active: false });
    expect(await introspect("made-up")).toEqual({ active: false });
    expect(await introspect(id_token)).toEqual({ active: false });
  });

  it("tells of a client_credentials token without a person", async () => {
    const answer = await introspect(await consentWorkerToken(), asConsentWorker);
    expect(answer).toMatchObject({ active: true, client_id: "consent-worker" });
    expect(answer).not.toHaveProperty("sub");
  });

  it("[PING-066] takes an expired token, and one whose session ended, for inactive", async () => {
    const { access_token } = await tenant.obtainTokens();
    tenant.emulator.admin.endSession("alice");
    expect(await introspect(access_token)).toEqual({ active: false });
    const { access_token: late } = await tenant.obtainTokens();
    tenant.advanceSeconds(3601);
    expect(await introspect(late)).toEqual({ active: false });
  });

  it("ignores token_type_hint, right, wrong or unknown", async () => {
    const { access_token } = await tenant.obtainTokens();
    for (const token_type_hint of ["access_token", "refresh_token", "pot"]) {
      const answer = await tenant.ask("introspect", { token: access_token, token_type_hint });
      expect(answer.active).toBe(true);
    }
  });

  it.each([
    ["no credentials", ""],
    ["a wrong secret of an application", basic({ id: "mcp-server", secret: "x" })],
    ["a wrong secret of a resource", basic({ id: TODO_RESOURCE, secret: "x" })],
    ["an unknown caller", basic({ id: "nobody", secret: "x" })],
    ["a resource without a secret", basic({ id: "a3d5c7e9-0001-4a6b-8c2d-1e3f5a7b9c01", secret: "" })],
  ])("[PING-103] refuses %s with 401 invalid_client", async (_, authorization) => {
    const answer = await tenant.ask("introspect", { token: "x" }, authorization);
    expect(answer).toMatchObject({ status: 401, error: "invalid_client" });
  });

  describe("by the caller's one method", () => {
    const METHODS = ["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"] as const;
    const present = (method: (typeof METHODS)[number], id: string, secret: string): [Fields, string] => {
      if (method === "CLIENT_SECRET_BASIC") return [{}, basic({ id, secret })];
      return [{ client_id: id, ...(method === "CLIENT_SECRET_POST" && { client_secret: secret }) }, ""];
    };
    /** Those of the methods by which the caller is told of the token. */
    const accepted = async (own: Tenant, id: string, secret: string, token: string) => {
      const answers = METHODS.map(async (method) => {
        const [fields, authorization] = present(method, id, secret);
        const { status, active, error } = await own.ask("introspect", { token, ...fields }, authorization);
        if (status !== 200) expect([status, error]).toEqual([401, "invalid_client"]);
        return active === true ? [method] : [];
      });
      return (await Promise.all(answers)).flat();
    };

    it.each(METHODS)(
      "[PING-065] tells a resource that is set to %s, and by no other method",
      async (method) => {
        await using own = await startTenant({
          edit: editItem("resources.json", 2, { introspectEndpointAuthMethod: method }),
        });
        const { access_token } = await own.obtainTokens();
        const secret = "TEST-ONLY-todo-api-secret";
        expect(await accepted(own, TODO_RESOURCE, secret, access_token)).toEqual([method]);
      },
    );

    it.each(METHODS)(
      "[PING-065] tells an application that is set to %s, and by no other method",
      async (method) => {
        await using own = await startTenant({
          edit: addApplications({ id: "caller", tokenEndpointAuthMethod: method }),
        });
        const login = await own.signIn({ parameters: { client_id: "caller" } });
        const { access_token } = await own.redeem(login, ...present(method, "caller", SECRET));
        expect(await accepted(own, "caller", SECRET, access_token)).toEqual([method]);
      },
    );
  });

  it.each([
    ["without a token", new URLSearchParams()],
    ["with two tokens", new URLSearchParams("token=a&token=b")],
  ])("refuses a request %s with invalid_request", async (_, fields) => {
    expect(await tenant.ask("introspect", fields)).toMatchObject({ status: 400, error: "invalid_request" });
  });
});

describe("revocation", () => {
  const revoke = (token: string, authorization?: string) => tenant.post("revoke", { token }, authorization);

  it("[PING-067] [PING-104] of an access token ends it alone, with an empty 200", async () => {
    const { access_token, refresh_token } = await tenant.obtainTokens();
    const response = await revoke(access_token);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
    expect(await tenant.isActive(access_token)).toBe(false);
    expect((await tenant.userInfo(access_token)).status).toBe(401);
    expect((await tenant.refresh(refresh_token)).status).toBe(200);
  });

  it("[PING-068] of an access token leaves its signature good for whoever checks nothing else", async () => {
    const { access_token } = await tenant.obtainTokens();
    await revoke(access_token);
    const keys = createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`));
    const { payload } = await jwtVerify(access_token, keys, { issuer: tenant.issuer });
    expect(payload.sub).toBe(tenant.userId("alice"));
  });

  it("[PING-067] of a refresh token ends the family and its access tokens", async () => {
    const { access_token, refresh_token } = await tenant.obtainTokens();
    const next = await tenant.refresh(refresh_token);
    expect((await revoke(next.refresh_token)).status).toBe(200);
    expect(await tenant.refresh(next.refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await tenant.isActive(access_token)).toBe(false);
    expect(await tenant.isActive(next.access_token)).toBe(false);
  });

  it("[PING-067] has no effect on tokens that are for no custom resource, which it answers alike", async () => {
    const tokens = await tenant.obtainTokens({ parameters: { scope: "openid profile" } });
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const response = await revoke(token);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("");
      expect(await tenant.isActive(token)).toBe(true);
    }
    const next = await tenant.refresh(tokens.refresh_token);
    expect(next.status).toBe(200);
    expect(await tenant.isActive(tokens.access_token)).toBe(true);
  });

  it("[PING-067] reaches a token whose custom resource was named by resource alone", async () => {
    tenant.emulator.admin.setSwitches({ resourceParam: "honour" });
    const parameters = { scope: "openid", resource: "https://todo.api.com" };
    const { access_token, refresh_token } = await tenant.obtainTokens({ parameters });
    expect((await revoke(refresh_token)).status).toBe(200);
    expect(await tenant.isActive(access_token)).toBe(false);
    expect(await tenant.refresh(refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  it("[PING-067] has no effect on a token of a custom resource without a session", async () => {
    await using own = await startTenant({
      edit: addApplications({ id: "service", grantTypes: ["CLIENT_CREDENTIALS"], responseTypes: [] }),
    });
    const asService = basic({ id: "service", secret: SECRET });
    const { access_token } = await own.token({ grant_type: "client_credentials" }, asService);
    expect(claimsOf(access_token).aud).toEqual(["https://todo.api.com"]);
    expect((await own.post("revoke", { token: access_token }, asService)).status).toBe(200);
    expect(await own.ask("introspect", { token: access_token }, asService)).toMatchObject({ active: true });
  });

  it("of an unknown token succeeds (RFC 7009 section 2.2)", async () => {
    expect((await revoke("made-up")).status).toBe(200);
  });

  it("of another application's token is refused and changes nothing", async () => {
    const { access_token, refresh_token } = await tenant.obtainTokens();
    for (const token of [access_token, refresh_token]) {
      const answer = await tenant.ask("revoke", { token }, asSecondClient);
      expect(answer).toMatchObject({ status: 400, error: "unauthorized_client" });
    }
    expect(await tenant.isActive(access_token)).toBe(true);
  });

  it("needs client authentication and a token", async () => {
    expect((await revoke("x", "")).status).toBe(401);
    expect((await tenant.post("revoke", {})).status).toBe(400);
    expect((await tenant.post("revoke", new URLSearchParams("token=a&token=b"))).status).toBe(400);
  });
});

describe("a token with PingOne's own audience", () => {
  it("[PING-008] follows the region of the environment", async () => {
    await using own = await startTenant({
      edit: { "environment.json": (file) => Object.assign(file, { region: "CA" }) },
    });
    const { access_token, id_token } = await own.obtainTokens({ parameters: { scope: "openid" } });
    expect(claimsOf(access_token).aud).toEqual(["https://api.pingone.ca"]);
    expect(claimsOf(id_token)["p1.region"]).toBe("CA");
  });
});
