import { describe, expect, it } from "vitest";
import { judgeAudience } from "./ping-tokens.ts";
import { createSignInTransaction } from "./ping-utils.ts";

const AUDIENCE = "https://todo.api.com";

function tokenWith(claims: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode({ alg: "RS256" })}.${encode(claims)}.c2lnbmF0dXJl`;
}

describe("judgeAudience", () => {
  it.each([
    ["a list", [AUDIENCE]],
    ["a list with others", ["https://api.pingone.eu", AUDIENCE]],
    ["a string", AUDIENCE],
  ])("accepts the Todo API in %s", (_form, aud) => {
    expect(judgeAudience({ accessToken: tokenWith({ aud, name: "Zoë" }) }, AUDIENCE)).toBeUndefined();
  });

  it.each<[what: string, token: string, detail: string]>([
    ["another API", tokenWith({ aud: ["https://api.pingone.eu"] }), "access_token_for_another_api"],
    [
      "an API whose name begins like ours",
      tokenWith({ aud: `${AUDIENCE}.evil.example` }),
      "access_token_for_another_api",
    ],
    ["no audience", tokenWith({}), "access_token_without_audience"],
    ["an audience that is no text", tokenWith({ aud: 7 }), "access_token_without_audience"],
    ["claims that are no object", tokenWith("x"), "access_token_without_audience"],
    ["an opaque token", "opaque-token", "access_token_is_no_jwt"],
    ["a payload that is no JSON", "eyJhbGciOiJSUzI1NiJ9.bm90IGpzb24.c", "access_token_is_no_jwt"],
  ])("[SEC-13] refuses %s without quoting the token", (_what, token, detail) => {
    const refusal = judgeAudience({ accessToken: token, refreshToken: "TEST-ONLY-refresh" }, AUDIENCE);
    // The refresh token comes along, so that it can be revoked.
    expect(refusal).toEqual({
      kind: "failed",
      failure: "wrong_audience",
      detail,
      refreshToken: "TEST-ONLY-refresh",
    });
  });
});

it("createSignInTransaction makes a verifier of RFC 7636 length and a nonce, fresh every time", () => {
  const [one, other] = [createSignInTransaction(), createSignInTransaction()];
  expect(one.codeVerifier).toMatch(/^[A-Za-z0-9_-]{43,128}$/);
  expect(one.nonce.length).toBeGreaterThanOrEqual(43);
  expect(new Set([one.codeVerifier, other.codeVerifier, one.nonce, other.nonce]).size).toBe(4);
});
