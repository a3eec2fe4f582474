/** What a PingSession does as minutes pass, which no worker test can wait for. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, MAXIMUM_MCP_SESSIONS } from "../config.ts";
import { MemoryStorage } from "../testing/storage.ts";
import { PingSession } from "./ping-session.ts";
import type { PingTokens } from "./ping-types.ts";

vi.mock("cloudflare:workers", () => ({
  DurableObject: function (this: object, ctx: unknown, env: unknown) {
    Object.assign(this, { ctx, env });
  },
}));

const MINUTE_MS = 60_000;
const NOW = Date.parse("2026-11-27T10:00:00Z");

/** An object's storage, and the person's object, which is told when the session ends by itself. */
class World extends MemoryStorage {
  readonly told: string[] = [];
  /** Refresh tokens that other objects were given, by what for. */
  readonly discarded: string[] = [];
  readonly handedOver: string[] = [];

  /** The object anew, as after an eviction. */
  async start(): Promise<PingSession> {
    let loading = Promise.resolve();
    const ctx = {
      id: { toString: () => "object-id" },
      storage: this,
      blockConcurrencyWhile: (work: () => Promise<void>) => {
        loading = work();
      },
    };
    const other = {
      discard: async (token: string) => void this.discarded.push(token),
      inherit: async (handed: string[]) => void this.handedOver.push(...handed),
    };
    const env = {
      COOKIE_ENCRYPTION_KEY: "TEST ONLY cookie key, at least 32 characters long",
      PING_SESSION: { getByName: () => other },
      PERSON: { getByName: () => ({ sessionOver: async (id: string) => this.told.push(id) }) },
    };
    const session = new PingSession(ctx as unknown as DurableObjectState, env as unknown as Env);
    await loading;
    return session;
  }
}

const EXPIRES_AT = NOW / 1000 + 3600;
/** Without a refresh token, so that nothing is to be done at PingOne. */
const TOKENS: PingTokens = {
  version: 2,
  subject: "alice",
  accessToken: "TEST-ONLY-access",
  accessTokenExpiresAt: EXPIRES_AT,
  refreshAt: EXPIRES_AT - 60,
  scopes: ["todo_api:read"],
};

let world: World;
let session: PingSession;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  world = new World();
  session = await world.start();
  await session.open({ id: "session-id", userId: "alice", tokens: TOKENS });
  await session.bind();
});

afterEach(() => {
  vi.useRealTimers();
});

const refuse = (accessToken = "TEST-ONLY-access") => session.reportRefusal({ accessToken });
const kind = async () => (await session.getAccessToken()).kind;
const pass = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE_MS);

describe("refresh tokens of the sessions that this one replaces", () => {
  const old = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `old-${from + index}`);

  it("are given to objects of their own when they become many, so that PingOne revokes them all the same", async () => {
    await session.inherit(old(20));
    expect(world.discarded).toEqual([]);
    await session.inherit(old(2, 20));
    expect(world.discarded).toEqual(["old-0", "old-1"]);
    session = await world.start();
    await session.inherit(["old-22"]);
    expect(world.discarded).toEqual(["old-0", "old-1", "old-2"]);
  });

  it("stay here when no such object can be had", async () => {
    await session.inherit(old(20));
    vi.spyOn(world.discarded, "push").mockImplementationOnce(() => {
      throw new Error("unreachable");
    });
    await expect(session.inherit(["old-20"])).rejects.toThrow("unreachable");
    session = await world.start();
    await session.inherit(["old-20"]);
    expect(world.discarded).toEqual(["old-0"]);
  });

  it("are handed on with its own, and it takes no more", async () => {
    await session.inherit(old(2));
    await session.handOver("successor");
    expect(world.handedOver).toEqual(old(2));
    await expect(session.inherit(["late"])).rejects.toThrow("over");
  });

  it("are not taken while it hands over itself", async () => {
    await session.inherit(old(1));
    const handing = session.handOver("successor");
    await expect(session.inherit(["late"])).rejects.toThrow("over");
    await handing;
  });
});

