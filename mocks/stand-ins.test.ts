import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TOKEN_FAULTS, type TokenFault } from "./pingone/contracts.ts";
import { type StandIns, startStandIns } from "./start.ts";
import {
  listTodos,
  obtainTokens,
  redeem,
  refresh,
  signIn,
  TEST_PASSWORD,
  TEST_WORKER_ORIGIN,
  type TokenAnswer,
} from "./test-login.ts";

describe("the control API on both stand-ins", () => {
  let standIns: StandIns;
  beforeAll(async () => {
    standIns = await startStandIns({ pingonePort: 0, todoPort: 0, workerOrigin: TEST_WORKER_ORIGIN });
  });
  afterAll(() => standIns.close());
  beforeEach(() => standIns.control.reset());
  afterEach(() => standIns.control.assertNoPendingFaults());

  describe("faults of one login", () => {
    it("are met at the token endpoint by the user's own code only", async () => {
      await standIns.control.queueFault({ endpoint: "token", fault: "server_error", login: { user: "bob" } });
      const alice = await signIn(standIns, "alice");
      const bob = await signIn(standIns, "bob");
      expect((await redeem(standIns, alice)).status).toBe(200);
      expect((await redeem(standIns, bob)).status).toBe(503);
    });

    it("are met by the user's refresh token and by their access token", async () => {
      const alice = await obtainTokens(standIns, "alice");
      const bob = await obtainTokens(standIns, "bob");
      await standIns.control.queueFault({
        endpoint: "token",
        fault: "server_error",
        login: { user: "alice" },
      });
      await standIns.control.queueFault({
        endpoint: "todos.list",
        fault: "conflict",
        login: { user: "alice" },
      });
      expect((await refresh(standIns, bob.refresh_token ?? "")).status).toBe(200);
      expect((await refresh(standIns, alice.refresh_token ?? "")).status).toBe(503);
      expect((await listTodos(standIns, bob.access_token)).status).toBe(200);
      expect((await listTodos(standIns, alice.access_token)).status).toBe(409);
    });

    it("are met by the state of the login", async () => {
      const login = await signIn(standIns, "alice");
      await standIns.control.queueFault({ endpoint: "token", fault: "reset", login: { state: login.state } });
      await expect(redeem(standIns, login)).rejects.toThrow();
      await standIns.control.expectRequest({
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
      const keys = createRemoteJWKSet(new URL(`${standIns.issuer}/jwks`));
      const check = async (token: string | undefined, audience: string, nonce?: string) => {
        if (token === undefined) return "missing";
        try {
          const { payload } = await jwtVerify(token, keys, { issuer: standIns.issuer, audience });
          if (nonce !== undefined && payload.nonce !== nonce) return "nonce";
          return payload.sub === userId ? undefined : "sub";
        } catch (error) {
          return (error as { claim?: string; code: string }).claim ?? (error as { code: string }).code;
        }
      };
      return {
        idToken: await check(tokens.id_token, standIns.client.id, login.nonce),
        accessToken: await check(tokens.access_token, standIns.apiIdentifier),
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

    it.each(TOKEN_FAULTS)("%s reaches the login that it is queued for, once", async (fault) => {
      const alice = standIns.users.find(({ username }) => username === "alice");
      await standIns.control.queueFault({ endpoint: "token", fault, login: { user: "alice" } });
      const login = await signIn(standIns, "alice");
      const spoilt = (await (await redeem(standIns, login)).json()) as TokenAnswer;
      expect(await judge(spoilt, login, alice?.id ?? "")).toEqual(verdicts[fault]);
      await standIns.control.expectRequest({ endpoint: "token", fault, status: 200 }, { times: 1 });
      const sound = await obtainTokens(standIns, "alice");
      expect(await judge(sound, sound.login, alice?.id ?? "")).toEqual({
        idToken: undefined,
        accessToken: undefined,
      });
    });

    it("wait on while the token endpoint refuses", async () => {
      await standIns.control.queueFault({ endpoint: "token", fault: "expired" });
      expect((await refresh(standIns, "bogus")).status).toBe(400);
      expect(await standIns.control.pendingFaults()).toMatchObject([{ fault: "expired", remaining: 1 }]);
      await standIns.control.clearFaults();
    });
  });

  it("shows no secret in the journal, the state, the page or a failed expectation", async () => {
    const { control } = standIns;
    const tokens = await obtainTokens(standIns, "alice");
    const { login } = tokens;
    const rotated = (await (await refresh(standIns, tokens.refresh_token ?? "")).json()) as TokenAnswer;
    const post = (endpoint: string, fields: Record<string, string>) =>
      fetch(`${standIns.issuer}/${endpoint}`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${standIns.client.id}:${standIns.client.secret}`)}` },
        body: new URLSearchParams(fields),
      });
    await listTodos(standIns, rotated.access_token);
    await fetch(`${standIns.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${rotated.access_token}` },
    });
    await post("introspect", { token: rotated.access_token });
    await post("revoke", { token: rotated.refresh_token ?? "", token_type_hint: "refresh_token" });
    await post("token", {
      grant_type: "authorization_code",
      code: login.code,
      client_secret: standIns.client.secret,
    });
    await fetch(`${standIns.issuer}/signoff?id_token_hint=${tokens.id_token}`, { redirect: "manual" });
    const par = await post("par", { request: "x", client_id: standIns.client.id });
    const parUri = ((await par.json()) as { request_uri?: string }).request_uri;

    const cookies = (await login.browser.cookies.getCookies(standIns.issuer)).map(({ value }) => value);
    const secrets = [
      login.code,
      login.codeVerifier,
      login.state,
      login.nonce,
      TEST_PASSWORD,
      standIns.client.secret,
      ...cookies,
      parUri,
      ...[tokens, rotated].flatMap((answer) => [answer.access_token, answer.refresh_token, answer.id_token]),
    ].filter((secret) => secret !== undefined && secret !== "");
    expect(cookies.length).toBeGreaterThan(0);
    expect(secrets.length).toBeGreaterThan(12);

    const failure = await control
      .expectRequest({ endpoint: "token", form: { code: "other", client_secret: standIns.client.secret } })
      .catch((error: Error) => error.message);
    const shown = [
      JSON.stringify(await control.requests()),
      JSON.stringify(await control.state()),
      await (await fetch(`${standIns.pingoneOrigin}/__mocks`)).text(),
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
