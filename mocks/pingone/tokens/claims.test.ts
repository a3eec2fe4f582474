import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ALL_SCOPES, basic, claimsOf, headerOf } from "../testing/client.ts";
import {
  addApplications,
  editItem,
  editList,
  editWorkerApplication,
  startTenant,
  type Tenant,
} from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const SECRET = "TEST-ONLY-mcp-server-secret";
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const ORG = "0c8a7f52-3e1d-4b96-8f07-d45a2b9c6e13";
const POLICY = "0f3c6a1d9b2e4875a6c1d3e5f7091b2c";

const tokensFor = (scope: string) => tenant.obtainTokens({ parameters: { scope } });

const application = { id: "mcp-server" };
const secondApi = {
  id: "second",
  name: "Second API",
  type: "CUSTOM",
  audience: "https://second.api.example",
  accessTokenValiditySeconds: 600,
  scopes: [{ id: "second-read", name: "second:read" }],
};
const pingOneApi = { id: "a3d5c7e9-0002-4a6b-8c2d-1e3f5a7b9c02" };
const readUsers = { id: "a3d5c7e9-2001-4a6b-8c2d-1e3f5a7b9c02" };
/** A second custom resource, and a scope of PingOne's own API, granted to the Worker's application. */
withTenant({
  edit: {
    ...editList("resources.json", (resources) => resources.push(secondApi)),
    ...editList("grants.json", (grants) => {
      grants.push({ application, resource: { id: "second" }, scopes: [{ id: "second-read" }] });
      grants.push({ application, resource: pingOneApi, scopes: [readUsers] });
    }),
  },
});

describe("an access token", () => {
  it("[PING-057] [PING-099] has PingOne's claims and no others: no nbf, amr or nonce", async () => {
    const { access_token } = await tenant.obtainTokens();
    const claims = claimsOf(access_token);
    expect(claims).toEqual({
      client_id: "mcp-server",
      iss: tenant.issuer,
      jti: UUID,
      iat: expect.any(Number),
      exp: Number(claims.iat) + 3600,
      aud: ["https://todo.api.com"],
      scope: expect.any(String),
      sub: tenant.userId("alice"),
      sid: UUID,
      auth_time: expect.any(Number),
      acr: POLICY,
      env: tenant.environmentId,
      org: ORG,
    });
  });

  it("[PING-058] [PING-099] has kid and alg in its header, and no typ", async () => {
    const plain = await tenant.obtainTokens();
    expect(Object.keys(headerOf(plain.access_token)).sort()).toEqual(["alg", "kid"]);
  });

  it.each([
    ["the application", { includeTyp: true }, {}, "at+jwt"],
    ["the switch", {}, { atTyp: "at+jwt" }, "at+jwt"],
    ["the platform date", {}, { platformDate: "2027-03-02" }, "at+jwt"],
    ["the application, but the switch does not", { includeTyp: true }, { atTyp: "none" }, undefined],
  ])("[PING-058] has the typ at+jwt when %s says so", async (_, application, switches, typ) => {
    await using own = await startTenant({ edit: editWorkerApplication(application) });
    own.emulator.admin.setSwitches(switches);
    const tokens = await own.obtainTokens();
    expect(headerOf(tokens.access_token).typ).toBe(typ);
    expect(headerOf(tokens.id_token)).not.toHaveProperty("typ");
  });

  it("[PING-059] has x5t in its header when the application asks for it", async () => {
    await using own = await startTenant({ edit: editWorkerApplication({ includeX5t: true }) });
    const { access_token } = await own.obtainTokens();
    expect(headerOf(access_token).x5t).toMatch(/^[\w-]{27}$/);
  });

  it.each([
    ["openid", ["https://api.pingone.com"]],
    ["openid profile email", ["https://api.pingone.com"]],
    ["openid todo_api:read", ["https://todo.api.com"]],
    ["todo_api:write", ["https://todo.api.com"]],
  ])("[PING-030] for %s has the audience %j", async (scope, audience) => {
    expect(claimsOf((await tokensFor(scope)).access_token).aud).toEqual(audience);
  });

  it("[PING-033] keeps the scopes but not their order, as a string", async () => {
    const tokens = await tokensFor("openid profile todo_api:read todo_api:write");
    expect(claimsOf(tokens.access_token).scope).toBe("todo_api:read todo_api:write openid profile");
    expect(tokens.scope).toBe("todo_api:read todo_api:write openid profile");
  });

  it("[PING-033] can have its scopes shuffled, or in the order of the request", async () => {
    const asked = "openid profile todo_api:read";
    tenant.emulator.admin.setSwitches({ scopeOrder: "shuffled" });
    const { scope } = await tokensFor(asked);
    expect(scope).not.toBe(asked);
    expect(scope.split(" ").sort()).toEqual(asked.split(" ").sort());
    tenant.emulator.admin.setSwitches({ scopeOrder: "requested" });
    expect((await tokensFor(asked)).scope).toBe(asked);
  });

  it("[PING-041] [PING-101] lives as long as its resource says, and expires_in says the same", async () => {
    await using own = await startTenant({
      edit: editItem("resources.json", 2, { accessTokenValiditySeconds: 300 }),
    });
    const tokens = await own.obtainTokens();
    const claims = claimsOf(tokens.access_token);
    expect(tokens.expires_in).toBe(300);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
    const oidcOnly = await own.obtainTokens({ parameters: { scope: "openid" } });
    expect(oidcOnly.expires_in).toBe(3600);
  });

  it("is dated by the emulator's clock", async () => {
    tenant.advanceSeconds(-10_000);
    const { iat } = claimsOf((await tenant.obtainTokens()).access_token);
    expect(Number(iat)).toBeLessThan(Date.now() / 1000 - 9000);
  });
});

