import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_FIXTURES_DIR, type StandIns, type StandInsOptions, startStandIns } from "./start.ts";
import {
  listTodos,
  obtainTokens,
  redeem,
  refresh,
  signIn,
  TEST_WORKER_ORIGIN,
  type TokenAnswer,
} from "./test-login.ts";

/** As Node has them, before anything here was started. */
const { Request: NodeRequest, Response: NodeResponse } = globalThis;

const start = (options: Partial<StandInsOptions> = {}) =>
  startStandIns({ pingonePort: 0, todoPort: 0, workerOrigin: TEST_WORKER_ORIGIN, ...options });
const portOf = (origin: string) => Number(new URL(origin).port);

async function withFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "stand-ins-"));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe("startStandIns", () => {
  let standIns: StandIns;
  beforeAll(async () => {
    standIns = await start();
  });
  afterAll(() => standIns.close());
  beforeEach(() => standIns.control.reset());
  afterEach(() => standIns.control.assertNoPendingFaults());

  it("signs a person in and serves their todos", async () => {
    const tokens = await obtainTokens(standIns, "alice");
    const response = await listTodos(standIns, tokens.access_token);
    expect(response.status).toBe(200);
    const { todos } = (await response.json()) as { todos: { text: string }[] };
    expect(todos.map(({ text }) => text)).toContain("Buy oat milk");
    expect(decodeJwt(tokens.access_token).aud).toEqual([standIns.apiIdentifier]);
    const state = await standIns.control.state();
    expect(state.todo.todosByUser.alice).toBe(todos.length);
    expect(state.pingone.users.find(({ username }) => username === "alice")).toMatchObject({ sessions: 1 });
  });

  it("leaves the process that embeds them its own Request and Response", () => {
    expect(globalThis.Request).toBe(NodeRequest);
    expect(globalThis.Response).toBe(NodeResponse);
  });

  it("refuses an ID token and an openid-only token at the Todo API", async () => {
    const tokens = await obtainTokens(standIns, "alice");
    expect((await listTodos(standIns, tokens.id_token ?? "")).status).toBe(401);
    const login = await signIn(standIns, "bob", { parameters: { scope: "openid" } });
    const { access_token } = (await (await redeem(standIns, login)).json()) as TokenAnswer;
    expect((await listTodos(standIns, access_token)).status).toBe(401);
  });

  it("answers at the addresses it gives, on loopback", async () => {
    for (const origin of [standIns.pingoneOrigin, standIns.todoOrigin]) {
      expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await (await fetch(`${origin}/__mocks/health`)).json()).toMatchObject({ status: "ok" });
    }
    expect(standIns.issuer.startsWith(`${standIns.pingoneOrigin}/`)).toBe(true);
  });

  it("lets the Todo API meet a rolled key at once, and refuse a dropped one", async () => {
    const before = await obtainTokens(standIns, "alice");
    const kid = await standIns.control.rotateKeys();
    const after = await obtainTokens(standIns, "bob");
    expect(decodeProtectedHeader(after.access_token).kid).toBe(kid);
    expect((await listTodos(standIns, after.access_token)).status).toBe(200);
    expect((await listTodos(standIns, before.access_token)).status).toBe(200);
    await standIns.control.rotateKeys({ drop: true });
    const last = await obtainTokens(standIns, "alice");
    expect((await listTodos(standIns, last.access_token)).status).toBe(200);
    expect((await listTodos(standIns, before.access_token)).status).toBe(401);
  });

  it("shares one clock between both", async () => {
    const tokens = await obtainTokens(standIns, "alice");
    await standIns.control.advanceClock(tokens.expires_in + 1);
    expect((await listTodos(standIns, tokens.access_token)).status).toBe(401);
    const userinfo = await fetch(`${standIns.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);
  });

  describe("verbs on a user", () => {
    const userinfoStatus = async (token: string) =>
      (await fetch(`${standIns.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

    it("expire the user's access tokens at PingOne and leave another's alone", async () => {
      const alice = await obtainTokens(standIns, "alice");
      const bob = await obtainTokens(standIns, "bob");
      expect(await standIns.control.expireTokens("alice")).toBe(1);
      expect(await userinfoStatus(alice.access_token)).toBe(401);
      expect(await userinfoStatus(bob.access_token)).toBe(200);
      expect((await refresh(standIns, alice.refresh_token ?? "")).status).toBe(200);
    });

    it("revoke the user's tokens", async () => {
      const alice = await obtainTokens(standIns, "alice");
      const bob = await obtainTokens(standIns, "bob");
      expect(await standIns.control.revokeTokens("alice")).toBeGreaterThan(0);
      expect(await userinfoStatus(alice.access_token)).toBe(401);
      expect((await refresh(standIns, alice.refresh_token ?? "")).status).toBe(400);
      expect((await refresh(standIns, bob.refresh_token ?? "")).status).toBe(200);
    });

    it("end the user's session and what hangs on it", async () => {
      const alice = await obtainTokens(standIns, "alice");
      expect(await standIns.control.endSession("alice")).toBe(1);
      expect((await refresh(standIns, alice.refresh_token ?? "")).status).toBe(400);
      const page = await alice.login.browser.open(alice.login.browser.visited[0] ?? "");
      expect(page.heading).toBe("Sign On");
    });

    it.each(["expireTokens", "revokeTokens", "endSession"] as const)(
      "%s lists the users when there is none such",
      async (verb) => {
        await expect(standIns.control[verb]("nobody")).rejects.toThrow(/nobody[\s\S]*alice[\s\S]*bob/);
      },
    );
  });

  it("chooses a flow by its name, until reset", async () => {
    const { flows } = (await standIns.control.state()).pingone;
    const other = flows.find(({ bound }) => !bound);
    await standIns.control.chooseFlow(other?.name ?? "");
    const boundNow = async () =>
      (await standIns.control.state()).pingone.flows.filter(({ bound }) => bound).map(({ name }) => name);
    expect(await boundNow()).toEqual([other?.name]);
    await standIns.control.reset();
    expect(await boundNow()).toEqual(flows.filter(({ bound }) => bound).map(({ name }) => name));
    await expect(standIns.control.chooseFlow("no such flow")).rejects.toThrow(flows[0]?.name ?? "?");
  });

  it("sets switches by name, until reset, and lists the names it knows", async () => {
    await standIns.control.setSwitches({ accessTokenTtlSeconds: 60 });
    expect((await obtainTokens(standIns, "alice")).expires_in).toBe(60);
    await standIns.control.reset();
    expect((await obtainTokens(standIns, "alice")).expires_in).toBe(3600);
    await expect(standIns.control.setSwitches({ nonsense: 1 })).rejects.toThrow(/resourceParam/);
  });

  it("asks PingOne for its keys over HTTP", async () => {
    await standIns.control.rotateKeys();
    const tokens = await obtainTokens(standIns, "alice");
    await standIns.control.clearRequests();
    await listTodos(standIns, tokens.access_token);
    await listTodos(standIns, tokens.access_token);
    await standIns.control.expectRequest({ endpoint: "jwks", status: 200 }, { times: 1 });
  });
});

describe("the state folder", () => {
  it("keeps sessions, tokens, consents, todos and keys over a restart", () =>
    withFolder(async (stateDir) => {
      const first = await start({ stateDir });
      const ports = { pingonePort: portOf(first.pingoneOrigin), todoPort: portOf(first.todoOrigin) };
      const tokens = await obtainTokens(first, "alice");
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
        const silent = await signIn(second, "alice", {
          browser: tokens.login.browser,
          parameters: { prompt: "none" },
        });
        expect(silent.code).not.toBe("");
        expect((await refresh(second, tokens.refresh_token ?? "")).status).toBe(200);
      } finally {
        await second.close();
      }
    }));

  it("holds no token, code or session cookie that could be used", () =>
    withFolder(async (stateDir) => {
      const standIns = await start({ stateDir });
      const tokens = await obtainTokens(standIns, "alice");
      const cookies = await tokens.login.browser.cookies.getCookies(standIns.issuer);
      await standIns.close();
      const content = await readFile(join(stateDir, "stand-ins.json"), "utf8");
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
    const tokens = await obtainTokens(first, "alice");
    await first.close();
    const second = await start();
    expect((await refresh(second, tokens.refresh_token ?? "")).status).toBe(400);
    await second.close();
  });

  it.each([
    ["damaged", "{"],
    ["of another version", '{"version":99,"pingone":{},"todo":{}}'],
    ["made of something else", '{"version":1,"pingone":{"x":1},"todo":{}}'],
    ["broken in its todos", '{"version":1,"pingone":{},"todo":[1]}'],
  ])("is refused with a way on when it is %s", (_, content) =>
    withFolder(async (stateDir) => {
      await writeFile(join(stateDir, "stand-ins.json"), content);
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
    ["pingonePort", "PINGONE_PORT", "the PingOne stand-in"],
    ["todoPort", "TODO_PORT", "the Todo API stand-in"],
  ])("gives %s one sentence with the port, the variable and the need", async (option, variable, need) => {
    await expect(start({ [option]: port })).rejects.toThrow(
      `Port ${port} is in use, and ${need} needs it. Stop the program that holds it, or set ${variable} to a free port.`,
    );
  });

  it("leaves no stand-in running behind", async () => {
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
      await using standIns = await start({ fixturesDir });
      await expect(signIn(standIns, "alice")).rejects.toThrow(/redirect_uri/i);
      const state = await standIns.control.state();
      expect(state.todo.todosByUser).toEqual({});
    }));

  it("is refused with the path and the reason when its todos are wrong", () =>
    withFolder(async (fixturesDir) => {
      await cp(DEFAULT_FIXTURES_DIR, fixturesDir, { recursive: true });
      await writeFile(join(fixturesDir, "todos.json"), '{"default":{}}');
      await expect(start({ fixturesDir })).rejects.toThrow(/todos\.json is not valid/);
    }));
});
