/** The public door as other projects use it: `startPingOne` and `startTodoApi` by themselves. */
import { request } from "node:http";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { allowInsecureRequests, discovery } from "openid-client";
import { describe, expect, it } from "vitest";
import {
  createControlClient,
  type PingOne,
  type PingOneControl,
  startOffline,
  startPingOne,
  startTodoApi,
} from "./index.ts";
import { TestClient } from "./pingone/testing/client.ts";
import { listTodos } from "./todo/testing/list-todos.ts";

const CALLBACK = "http://localhost:3000/signed-in";
const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined };
/** The redirect URI of the shipped tenant. */
const WORKER_CALLBACK = "http://localhost:8787/callback";
const metadataOf = async ({ issuer }: PingOne) =>
  (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>;

it("starts PingOne alone on a free port, with the redirect URIs that it is given", async () => {
  const others = "http://localhost:3001/other";
  await using pingone = await startPingOne({ redirectUris: [CALLBACK, others] });
  const status = async (redirectUri: string) =>
    (await new TestClient(pingone).authorize({ redirect_uri: redirectUri })).status;
  expect(await Promise.all([CALLBACK, others, WORKER_CALLBACK].map(status))).toEqual([200, 200, 400]);
  expect(Object.keys(await pingone.state.summary())).not.toContain("todo");
});

it("runs the flow that it is given, also after a reset", async () => {
  await using pingone = await startPingOne({ flow: "sign-on-without-consent" });
  const bound = async () =>
    (await pingone.state.summary()).pingone.flows.filter((flow) => flow.bound).map(({ name }) => name);
  expect(await bound()).toEqual(["sign-on-without-consent"]);
  await pingone.flows.choose("consent-always");
  await pingone.reset();
  expect(await bound()).toEqual(["sign-on-without-consent"]);
});

it("shares nothing between two of one tenant in one process", async () => {
  await using one = await startPingOne();
  await using other = await startPingOne();
  await one.keys.rotate();
  await one.clock.advance(3600);
  await one.switches.set({ codeTtlSeconds: 5 });
  await new TestClient(one).obtainTokens();
  await one.faults.queue({ endpoint: "token", fault: "reset" });
  const state = await other.state.summary();
  const fresh = await startPingOne();
  const expected = await fresh.state.summary();
  await fresh.close();
  expect({ ...state.pingone, issuer: "" }).toEqual({ ...expected.pingone, issuer: "" });
  expect(state.clock.offsetSeconds).toBe(0);
  expect(await other.faults.pending()).toEqual([]);
  expect(await other.journal.find()).toEqual([]);
});

it.each([
  ["https://pingone.test", "https://pingone.test"],
  ["https://pingone.test:8443/", "https://pingone.test:8443"],
  ["http://[fd00::1]:9400", "http://[fd00::1]:9400"],
])("has the issuer at the public URL %s, and answers where it listens", async (publicUrl, origin) => {
  await using pingone = await startPingOne({ publicUrl });
  expect(new URL(pingone.issuer).origin).toBe(origin);
  const there = `${pingone.origin}${new URL(pingone.issuer).pathname}/.well-known/openid-configuration`;
  const metadata = (await (await fetch(there)).json()) as Record<string, string>;
  expect(metadata.issuer).toBe(pingone.issuer);
  expect(metadata.token_endpoint).toBe(`${pingone.issuer}/token`);
});

it.each(["pingone.test", "ftp://pingone.test", "https://pingone.test/path", "https://u:p@pingone.test"])(
  "refuses %j as a public URL, with an example",
  async (publicUrl) => {
    await expect(startPingOne({ publicUrl })).rejects.toThrow(
      /is no origin.*as in https:\/\/pingone\.test:8443/,
    );
  },
);

it("asks for a token at the control API when it listens on more than loopback", async () => {
  await using pingone = await startOffline({ host: "0.0.0.0" });
  expect(pingone.controlToken).toMatch(/^[-\da-f]{36}$/);
  for (const origin of [pingone.origin, pingone.todoOrigin]) {
    expect((await fetch(`${origin}/__mocks/state`)).status).toBe(401);
    const headers = { authorization: `Bearer ${pingone.controlToken}` };
    expect((await fetch(`${origin}/__mocks/state`, { headers })).status).toBe(200);
  }
  await new TestClient(pingone).obtainTokens();
});

it("asks for a token where a public URL leads others to loopback", async () => {
  await using pingone = await startPingOne({ publicUrl: "https://pingone.test" });
  expect((await fetch(`${pingone.origin}/__mocks/state`)).status).toBe(401);
  await using own = await startPingOne({ publicUrl: "http://[::1]:9400" });
  expect((await fetch(`${own.origin}/__mocks/state`)).status).toBe(200);
});

it("[PING-071] sends Secure cookies, and one for other sites, where its public URL has TLS", async () => {
  await using pingone = await startPingOne({
    publicUrl: "https://pingone.test",
    flow: "sign-on-without-consent",
  });
  const path = new URL(pingone.issuer).pathname;
  const parameters = new TestClient(pingone).authorizeParameters();
  const shown = await fetch(`${pingone.origin}${path}/authorize?${parameters}`);
  const cookies = shown.headers.getSetCookie();
  for (const cookie of cookies) expect(cookie).toMatch(/; HttpOnly; Secure; SameSite=Lax$/);
  const action = /action="([^"]+)"/.exec(await shown.text())?.[1] ?? "";
  const answered = await fetch(`${pingone.origin}${action}`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: cookies.map((cookie) => cookie.split(";")[0]).join("; ") },
    body: new URLSearchParams({
      step: "1",
      username: "alice",
      password: "2FederateM0re!",
      buttonValue: "SIGNON",
    }),
  });
  const [st = "", noSs = ""] = answered.headers.getSetCookie();
  expect(st).toMatch(/^ST=.*; HttpOnly; Secure; SameSite=None$/);
  expect(noSs).toMatch(/^ST-NO-SS=.*; HttpOnly; Secure$/);
});

