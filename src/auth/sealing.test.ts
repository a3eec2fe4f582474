import { describe, expect, it } from "vitest";
import { z } from "zod";
import { seal, unseal } from "./sealing.ts";

const SECRET = "TEST ONLY secret of at least 32 characters";
const CONTEXT = { secret: SECRET, id: "one" };

const open = (sealed: unknown, context = CONTEXT) => unseal(sealed, z.unknown(), context);

describe("seal and unseal", () => {
  it("gives back what was sealed, whatever its characters", async () => {
    const content = { accessToken: "é€😀", refreshToken: "" };
    expect(await open(await seal(content, CONTEXT))).toEqual(content);
  });

  it("yields a record that does not contain the text", async () => {
    const { ciphertext } = await seal("a-very-secret-token", CONTEXT);
    expect(Buffer.from(ciphertext).toString("latin1")).not.toContain("secret");
  });

  it("uses a fresh IV for every message", async () => {
    const [one, other] = await Promise.all([seal("same", CONTEXT), seal("same", CONTEXT)]);
    expect(one.iv).not.toEqual(other.iv);
    expect(one.ciphertext).not.toEqual(other.ciphertext);
  });

  it("gives nothing of another schema", async () => {
    expect(await unseal(await seal("text", CONTEXT), z.number(), CONTEXT)).toBeUndefined();
  });

  it.each([
    ["another secret", { ...CONTEXT, secret: `${SECRET}!` }],
    ["another id", { ...CONTEXT, id: "two" }],
  ])("[SEC-15] gives nothing under %s", async (_what, context) => {
    expect(await open(await seal("text", CONTEXT), context)).toBeUndefined();
  });

  it.each(["iv", "ciphertext"] as const)("gives nothing when a bit of the %s was changed", async (part) => {
    const sealed = await seal("text", CONTEXT);
    const bytes = new Uint8Array(sealed[part]);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    expect(await open({ ...sealed, [part]: bytes })).toBeUndefined();
  });

  it("gives nothing for a record that was cut off", async () => {
    const sealed = await seal("text", CONTEXT);
    expect(await open({ ...sealed, ciphertext: sealed.ciphertext.slice(0, 4) })).toBeUndefined();
  });
});
