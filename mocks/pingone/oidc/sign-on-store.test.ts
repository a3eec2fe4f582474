import { describe, expect, it } from "vitest";
import type { AuthorizationRequest } from "./rules/authorization-request.ts";
import { MAX_SIGN_ONS, SIGN_ON_TTL_MS, SignOnStore } from "./sign-on.ts";

function createTestStore() {
  let now = Date.parse("2026-11-24T12:00:00Z");
  const store = new SignOnStore(() => now);
  const begin = () => {
    const signOn = store.create({} as AuthorizationRequest, undefined);
    return { signOn, token: store.keep(signOn) };
  };
  return {
    store,
    begin,
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe("a sign-on under way", () => {
  it("is found by the browser that holds its token, and by no other", () => {
    const { store, begin } = createTestStore();
    const [first, second] = [begin(), begin()];
    expect(store.find(first.signOn.id, first.token)).toBe(first.signOn);
    expect(store.find(first.signOn.id, second.token)).toBeUndefined();
    expect(store.find(first.signOn.id, undefined)).toBeUndefined();
  });

  it("is unknown until it is kept, and after everything is cleared", () => {
    const { store, begin } = createTestStore();
    const signOn = store.create({} as AuthorizationRequest, undefined);
    expect(store.peek(signOn.id)).toBeUndefined();
    const { signOn: kept, token } = begin();
    store.clear();
    expect(store.find(kept.id, token)).toBeUndefined();
  });

  it("expires after half an hour", () => {
    const { store, begin, advance } = createTestStore();
    const { signOn, token } = begin();
    advance(SIGN_ON_TTL_MS - 1);
    expect(store.find(signOn.id, token)).toBe(signOn);
    advance(1);
    expect(store.find(signOn.id, token)).toBeUndefined();
  });

  it("is forgotten at the next one once it has expired", () => {
    const { store, begin, advance } = createTestStore();
    const { signOn } = begin();
    advance(SIGN_ON_TTL_MS);
    expect(store.peek(signOn.id)).toBe(signOn);
    begin();
    expect(store.peek(signOn.id)).toBeUndefined();
  });

  it("does not fill the memory: the oldest is forgotten first", () => {
    const { store, begin } = createTestStore();
    const [first, second] = [begin(), begin()];
    for (let kept = 2; kept < MAX_SIGN_ONS; kept += 1) begin();
    expect(store.find(first.signOn.id, first.token)).toBe(first.signOn);
    begin();
    expect(store.find(first.signOn.id, first.token)).toBeUndefined();
    expect(store.find(second.signOn.id, second.token)).toBe(second.signOn);
  });
});