it("asks for none on loopback, whatever its name, unless it is told to", async () => {
  for (const host of ["localhost", "::1"]) {
    await using pingone = await startPingOne({ host });
    expect(pingone.controlToken).toBeUndefined();
    expect((await fetch(`${pingone.origin}/__mocks/state`)).status).toBe(200);
  }
  await using guarded = await startPingOne({ controlToken: "mine" });
  expect((await fetch(`${guarded.origin}/__mocks/state`)).status).toBe(401);
});

it.each<[string, () => Promise<AsyncDisposable>, RegExp]>([
  ["an empty host", () => startPingOne({ host: "" }), /host: is empty; leave it out, or give a value/],
  [
    "an empty control token",
    () => startPingOne({ controlToken: "" }),
    /controlToken: is empty; leave it out, or give a value/,
  ],
  ["a control token with a space", () => startPingOne({ controlToken: "a b" }), /without spaces/],
  [
    "an issuer that is no URL",
    () => startTodoApi({ issuer: "pingone" }),
    /issuer: must be the URL of an issuer/,
  ],
])("refuses %s in a sentence", async (_, start, message) => {
  await expect(start()).rejects.toThrow(message);
});

it("repeats no password of a public URL", async () => {
  const failed = startPingOne({ publicUrl: "https://somebody:TEST-ONLY-secret@pingone.test" });
  await expect(failed).rejects.toThrow("The public URL https://pingone.test is no origin.");
});

it("shows no token on the control page, whatever is sent to it", async () => {
  await using pingone = await startPingOne();
  const body = new URLSearchParams({ user: "alice" });
  const sent = await fetch(`${pingone.origin}/__mocks/page/issueTokens`, { method: "POST", body });
  const text = await sent.text();
  expect(text).toContain("Done: Issues a user");
  expect(text).not.toContain("eyJ");
});

it("knows no place to go after sign-off for an app whose redirect URI has no origin", async () => {
  await using pingone = await startPingOne({ redirectUris: ["com.example.app:/callback"] });
  const signOff = new URL(`${pingone.issuer}/signoff`);
  signOff.search = new URLSearchParams({
    client_id: pingone.client.id,
    post_logout_redirect_uri: "null/",
  }).toString();
  const response = await fetch(signOff, { redirect: "manual" });
  expect(response.headers.get("location")).toBeNull();
});

it("dates what a reset fills in again by real time", async () => {
  await using pingone = await startPingOne();
  await pingone.clock.advance(7200);
  await pingone.reset();
  const state = (await pingone.state.export()) as unknown as {
    readonly pingone: { readonly users: { readonly password: { readonly lockedUntil: number | null } }[] };
  };
  const ends = state.pingone.users.flatMap(({ password }) => password.lockedUntil ?? []);
  expect(ends).toHaveLength(1);
  expect(ends[0]).toBeLessThanOrEqual(Date.now() + 86_400_000);
});