describe("an ID token", () => {
  it("[PING-060] has PingOne's claims, with the client as a string for its audience", async () => {
    const { login, ...tokens } = await tenant.obtainTokens();
    const claims = claimsOf(tokens.id_token);
    const digest = createHash("sha256").update(tokens.access_token).digest();
    expect(claims).toEqual({
      iss: tenant.issuer,
      sub: tenant.userId("alice"),
      aud: "mcp-server",
      iat: expect.any(Number),
      exp: Number(claims.iat) + 3600,
      acr: POLICY,
      amr: ["pwd"],
      auth_time: expect.any(Number),
      at_hash: digest.subarray(0, 16).toString("base64url"),
      sid: claimsOf(tokens.access_token).sid,
      preferred_username: "alice",
      given_name: "Alice",
      family_name: "Ames",
      updated_at: expect.any(Number),
      email: "alice@example.com",
      env: tenant.environmentId,
      org: ORG,
      "p1.region": "NA",
      nonce: login.nonce,
    });
  });

  describe("and UserInfo of a person with an address and a phone", () => {
    const address = {
      streetAddress: "1 Test Street",
      locality: "Testville",
      region: "Test Region",
      postalCode: "12345",
      countryCode: "US",
    };
    const withContact = (contact: Record<string, unknown>) =>
      startTenant({ edit: editItem("users.json", 0, contact) });
    const told = async (own: Tenant, scope: string): Promise<Record<string, unknown>[]> => {
      const { id_token, access_token } = await own.obtainTokens({ parameters: { scope } });
      const userInfo = (await (await own.userInfo(access_token)).json()) as Record<string, unknown>;
      return [claimsOf(id_token), userInfo];
    };

    it("[PING-133] has both by the scopes address and phone", async () => {
      await using own = await withContact({ address, primaryPhone: "+1.5125550100" });
      for (const claims of await told(own, "openid address phone")) {
        expect(claims).toMatchObject({ phone_number: "+1.5125550100" });
        expect(claims.address).toEqual({
          street_address: "1 Test Street",
          locality: "Testville",
          region: "Test Region",
          postal_code: "12345",
          country: "US",
        });
      }
    });

    it("[PING-133] has only what is known of them", async () => {
      await using own = await withContact({ address: { locality: "Testville" }, primaryPhone: undefined });
      for (const claims of await told(own, "openid address phone")) {
        expect(claims.address).toEqual({ locality: "Testville" });
        expect(claims).not.toHaveProperty("phone_number");
      }
    });

    it.each([[undefined], [{}]])("[PING-133] has no address where the user's is %j", async (none) => {
      await using own = await withContact({ address: none });
      for (const claims of await told(own, "openid address")) expect(claims).not.toHaveProperty("address");
    });

    it("[PING-133] has neither without the scope", async () => {
      await using own = await withContact({ address, primaryPhone: "+1.5125550100" });
      for (const claims of await told(own, "openid profile email")) {
        expect(claims).not.toHaveProperty("address");
        expect(claims).not.toHaveProperty("phone_number");
      }
      for (const claims of await told(own, "openid phone")) expect(claims).not.toHaveProperty("address");
    });
  });

  it("[PING-060] tells of the person only what the scopes allow", async () => {
    const { id_token } = await tokensFor("openid");
    for (const claim of ["preferred_username", "given_name", "family_name", "updated_at", "email"]) {
      expect(claimsOf(id_token)).not.toHaveProperty(claim);
    }
  });

  it("has no nonce when none was sent", async () => {
    const { id_token } = await tenant.obtainTokens({ parameters: { nonce: undefined } });
    expect(claimsOf(id_token)).not.toHaveProperty("nonce");
  });

  it("comes with openid only", async () => {
    expect(await tokensFor("todo_api:read")).not.toHaveProperty("id_token");
  });

  it("[PING-016] has the assigned policy that comes first by priority for its acr", async () => {
    const second = "5f385b61aea5d59d2fb7ac968ad2247d";
    await using own = await startTenant({
      edit: editList("flow-policy-assignments.json", (items) => {
        Object.assign(items[0] ?? {}, { priority: 2 });
        items.push({ application, flowPolicy: { id: second }, priority: 1 });
      }),
    });
    expect(claimsOf((await own.obtainTokens()).id_token).acr).toBe(second);
  });

  it("[PING-016] has the flow policy that was run for its acr", async () => {
    const policy = "5f385b61aea5d59d2fb7ac968ad2247d";
    const tokens = await tenant.obtainTokens({ parameters: { acr_values: policy } });
    expect(claimsOf(tokens.id_token).acr).toBe(policy);
    expect(claimsOf(tokens.access_token).acr).toBe(policy);
  });
});

