import { describe, expect, it } from "vitest";
import { seal, sealedSchema, unseal } from "./sealing.ts";

const SECRET = "TEST ONLY secret of at least 32 characters";
const CONTEXT = { secret: SECRET, id: "one" };

describe("seal and unseal", () => {
  it("gives back what was sealed, whatever its characters", async () => {
    const text = JSON.stringify({ accessToken: "é€😀", refreshToken: "" });
    expect(await unseal(await seal(text, CONTEXT), CONTEXT)).toBe(text);
  });

  it("yields a record that does not contain the text and passes the schema of what storage holds", async () => {
    const sealed = await seal("a-very-secret-token", CONTEXT);
    expect(sealedSchema.safeParse(sealed).success).toBe(true);
    expect(Buffer.from(sealed.ciphertext).toString("latin1")).not.toContain("secret");
  });

  it("uses a fresh IV for every message", async () => {
    const [one, other] = await Promise.all([seal("same", CONTEXT), seal("same", CONTEXT)]);
    expect(one.iv).not.toEqual(other.iv);
    expect(one.ciphertext).not.toEqual(other.ciphertext);
  });

  it.each([
    ["another secret", { ...CONTEXT, secret: `${SECRET}!` }],
    ["another id", { ...CONTEXT, id: "two" }],
  ])("[SEC-15] gives nothing under %s", async (_what, context) => {
    expect(await unseal(await seal("text", CONTEXT), context)).toBeUndefined();
  });

  it.each(["iv", "ciphertext"] as const)("gives nothing when a bit of the %s was changed", async (part) => {
    const sealed = await seal("text", CONTEXT);
    const bytes = new Uint8Array(sealed[part]);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    expect(await unseal({ ...sealed, [part]: bytes }, CONTEXT)).toBeUndefined();
  });

  it("gives nothing for a record that was cut off", async () => {
    const sealed = await seal("text", CONTEXT);
    expect(await unseal({ ...sealed, ciphertext: sealed.ciphertext.slice(0, 4) }, CONTEXT)).toBeUndefined();
  });
});
