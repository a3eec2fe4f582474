import { describe, expect, it } from "vitest";
import { basic, claimsOf, headerOf } from "../testing/client.ts";
import {
  addApplications,
  editItem,
  editWorkerApplication,
  startTenant,
  type Tenant,
  type TenantOptions,
} from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const SECRET = "TEST-ONLY-mcp-server-secret";
const dead = { status: 400, error: "invalid_grant" };
const day = 24 * 3600;

withTenant();
const withApplication = (changes: Readonly<Record<string, unknown>>): TenantOptions => ({
  edit: editWorkerApplication(changes),
});
const withOfflineAccess: TenantOptions = {
  edit: editItem("grants.json", 0, {
    scopes: [1002, 1003, 1006].map((scope) => ({ id: `a3d5c7e9-${scope}-4a6b-8c2d-1e3f5a7b9c01` })),
  }),
};

describe("a refresh token is issued", () => {
  it("[PING-044] always, with the REFRESH_TOKEN grant and no offline_access among the granted scopes", async () => {
    const tokens = await tenant.obtainTokens({ parameters: { scope: "todo_api:read" } });
    expect(tokens.refresh_token).toMatch(/^[\w-]{64}$/);
  });

  it("[PING-045] never without the REFRESH_TOKEN grant", async () => {
    await using tenant = await startTenant(withApplication({ grantTypes: ["AUTHORIZATION_CODE"] }));
    expect(await tenant.obtainTokens()).not.toHaveProperty("refresh_token");
    tenant.emulator.admin.setSwitches({ offlineAccessGrant: true });
    const asked = await tenant.obtainTokens({ parameters: { scope: "openid offline_access" } });
    expect(asked.scope.split(" ")).toContain("offline_access");
    expect(asked).not.toHaveProperty("refresh_token");
  });

  it("[PING-046] with offline_access among the granted scopes, only to requests that have it", async () => {
    await using tenant = await startTenant(withOfflineAccess);
    expect(await tenant.obtainTokens()).not.toHaveProperty("refresh_token");
    const asked = await tenant.obtainTokens({ parameters: { scope: "openid offline_access todo_api:read" } });
    expect(asked.refresh_token).toBeDefined();
    expect(asked.scope.split(" ")).toContain("offline_access");
  });

  it("by the same rules when switches stand for the application's settings", async () => {
    tenant.emulator.admin.setSwitches({ refreshTokenGrant: false });
    expect(await tenant.obtainTokens()).not.toHaveProperty("refresh_token");
    tenant.emulator.admin.setSwitches({ refreshTokenGrant: null, offlineAccessGrant: true });
    expect(await tenant.obtainTokens()).not.toHaveProperty("refresh_token");
    const asked = await tenant.obtainTokens({ parameters: { scope: "openid offline_access" } });
    expect(asked.refresh_token).toBeDefined();
  });
});

describe("a refresh", () => {
  it("[PING-052] gives new tokens of the same shape, for the same person and session, without the nonce", async () => {
    const first = await tenant.obtainTokens();
    tenant.advanceSeconds(100);
    const second = await tenant.refresh(first.refresh_token);
    expect(second.status).toBe(200);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [before, after] = [claimsOf(first.access_token), claimsOf(second.access_token)];
    expect({ ...after, jti: 0, iat: 0, exp: 0 }).toEqual({ ...before, jti: 0, iat: 0, exp: 0 });
    expect(after.jti).not.toBe(before.jti);
    const idToken = claimsOf(second.id_token);
    expect(idToken).toMatchObject({ sub: before.sub, auth_time: before.auth_time, sid: before.sid });
    expect(idToken).not.toHaveProperty("nonce");
  });

  it("leaves out the ID token without openid", async () => {
    const { refresh_token } = await tenant.obtainTokens({ parameters: { scope: "todo_api:read" } });
    expect(await tenant.refresh(refresh_token)).not.toHaveProperty("id_token");
  });

  it("may ask for fewer scopes, and gets the others back next time", async () => {
    const { refresh_token } = await tenant.obtainTokens();
    const fewer = await tenant.refresh(refresh_token, { scope: "todo_api:read" });
    expect(fewer.scope).toBe("todo_api:read");
    expect((await tenant.refresh(fewer.refresh_token)).scope.split(" ")).toHaveLength(5);
  });

  it.each(["openid address", " "])("may not ask for the scope %j, and stays possible", async (scope) => {
    const { refresh_token } = await tenant.obtainTokens();
    const refused = await tenant.refresh(refresh_token, { scope });
    expect(refused).toMatchObject({ status: 400, error: "invalid_scope" });
    expect((await tenant.refresh(refresh_token)).status).toBe(200);
  });

  it("is refused to another client, and stays possible for its own", async () => {
    await using tenant = await startTenant({ edit: addApplications({ id: "second-client" }) });
    const { refresh_token } = await tenant.obtainTokens();
    const other = basic({ id: "second-client", secret: SECRET });
    expect(await tenant.refresh(refresh_token, {}, other)).toMatchObject(dead);
    expect((await tenant.refresh(refresh_token)).status).toBe(200);
  });

  it("does not take an access token or an ID token", async () => {
    const { access_token, id_token } = await tenant.obtainTokens();
    expect(await tenant.refresh(access_token)).toMatchObject(dead);
    expect(await tenant.refresh(id_token)).toMatchObject(dead);
  });
});