describe("while a write is being sealed", () => {
  it("a session that is handed over meanwhile leaves nothing behind", async () => {
    const taking = session.inherit(["old"]);
    await session.handOver("successor");
    await taking;
    expect(world.handedOver).toEqual(["old"]);
    expect([...world.stored]).toEqual([]);
  });

  it("a newer one counts, whichever is sealed first", async () => {
    const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
    const isNewerStored = Promise.withResolvers<void>();
    const sealing = vi.spyOn(crypto.subtle, "encrypt").mockImplementationOnce(async (...call) => {
      await isNewerStored.promise;
      return encrypt(...call);
    });
    const older = session.inherit(["old-1"]);
    await vi.waitFor(() => expect(sealing).toHaveBeenCalledOnce());
    await session.inherit(["old-2"]);
    isNewerStored.resolve();
    await older;
    session = await world.start();
    await session.handOver("successor");
    expect(world.handedOver).toEqual(["old-1", "old-2"]);
  });
});

it("an answered page leaves the client as long as a code lives to redeem it", async () => {
  const other = new World();
  const fresh = await other.start();
  await fresh.open({ id: "other-id", userId: "alice", tokens: TOKENS });
  vi.setSystemTime(Date.now() + 9 * MINUTE_MS);
  other.alarms.length = 0;
  expect(await fresh.take()).toBe(true);
  expect(other.alarms).toEqual([600]);
});

describe("refusals by the Todo API", () => {
  it("end nothing, however many come within three minutes", async () => {
    await refuse();
    expect(await session.getAccessToken()).toMatchObject({ kind: "valid", refused: true });
    await refuse();
    pass(2.9);
    await refuse();
    expect(await kind()).toBe("valid");
    expect(world.told).toEqual([]);
  });

  it("end the session when they are three minutes apart, and the grant in front of it", async () => {
    await refuse();
    pass(3);
    await refuse();
    expect(await kind()).toBe("expired");
    expect(world.told).toEqual(["session-id"]);
    expect([...world.stored]).toEqual([]);
  });

  it("are counted on after the object was discarded", async () => {
    await refuse();
    session = await world.start();
    expect(await session.getAccessToken()).toMatchObject({ refused: true });
    pass(3);
    await refuse();
    expect(await kind()).toBe("expired");
  });

  it("are forgotten when the API accepts a token again", async () => {
    await refuse();
    await session.reportAcceptance();
    expect(await session.getAccessToken()).not.toHaveProperty("refused");
    pass(3);
    await refuse();
    expect(await kind()).toBe("valid");
    session = await world.start();
    expect(await session.getAccessToken()).toMatchObject({ refused: true });
  });

  it("count only for the token that the session has", async () => {
    await refuse();
    pass(3);
    await refuse("TEST-ONLY-an-older-token");
    expect(await kind()).toBe("valid");
  });
});

describe("what another version has stored", () => {
  it.each([
    ["tokens of another shape", "tokens", { version: 1, iv: "x" }],
    ["no tokens", "tokens", undefined],
  ])("[FAIL-54] %s end the session and its grant", async (_what, key, value) => {
    world.stored.set(key, value);
    session = await world.start();
    expect(await kind()).toBe("expired");
    expect(world.told).toEqual(["session-id"]);
    expect([...world.stored]).toEqual([]);
  });

  it("a state of another shape counts as absent", async () => {
    world.stored.set("state", { version: 0 });
    session = await world.start();
    expect(await session.bind()).toEqual({ kind: "over" });
  });
});

describe("the MCP sessions of a grant", () => {
  it("are counted, and the oldest makes room", async () => {
    for (let index = 0; index < MAXIMUM_MCP_SESSIONS; index += 1) {
      expect(await session.addMcpSession(`s${index}`)).toEqual([]);
    }
    session = await world.start();
    expect(await session.addMcpSession("one-more")).toEqual(["s0"]);
    expect(await session.addMcpSession("another")).toEqual(["s1"]);
  });

  it("of a session that is over end at once", async () => {
    await session.end();
    expect(await session.addMcpSession("late")).toEqual(["late"]);
    expect([...world.stored]).toEqual([]);
  });
});
