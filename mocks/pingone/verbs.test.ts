import { describe, expect, it } from "vitest";
import type { LoginView } from "../kit/login.ts";
import { claimsOf, form } from "./testing/client.ts";
import { PASSWORD } from "./testing/sign-on.ts";
import { startTenant } from "./testing/tenant.ts";
import { tenant, withTenant } from "./testing/with-tenant.ts";
import type { TokenFault } from "./tokens/defects.ts";

let changes = 0;
withTenant({
  onChange: () => {
    changes += 1;
  },
});

const viewOf = (username: string) =>
  tenant.emulator.admin.describe().users.find((user) => user.username === username);

describe("the emulator's view of its state", () => {
  it("counts each user's sessions, tokens and consents and names the flow in use", async () => {
    await tenant.obtainTokens();
    expect(viewOf("alice")).toMatchObject({
      state: "OK",
      sessions: 1,
      accessTokens: 1,
      refreshTokens: 1,
      consents: 1,
    });
    expect(viewOf("bob")).toMatchObject({ sessions: 0, accessTokens: 0, refreshTokens: 0, consents: 0 });
    const bound = tenant.emulator.admin.describe().flows.filter((flow) => flow.bound);
    expect(bound.map(({ name }) => name)).toEqual(["sign-on-with-consent"]);
  });

  it("names the refresh tokens that are good now, and none that was rotated or revoked", async () => {
    const { admin } = tenant.emulator;
    const { refresh_token } = await tenant.obtainTokens();
    await tenant.refresh(refresh_token);
    await tenant.obtainTokens({ username: "bob" });
    expect(admin.refreshTokens()).toMatchObject([
      { username: "alice", scopes: expect.arrayContaining(["todo_api:read"]) },
      { username: "bob" },
    ]);
    expect(JSON.stringify(admin.refreshTokens())).not.toContain(refresh_token);
    admin.revokeTokens("alice");
    expect(admin.refreshTokens()).toMatchObject([{ username: "bob" }]);
  });

  it("is told of every change", async () => {
    const { refresh_token, access_token, login } = await tenant.obtainTokens();
    const steps: (() => unknown)[] = [
      () => tenant.refresh(refresh_token),
      () => tenant.refresh(refresh_token),
      () => tenant.redeem(login),
      () => tenant.post("revoke", { token: access_token }),
      () => login.browser.open(`${tenant.issuer}/signoff`),
      () => tenant.emulator.admin.endSession("alice"),
    ];
    for (const step of steps) {
      const before = changes;
      await step();
      expect(changes, String(step)).toBeGreaterThan(before);
    }
  });
});

describe("verbs", () => {
  it("take a user by user name, e-mail address or id", async () => {
    for (const name of ["alice", "alice@example.com", tenant.userId("alice")]) {
      await tenant.signIn();
      expect(tenant.emulator.admin.endSession(name)).toBe(1);
    }
  });

  it("list the valid names when they are given another", () => {
    const { admin } = tenant.emulator;
    expect(() => admin.endSession("nobody")).toThrow(/no user "nobody"\. Valid ones: alice, bob, /);
    expect(() => admin.expireTokens("nobody")).toThrow(/Valid ones/);
    expect(() => admin.revokeTokens("nobody")).toThrow(/Valid ones/);
    expect(() => admin.chooseFlow("nothing")).toThrow(/no flow "nothing"\. Valid names are: /);
    expect(() => admin.chooseFlow("consent-always", "nobody")).toThrow(
      /no application "nobody"\. Valid ones: mcp-server/,
    );
    expect(() => admin.setSwitches({ nothing: 1 })).toThrow(
      /no switch "nothing"\. Valid names are: resourceParam, /,
    );
    expect(() => admin.setSwitches({ resourceParam: "maybe" })).toThrow(/resourceParam: .*"honour"/);
    expect(() => admin.setSwitches({ accessTokenTtlSeconds: -1 })).toThrow(/accessTokenTtlSeconds: /);
  });

  it("set nothing when one switch of several is wrong", () => {
    const { admin } = tenant.emulator;
    expect(() => admin.setSwitches({ atTyp: "at+jwt", codeTtlSeconds: "long" })).toThrow(/codeTtlSeconds/);
    expect(admin.describe().switches).toMatchObject({ atTyp: "application", codeTtlSeconds: 60 });
  });

  it("[PING-016] choose another flow for the application, unless acr_values names one", async () => {
    tenant.emulator.admin.chooseFlow("dies-before-any-screen", "mcp-server");
    expect((await tenant.authorizeError({})).error).toBe("login_required");
    const acr_values = "0f3c6a1d9b2e4875a6c1d3e5f7091b2c";
    const tokens = await tenant.obtainTokens({ parameters: { acr_values } });
    expect(claimsOf(tokens.id_token).acr).toBe(acr_values);
  });

  it("reset everything but the keys", async () => {
    const { admin } = tenant.emulator;
    const kid = await admin.rotateKeys();
    const { refresh_token, login } = await tenant.obtainTokens();
    const page = await tenant.open();
    admin.setSwitches({ atTyp: "at+jwt" });
    admin.chooseFlow("consent-always");
    const { request_uri } = await tenant.ask("par", tenant.authorizeParameters());
    await admin.reset();
    const pushed = form({ client_id: "mcp-server", request_uri: String(request_uri) });
    expect((await tenant.authorize(pushed)).status).toBe(400);
    expect(viewOf("alice")).toMatchObject({ sessions: 0, accessTokens: 0, refreshTokens: 0, consents: 0 });
    expect(admin.describe()).toMatchObject({ signingKeyId: kid, switches: { atTyp: "application" } });
    expect(admin.describe().flows.find(({ bound }) => bound)?.name).toBe("sign-on-with-consent");
    expect((await tenant.refresh(refresh_token)).error).toBe("invalid_grant");
    const again = await tenant.open({}, login.browser);
    expect(again.heading).toBe("Sign On");
    const stale = await page.submit("Sign On", { Username: "alice", Password: PASSWORD });
    expect(stale.response?.status).toBe(400);
  });
});