describe("rotation", () => {
  it("[PING-047] [PING-053] [PING-100] makes the old token worthless, and its replay revokes the whole family", async () => {
    const first = await tenant.obtainTokens();
    const second = await tenant.refresh(first.refresh_token);
    const third = await tenant.refresh(second.refresh_token);
    expect(await tenant.isActive(third.access_token)).toBe(true);
    const replay = await tenant.refresh(first.refresh_token);
    expect(replay).toMatchObject(dead);
    expect(replay.error_description).toMatch(/does not exist|revoked|expired/);
    expect(await tenant.refresh(third.refresh_token)).toMatchObject(dead);
    expect(await tenant.isActive(third.access_token)).toBe(false);
  });

  it("leaves other families of the same person alone", async () => {
    const [one, other] = [await tenant.obtainTokens(), await tenant.obtainTokens()];
    await tenant.refresh(one.refresh_token);
    await tenant.refresh(one.refresh_token);
    expect((await tenant.refresh(other.refresh_token)).status).toBe(200);
  });

  it("[PING-048] refuses a replay without revoking anything when replay protection is off", async () => {
    await using tenant = await startTenant(
      withApplication({ additionalRefreshTokenReplayProtectionEnabled: false }),
    );
    const first = await tenant.obtainTokens();
    const second = await tenant.refresh(first.refresh_token);
    expect(await tenant.refresh(first.refresh_token)).toMatchObject(dead);
    expect((await tenant.refresh(second.refresh_token)).status).toBe(200);
  });

  it("[PING-049] takes the old token again during the grace period, counted from its first use", async () => {
    await using tenant = await startTenant(withApplication({ refreshTokenRollingGracePeriodDuration: 30 }));
    const first = await tenant.obtainTokens();
    const second = await tenant.refresh(first.refresh_token);
    tenant.advanceSeconds(20);
    expect((await tenant.refresh(first.refresh_token)).status).toBe(200);
    tenant.advanceSeconds(11);
    expect(await tenant.refresh(first.refresh_token)).toMatchObject(dead);
    expect(await tenant.refresh(second.refresh_token)).toMatchObject(dead);
  });

  it("lets one of two requests at once win, and takes the other for a replay", async () => {
    const { refresh_token } = await tenant.obtainTokens();
    const answers = await Promise.all([tenant.refresh(refresh_token), tenant.refresh(refresh_token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const winner = answers.find(({ status }) => status === 200);
    expect(await tenant.refresh(winner?.refresh_token ?? "")).toMatchObject(dead);
  });

  it("is steered by switches, too", async () => {
    tenant.emulator.admin.setSwitches({ replayProtection: false, gracePeriodSeconds: 10 });
    const first = await tenant.obtainTokens();
    const second = await tenant.refresh(first.refresh_token);
    expect((await tenant.refresh(first.refresh_token)).status).toBe(200);
    tenant.advanceSeconds(11);
    expect(await tenant.refresh(first.refresh_token)).toMatchObject(dead);
    expect((await tenant.refresh(second.refresh_token)).status).toBe(200);
  });
});

describe("a refresh with a token that is worthless", () => {
  it.each<[string, (tenant: Tenant, token: string) => unknown]>([
    ["unknown", () => undefined],
    ["revoked", (tenant) => tenant.emulator.admin.revokeTokens("alice")],
    ["expired", (tenant) => tenant.advanceSeconds(30 * day + 1)],
  ])("[PING-053] is refused in one text: %s", async (state, spoil) => {
    await using tenant = await startTenant();
    const { refresh_token } = await tenant.obtainTokens();
    await spoil(tenant, refresh_token);
    const answer = await tenant.refresh(state === "unknown" ? "made-up" : refresh_token);
    expect(answer).toMatchObject(dead);
    for (const word of ["does not exist", "revoked", "expired"]) {
      expect(answer.error_description).toContain(word);
    }
  });
});

describe("a refresh token ends", () => {
  it("[PING-050] after refreshTokenDuration without use", async () => {
    await using tenant = await startTenant(withApplication({ refreshTokenDuration: 5 * day }));
    const { refresh_token } = await tenant.obtainTokens();
    tenant.advanceSeconds(5 * day + 1);
    expect(await tenant.refresh(refresh_token)).toMatchObject(dead);
  });

  it("[PING-050] after refreshTokenRollingDuration, however often it was used", async () => {
    await using tenant = await startTenant(
      withApplication({ refreshTokenDuration: 5 * day, refreshTokenRollingDuration: 8 * day }),
    );
    let { refresh_token } = await tenant.obtainTokens();
    for (let days = 0; days < 6; days += 3) {
      tenant.advanceSeconds(3 * day);
      ({ refresh_token } = await tenant.refresh(refresh_token));
      expect(refresh_token).toBeDefined();
    }
    tenant.advanceSeconds(3 * day);
    expect(await tenant.refresh(refresh_token)).toMatchObject(dead);
  });

  it("[PING-051] with the session, ended or idle, unless the application does not ask the session", async () => {
    const longLived = { refreshTokenDuration: 100 * day, refreshTokenRollingDuration: 100 * day };
    await using tenant = await startTenant(withApplication(longLived));
    const ended = await tenant.obtainTokens();
    tenant.emulator.admin.endSession("alice");
    expect(await tenant.refresh(ended.refresh_token)).toMatchObject(dead);
    const idle = await tenant.obtainTokens();
    tenant.advanceSeconds(31 * day);
    expect(await tenant.refresh(idle.refresh_token)).toMatchObject(dead);

    await using free = await startTenant(withApplication({ ...longLived, skipTokenSessionValidation: true }));
    const { access_token, refresh_token } = await free.obtainTokens();
    free.emulator.admin.endSession("alice");
    expect(await free.isActive(access_token)).toBe(true);
    expect((await free.refresh(refresh_token)).status).toBe(200);
  });

  it("[PING-131] with the next sign-on in the same session by the same client, where the switch says so", async () => {
    await using tenant = await startTenant({ edit: addApplications({ id: "second-client" }) });
    tenant.emulator.admin.setSwitches({ oneRefreshTokenPerSession: true });
    const asSecond = basic({ id: "second-client", secret: SECRET });
    const browser = tenant.openBrowser();
    const first = await tenant.obtainTokens({ browser });
    const elsewhere = await tenant.obtainTokens();
    const login = await tenant.signIn({ browser, parameters: { client_id: "second-client" } });
    const ofAnotherClient = await tenant.redeem(login, {}, asSecond);
    const rotated = await tenant.refresh(first.refresh_token);
    expect(rotated.status).toBe(200);

    const second = await tenant.obtainTokens({ browser });
    expect(claimsOf(second.id_token).sid).toBe(claimsOf(first.id_token).sid);
    expect(await tenant.refresh(rotated.refresh_token)).toMatchObject(dead);
    expect(await tenant.isActive(rotated.access_token)).toBe(true);
    for (const [token, client] of [
      [second.refresh_token],
      [elsewhere.refresh_token],
      [ofAnotherClient.refresh_token, asSecond],
    ] as const) {
      expect((await tenant.refresh(token, {}, client)).status).toBe(200);
    }
  });

  it("[PING-131] with a replay too, under that switch: a rotated token of the same sign-on is kept", async () => {
    await using tenant = await startTenant();
    tenant.emulator.admin.setSwitches({ oneRefreshTokenPerSession: true });
    const { refresh_token } = await tenant.obtainTokens();
    const next = await tenant.refresh(refresh_token);
    expect(await tenant.refresh(refresh_token)).toMatchObject(dead);
    expect(await tenant.refresh(next.refresh_token)).toMatchObject(dead);
  });

  it("[PING-131] not with the next sign-on in the same session, unless the switch says so", async () => {
    await using tenant = await startTenant();
    const browser = tenant.openBrowser();
    const first = await tenant.obtainTokens({ browser });
    await tenant.obtainTokens({ browser });
    expect((await tenant.refresh(first.refresh_token)).status).toBe(200);
  });

  it("when the control API revokes the user's tokens, and nobody else's", async () => {
    const [alice, bob] = [await tenant.obtainTokens(), await tenant.obtainTokens({ username: "bob" })];
    expect(tenant.emulator.admin.revokeTokens("alice")).toBe(2);
    expect(await tenant.refresh(alice.refresh_token)).toMatchObject(dead);
    expect((await tenant.refresh(bob.refresh_token)).status).toBe(200);
  });
});

describe("a refused refresh", () => {
  it("leaves the token as it was", async () => {
    const { refresh_token } = await tenant.obtainTokens();
    tenant.emulator.admin.setSwitches({ refreshTokenType: "JSON_WEB_TOKEN", opaqueRefreshTokensOnly: true });
    expect(await tenant.refresh(refresh_token)).toMatchObject({ status: 400, error: "invalid_request" });
    tenant.emulator.admin.setSwitches({ refreshTokenType: "application", opaqueRefreshTokensOnly: false });
    expect((await tenant.refresh(refresh_token)).status).toBe(200);
  });
});

describe("a JWT refresh token that arrives after 2027-03-02", () => {
  /** Of an application that has gone over to opaque ones since. */
  const lateToken = async (tenant: Tenant) => {
    tenant.emulator.admin.setSwitches({ refreshTokenType: "JSON_WEB_TOKEN" });
    const { refresh_token } = await tenant.obtainTokens();
    tenant.emulator.admin.setSwitches({ refreshTokenType: "application", platformDate: "2027-03-02" });
    return refresh_token;
  };

  it("[PING-056] is an error at the token endpoint, at introspection and at revocation, and stays as it was", async () => {
    await using tenant = await startTenant();
    const token = await lateToken(tenant);
    const refused = { status: 400, error_description: expect.stringContaining("are not supported") };
    expect(await tenant.refresh(token)).toMatchObject({ ...refused, error: "invalid_grant" });
    expect(await tenant.ask("introspect", { token })).toMatchObject({ ...refused, error: "invalid_request" });
    expect(await tenant.ask("revoke", { token })).toMatchObject({
      ...refused,
      error: "unsupported_token_type",
    });
    tenant.emulator.admin.setSwitches({ platformDate: "today" });
    expect((await tenant.refresh(token)).status).toBe(200);
  });

  it("[PING-056] is an error even if this issuer has never seen it", async () => {
    await using tenant = await startTenant();
    const token = await lateToken(tenant);
    await using other = await startTenant();
    other.emulator.admin.setSwitches({ platformDate: "2027-03-02" });
    expect(await other.ask("revoke", { token })).toMatchObject({ error: "unsupported_token_type" });
  });

  it("[PING-056] is told from an access token, and from an opaque one, which are good as ever", async () => {
    await using tenant = await startTenant();
    tenant.emulator.admin.setSwitches({ platformDate: "2027-03-02" });
    const { access_token, refresh_token } = await tenant.obtainTokens();
    for (const token of [access_token, refresh_token]) {
      expect(await tenant.ask("introspect", { token })).toMatchObject({ status: 200, active: true });
    }
    const next = await tenant.refresh(refresh_token);
    expect(next.status).toBe(200);
    for (const token of [access_token, next.refresh_token]) {
      expect((await tenant.post("revoke", { token })).status).toBe(200);
    }
  });
});

describe("the legacy JWT format", () => {
  it("[PING-054] has the key id default and PingOne's claims, and rotates like the opaque one", async () => {
    await using tenant = await startTenant(withApplication({ refreshTokenType: "JSON_WEB_TOKEN" }));
    const first = await tenant.obtainTokens();
    expect(headerOf(first.refresh_token).kid).toBe("default");
    const claims = claimsOf(first.refresh_token);
    const names = ["acr", "amr", "auth_time", "exp", "iss", "jti", "scope", "sid", "sub"];
    expect(Object.keys(claims).sort()).toEqual(names);
    expect(Number(claims.exp) - Date.now() / 1000).toBeGreaterThan(29 * day);
    expect((await tenant.refresh(first.refresh_token)).status).toBe(200);
    expect(await tenant.refresh(first.refresh_token)).toMatchObject(dead);
  });

  it("[PING-055] says of a made-up token that it cannot be decoded", async () => {
    await using tenant = await startTenant(withApplication({ refreshTokenType: "JSON_WEB_TOKEN" }));
    const answer = await tenant.refresh("made-up");
    expect(answer).toMatchObject(dead);
    expect(answer.error_description).toContain("Failed to decode refresh token");
  });
});
