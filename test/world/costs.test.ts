/**
 * KV operations and Durable Object calls of each request, counted around the bundle. They do not depend on the number
 * of a person's grants.
 */

import type { TestBrowser } from "pingone-emulator/browser";
import { describe, expect, vi } from "vitest";
import {
  answerPages,
  createBrowser,
  PROTOCOL_ERAS,
  type RegisteredClient,
  redeem,
  registerClient,
  requestToken,
  signIn,
  startAuthorization,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { enterEra, sendInEra } from "../support/raw-mcp.ts";
import { createWorkerOnlyBrowser, passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWith } from "../support/test.ts";
import type { TestWorker } from "../support/worker.ts";
import type { KvCounts } from "./inside/kv-hub.ts";
import { startWorld } from "./world.ts";

const { it, started: world } = testWith(startWorld);
let worker: TestWorker;

it.beforeAll(async () => {
  worker = world.at("place-one");
  // The write limit of KV is off: it is not the subject here, and the tests do not wait a second between two pages.
  await world.hub.setWriteInterval(0);
});

const total = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
const writes = ({ put, delete: deletes }: KvCounts) => total(put) + total(deletes);

/** Background work has ended when no alarm is due and the counts do not change any more. */
async function settle(): Promise<void> {
  let before = "";
  await vi.waitFor(
    async () => {
      await world.ringDue();
      const now = JSON.stringify(await world.hub.counts());
      const isQuiet = now === before;
      before = now;
      expect(isQuiet).toBe(true);
    },
    { timeout: 30_000, interval: 100 },
  );
}

/** The operations of one request, including its background work. */
async function costOf<T>(request: () => Promise<T>): Promise<{ result: T; counts: KvCounts }> {
  await settle();
  await world.hub.resetCounts();
  const result = await request();
  const counts = await world.hub.counts();
  return { result, counts };
}

/** A sign-in up to the redirect from PingOne, then the callback and the redemption of the code, both counted. */
async function signInCounted(client: RegisteredClient, browser: TestBrowser) {
  const started = await startSignIn(worker, { client, browser });
  const callback = await passPingOne(worker, started);
  const back = await costOf(() => browser.open(callback));
  const redemption = await costOf(() => redeem(worker, client, started.attempt, back.result.url));
  return { callback: back.counts, redemption: redemption.counts, tokens: redemption.result };
}

/** Adds grants of the same person for other clients: copies of one, written directly into the object. */
async function plantGrants({ access_token: token }: TokenResponse, count: number): Promise<void> {
  const [userId = "", grantId = ""] = token.split(":");
  const { PERSON } = await worker.getEnv();
  const person = PERSON.getByName(userId);
  const record = JSON.parse((await person.readGrant(grantId)) ?? "") as { metadata: object };
  const expiresAt = Math.floor(Date.now() / 1000) + 86_400;
  const plant = async (index: number) => {
    const id = `planted-${index}-${crypto.randomUUID()}`.slice(0, 16);
    const metadata = { ...record.metadata, pingSessionId: crypto.randomUUID() };
    const planted = { ...record, id, clientId: `client-${index}`, metadata };
    // First the record with the code, then the redeemed one.
    for (const code of [{ authCodeWrappedKey: "TEST ONLY" }, {}]) {
      await person.writeGrant({ grantId: id, record: JSON.stringify({ ...planted, ...code }), expiresAt });
    }
  };
  for (let from = 0; from < count; from += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, index) => plant(from + index)));
  }
}

