import { describe, expect, it } from "vitest";
import { createRedactor } from "./redaction.ts";

const SECRET = "s3cr3t-value-of-forty-characters-aaaaaaaa";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
const RULES = [
  { shownParameters: ["grant_type", "scope", "client_id", "redirect_uri", "error"] },
  { shownParameters: ["text"], secretsInPaths: /(?<=\/interactions\/)[^/?#*]+/g },
];
const redactor = createRedactor(RULES, Buffer.from("salt"));

describe("createRedactor", () => {
  it.each(["code", "state", "some_parameter_of_the_future"])("hides the value of %s", (name) => {
    expect(redactor.parameter(name, SECRET)).toMatch(/^#[0-9a-f]{8}$/);
  });

  it.each(["grant_type", "scope", "client_id", "text"])("shows %s", (name) => {
    expect(redactor.parameter(name, "value")).toBe("value");
    expect(redactor.parameter(name, "openid api:read")).toBe("openid api:read");
  });

  it("gives the same hash to the same value, and another salt gives another", () => {
    expect(redactor.hash(SECRET)).toBe(redactor.hash(SECRET));
    expect(redactor.hash(SECRET)).not.toBe(redactor.hash(`${SECRET}x`));
    expect(createRedactor(RULES).hash(SECRET)).not.toBe(createRedactor(RULES).hash(SECRET));
  });

  it("hides a JWT even where its parameter is shown", () => {
    expect(redactor.parameter("scope", `openid ${JWT}`)).toMatch(/^openid #[0-9a-f]{8}$/);
    expect(redactor.text(`/as/${JWT}/x`)).toMatch(/^\/as\/#[0-9a-f]{8}\/x$/);
  });

  it("hides the secrets in a URL, its userinfo and its fragment", () => {
    const shown = redactor.url(
      `https://user:${SECRET}@client.example/cb?code=${SECRET}&error=x#id_token=${JWT}`,
    );
    expect(shown).toMatch(/^https:\/\/client\.example\/cb\?code=#[0-9a-f]{8}&error=x#id_token=#[0-9a-f]{8}$/);
    expect(redactor.parameter("redirect_uri", `https://client.example/cb?token=${SECRET}`)).not.toContain(
      SECRET,
    );
    expect(redactor.url("/relative/path?code=1")).toMatch(/^\/relative\/path\?code=#/);
  });

  it("hides the id of a sign-in that is under way, in paths and URLs", () => {
    const path = `/env/interactions/${SECRET}`;
    expect(redactor.path(path)).toBe(`/env/interactions/${redactor.hash(SECRET)}`);
    expect(redactor.url(`http://127.0.0.1${path}?x=1`)).not.toContain(SECRET);
  });

  it.each([";", "&", "\n", " ; "])(
    "hides all of a shown value that holds more fields, joined by %j",
    (joint) => {
      const value = `alice${joint}password=${SECRET}`;
      expect(redactor.parameter("scope", value)).toBe(redactor.hash(value));
    },
  );

  it("hides fields in the path of a URL", () => {
    const shown = redactor.parameter("redirect_uri", `https://client.example/cb;password=${SECRET}/x`);
    expect(shown).toBe(`https://client.example/cb;password=${redactor.hash(SECRET)}/x`);
    expect(redactor.path(`/as/token;password=${SECRET}&x`)).not.toContain(SECRET);
  });

  it("shows names of parameters only, not a body that was taken for one", () => {
    expect(redactor.name("code_challenge")).toBe("code_challenge");
    for (const name of [
      `{"password":"${SECRET}"}`,
      `password:${SECRET}`,
      `alice;${SECRET}`,
      "x".repeat(100),
    ]) {
      expect(redactor.name(name)).toBe(redactor.hash(name));
    }
    expect(redactor.url(`https://client.example/?password:${SECRET}`)).not.toContain(SECRET);
  });

  it("keeps scheme and client of Basic, and only the scheme of Bearer", () => {
    expect(redactor.header("authorization", `Basic ${btoa(`mcp-server:${SECRET}`)}`)).toMatch(
      /^Basic mcp-server:#[0-9a-f]{8}$/,
    );
    expect(redactor.header("authorization", `Bearer ${SECRET}`)).toBe(`Bearer ${redactor.hash(SECRET)}`);
    expect(redactor.header("authorization", SECRET)).toBe(redactor.hash(SECRET));
    expect(redactor.header("authorization", `Digest ${SECRET}`)).not.toContain(SECRET);
    expect(redactor.header("authorization", `bearer  ${SECRET}`)).not.toContain(SECRET);
    expect(redactor.header("authorization", `Basic ${SECRET}`)).not.toContain(SECRET);
    expect(redactor.header("authorization", `Basic ${btoa(SECRET)}`)).not.toContain(SECRET);
  });

  it("keeps the names of cookies", () => {
    expect(redactor.header("cookie", `ST=${SECRET}; theme=dark`)).toMatch(
      /^ST=#[0-9a-f]{8}; theme=#[0-9a-f]{8}$/,
    );
    expect(redactor.header("cookie", SECRET)).not.toContain(SECRET);
  });

  it("cuts very long values", () => {
    expect(redactor.parameter("scope", "x".repeat(2000)).length).toBeLessThan(600);
  });
});
