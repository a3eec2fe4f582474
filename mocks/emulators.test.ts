import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Offline, startOffline } from "./index.ts";
import { TestClient, type TokenAnswer, WORKER_ORIGIN } from "./pingone/testing/client.ts";
import { PASSWORD } from "./pingone/testing/sign-on.ts";
import { TOKEN_FAULT_NAMES, type TokenFault } from "./pingone/tokens/defects.ts";
import { listTodos } from "./todo/testing/list-todos.ts";

describe("the control API on both emulators", () => {
  let emulators: Offline;
  beforeAll(async () => {
    emulators = await startOffline({ workerOrigin: WORKER_ORIGIN });
  });
  afterAll(() => emulators.close());
  const client = () => new TestClient(emulators);
  beforeEach(() => emulators.reset());
  afterEach(() => emulators.faults.expectNone());

  describe("faults of one login", () => {
    it.each([
      ["latency", { fault: "delay", milliseconds: 300 }, 200],
      ["a transient 401", { fault: "status", status: 401, body: { error: "invalid_client" } }, 401],
      ["429", { fault: "rate_limited" }, 429],
      ["503", { fault: "server_error" }, 503],
    ] as const)("[PING-043] are %s at the token endpoint, once", async (_, fault, status) => {
      const client = new TestClient(emulators);
      const { refresh_token } = await client.obtainTokens();
      await emulators.faults.queue({ endpoint: "token", ...fault });
      const start = performance.now();
      const met = await client.post("token", { grant_type: "refresh_token", refresh_token });
      expect(met.status).toBe(status);
      if (fault.fault === "delay") return expect(performance.now() - start).toBeGreaterThanOrEqual(290);
      if (status === 401) expect(await met.json()).toMatchObject({ error: "invalid_client" });
      if (status === 429) expect(met.headers.get("retry-after")).toMatch(/^\d+$/);
      expect((await client.refresh(refresh_token)).status).toBe(200);
    });

    it("[PING-043] are met at the token endpoint by the user's own code only", async () => {
      await emulators.faults.queue({
        endpoint: "token",
        fault: "server_error",
        login: { user: "bob" },
      });
      const alice = await client().signIn({ username: "alice" });
      const bob = await client().signIn({ username: "bob" });
      expect((await client().redeem(alice)).status).toBe(200);
      expect((await client().redeem(bob)).status).toBe(503);
    });

    it("are met by the user's refresh token and by their access token", async () => {
      const alice = await client().obtainTokens({ username: "alice" });
      const bob = await client().obtainTokens({ username: "bob" });
      await emulators.faults.queue({
        endpoint: "token",
        fault: "server_error",
        login: { user: "alice" },
      });
      await emulators.faults.queue({
        endpoint: "todos.list",
        fault: "conflict",
        login: { user: "alice" },
      });
      expect((await client().refresh(bob.refresh_token)).status).toBe(200);
      expect((await client().refresh(alice.refresh_token)).status).toBe(503);
      expect((await listTodos(emulators, bob.access_token)).status).toBe(200);
      expect((await listTodos(emulators, alice.access_token)).status).toBe(409);
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
      await emulators.faults.queue({ endpoint: "token", fault, login: { user: "alice" } });
      const login = await client().signIn({ username: "alice" });
      const spoilt = await client().redeem(login);
      expect(await judge(spoilt, login, alice?.id ?? "")).toEqual(verdicts[fault]);
      await emulators.journal.expect({ endpoint: "token", fault, status: 200 }, { times: 1 });
      const sound = await client().obtainTokens({ username: "alice" });
      expect(await judge(sound, sound.login, alice?.id ?? "")).toEqual({
        idToken: undefined,
        accessToken: undefined,
      });
    });

    it("wait on while the token endpoint refuses", async () => {
      await emulators.faults.queue({ endpoint: "token", fault: "expired" });
      expect((await client().refresh("bogus")).status).toBe(400);
      expect(await emulators.faults.pending()).toMatchObject([{ fault: "expired", remaining: 1 }]);
      await emulators.faults.clear();
    });
  });

  it("notes no refusal in the journal: a note is for what fails inside an emulator", async () => {
    await client().refresh("bogus");
    await client().userInfo("bogus");
    await client().authorize({ client_id: "nobody" });
    const entries = await emulators.journal.find();
    expect(entries.map(({ endpoint, note }) => [endpoint, note])).toEqual([
      ["token", undefined],
      ["userinfo", undefined],
      ["authorize", undefined],
    ]);
  });

  it("recognises an endpoint whose path has encoded letters, and hides its secret", async () => {
    const { issuer } = emulators;
    const form = issuer.replace(/\/as$/, "/davinci/%69nteractions/a-secret-id");
    await fetch(form, { method: "POST", body: new URLSearchParams({ step: "1" }) });
    const [entry] = await emulators.journal.find({ endpoint: "davinci" });
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
    const entries = await emulators.journal.find({ endpoint: "token" });
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toContain(PASSWORD);
  });

  it("shows no secret in the journal, the state, the page or a failed expectation", async () => {
    const tokens = await client().obtainTokens({ username: "alice" });
    const { login } = tokens;
    const rotated = await client().refresh(tokens.refresh_token);
    await listTodos(emulators, rotated.access_token);
    await client().userInfo(rotated.access_token);
    await client().post("introspect", { token: rotated.access_token });
    await client().post("revoke", { token: rotated.refresh_token, token_type_hint: "refresh_token" });
    await client().redeem(login, { client_secret: emulators.client.secret });
    await fetch(`${emulators.issuer}/signoff?id_token_hint=${tokens.id_token}`, { redirect: "manual" });
    const { request_uri } = await client().ask("par", client().authorizeParameters());

    const cookies = (await login.browser.cookies.getCookies(emulators.issuer)).map(({ value }) => value);
    const secrets = [
      login.code,
      login.verifier,
      login.state,
      login.nonce,
      PASSWORD,
      emulators.client.secret,
      ...cookies,
      request_uri as string,
      ...[tokens, rotated].flatMap((answer) => [answer.access_token, answer.refresh_token, answer.id_token]),
    ].filter((secret) => secret !== undefined && secret !== "");
    expect(cookies.length).toBeGreaterThan(0);
    expect(secrets.length).toBeGreaterThan(12);

    const failure = await emulators.journal
      .expect({ endpoint: "token", form: { code: "other", client_secret: emulators.client.secret } })
      .catch((error: Error) => error.message);
    const shown = [
      JSON.stringify(await emulators.journal.find()),
      JSON.stringify(await emulators.state.summary()),
      await (await fetch(`${emulators.origin}/__mocks`)).text(),
      String(failure),
    ];
    for (const text of shown) {
      expect(text.length).toBeGreaterThan(50);
      for (const secret of secrets) expect(text).not.toContain(secret);
      for (const secret of secrets) expect(text).not.toContain(encodeURIComponent(secret ?? ""));
    }
    // The proof is worth something only if those requests are there.
    const sentTo = ["authorize", "davinci", "token", "userinfo", "introspect", "revoke", "signoff"] as const;
    for (const endpoint of [...sentTo, "todos.list"] as const) await emulators.journal.expect({ endpoint });
  });
});