describe("resource (RFC 8707), in its three observed behaviours", () => {
  const TODO = "https://todo.api.com";
  const refused = { status: 400, error: "invalid_target" };

  it("[PING-031] is ignored", async () => {
    const tokens = await tenant.obtainTokens({ parameters: { scope: "openid", resource: "urn:anything" } });
    expect(claimsOf(tokens.access_token).aud).toEqual(["https://api.pingone.com"]);
  });

  it("[PING-031] is refused together with openid, and taken without it", async () => {
    tenant.emulator.admin.setSwitches({ resourceParam: "reject-with-openid" });
    const answer = await tenant.authorizeError({ scope: "openid todo_api:read", resource: TODO });
    expect(answer.error).toBe("invalid_scope");
    expect(answer.error_description).toContain("May not request scopes for multiple resources");
    const parameters = { scope: "profile todo_api:read", resource: TODO };
    const tokens = await tenant.obtainTokens({ parameters });
    expect(claimsOf(tokens.access_token).aud).toEqual([TODO]);
    expect((await tokensFor(ALL_SCOPES)).status).toBe(200);
  });

  it("[PING-031] is honoured, in the authorization and in the token request", async () => {
    tenant.emulator.admin.setSwitches({ resourceParam: "honour" });
    const asked = await tenant.obtainTokens({ parameters: { scope: "openid", resource: TODO } });
    expect(claimsOf(asked.access_token).aud).toEqual([TODO]);
    const login = await tenant.signIn({ parameters: { scope: "openid" } });
    const late = await tenant.redeem(login, { resource: TODO });
    expect(claimsOf(late.access_token).aud).toEqual([TODO]);
    const refreshed = await tenant.refresh(asked.refresh_token);
    expect(claimsOf(refreshed.access_token).aud).toEqual([TODO]);
  });

  it("is refused with invalid_target where it is honoured and unknown", async () => {
    tenant.emulator.admin.setSwitches({ resourceParam: "honour" });
    const resource = "https://unknown.example";
    expect((await tenant.authorizeError({ resource })).error).toBe("invalid_target");
    expect(await tenant.redeem(await tenant.signIn(), { resource })).toMatchObject(refused);
  });

  it("is refused with invalid_target where it is honoured and does not fit the scopes, or comes twice", async () => {
    tenant.emulator.admin.setSwitches({ resourceParam: "honour" });
    const other = { scope: "openid todo_api:read", resource: secondApi.audience };
    expect((await tenant.authorizeError(other)).error).toBe("invalid_target");
    const twice = tenant.authorizeParameters({ scope: "openid" });
    for (const resource of [TODO, secondApi.audience]) twice.append("resource", resource);
    expect((await tenant.authorizeError(twice)).error).toBe("invalid_target");
    const login = await tenant.signIn({ parameters: { scope: "openid", resource: TODO } });
    expect(await tenant.redeem(login, { resource: secondApi.audience })).toMatchObject(refused);
  });

  it("[PING-011] may be repeated without a complaint where it is ignored", async () => {
    const parameters = tenant.authorizeParameters();
    parameters.append("resource", TODO);
    parameters.append("resource", "https://other.example");
    expect((await tenant.authorize(parameters)).status).toBe(200);
  });
});

