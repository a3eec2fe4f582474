import { describe, expect, it } from "vitest";
import { HIDDEN, hideInText, isSecretName, keepable } from "./values.ts";

const none: ReadonlySet<string> = new Set();

describe("a value that is kept", () => {
  it.each([
    "password",
    "newPassword",
    "passwordForCreateUser",
    "client_secret",
    "accessToken",
    "id_token",
    "Authorization",
    "cookies",
    "otp",
    "seed",
    "keyUri",
    "verificationCode",
    "recoveryCode",
    "apiKey",
    "passcode",
  ])("hides %s by its name", (name) => {
    expect(keepable({ [name]: "value-1" }, none)).toEqual({ [name]: HIDDEN });
    expect(keepable({ list: [{ name, value: "value-1" }] }, none)).toEqual({
      list: [{ name, value: HIDDEN }],
    });
  });

  it.each([
    "passwordStatus",
    "tokenType",
    "idTokenClaims",
    "errorCode",
    "statusCode",
    "username",
    "checkPassword_localizedErrors",
    "authenticationMethods",
    "keyboard",
    "description",
    "mapping",
  ])("shows %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  it("tells one-time codes from names of errors", () => {
    expect(keepable({ code: "123456" }, none)).toEqual({ code: HIDDEN });
    expect(keepable({ code: 123456 }, none)).toEqual({ code: HIDDEN });
    expect(keepable({ code: "notFound" }, none)).toEqual({ code: "notFound" });
    // A run that goes on after a restart does not know which challenges it has begun.
    expect(keepable({ challenge: "x".repeat(43) }, none)).toEqual({ challenge: HIDDEN });
    expect(keepable({ challenge: "started" }, none)).toEqual({ challenge: "started" });
  });

  it("keeps what says only whether there is something", () => {
    const value = { password: "", token: null, secret: true, none: undefined };
    expect(keepable(value, none)).toEqual(value);
  });

  it("hides tokens and credentials by their form", () => {
    const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln";
    expect(keepable({ text: `a ${token} b` }, none)).toEqual({ text: `a ${HIDDEN} b` });
    expect(keepable(["Bearer abcdefgh1234"], none)).toEqual([`Bearer ${HIDDEN}`]);
    expect(hideInText("http://127.0.0.1:1/env/davinci/links/0a1b2c3d open", none)).toMatch(
      /links\/\[hidden\] open$/,
    );
    expect(hideInText("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&issuer=y", none)).toMatch(
      /secret=\[hidden\]&issuer=y$/,
    );
  });

  it("hides a secret as it is, in JSON, in a URL, in HTML and in Base64", () => {
    const secret = '<S3cret "& more';
    const secrets = new Set([secret]);
    for (const form of [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      "&lt;S3cret &quot;&amp; more",
      btoa(secret).replace(/=+$/, ""),
    ]) {
      expect(hideInText(`before ${form} after`, secrets), form).toMatch(/^before "?\[hidden\]"? after$/);
    }
    expect(keepable({ pinNumber: 4711 }, new Set(["4711"]))).toEqual({ pinNumber: HIDDEN });
  });

  it("does not look for short secrets inside texts", () => {
    expect(hideInText("a word", new Set(["a"]))).toBe("a word");
    expect(hideInText("a", new Set(["a"]))).toBe(HIDDEN);
  });

  it("hides before it cuts", () => {
    const text = `${"x".repeat(995)}S3cret-word`;
    expect(JSON.stringify(keepable(text, new Set(["S3cret-word"])))).not.toContain("S3c");
    const repeated = `${"S3cret-word".repeat(4000)}`;
    expect(JSON.stringify(keepable(repeated, new Set(["S3cret-word".repeat(1000)])))).not.toContain("S3c");
  });

  it("cuts what is long, wide or deep, and says so", () => {
    expect(keepable("x".repeat(2000), none)).toBe(`${"x".repeat(1000)}… (2000 characters)`);
    expect(keepable(Array.from({ length: 60 }).fill(1), none)).toHaveLength(51);
    const wide = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, 1]));
    expect(keepable(wide, none)).toHaveProperty("…", "60 in all");
    let deep: unknown = "end";
    for (let depth = 0; depth < 20; depth += 1) deep = { in: deep };
    expect(JSON.stringify(keepable(deep, none))).toContain("nested too deeply");
    const large = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => "y".repeat(900)));
    expect(JSON.stringify(keepable(large, none)).length).toBeLessThan(20_000);
  });

  it("keeps a property that is named like a prototype as a property", () => {
    const kept = keepable(JSON.parse('{ "__proto__": { "admin": true } }'), none) as object;
    expect(Object.hasOwn(kept, "__proto__")).toBe(true);
    expect(Reflect.get(Object.create(kept), "admin")).toBeUndefined();
  });
});
