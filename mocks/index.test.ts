import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Offline, SHIPPED_TENANT, type StartOfflineOptions, startOffline } from "./index.ts";
import { TestClient, WORKER_ORIGIN } from "./pingone/testing/client.ts";
import { listTodos } from "./todo/testing/list-todos.ts";

/** As Node has them, before anything here was started. */
const { Request: NodeRequest, Response: NodeResponse } = globalThis;

const start = (options: Partial<StartOfflineOptions> = {}) =>
  startOffline({ workerOrigin: WORKER_ORIGIN, ...options });
/** TEST ONLY */
const MISTYPED = "Mistyped-0-only!";
const clientOf = (emulators: Offline) => new TestClient(emulators);
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
  let emulators: Offline;
  beforeAll(async () => {
    emulators = await start();
  });
  afterAll(() => emulators.close());
  beforeEach(() => emulators.reset());
  afterEach(() => emulators.faults.expectNone());

  it("signs a person in and serves their todos", async () => {
    const tokens = await clientOf(emulators).obtainTokens({ username: "alice" });
    const response = await listTodos(emulators, tokens.access_token);
    expect(response.status).toBe(200);
    const { todos } = (await response.json()) as { todos: { text: string }[] };
    expect(todos.map(({ text }) => text)).toContain("Buy oat milk");
    expect(decodeJwt(tokens.access_token).aud).toEqual([emulators.apiIdentifier]);
    const state = await emulators.state.summary();
    expect(state.todo.todosByUser.alice).toBe(todos.length);
    expect(state.pingone.users.find(({ username }) => username === "alice")).toMatchObject({ sessions: 1 });
  });

  it("lets imports follow one another, so that one that fails takes nothing back that another did", async () => {
    await emulators.seed.user({ username: "zed" });
    const good = await emulators.state.export();
    const bad = { ...good, todo: 5 };
    await emulators.reset();
    const [first, second, third] = await Promise.allSettled([
      emulators.state.import(bad),
      emulators.state.import(good),
      emulators.state.import(bad),
    ]);
    expect([first?.status, second?.status, third?.status]).toEqual(["rejected", "fulfilled", "rejected"]);
    const { users } = (await emulators.state.summary()).pingone;
    expect(users.map(({ username }) => username)).toContain("zed");
  });

  it("no longer lists a seeded user whom an imported state does not have", async () => {
    const without = await emulators.state.export();
    await emulators.seed.user({ username: "zed" });
    expect(emulators.users.map(({ username }) => username)).toContain("zed");
    await emulators.state.import(without);
    expect(emulators.users.map(({ username }) => username)).not.toContain("zed");
  });

  it("does not let many moves take the clock where dates end", async () => {
    const tenYears = 10 * 365 * 24 * 3600;
    for (let moved = 0; moved < 10; moved += 1) await emulators.clock.advance(tenYears);
    await expect(emulators.clock.advance(1)).rejects.toThrow(/a hundred years from real time.*clock\.reset/);
    await emulators.state.summary();
  });

  it("leaves the process that embeds them its own Request and Response", () => {
    expect(globalThis.Request).toBe(NodeRequest);
    expect(globalThis.Response).toBe(NodeResponse);
  });

  it("answers at the addresses it gives, on loopback", async () => {
    for (const origin of [emulators.origin, emulators.todoOrigin]) {
      expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await (await fetch(`${origin}/__mocks/health`)).json()).toMatchObject({ status: "ok" });
    }
    expect(emulators.issuer.startsWith(`${emulators.origin}/`)).toBe(true);
  });

  it("shares one clock between both", async () => {
    const tokens = await clientOf(emulators).obtainTokens({ username: "alice" });
    await emulators.clock.advance(tokens.expires_in + 1);
    expect((await listTodos(emulators, tokens.access_token)).status).toBe(401);
    expect((await clientOf(emulators).userInfo(tokens.access_token)).status).toBe(401);
  });

  describe("verbs on a user", () => {
    const userinfoStatus = async (token: string) => (await clientOf(emulators).userInfo(token)).status;

    it("expire the user's access tokens at PingOne and leave another's alone", async () => {
      const alice = await clientOf(emulators).obtainTokens({ username: "alice" });
      const bob = await clientOf(emulators).obtainTokens({ username: "bob" });
      expect(await emulators.tokens.expire("alice")).toBe(1);
      expect(await userinfoStatus(alice.access_token)).toBe(401);
      expect(await userinfoStatus(bob.access_token)).toBe(200);
      expect((await clientOf(emulators).refresh(alice.refresh_token)).status).toBe(200);
    });

    it("revoke the user's tokens and end the user's session", async () => {
      const alice = await clientOf(emulators).obtainTokens({ username: "alice" });
      expect(await emulators.tokens.revoke("alice")).toBeGreaterThan(0);
      expect((await clientOf(emulators).refresh(alice.refresh_token)).status).toBe(400);
      expect(await emulators.sessions.end("alice")).toBe(1);
      const page = await alice.login.browser.open(alice.login.browser.visited[0] ?? "");
      expect(page.heading).toBe("Sign On");
    });
  });

  it("chooses a flow by its name, until reset", async () => {
    const { flows } = (await emulators.state.summary()).pingone;
    const other = flows.find(({ bound }) => !bound);
    await emulators.flows.choose(other?.name ?? "");
    const boundNow = async () =>
      (await emulators.state.summary()).pingone.flows.filter(({ bound }) => bound).map(({ name }) => name);
    expect(await boundNow()).toEqual([other?.name]);
    await emulators.reset();
    expect(await boundNow()).toEqual(flows.filter(({ bound }) => bound).map(({ name }) => name));
    await expect(emulators.flows.choose("no such flow")).rejects.toThrow(flows[0]?.name ?? "?");
  });

  it("sets switches by name, until reset, and lists the names it knows", async () => {
    await emulators.switches.set({ accessTokenTtlSeconds: 60 });
    expect((await clientOf(emulators).obtainTokens({ username: "alice" })).expires_in).toBe(60);
    await emulators.reset();
    expect((await clientOf(emulators).obtainTokens({ username: "alice" })).expires_in).toBe(3600);
    await expect(emulators.switches.set({ nonsense: 1 } as object)).rejects.toThrow(/resourceParam/);
  });

  it("asks PingOne for its keys over HTTP", async () => {
    await emulators.keys.rotate();
    const tokens = await clientOf(emulators).obtainTokens({ username: "alice" });
    await emulators.journal.clear();
    await listTodos(emulators, tokens.access_token);
    await listTodos(emulators, tokens.access_token);
    await emulators.journal.expect({ endpoint: "jwks", status: 200 }, { times: 1 });
  });
});

