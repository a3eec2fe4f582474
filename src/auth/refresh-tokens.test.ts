import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asPresented, presenting, withDisplaced } from "./refresh-tokens.ts";

const stored = (known: string, written: string) => {
  const record = withDisplaced(known, written);
  if (record === undefined) throw new Error("It was not stored.");
  return record;
};

/** A grant's record as the provider writes it when this token was presented and that one issued. */
const issued = (previous: string | undefined, current: string) =>
  JSON.stringify({
    clientId: "c",
    previousRefreshTokenId: previous,
    refreshTokenId: current,
    refreshTokenWrappedKey: `key of ${current}`,
  });

const displacedIn = (record: string) =>
  (JSON.parse(record) as { displaced?: { id: string }[] }).displaced?.map(({ id }) => id);

describe("a token that is issued", () => {
  it("displaces one that came from the same token, which is kept", () => {
    expect(displacedIn(stored(issued("a", "b"), issued("a", "c")))).toEqual(["b"]);
  });

  it("ends all that were displaced when it came from another", () => {
    const several = stored(issued("a", "b"), issued("a", "c"));
    for (const used of ["b", "c"]) expect(displacedIn(stored(several, issued(used, "d")))).toBeUndefined();
  });

  it("[SEC-18] is not stored when the token that it came from was replaced by one that has been used", () => {
    // R1 has been used for R2 while a request with R0, which that ended, waited for PingOne.
    expect(withDisplaced(issued("r1", "r2"), issued("r0", "r3"))).toBeUndefined();
  });

  it("displaces none when it is the first of a code", () => {
    expect(displacedIn(stored(issued(undefined, "a"), issued(undefined, "b")))).toBeUndefined();
  });

  it("ends the oldest when one token was asked with again and again", () => {
    const last = ["c", "d", "e", "f", "g"].reduce(
      (known, next) => stored(known, issued("a", next)),
      issued("a", "b"),
    );
    expect(displacedIn(last)).toEqual(["c", "d", "e", "f"]);
  });
});

describe("a grant's record", () => {
  it("is read as it is stored where no token of it was displaced", async () => {
    const record = stored(issued("a", "b"), issued("a", "c"));
    expect(asPresented(record)).toBe(record);
    expect(await presenting("user:grant:other", async () => asPresented(record))).toBe(record);
  });

  it("has a displaced token for its current one when that is presented", async () => {
    const token = "displaced";
    // As the provider names a token.
    const hash = createHash("sha256").update(token).digest("hex");
    const record = stored(issued("a", hash), issued("a", "c"));
    const read = JSON.parse(await presenting(token, async () => asPresented(record))) as object;
    expect(read).toMatchObject({
      clientId: "c",
      previousRefreshTokenId: "a",
      refreshTokenId: hash,
      refreshTokenWrappedKey: `key of ${hash}`,
    });
  });
});
