import { describe, expect, it } from "vitest";
import { hashOf, type Session, TokenStore } from "./store.ts";

const MINUTE = 60_000;
let now = 0;

function sessionOf(id: string, userId: string, createdAt = now): Session {
  const times = { createdAt, authenticatedAt: createdAt, lastUsedAt: now, idleTimeoutMinutes: 30 };
  return { id, userId, cookieHash: hashOf(id), authenticationMethods: ["pwd"], ...times };
}

function storeWith(...sessions: Session[]): TokenStore {
  const store = new TokenStore(() => now);
  for (const session of sessions) store.addSession(session);
  return store;
}

it("[PING-073] purges the session of the user that began first, and no other user's", () => {
  const ten = Array.from({ length: 10 }, (_, index) => sessionOf(`alice-${index}`, "alice", 10 - index));
  const store = storeWith(sessionOf("bob", "bob", 0), ...ten);
  expect(store.sessions.size).toBe(11);
  store.addSession(sessionOf("alice-10", "alice", 11));
  expect(store.sessions.size).toBe(11);
  expect(store.liveSession("alice-9")).toBeUndefined();
  expect(store.liveSession("bob")).toBeDefined();
});

describe("a session that a flow", () => {
  it("ends is over, and said to have changed", () => {
    let changes = 0;
    const store = new TokenStore(
      () => now,
      () => {
        changes += 1;
      },
    );
    store.addSession(sessionOf("s", "alice"));
    expect(store.hasEnded("s")).toBe(false);
    const before = changes;
    store.endSession("s");
    expect(changes).toBe(before + 1);
    expect(store.hasEnded("s")).toBe(true);
    store.endSession("s");
    expect(changes).toBe(before + 1);
  });

  it("updates counts as a sign-on, unless it was idle for too long", () => {
    now = 0;
    const store = storeWith(sessionOf("s", "alice"));
    now = 10 * MINUTE;
    const facts = { authenticationMethods: ["mfa"], idleTimeoutMinutes: 5 };
    expect(store.updateSession("s", facts)).toMatchObject({
      ...facts,
      id: "s",
      createdAt: 0,
      authenticatedAt: now,
      lastUsedAt: now,
    });
    now = 15 * MINUTE;
    expect(store.updateSession("s", facts)).toBeUndefined();
    expect(store.updateSession("other", facts)).toBeUndefined();
  });
});

it("forgets at the next sign-on what has expired, and keeps what is good", () => {
  now = 0;
  const store = storeWith(sessionOf("idle", "alice"));
  const grantOf = (id: string, sessionId: string) => ({ id, sessionId, scopes: [], revoked: false }) as never;
  for (const [name, expiresAt] of [
    ["old", 10 * MINUTE],
    ["good", 60 * MINUTE],
  ] as const) {
    store.grants.set(name, grantOf(name, "idle"));
    const token = { hash: name, grantId: name, expiresAt } as never;
    for (const table of [store.codes, store.refreshTokens, store.accessTokens]) table.set(name, token);
  }
  now = 30 * MINUTE;
  store.addSession(sessionOf("new", "alice"));
  expect([...store.sessions.keys()]).toEqual(["new"]);
  for (const table of [store.codes, store.refreshTokens, store.accessTokens, store.grants]) {
    expect([...table.keys()]).toEqual(["good"]);
  }
});
