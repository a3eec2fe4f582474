import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_FIXTURES_DIR, type Emulators, type EmulatorsOptions, startOffline } from "./index.ts";
import { TestClient, WORKER_ORIGIN } from "./pingone/testing/client.ts";
import { listTodos } from "./todo/testing/list-todos.ts";

/** As Node has them, before anything here was started. */
const { Request: NodeRequest, Response: NodeResponse } = globalThis;

const start = (options: Partial<EmulatorsOptions> = {}) =>
  startOffline({ pingonePort: 0, todoPort: 0, workerOrigin: WORKER_ORIGIN, ...options });
const portOf = (origin: string) => Number(new URL(origin).port);

async function withFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "emulators-"));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe("startOffline", () => {
  let emulators: Emulators;
  beforeAll(async () => {
    emulators = await start();
  });
  afterAll(() => emulators.close());
  beforeEach(() => emulators.control.reset());
  afterEach(() => emulators.control.assertNoPendingFaults());

  it("signs a person in and serves their todos", async () => {
    const tokens = await new TestClient(emulators).obtainTokens({ username: "alice" });
    const response = await listTodos(emulators, tokens.access_token);
    expect(response.status).toBe(200);
    const { todos } = (await response.json()) as { todos: { text: string }[] };
    expect(todos.map(({ text }) => text)).toContain("Buy oat milk");
    expect(decodeJwt(tokens.access_token).aud).toEqual([emulators.apiIdentifier]);
    const state = await emulators.control.state();
    expect(state.todo.todosByUser.alice).toBe(todos.length);
    expect(state.pingone.users.find(({ username }) => username === "alice")).toMatchObject({ sessions: 1 });
  });

  it("leaves the process that embeds them its own Request and Response", () => {
    expect(globalThis.Request).toBe(NodeRequest);
    expect(globalThis.Response).toBe(NodeResponse);
  });

  it("refuses an ID token and an openid-only token at the Todo API", async () => {
    const tokens = await new TestClient(emulators).obtainTokens({ username: "alice" });
    expect((await listTodos(emulators, tokens.id_token)).status).toBe(401);
    const login = await new TestClient(emulators).signIn({
      username: "bob",
      parameters: { scope: "openid" },
    });
    const { access_token } = await new TestClient(emulators).redeem(login);
    expect((await listTodos(emulators, access_token)).status).toBe(401);
  });

  it("answers at the addresses it gives, on loopback", async () => {
    for (const origin of [emulators.pingoneOrigin, emulators.todoOrigin]) {
      expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await (await fetch(`${origin}/__mocks/health`)).json()).toMatchObject({ status: "ok" });
    }
    expect(emulators.issuer.startsWith(`${emulators.pingoneOrigin}/`)).toBe(true);
  });

  it("lets the Todo API meet a rolled key at once, and refuse a dropped one", async () => {
    const before = await new TestClient(emulators).obtainTokens({ username: "alice" });
    const kid = await emulators.control.rotateKeys();
    const after = await new TestClient(emulators).obtainTokens({ username: "bob" });
    expect(decodeProtectedHeader(after.access_token).kid).toBe(kid);
    expect((await listTodos(emulators, after.access_token)).status).toBe(200);
    expect((await listTodos(emulators, before.access_token)).status).toBe(200);
    await emulators.control.rotateKeys({ drop: true });
    const last = await new TestClient(emulators).obtainTokens({ username: "alice" });
    expect((await listTodos(emulators, last.access_token)).status).toBe(200);
    expect((await listTodos(emulators, before.access_token)).status).toBe(401);
  });

  it("shares one clock between both", async () => {
    const tokens = await new TestClient(emulators).obtainTokens({ username: "alice" });
    await emulators.control.advanceClock(tokens.expires_in + 1);
    expect((await listTodos(emulators, tokens.access_token)).status).toBe(401);
    const userinfo = await fetch(`${emulators.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);
  });

  describe("verbs on a user", () => {
    const userinfoStatus = async (token: string) =>
      (await fetch(`${emulators.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

    it("expire the user's access tokens at PingOne and leave another's alone", async () => {
      const alice = await new TestClient(emulators).obtainTokens({ username: "alice" });
      const bob = await new TestClient(emulators).obtainTokens({ username: "bob" });
      expect(await emulators.control.expireTokens("alice")).toBe(1);
      expect(await userinfoStatus(alice.access_token)).toBe(401);
      expect(await userinfoStatus(bob.access_token)).toBe(200);
      expect((await new TestClient(emulators).refresh(alice.refresh_token)).status).toBe(200);
    });

    it("revoke the user's tokens", async () => {
      const alice = await new TestClient(emulators).obtainTokens({ username: "alice" });
      const bob = await new TestClient(emulators).obtainTokens({ username: "bob" });
      expect(await emulators.control.revokeTokens("alice")).toBeGreaterThan(0);
      expect(await userinfoStatus(alice.access_token)).toBe(401);
      expect((await new TestClient(emulators).refresh(alice.refresh_token)).status).toBe(400);
      expect((await new TestClient(emulators).refresh(bob.refresh_token)).status).toBe(200);
    });

    it("end the user's session and what hangs on it", async () => {
      const alice = await new TestClient(emulators).obtainTokens({ username: "alice" });
      expect(await emulators.control.endSession("alice")).toBe(1);
      expect((await new TestClient(emulators).refresh(alice.refresh_token)).status).toBe(400);
      const page = await alice.login.browser.open(alice.login.browser.visited[0] ?? "");
      expect(page.heading).toBe("Sign On");
    });

    it.each(["expireTokens", "revokeTokens", "endSession"] as const)(
      "%s lists the users when there is none such",
      async (verb) => {
        await expect(emulators.control[verb]("nobody")).rejects.toThrow(/nobody[\s\S]*alice[\s\S]*bob/);
      },
    );
  });

  it("chooses a flow by its name, until reset", async () => {
    const { flows } = (await emulators.control.state()).pingone;
    const other = flows.find(({ bound }) => !bound);
    await emulators.control.chooseFlow(other?.name ?? "");
    const boundNow = async () =>
      (await emulators.control.state()).pingone.flows.filter(({ bound }) => bound).map(({ name }) => name);
    expect(await boundNow()).toEqual([other?.name]);
    await emulators.control.reset();
    expect(await boundNow()).toEqual(flows.filter(({ bound }) => bound).map(({ name }) => name));
    await expect(emulators.control.chooseFlow("no such flow")).rejects.toThrow(flows[0]?.name ?? "?");
  });

  it("sets switches by name, until reset, and lists the names it knows", async () => {
    await emulators.control.setSwitches({ accessTokenTtlSeconds: 60 });
    expect((await new TestClient(emulators).obtainTokens({ username: "alice" })).expires_in).toBe(60);
    await emulators.control.reset();
    expect((await new TestClient(emulators).obtainTokens({ username: "alice" })).expires_in).toBe(3600);
    await expect(emulators.control.setSwitches({ nonsense: 1 } as object)).rejects.toThrow(/resourceParam/);
  });

  it("asks PingOne for its keys over HTTP", async () => {
    await emulators.control.rotateKeys();
    const tokens = await new TestClient(emulators).obtainTokens({ username: "alice" });
    await emulators.control.clearRequests();
    await listTodos(emulators, tokens.access_token);
    await listTodos(emulators, tokens.access_token);
    await emulators.control.expectRequest({ endpoint: "jwks", status: 200 }, { times: 1 });
  });
});

describe("the state folder", () => {
  it("keeps sessions, tokens, consents, todos and keys over a restart", () =>
    withFolder(async (stateDir) => {
      const first = await start({ stateDir });
      const ports = { pingonePort: portOf(first.pingoneOrigin), todoPort: portOf(first.todoOrigin) };
      const tokens = await new TestClient(first).obtainTokens({ username: "alice" });
      const kid = await first.control.rotateKeys();
      await fetch(`${first.todoOrigin}/api/todos`, {
        method: "POST",
        headers: { authorization: `Bearer ${tokens.access_token}`, "content-type": "application/json" },
        body: '{"todoText":"Survive"}',
      });
      await first.close();

      const second = await start({ stateDir, ...ports });
      try {
        expect((await second.control.state()).pingone.signingKeyId).toBe(kid);
        const { todos } = (await (await listTodos(second, tokens.access_token)).json()) as {
          todos: { text: string }[];
        };
        expect(todos.map(({ text }) => text)).toContain("Survive");
        const silent = await new TestClient(second).signIn({
          username: "alice",
          browser: tokens.login.browser,
          parameters: { prompt: "none" },
        });
        expect(silent.code).not.toBe("");
        expect((await new TestClient(second).refresh(tokens.refresh_token)).status).toBe(200);
      } finally {
        await second.close();
      }
    }));

  it("holds no token, code or session cookie that could be used", () =>
    withFolder(async (stateDir) => {
      const emulators = await start({ stateDir });
      const tokens = await new TestClient(emulators).obtainTokens({ username: "alice" });
      const cookies = await tokens.login.browser.cookies.getCookies(emulators.issuer);
      await emulators.close();
      const content = await readFile(join(stateDir, "emulators.json"), "utf8");
      for (const secret of [
        tokens.access_token,
        tokens.refresh_token,
        tokens.id_token,
        tokens.login.code,
        ...cookies.map(({ value }) => value),
      ]) {
        expect(content).not.toContain(secret);
      }
    }));

  it("keeps nothing without a folder", async () => {
    const first = await start();
    const tokens = await new TestClient(first).obtainTokens({ username: "alice" });
    await first.close();
    const second = await start();
    expect((await new TestClient(second).refresh(tokens.refresh_token)).status).toBe(400);
    await second.close();
  });

  it.each([
    ["damaged", "{"],
    ["of another version", '{"version":99,"pingone":{},"todo":{}}'],
    ["made of something else", '{"version":1,"pingone":{"x":1},"todo":{}}'],
    ["broken in its todos", '{"version":1,"pingone":{},"todo":[1]}'],
  ])("is refused with a way on when it is %s", (_, content) =>
    withFolder(async (stateDir) => {
      await writeFile(join(stateDir, "emulators.json"), content);
      await expect(start({ stateDir })).rejects.toThrow(/^The saved state .* cannot be used: .*--fresh/);
    }),
  );
});

describe("a port in use", () => {
  let taken: Server;
  let port: number;
  beforeAll(async () => {
    taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    port = (taken.address() as AddressInfo).port;
  });
  afterAll(() => taken.close());

  it.each([
    ["pingonePort", "PINGONE_PORT", "the PingOne emulator"],
    ["todoPort", "TODO_PORT", "the Todo API emulator"],
  ])("gives %s one sentence with the port, the variable and the need", async (option, variable, need) => {
    await expect(start({ [option]: port })).rejects.toThrow(
      `Port ${port} is in use, and ${need} needs it. Stop the program that holds it, or set ${variable} to a free port.`,
    );
  });

  it("leaves no emulator running behind", async () => {
    const probe = await start();
    const pingonePort = portOf(probe.pingoneOrigin);
    await probe.close();
    await expect(start({ pingonePort, todoPort: port })).rejects.toThrow("TODO_PORT");
    await expect(fetch(`http://127.0.0.1:${pingonePort}/__mocks/health`)).rejects.toThrow();
  });
});

describe("another fixtures folder", () => {
  it("brings its own redirect URIs and todos", () =>
    withFolder(async (fixturesDir) => {
      await cp(DEFAULT_FIXTURES_DIR, fixturesDir, { recursive: true });
      await rm(join(fixturesDir, "todos.json"));
      const path = join(fixturesDir, "pingone", "applications.json");
      const applications = await readFile(path, "utf8");
      await writeFile(path, applications.replace("{worker}/callback", "https://other.example/cb"));
      await using emulators = await start({ fixturesDir });
      await expect(new TestClient(emulators).signIn({ username: "alice" })).rejects.toThrow(/redirect_uri/i);
      const state = await emulators.control.state();
      expect(state.todo.todosByUser).toEqual({});
    }));

  it("is refused with the path and the reason when its todos are wrong", () =>
    withFolder(async (fixturesDir) => {
      await cp(DEFAULT_FIXTURES_DIR, fixturesDir, { recursive: true });
      await writeFile(join(fixturesDir, "todos.json"), '{"default":{}}');
      await expect(start({ fixturesDir })).rejects.toThrow(/todos\.json:1:12: default: /);
    }));
});