describe("the login that credentials belong to", () => {
  it("is found by code, refresh token, access token, interaction and session", async () => {
    const { admin } = tenant.emulator;
    const parameters = { state: "the-state", login_hint: "alice" };
    const page = await tenant.open(parameters);
    const path = page.root.querySelector("form")?.getAttribute("action") ?? "";
    const interactionId = path.split("/").at(-1) ?? "";
    const unknownPerson = { state: "the-state", loginHint: "alice", clientId: "mcp-server" };
    expect(admin.loginOf({ interactionId })).toEqual(unknownPerson);
    const consent = await page.submit("Sign On", { Username: "alice", Password: PASSWORD });
    const known: LoginView = { ...unknownPerson, username: "alice", userId: tenant.userId("alice") };
    expect(admin.loginOf({ interactionId })).toEqual(known);
    const code = (await consent.submit("Approve")).url.searchParams.get("code") ?? "";
    expect(admin.loginOf({ code })).toEqual(known);

    const { access_token, refresh_token } = await tenant.obtainTokens({ parameters });
    expect(admin.loginOf({ refreshToken: refresh_token })).toEqual(known);
    expect(admin.loginOf({ accessToken: access_token })).toEqual(known);
    expect(admin.loginOf({ code: "x", refreshToken: "x", interactionId: "x" })).toBeUndefined();
  });
});

describe("a queued token fault", () => {
  it("is asked for once per token response, with the login", async () => {
    const asked: LoginView[] = [];
    const faults: TokenFault[] = ["missing_id_token"];
    await using own = await startTenant({
      takeTokenFault: (login) => {
        asked.push(login);
        return faults.shift();
      },
    });
    const first = await own.redeem(await own.signIn({ parameters: { state: "s" } }));
    expect(first).not.toHaveProperty("id_token");
    expect((await own.refresh(first.refresh_token)).id_token).toBeDefined();
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({ state: "s", username: "alice", clientId: "mcp-server" });
  });

  it.each<TokenFault>(["wrong_signature", "unknown_kid", "wrong_audience", "wrong_issuer", "expired"])(
    "%s makes an access token that the emulator does not take back",
    async (fault) => {
      await using own = await startTenant({ takeTokenFault: () => fault });
      const { access_token } = await own.redeem(await own.signIn());
      expect((await own.userInfo(access_token)).status).toBe(401);
      expect(await own.isActive(access_token)).toBe(false);
    },
  );
});

