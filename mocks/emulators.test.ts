import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulators, startOffline } from "./index.ts";
import { TestClient, type TokenAnswer, WORKER_ORIGIN } from "./pingone/testing/client.ts";
import { PASSWORD } from "./pingone/testing/sign-on.ts";
import { TOKEN_FAULT_NAMES, type TokenFault } from "./pingone/tokens/defects.ts";
import { listTodos } from "./todo/testing/list-todos.ts";

describe("the control API on both emulators", () => {
  let emulators: Emulators;
  beforeAll(async () => {
    emulators = await startOffline({ pingonePort: 0, todoPort: 0, workerOrigin: WORKER_ORIGIN });
  });
  afterAll(() => emulators.close());
  beforeEach(() => emulators.control.reset());
  afterEach(() => emulators.control.assertNoPendingFaults());

  describe("faults of one login", () => {
    it("[PING-043] are met at the token endpoint by the user's own code only", async () => {
      await emulators.control.queueFault({
        endpoint: "token",
        fault: "server_error",
        login: { user: "bob" },
      });
      const alice = await new TestClient(emulators).signIn({ username: "alice" });
      const bob = await new TestClient(emulators).signIn({ username: "bob" });
      expect((await new TestClient(emulators).redeem(alice)).status).toBe(200);
      expect((await new TestClient(emulators).redeem(bob)).status).toBe(503);
    });

    it("are met by the user's refresh token and by their access token", async () => {
      const alice = await new TestClient(emulators).obtainTokens({ username: "alice" });
      const bob = await new TestClient(emulators).obtainTokens({ username: "bob" });
      await emulators.control.queueFault({
        endpoint: "token",
        fault: "server_error",
        login: { user: "alice" },
      });
      await emulators.control.queueFault({
        endpoint: "todos.list",
        fault: "conflict",
        login: { user: "alice" },
      });
      expect((await new TestClient(emulators).refresh(bob.refresh_token)).status).toBe(200);
      expect((await new TestClient(emulators).refresh(alice.refresh_token)).status).toBe(503);
      expect((await listTodos(emulators, bob.access_token)).status).toBe(200);
      expect((await listTodos(emulators, alice.access_token)).status).toBe(409);
    });

    it("are met by the state of the login", async () => {
      const login = await new TestClient(emulators).signIn({ username: "alice" });
      await emulators.control.queueFault({
        endpoint: "token",
        fault: "reset",
        login: { state: login.state },
      });
      await expect(new TestClient(emulators).redeem(login)).rejects.toThrow();
      await emulators.control.expectRequest({
        endpoint: "token",
        status: 0,
        fault: "reset",
        login: { state: login.state },
      });
    });
  });

  describe("defects of tokens", () => {
    interface Verdict {
      readonly idToken: string | undefined;
      readonly accessToken: string | undefined;
    }

    /** The first thing that a strict client would find wrong with each token. */
    async function judge(tokens: TokenAnswer, login: { nonce: string }, userId: string): Promise<Verdict> {
      const keys = createRemoteJWKSet(new URL(`${emulators.issuer}/jwks`));
      const check = async (token: string | undefined, audience: string, nonce?: string) => {
        if (token === undefined) return "missing";
        try {
          const { payload } = await jwtVerify(token, keys, { issuer: emulators.issuer, audience });
          if (nonce !== undefined && payload.nonce !== nonce) return "nonce";
          return payload.sub === userId ? undefined : "sub";
        } catch (error) {
          return (error as { claim?: string; code: string }).claim ?? (error as { code: string }).code;
        }
      };
      return {
        idToken: await check(tokens.id_token, emulators.client.id, login.nonce),
        accessToken: await check(tokens.access_token, emulators.apiIdentifier),
      };
    }

    const WRONG_SIGNATURE = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
    const UNKNOWN_KEY = "ERR_JWKS_NO_MATCHING_KEY";
    const verdicts: Record<TokenFault, Verdict> = {
      wrong_signature: { idToken: WRONG_SIGNATURE, accessToken: WRONG_SIGNATURE },
      unknown_kid: { idToken: UNKNOWN_KEY, accessToken: UNKNOWN_KEY },
      wrong_audience: { idToken: "aud", accessToken: "aud" },
      wrong_nonce: { idToken: "nonce", accessToken: undefined },
      wrong_issuer: { idToken: "iss", accessToken: "iss" },
      expired: { idToken: "exp", accessToken: "exp" },
      other_subject: { idToken: "sub", accessToken: "sub" },
      missing_id_token: { idToken: "missing", accessToken: undefined },
    };

    it.each(TOKEN_FAULT_NAMES)("%s reaches the login that it is queued for, once", async (fault) => {
      const alice = emulators.users.find(({ username }) => username === "alice");
      await emulators.control.queueFault({ endpoint: "token", fault, login: { user: "alice" } });
      const login = await new TestClient(emulators).signIn({ username: "alice" });
      const spoilt = await new TestClient(emulators).redeem(login);
      expect(await judge(spoilt, login, alice?.id ?? "")).toEqual(verdicts[fault]);
      await emulators.control.expectRequest({ endpoint: "token", fault, status: 200 }, { times: 1 });
      const sound = await new TestClient(emulators).obtainTokens({ username: "alice" });
      expect(await judge(sound, sound.login, alice?.id ?? "")).toEqual({
        idToken: undefined,
        accessToken: undefined,
      });
    });

    it("wait on while the token endpoint refuses", async () => {
      await emulators.control.queueFault({ endpoint: "token", fault: "expired" });
      expect((await new TestClient(emulators).refresh("bogus")).status).toBe(400);
      expect(await emulators.control.pendingFaults()).toMatchObject([{ fault: "expired", remaining: 1 }]);
      await emulators.control.clearFaults();
    });
  });

  it("notes no refusal in the journal: a note is for what fails inside an emulator", async () => {
    await new TestClient(emulators).refresh("bogus");
    await new TestClient(emulators).userInfo("bogus");
    await new TestClient(emulators).authorize({ client_id: "nobody" });
    const entries = await emulators.control.requests();
    expect(entries.map(({ endpoint, note }) => [endpoint, note])).toEqual([
      ["token", undefined],
      ["userinfo", undefined],
      ["authorize", undefined],
    ]);
  });

  it("recognises an endpoint whose path has encoded letters, and hides its secret", async () => {
    const { control, issuer } = emulators;
    const form = issuer.replace(/\/as$/, "/davinci/%69nteractions/a-secret-id");
    await fetch(form, { method: "POST", body: new URLSearchParams({ step: "1" }) });
    const [entry] = await control.requests({ endpoint: "davinci" });
    expect(entry?.path).toContain("/davinci/interactions/#");
    expect(JSON.stringify(entry)).not.toContain("a-secret-id");
  });

  it.each<[string, string, string]>([
    ["joined by semicolons", "application/x-www-form-urlencoded", `username=alice;password=${PASSWORD}`],
    ["that is JSON", "application/x-www-form-urlencoded", `{"username":"alice","password":"${PASSWORD}"}`],
    ["of lines", "application/x-www-form-urlencoded", `username: alice\npassword: ${PASSWORD}`],
    ["in a JSON string", "application/json", JSON.stringify({ username: `alice&password=${PASSWORD}` })],
  ])("hides the password of a form %s", async (_, type, body) => {
    const headers = { "content-type": type };
    await fetch(`${emulators.issuer}/token`, { method: "POST", headers, body });
    const entries = await emulators.control.requests({ endpoint: "token" });
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toContain(PASSWORD);
  });

  it("shows no secret in the journal, the state, the page or a failed expectation", async () => {
    const { control } = emulators;
    const tokens = await new TestClient(emulators).obtainTokens({ username: "alice" });
    const { login } = tokens;
    const rotated = await new TestClient(emulators).refresh(tokens.refresh_token);
    const post = (endpoint: string, fields: Record<string, string>) =>
      fetch(`${emulators.issuer}/${endpoint}`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${emulators.client.id}:${emulators.client.secret}`)}` },
        body: new URLSearchParams(fields),
      });
    await listTodos(emulators, rotated.access_token);
    await fetch(`${emulators.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${rotated.access_token}` },
    });
    await post("introspect", { token: rotated.access_token });
    await post("revoke", { token: rotated.refresh_token ?? "", token_type_hint: "refresh_token" });
    await post("token", {
      grant_type: "authorization_code",
      code: login.code,
      client_secret: emulators.client.secret,
    });
    await fetch(`${emulators.issuer}/signoff?id_token_hint=${tokens.id_token}`, { redirect: "manual" });
    const par = await post("par", { request: "x", client_id: emulators.client.id });
    const parUri = ((await par.json()) as { request_uri?: string }).request_uri;

    const cookies = (await login.browser.cookies.getCookies(emulators.issuer)).map(({ value }) => value);
    const secrets = [
      login.code,
      login.verifier,
      login.state,
      login.nonce,
      PASSWORD,
      emulators.client.secret,
      ...cookies,
      parUri,
      ...[tokens, rotated].flatMap((answer) => [answer.access_token, answer.refresh_token, answer.id_token]),
    ].filter((secret) => secret !== undefined && secret !== "");
    expect(cookies.length).toBeGreaterThan(0);
    expect(secrets.length).toBeGreaterThan(12);

    const failure = await control
      .expectRequest({ endpoint: "token", form: { code: "other", client_secret: emulators.client.secret } })
      .catch((error: Error) => error.message);
    const shown = [
      JSON.stringify(await control.requests()),
      JSON.stringify(await control.state()),
      await (await fetch(`${emulators.pingoneOrigin}/__mocks`)).text(),
      String(failure),
    ];
    for (const text of shown) {
      expect(text.length).toBeGreaterThan(50);
      for (const secret of secrets) expect(text).not.toContain(secret);
      for (const secret of secrets) expect(text).not.toContain(encodeURIComponent(secret ?? ""));
    }
    // The proof is worth something only if those requests are there.
    for (const endpoint of [
      "authorize",
      "davinci",
      "token",
      "userinfo",
      "introspect",
      "revoke",
      "signoff",
      "todos.list",
    ] as const) {
      await control.expectRequest({ endpoint });
    }
  });
});
