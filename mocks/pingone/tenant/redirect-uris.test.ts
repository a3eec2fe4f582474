import { describe, expect, it } from "vitest";
import { findRedirectUriFault, isRegisteredRedirectUri } from "./redirect-uris.ts";

const isAllowed = (registered: string, uri: string, allowWildcardInRedirectUris = true) =>
  isRegisteredRedirectUri(uri, { redirectUris: [registered], allowWildcardInRedirectUris });

describe("[PING-140] a wildcard in a registered redirect URI", () => {
  const TH = "https://www.example.com/th*/callback";

  it.each([
    [TH, "https://www.example.com/this/callback"],
    [TH, "https://www.example.com/that/callback"],
    [TH, "https://www.example.com/th/callback"],
    [TH, "https://www.example.com/th%20is/callback"],
    ["https://www.example.com/*", "https://www.example.com/anything"],
    ["https://www.example.com/*", "https://www.example.com/"],
    ["https://www.example.com/cb?tenant=*", "https://www.example.com/cb?tenant=one"],
    ["com.example.app://signon/*", "com.example.app://signon/done"],
  ])("of %s takes %s", (registered, uri) => {
    expect(isAllowed(registered, uri)).toBe(true);
  });

  it.each([
    ["another segment", TH, "https://www.example.com/oidc/callback"],
    ["a slash", TH, "https://www.example.com/th/is/callback"],
    ["an encoded slash", TH, "https://www.example.com/th%2Fis/callback"],
    ["a backslash", TH, "https://www.example.com/th\\is/callback"],
    ["an encoded backslash", TH, "https://www.example.com/th%5cis/callback"],
    ["another host", TH, "https://www.example.org/this/callback"],
    ["another port", TH, "https://www.example.com:8443/this/callback"],
    ["another scheme", TH, "http://www.example.com/this/callback"],
    ["a query", TH, "https://www.example.com/this?x=/callback"],
    ["a fragment", TH, "https://www.example.com/this#/callback"],
    ["a longer end", TH, "https://www.example.com/this/callback/more"],
    ["overlapping ends", "https://www.example.com/ab*ba", "https://www.example.com/aba"],
    ["a way up", "https://www.example.com/*/callback", "https://www.example.com/../callback"],
    ["half a way up", "https://www.example.com/.*/callback", "https://www.example.com/../callback"],
    ["an encoded way up", "https://www.example.com/*/callback", "https://www.example.com/%2e%2E/callback"],
    ["a line end", TH, "https://www.example.com/th\nis/callback"],
    [
      "a second parameter",
      "https://www.example.com/cb?tenant=*",
      "https://www.example.com/cb?tenant=a&code=b",
    ],
    ["a fragment after a query", "https://www.example.com/cb?t=*", "https://www.example.com/cb?t=a#b"],
    ["itself, as it is no URI of a program", "https://www.example.com/*/*", "https://www.example.com/*/*"],
  ])("does not take %s", (_, registered, uri) => {
    expect(isAllowed(registered, uri)).toBe(false);
  });

  it("counts only where the application allows wildcards", () => {
    expect(isAllowed(TH, "https://www.example.com/this/callback", false)).toBe(false);
    expect(isAllowed(TH, TH, false)).toBe(false);
  });

  it.each([
    ["https://*.example.com/callback", "write scheme, host and port out"],
    ["https://www.example.com*", "write scheme, host and port out"],
    ["https://www.example.com:*/callback", "absolute URI"],
    ["*://www.example.com/callback", "absolute URI"],
    ["https://user@*/callback", "write scheme, host and port out"],
    ["https://www.example.com/*/*", "one wildcard"],
    ["https://www.example.com/cb#*", "without a fragment"],
  ])("makes %s a fault", (uri, reason) => {
    expect(findRedirectUriFault(uri, { allowWildcard: true })).toContain(reason);
    expect(isAllowed(uri, uri.replace("*", "evil.example"))).toBe(false);
  });

  it("is not the only fault there can be", () => {
    expect(findRedirectUriFault("/callback", { allowWildcard: true })).toContain("absolute URI");
  });

  it("is a fault where the application does not allow it", () => {
    expect(findRedirectUriFault(TH, { allowWildcard: true })).toBeUndefined();
    expect(findRedirectUriFault(TH, { allowWildcard: false })).toContain('"allowWildcardInRedirectUris"');
  });
});

describe("[PING-141] a loopback redirect URI", () => {
  it.each([
    ["http://127.0.0.1/cb", "http://127.0.0.1/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"],
    ["http://[::1]/cb", "http://[::1]:51004/cb"],
    ["http://localhost/cb", "http://localhost:3000/cb"],
    ["http://127.0.0.1:8080/cb", "http://127.0.0.1:8080/cb"],
    ["http://127.0.0.1", "http://127.0.0.1:8080"],
    ["http://localhost/th*/cb", "http://localhost:3000/this/cb"],
  ])("%s takes %s", (registered, uri) => {
    expect(isAllowed(registered, uri)).toBe(true);
  });

  it.each([
    ["http://127.0.0.1:8080/cb", "http://127.0.0.1:8081/cb"],
    ["http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:51004/other"],
    ["http://127.0.0.1/cb", "http://localhost:51004/cb"],
    ["http://127.0.0.1/cb", "https://127.0.0.1:51004/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:51004@evil.example/cb"],
    ["http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"],
    ["http://localhost/cb", "http://localhost.evil.example:80/cb"],
    ["https://www.example.com/cb", "https://www.example.com:8443/cb"],
  ])("%s does not take %s", (registered, uri) => {
    expect(isAllowed(registered, uri)).toBe(false);
  });
});

describe("any other redirect URI", () => {
  it.each([
    ["https://www.example.com/cb", "https://www.example.com/cb", true],
    ["https://www.example.com/cb", "https://www.example.com/cb/", false],
    ["https://www.example.com/cb", "https://www.example.com/CB", false],
    ["https://www.example.com/cb", "https://www.example.com/cb?x=1", false],
  ])("%s is compared with %s character by character", (registered, uri, isSame) => {
    expect(isAllowed(registered, uri)).toBe(isSame);
  });
});