it("serves a library that discovers it", async () => {
  await using pingone = await startPingOne();
  const configuration = await discovery(new URL(pingone.issuer), pingone.client.id, undefined, undefined, {
    execute: [allowInsecureRequests],
  });
  expect(configuration.serverMetadata().issuer).toBe((await metadataOf(pingone)).issuer);
});

it("starts the Todo API for the tokens of an issuer that runs elsewhere", async () => {
  await using pingone = await startPingOne();
  await using todo = await startTodoApi({ issuer: pingone.issuer });
  const { access_token } = await new TestClient(pingone).obtainTokens();
  const headers = { authorization: `Bearer ${access_token}` };
  const response = await fetch(`${todo.origin}/api/todos`, { headers });
  expect(await response.json()).toEqual({ todos: [] });
  expect((await fetch(`${todo.origin}/api/todos`)).status).toBe(401);
  await todo.journal.expect({ endpoint: "todos.list" }, { times: 2 });
});

it("closes connections that clients keep open", async () => {
  const pingone = await startPingOne();
  const idle = request(`${pingone.issuer}/jwks`, { headers: { connection: "keep-alive" } }).end();
  await new Promise((resolve) => idle.once("response", (response) => response.resume().once("end", resolve)));
  await pingone.close();
  await pingone.close();
  await expect(fetch(`${pingone.issuer}/jwks`)).rejects.toThrow();
});

describe("seeding, in code and over HTTP", () => {
  it.each<[string, (pingone: PingOne) => PingOneControl]>([
    ["in code", (pingone) => pingone],
    ["over HTTP", ({ origin }) => createControlClient(origin)],
  ])(
    "%s gives a user, an application, a group and a consent that a sign-on uses, until reset",
    async (_, by) => {
      await using pingone = await startPingOne({ redirectUris: [WORKER_CALLBACK] });
      const { seed } = by(pingone);
      const { id } = await seed.user({
        username: "carol",
        email: "carol@example.com",
        password: "Carol-0-only!",
      });
      const client = await seed.application({
        id: "own-app",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of PingOne.
        attributes: [{ name: "groups", value: "${user.memberOfGroupNames}" }],
      });
      await seed.group({ name: "Staff", members: ["carol"] });
      await seed.consent({ user: "carol", application: "own-app", scopes: ["openid", "email"] });
      expect(pingone.users.at(-1)).toMatchObject({ username: "carol", password: "Carol-0-only!" });

      const person = new TestClient({ issuer: pingone.issuer, client });
      const page = await person.open({ scope: "openid email", ...NO_PKCE });
      const back = await page.submit("Sign On", { Username: "carol", Password: "Carol-0-only!" });
      const code = back.url.searchParams.get("code") ?? "";
      const tokens = await person.redeem({ code } as never);
      expect(decodeJwt(tokens.id_token)).toMatchObject({
        sub: id,
        email: "carol@example.com",
        groups: ["Staff"],
      });

      await pingone.reset();
      expect(pingone.users.map(({ username }) => username)).not.toContain("carol");
      const gone = await person.authorize({ scope: "openid" });
      expect(gone.status).toBe(400);
    },
  );

  it("refuses what it does not know with what it knows, and adds nothing", async () => {
    await using pingone = await startPingOne();
    const before = await pingone.state.export();
    const { seed } = createControlClient(pingone.origin);
    await expect(seed.user({ username: "x", groups: ["Nobodies"] })).rejects.toThrow(/no group "Nobodies"/);
    await expect(seed.user({ name: "x" } as never)).rejects.toThrow(/username/);
    await expect(seed.consent({ user: "nobody", scopes: ["openid"] })).rejects.toThrow(/alice, bob/);
    expect(await pingone.state.export()).toEqual(before);
  });
});