// The order matters: the last one ends everything.
describe("however many grants there are", { shuffle: false }, () => {
  // Six hundred: more than the operations that one request may take below.
  describe.each([1, 600])("for a person with %i grants", (count) => {
    let client: RegisteredClient;
    let browser: TestBrowser;
    let tokens: TokenResponse;
    let first: Awaited<ReturnType<typeof signInCounted>>;

    it.beforeAll(async () => {
      const earlier = await signIn(worker, { username: "alice" });
      await plantGrants(earlier.tokens, count - 1);
      client = await registerClient(worker);
      browser = createWorkerOnlyBrowser(worker);
      first = await signInCounted(client, browser);
      tokens = first.tokens;
    }, 300_000);

    it("the callback of a first sign-in writes four times at most, and lists nothing", () => {
      expect(writes(first.callback)).toBeLessThanOrEqual(4);
      expect(first.callback.list).toEqual({});
    });

    it("a code is redeemed with two writes at most, and lists nothing", () => {
      expect(total(first.redemption.put)).toBeLessThanOrEqual(2);
      expect(first.redemption.list).toEqual({});
    });

    it("the callback of a silent sign-in writes three times at most, and lists nothing", async () => {
      const again = await signInCounted(client, browser);
      expect(writes(again.callback)).toBeLessThanOrEqual(3);
      expect(again.callback.list).toEqual({});
      expect(total(again.redemption.put)).toBeLessThanOrEqual(2);
      tokens = again.tokens;
    });

    it("a call costs one read, and asks each object once", async () => {
      for (const era of PROTOCOL_ERAS) {
        const entered = await enterEra(worker, era, tokens.access_token);
        const params = { name: "listTodos", arguments: {} };
        const { result, counts } = await costOf(async () => {
          await world.hub.takeObjectCalls();
          const response = await sendInEra(worker, era, { call: "tools/call", ...entered, params });
          await response.text();
          return response.status;
        });
        expect(result).toBe(200);
        expect(counts).toEqual({ get: { token: 1 }, put: {}, delete: {}, list: {} });
        // One call admits the session, then McpAgent sends the request over a WebSocket.
        const session = era === "legacy" ? { "MCP_OBJECT.admit": 1, "MCP_OBJECT.fetch": 1 } : {};
        expect(await world.hub.takeObjectCalls()).toEqual({ "PING_SESSION.getAccessToken": 1, ...session });
      }
    });

    it("the page of connections shows all of them by pages, without a look into KV", async () => {
      const visitor = createBrowser(worker, client);
      let page = await answerPages(await visitor.open(`${worker.origin}/signout`));
      let shown = 0;
      for (;;) {
        expect(page.response?.status).toBe(200);
        shown += page.root.querySelectorAll("section").length;
        const older = page.root.querySelectorAll("a").find((link) => link.text === "Older apps");
        if (older === undefined) break;
        const address = new URL(older.getAttribute("href") ?? "", page.url);
        const { result, counts } = await costOf(() => visitor.open(address));
        expect(counts).toEqual({ get: {}, put: {}, delete: {}, list: {} });
        page = result;
      }
      expect(shown).toBe(count + 1);
    });

    it("everything is ended, with no more operations in one request than for a few", async () => {
      const visitor = createBrowser(worker, client);
      const page = await answerPages(await visitor.open(`${worker.origin}/signout`));
      const { result, counts } = await costOf(() => page.submit("End everything and sign out"));
      expect(result.response?.status).toBe(200);
      expect(writes(counts) + total(counts.get) + total(counts.list)).toBeLessThan(500);
      await world.advance(61);
      const after = await sendInEra(worker, "modern", { call: "tools/list", token: tokens.access_token });
      expect(after.status).toBe(401);
      // Their PingSessions are ended in later runs, which have completed by now.
      expect(world.objects().filter(({ className }) => className === "PingSession")).toEqual([]);
      // The sign-in of `/signout` requests no Todo scope.
      const alive = await world.emulators.tokens.listRefreshTokens();
      expect(alive.flatMap(({ scopes }) => scopes)).not.toContain("todo_api:read");
    }, 180_000);
  });
});

describe("before a client is authenticated nothing but its registration is read, and only for an id of ours:", () => {
  const WELL_FORMED = "abcdefghijklmnop";
  const UNKNOWN_TOKEN = `somebody:${WELL_FORMED}:${WELL_FORMED}${WELL_FORMED}`;

  it.each<[what: string, form: Record<string, string>, get: Record<string, number>]>([
    ["a made-up token is revoked by nobody", { token: "a:b:c" }, {}],
    ["a well-formed token is revoked by nobody", { token: UNKNOWN_TOKEN }, {}],
    ["a made-up client revokes a made-up token", { client_id: "x", token: "a:b:c" }, {}],
    ["an unknown client revokes a token", { client_id: WELL_FORMED, token: UNKNOWN_TOKEN }, { client: 1 }],
    [
      "a made-up code is redeemed",
      { client_id: WELL_FORMED, grant_type: "authorization_code", code: "a:b:c" },
      {},
    ],
    [
      "an unknown client redeems a code",
      { client_id: WELL_FORMED, grant_type: "authorization_code", code: UNKNOWN_TOKEN },
      { client: 1 },
    ],
    [
      "a made-up token is refreshed",
      { client_id: WELL_FORMED, grant_type: "refresh_token", refresh_token: "a:b:c" },
      {},
    ],
  ])("%s", async (_what, form, get) => {
    const { counts } = await costOf(async () => {
      const response = await worker.fetch(`${worker.origin}/token`, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(form).toString(),
      });
      await response.text();
    });
    expect(counts).toEqual({ get, put: {}, delete: {}, list: {} });
  });

  it("a made-up bearer token is sent to /mcp", async () => {
    const { result, counts } = await costOf(() =>
      sendInEra(worker, "modern", { call: "tools/list", token: "a:b:c" }),
    );
    expect(result.status).toBe(401);
    expect(counts).toEqual({ get: {}, put: {}, delete: {}, list: {} });
  });
});

describe("a client's own end of its access", () => {
  it("lists once, inside the provider's revocation", async () => {
    const { client, tokens } = await signIn(worker, { username: "bob" });
    const { counts } = await costOf(() =>
      requestToken(worker, client, { token: tokens.refresh_token ?? "" }),
    );
    expect(total(counts.list)).toBeLessThanOrEqual(1);
    expect(counts.list).not.toHaveProperty("grant");
  });
});

describe("the page that asks for approval", () => {
  it("reads the registration and keeps one pending sign-in", async () => {
    const client = await registerClient(worker);
    const { url } = await startAuthorization(worker, client);
    const { counts } = await costOf(() => worker.fetch(url));
    expect(writes(counts)).toBeLessThanOrEqual(1);
    expect(counts.list).toEqual({});
  });
});
