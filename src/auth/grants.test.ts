/** The store that the OAuth provider sees as `env.OAUTH_KV`. */
import { OAuthError } from "@cloudflare/workers-oauth-provider";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../config.ts";
import type { GrantKeeper } from "./grant-keeper.ts";
import { type RegistrationWrites, withOAuthStore } from "./grants.ts";

const GRANT_ID = "g".repeat(16);
const CLIENT_ID = "c".repeat(16);
const GRANT_KEY = `grant:alice:${GRANT_ID}`;
const TOKEN_KEY = `token:alice:${GRANT_ID}:hash`;

const TOO_MANY = new Error("KV PUT failed: 429 Too Many Requests");

let kv: { [name in "get" | "put" | "delete" | "list"]: ReturnType<typeof vi.fn> };
let keeper: { [name in keyof GrantKeeper]: ReturnType<typeof vi.fn> };

function open(options: { registration?: RegistrationWrites } = {}): KVNamespace {
  const env = { OAUTH_KV: kv } as unknown as Env;
  return withOAuthStore(env, { keeperOf: () => keeper as unknown as GrantKeeper, ...options }).OAUTH_KV;
}

beforeEach(() => {
  kv = {
    get: vi.fn(async () => '{"a":1}'),
    put: vi.fn(async () => {}),
    delete: vi.fn(async () => {}),
    list: vi.fn(async () => ({ keys: [], list_complete: true })),
  };
  keeper = {
    readGrant: vi.fn(async () => '{"grant":true}'),
    writeGrant: vi.fn(async () => "written"),
    deleteGrant: vi.fn(async () => {}),
  };
});

describe("grants", () => {
  it("are read, written and deleted at their person, and never in KV", async () => {
    const store = open();
    expect(await store.get(GRANT_KEY, { type: "json" })).toEqual({ grant: true });
    await store.put(GRANT_KEY, "record", { expiration: 4_000_000_000 });
    expect(keeper.writeGrant).toHaveBeenCalledWith({
      grantId: GRANT_ID,
      record: "record",
      expiresAt: 4_000_000_000,
    });
    await store.delete(GRANT_KEY);
    expect(keeper.deleteGrant).toHaveBeenCalledWith(GRANT_ID, undefined);
    for (const operation of Object.values(kv)) expect(operation).not.toHaveBeenCalled();
  });

  it("that have ended in the meantime are invalid_grant", async () => {
    keeper.writeGrant.mockResolvedValue("ended");
    const refusal = open().put(GRANT_KEY, "record", { expirationTtl: 600 });
    await expect(refusal).rejects.toSatisfy((error) => error instanceof OAuthError);
    await expect(refusal).rejects.toMatchObject({ code: "invalid_grant" });
  });
});

describe("a key that was never written", () => {
  it.each([
    "grant:a:b",
    "grant:alice:short",
    "token:a:b:hash",
    `token:${"u".repeat(201)}:${GRANT_ID}:hash`,
    "client:nobody",
    `client:${"c".repeat(2000)}`,
    "client:https://app.example/metadata",
  ])("[FAIL-57] (%s) is not looked for", async (key) => {
    expect(await open().get(key)).toBeNull();
    expect(kv.get).not.toHaveBeenCalled();
    expect(keeper.readGrant).not.toHaveBeenCalled();
  });

  it("is not mistaken for one that can have been", async () => {
    for (const key of [TOKEN_KEY, `client:${CLIENT_ID}`, "transaction:hash"]) {
      expect(await open().get(key, { type: "json" })).toEqual({ a: 1 });
    }
  });
});

describe("a write that KV refuses", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it.each(["put", "delete"] as const)("(%s) is made once more after a second", async (operation) => {
    kv[operation].mockRejectedValueOnce(TOO_MANY);
    const written = operation === "put" ? open().put(TOKEN_KEY, "x") : open().delete(TOKEN_KEY);
    await vi.advanceTimersByTimeAsync(1000);
    expect(kv[operation]).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    await written;
    expect(kv[operation]).toHaveBeenCalledTimes(2);
  });

  it("twice fails", async () => {
    kv.put.mockRejectedValue(TOO_MANY);
    const failed = expect(open().put(TOKEN_KEY, "x")).rejects.toThrow("429");
    await vi.advanceTimersByTimeAsync(1200);
    await failed;
    expect(kv.put).toHaveBeenCalledTimes(2);
  });
});

it("a fresh registration lives a day, and says so", async () => {
  const record = JSON.stringify({ clientId: CLIENT_ID, registrationExpiresAt: 4_000_000_000 });
  const ninetyDays = { expirationTtl: 90 * 86_400 };
  await open({ registration: "fresh" }).put(`client:${CLIENT_ID}`, record, ninetyDays);
  const [, stored, written] = kv.put.mock.calls[0] as [string, string, { expirationTtl: number }];
  expect(written).toEqual({ expirationTtl: 86_400 });
  const { registrationExpiresAt } = JSON.parse(stored) as { registrationExpiresAt: number };
  expect(registrationExpiresAt - Date.now() / 1000).toBeCloseTo(86_400, -1);
});