describe("issueTokens", () => {
  it("gives tokens that work like those of the token endpoint", async () => {
    await using pingone = await startPingOne();
    const tokens = await createControlClient(pingone.origin).issueTokens({
      user: "alice",
      scopes: ["openid", "profile", "todo_api:read"],
    });
    expect(tokens.expiresIn).toBe(3600);
    expect(decodeJwt(tokens.accessToken)).toMatchObject({
      aud: [pingone.apiIdentifier],
      client_id: "mcp-server",
    });
    expect(decodeJwt(tokens.idToken ?? "")).toMatchObject({ aud: "mcp-server", iss: pingone.issuer });
    const keys = createRemoteJWKSet(new URL(`${pingone.issuer}/jwks`));
    await jwtVerify(tokens.accessToken, keys, { issuer: pingone.issuer });
    const client = new TestClient(pingone);
    expect((await client.refresh(tokens.refreshToken ?? "")).status).toBe(200);
    await using todo = await startTodoApi({ issuer: pingone.issuer });
    expect((await listTodos({ todoOrigin: todo.origin }, tokens.accessToken)).status).toBe(200);
    expect(await pingone.sessions.end("alice")).toBe(1);
    expect((await client.refresh(tokens.refreshToken ?? "")).status).toBe(400);
  });

  it("gives all granted scopes by default, no refresh token where there is none, and leaves faults queued", async () => {
    await using pingone = await startPingOne();
    await pingone.faults.queue({ endpoint: "token", fault: "wrong_nonce" });
    const { id } = await pingone.seed.application({ grantTypes: ["AUTHORIZATION_CODE"] });
    const tokens = await pingone.issueTokens({ user: "alice@example.com", application: id });
    expect(tokens.scopes).toEqual(expect.arrayContaining(["openid", "email", "todo_api:write"]));
    expect(tokens).not.toHaveProperty("refreshToken");
    expect(await pingone.faults.pending()).toHaveLength(1);
  });

  it.each([
    [{ user: "nobody" }, /nobody[\s\S]*alice/],
    [{ user: "disabled" }, /The user disabled is disabled/],
    [{ user: "alice", scopes: ["p1:read:user"] }, /not granted the scope "p1:read:user". It has: openid/],
    [{ user: "alice", application: "nope" }, /no application "nope"/],
    [{ user: "alice", scopes: [] }, /scopes/],
  ])("refuses %j, and leaves nothing behind", async (input, message) => {
    await using pingone = await startPingOne();
    const before = await pingone.state.export();
    await expect(pingone.issueTokens(input)).rejects.toThrow(message);
    expect(await pingone.state.export()).toEqual(before);
  });

  it("leaves nothing behind either when the refresh token is refused last", async () => {
    await using pingone = await startPingOne();
    await pingone.switches.set({ refreshTokenType: "JSON_WEB_TOKEN", opaqueRefreshTokensOnly: true });
    const before = await pingone.state.export();
    await expect(pingone.issueTokens({ user: "alice" })).rejects.toThrow(
      "JSON Web Token refresh tokens are not supported.",
    );
    expect(await pingone.state.export()).toEqual(before);
  });
});

it("shows the e-mails that flows have sent, by address or user name, until reset", async () => {
  await using pingone = await startPingOne({ redirectUris: [WORKER_CALLBACK] });
  const client = new TestClient(pingone);
  const asked = await (await client.open()).submit("Sign On", {
    Username: "mfa",
    Password: "2FederateM0re!",
  });
  const [message, ...others] = await createControlClient(pingone.origin).outbox.messages({ to: "MFA" });
  expect(message).toMatchObject({
    username: "mfa",
    to: expect.stringContaining("@"),
    code: expect.stringMatching(/^\d{6}$/),
  });
  expect(others).toEqual([]);
  expect(asked.text).toContain(message?.code);
  expect(await pingone.outbox.messages({ to: message?.to ?? "" })).toEqual([message]);
  expect(await pingone.outbox.messages({ to: "alice" })).toEqual([]);
  await pingone.reset();
  expect(await pingone.outbox.messages()).toEqual([]);
});

describe("a page to be clicked", () => {
  it("offers each test user who has a password, seeded ones included, by one click", async () => {
    await using pingone = await startPingOne({ interactive: true, flow: "sign-on-without-consent" });
    await pingone.seed.user({ username: "carol" });
    await pingone.seed.user({ username: "dora", password: null });
    const page = await new TestClient(pingone).open();
    expect(page.text).toContain("Sign on with one click");
    expect(page.text).not.toContain(">dora<");
    expect((await page.submit("carol")).url.searchParams.get("code")).not.toBeNull();
  });

  it("is shown only where it was asked for, and has no password otherwise", async () => {
    await using pingone = await startPingOne();
    const page = await new TestClient(pingone).open();
    expect(page.text).not.toContain("Sign on with one click");
    expect(page.text).not.toContain("2FederateM0re!");
  });
});