describe("a snapshot", () => {
  it("carries sessions, tokens, consents, users and keys over a restart", async () => {
    const kid = await tenant.emulator.admin.rotateKeys();
    const { login, ...tokens } = await tenant.obtainTokens();
    const pending = await tenant.signIn({ browser: login.browser });
    const saved = JSON.parse(JSON.stringify(tenant.emulator.snapshot()));
    await using next = await startTenant({ snapshot: saved });
    expect(next.emulator.admin.describe().signingKeyId).toBe(kid);
    expect((await next.userInfo(tokens.access_token)).status).toBe(200);
    expect((await next.refresh(tokens.refresh_token)).status).toBe(200);
    expect((await next.redeem(pending)).status).toBe(200);
    const cookie = await login.browser.cookies.getCookieString(tenant.issuer);
    const silent = await next.authorize({ prompt: "none" }, { headers: { cookie } });
    expect(silent.headers.get("location")).toContain("code=");
  });

  it("carries one-time codes, which a reset takes away, and need not have any", async () => {
    const forgotten = await (await tenant.open()).submit("Having trouble signing on?");
    await forgotten.submit("Continue", { Username: "alice" });
    const saved = tenant.emulator.snapshot() as { codes: { purpose: string }[] };
    expect(saved.codes).toMatchObject([{ purpose: "recovery" }]);
    await using next = await startTenant({ snapshot: saved });
    expect(next.emulator.snapshot()).toMatchObject({ codes: saved.codes });
    await next.emulator.admin.reset();
    expect(next.emulator.snapshot()).toMatchObject({ codes: [], agreements: [] });
    const { codes: _, agreements: __, ...older } = tenant.emulator.snapshot() as Record<string, unknown>;
    await using other = await startTenant({ snapshot: older });
    expect(other.emulator.snapshot()).toMatchObject({ codes: [], agreements: [] });
  });

  it("carries to whom e-mails went, but not their codes", async () => {
    const forgotten = await (await tenant.open()).submit("Having trouble signing on?");
    const waiting = await forgotten.submit("Continue", { Username: "alice" });
    const [{ code } = { code: "" }] = tenant.emulator.admin.messages("alice");
    const shown = (text: string) => text.includes(`data-testid="one-time-code">${code}<`);
    expect(shown(waiting.text)).toBe(true);

    const saved = JSON.parse(JSON.stringify(tenant.emulator.snapshot()));
    expect(JSON.stringify(saved)).not.toContain(code);
    await using next = await startTenant({ snapshot: saved });
    const kept = tenant.emulator.admin.messages().map((message) => ({ ...message, code: "" }));
    expect(next.emulator.admin.messages()).toEqual(kept);
    await next.emulator.admin.reset();
    expect(next.emulator.snapshot()).toMatchObject({ mail: [] });
    const { mail: _, ...older } = saved;
    await using other = await startTenant({ snapshot: older });
    expect(other.emulator.admin.messages()).toEqual([]);
  });

  it("with a user who was disabled lets none of that user's codes and tokens pass", async () => {
    const { login, access_token, refresh_token } = await tenant.obtainTokens();
    const pending = await tenant.signIn({ browser: login.browser });
    const saved = tenant.emulator.snapshot() as {
      users: { profile: { username: string; enabled: boolean } }[];
    };
    for (const { profile } of saved.users) profile.enabled = profile.username !== "alice";
    await using next = await startTenant({ snapshot: saved });
    expect(await next.redeem(pending)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await next.refresh(refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await next.isActive(access_token)).toBe(false);
    expect((await next.userInfo(access_token)).status).toBe(401);
  });

  it("shows no token, code, cookie or password", async () => {
    const { access_token, refresh_token, id_token, login } = await tenant.obtainTokens();
    const saved = JSON.stringify(tenant.emulator.snapshot());
    const cookies = await login.browser.cookies.getCookies(tenant.issuer);
    const secrets = [
      access_token,
      refresh_token,
      id_token,
      login.code,
      PASSWORD,
      ...cookies.map(({ value }) => value),
    ];
    for (const secret of secrets) expect(saved).not.toContain(secret);
  });

  it.each<[string, (saved: Record<string, unknown>) => unknown]>([
    ["is none", () => 1],
    ["is of another environment", (saved) => ({ ...saved, environmentId: "x" })],
    ["has damaged keys", (saved) => ({ ...saved, keys: { keys: [] } })],
    [
      "lacks the signing key",
      ({ keys, ...saved }) => ({ ...saved, keys: { ...(keys as object), signingKeyId: "x" } }),
    ],
    [
      "lacks the next key",
      ({ keys, ...saved }) => ({ ...saved, keys: { ...(keys as object), nextKeyId: "x" } }),
    ],
    ["has damaged tokens", (saved) => ({ ...saved, state: { sessions: [1] } })],
    ["has damaged users", (saved) => ({ ...saved, users: [1] })],
    ["has damaged consents", (saved) => ({ ...saved, consents: [1] })],
    ["has damaged one-time codes", (saved) => ({ ...saved, codes: [1] })],
    ["has damaged e-mails", (saved) => ({ ...saved, mail: [1] })],
    ["has damaged variables", (saved) => ({ ...saved, variables: [1] })],
    ["has damaged acceptances of agreements", (saved) => ({ ...saved, agreements: [1] })],
  ])("that %s is refused in a plain sentence", async (_, damage) => {
    const saved = damage(tenant.emulator.snapshot() as Record<string, unknown>);
    await expect(startTenant({ snapshot: saved })).rejects.toThrow(
      /^(its part of PingOne is damaged|it belongs to environment x, and the tenant is [-\da-f]+)\.$/,
    );
  });
});