describe("scopes of several resources", () => {
  it("[PING-027] are refused, in PingOne's words", async () => {
    const answer = await tenant.authorizeError({ scope: "openid todo_api:read second:read" });
    expect(answer.error).toBe("invalid_scope");
    expect(answer.error_description).toContain("May not request scopes for multiple resources");
    expect((await tenant.authorize({ scope: "openid second:read" })).status).toBe(200);
  });

  it("[PING-028] go together when the application allows several, for both audiences and the shorter time", async () => {
    tenant.emulator.admin.setSwitches({ multipleResources: true });
    const tokens = await tokensFor("openid todo_api:read second:read");
    expect(claimsOf(tokens.access_token).aud).toEqual(["https://todo.api.com", "https://second.api.example"]);
    expect(tokens.expires_in).toBe(600);
  });

  it("[PING-029] of PingOne's own API never go with custom ones", async () => {
    tenant.emulator.admin.setSwitches({ multipleResources: true });
    const answer = await tenant.authorizeError({ scope: "openid p1:read:user todo_api:read" });
    expect(answer.error).toBe("invalid_scope");
    expect((await tenant.authorize({ scope: "openid p1:read:user" })).status).toBe(200);
  });
});

describe("client_credentials", () => {
  const service = { id: "service", grantTypes: ["CLIENT_CREDENTIALS"], responseTypes: [], type: "SERVICE" };
  const asService = basic({ id: "service", secret: SECRET });
  const request = { grant_type: "client_credentials" };

  it("[PING-042] gives a worker a token of its own, without a person, a session or a scope", async () => {
    const worker = basic({ id: "consent-worker", secret: "TEST-ONLY-consent-worker-secret" });
    const answer = await tenant.token(request, worker);
    const claims = claimsOf(answer.access_token);
    expect(claims).toEqual({
      client_id: "consent-worker",
      iss: tenant.issuer,
      jti: UUID,
      "p1.rid": claims.jti,
      iat: expect.any(Number),
      exp: expect.any(Number),
      aud: ["https://api.pingone.com"],
      env: tenant.environmentId,
      org: ORG,
    });
    for (const absent of ["refresh_token", "id_token", "scope"]) expect(answer).not.toHaveProperty(absent);
  });

  it("[PING-032] means all granted scopes when it asks for none", async () => {
    await using own = await startTenant({ edit: addApplications(service) });
    const answer = await own.token(request, asService);
    expect(answer).toMatchObject({ status: 200, scope: "todo_api:read todo_api:write", expires_in: 3600 });
    expect(claimsOf(answer.access_token).aud).toEqual(["https://todo.api.com"]);
  });

  it.each(["openid", "openid todo_api:read", "nonsense", " "])("refuses the scope %j", async (scope) => {
    await using own = await startTenant({ edit: addApplications(service) });
    expect(await own.token({ ...request, scope }, asService)).toMatchObject({
      status: 400,
      error: "invalid_scope",
    });
  });

  it("narrows to the scope asked for", async () => {
    await using own = await startTenant({ edit: addApplications(service) });
    expect(await own.token({ ...request, scope: "todo_api:read" }, asService)).toMatchObject({
      scope: "todo_api:read",
    });
  });
});
