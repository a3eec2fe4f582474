import { describe, expect, it } from "vitest";
import { ConsentStore } from "./consents.ts";

const QUERY = { userId: "alice", applicationId: "app", scopes: ["openid", "a", "b"] };

function newStore() {
  let changes = 0;
  const store = new ConsentStore({
    clock: () => Date.parse("2026-11-24T12:00:00Z"),
    onChange: () => {
      changes += 1;
    },
  });
  return { store, changes: () => changes };
}

describe("a consent", () => {
  it("covers the scopes that were asked for and fewer, for that user and application only", () => {
    const { store } = newStore();
    store.record(QUERY, { status: "ACCEPTED", scopes: ["openid", "a", "b"] });
    expect(store.findAccepted(QUERY)).toEqual(["openid", "a", "b"]);
    expect(store.findAccepted({ ...QUERY, scopes: ["b"] })).toEqual(["b"]);
    expect(store.findAccepted({ ...QUERY, scopes: ["openid", "c"] })).toBeUndefined();
    expect(store.findAccepted({ ...QUERY, userId: "bob" })).toBeUndefined();
    expect(store.findAccepted({ ...QUERY, applicationId: "other" })).toBeUndefined();
  });

  it("to some scopes grants those and no others, without asking again", () => {
    const { store } = newStore();
    store.record(QUERY, { status: "ACCEPTED", scopes: ["openid", "a"] });
    expect(store.findAccepted(QUERY)).toEqual(["openid", "a"]);
  });

  it.each([
    [
      "declined",
      (store: ReturnType<typeof newStore>["store"]) => store.record(QUERY, { status: "DECLINED" }),
    ],
    ["revoked", (store: ReturnType<typeof newStore>["store"]) => store.revoke("alice")],
    ["forgotten", (store: ReturnType<typeof newStore>["store"]) => store.reset()],
  ])("is no consent once it is %s", (_, end) => {
    const { store } = newStore();
    store.record(QUERY, { status: "ACCEPTED", scopes: ["openid", "a", "b"] });
    end(store);
    expect(store.findAccepted(QUERY)).toBeUndefined();
  });

  it("is revoked for one application or for all of a user's, once", () => {
    const { store, changes } = newStore();
    for (const applicationId of ["one", "two", "three"]) {
      store.record({ ...QUERY, applicationId }, { status: "ACCEPTED", scopes: ["openid"] });
    }
    store.record({ ...QUERY, userId: "bob" }, { status: "ACCEPTED", scopes: ["openid"] });
    expect(store.revoke("alice", "two")).toBe(1);
    expect(store.revoke("alice")).toBe(2);
    const before = changes();
    expect(store.revoke("alice")).toBe(0);
    expect(changes()).toBe(before);
    expect(store.list("alice").map(({ status }) => status)).toEqual(["REVOKED", "REVOKED", "REVOKED"]);
    expect(store.list()).toHaveLength(4);
  });
});

describe("the store of consents", () => {
  it("comes back from a snapshot through JSON", () => {
    const { store } = newStore();
    store.record(QUERY, { status: "ACCEPTED", scopes: ["openid", "a"] });
    const json = JSON.stringify(store.snapshot());
    const other = newStore().store;
    other.restore(JSON.parse(json));
    expect(other.findAccepted(QUERY)).toEqual(["openid", "a"]);
    expect(() => other.restore("nonsense")).toThrow("snapshot of consents: ");
  });

  it("says when it has changed", () => {
    const { store, changes } = newStore();
    store.record(QUERY, { status: "DECLINED" });
    store.reset();
    expect(changes()).toBe(2);
  });
});