describe("the state folder", () => {
  let emulators: Offline;
  beforeAll(async () => {
    emulators = await start();
  });
  afterAll(() => emulators.close());

  it("keeps sessions, tokens, consents, todos and keys over a restart", () =>
    withFolder(async (stateDir) => {
      const first = await start({ stateDir });
      const ports = { port: portOf(first.origin), todoPort: portOf(first.todoOrigin) };
      const tokens = await clientOf(first).obtainTokens({ username: "alice" });
      const kid = await first.keys.rotate();
      await fetch(`${first.todoOrigin}/api/todos`, {
        method: "POST",
        headers: { authorization: `Bearer ${tokens.access_token}`, "content-type": "application/json" },
        body: '{"todoText":"Survive"}',
      });
      await first.close();

      const second = await start({ stateDir, ...ports });
      try {
        expect((await second.state.summary()).pingone.signingKeyId).toBe(kid);
        const { todos } = (await (await listTodos(second, tokens.access_token)).json()) as {
          todos: { text: string }[];
        };
        expect(todos.map(({ text }) => text)).toContain("Survive");
        const silent = await clientOf(second).signIn({
          username: "alice",
          browser: tokens.login.browser,
          parameters: { prompt: "none" },
        });
        expect(silent.code).not.toBe("");
        expect((await clientOf(second).refresh(tokens.refresh_token)).status).toBe(200);
      } finally {
        await second.close();
      }
    }));

  it("keeps a sign-on that waits for a person, but no password that was typed", () =>
    withFolder(async (stateDir) => {
      const first = await start({ stateDir });
      const ports = { port: portOf(first.origin), todoPort: portOf(first.todoOrigin) };
      const opened = await clientOf(first).open();
      const refused = await opened.submit("Sign On", { Username: "alice", Password: MISTYPED });
      await first.close();

      const saved = await readFile(join(stateDir, "emulators.json"), "utf8");
      expect(saved).not.toContain(MISTYPED);

      const second = await start({ stateDir, ...ports });
      try {
        const { password = "" } = second.users.find(({ username }) => username === "alice") ?? {};
        const next = await refused.submit("Sign On", { Username: "alice", Password: password });
        expect([next.response?.status, next.heading]).toEqual([200, "Application Consent"]);
      } finally {
        await second.close();
      }
    }));

  it.each([
    [
      "made of something else",
      '{"version":1,"pingone":{"x":1},"todo":{}}',
      "its part of PingOne is damaged.",
    ],
    ["broken in its todos", '{"version":1,"pingone":PINGONE,"todo":[1]}', "its todos are malformed."],
  ])("is refused with a way on when it is %s, and is left as it is", (_, template, reason) =>
    withFolder(async (stateDir) => {
      const file = join(stateDir, "emulators.json");
      const { pingone } = await emulators.state.export();
      const content = template.replace("PINGONE", JSON.stringify(pingone));
      await writeFile(file, content);
      const failed = start({ stateDir });
      await expect(failed).rejects.toThrow(reason);
      await expect(failed).rejects.toThrow(/^.*emulators\.json: .* Start with --fresh to leave it behind\.$/);
      expect(await readFile(file, "utf8")).toBe(content);
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
    ["port", "the PingOne emulator"],
    ["todoPort", "the Todo API emulator"],
  ])("gives %s one sentence with the port, the need and the way out", async (option, need) => {
    await expect(start({ [option]: port })).rejects.toThrow(
      `Port ${port} is in use, and ${need} needs it. Stop the program that holds it, or choose another port; 0 picks a free one.`,
    );
  });

  it("leaves no emulator running behind", async () => {
    const probe = await start();
    const freed = portOf(probe.origin);
    await probe.close();
    await expect(start({ port: freed, todoPort: port })).rejects.toThrow("the Todo API");
    await expect(fetch(`http://127.0.0.1:${freed}/__mocks/health`)).rejects.toThrow();
  });
});

describe("another fixtures folder", () => {
  it("brings its own redirect URIs and todos", () =>
    withFolder(async (fixturesDir) => {
      await cp(SHIPPED_TENANT, fixturesDir, { recursive: true });
      await rm(join(fixturesDir, "todos.json"));
      const path = join(fixturesDir, "pingone", "applications.json");
      const applications = await readFile(path, "utf8");
      await writeFile(path, applications.replace("{worker}/callback", "https://other.example/cb"));
      await using emulators = await start({ tenant: fixturesDir });
      await expect(clientOf(emulators).signIn({ username: "alice" })).rejects.toThrow(/redirect_uri/i);
      const state = await emulators.state.summary();
      expect(state.todo.todosByUser).toEqual({});
    }));

  it("is refused with the path and the reason when its todos are wrong", () =>
    withFolder(async (fixturesDir) => {
      await cp(SHIPPED_TENANT, fixturesDir, { recursive: true });
      await writeFile(join(fixturesDir, "todos.json"), '{"default":{}}');
      await expect(start({ tenant: fixturesDir })).rejects.toThrow(/todos\.json:1:12: default: /);
    }));
});
