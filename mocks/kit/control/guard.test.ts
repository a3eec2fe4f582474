import { describe, expect, it } from "vitest";
import { refusalOf } from "./guard.ts";

function refusal(method: string, path: string, headers: Record<string, string>): string | undefined {
  const given = new Headers({ host: "127.0.0.1:9400", ...headers });
  return refusalOf({ method, path, header: (name) => given.get(name) ?? undefined }, "/__mocks");
}

describe("refusalOf", () => {
  it.each(["127.0.0.1:9400", "localhost:9400", "[::1]:9400", "127.0.0.1"])(
    "lets a program in by %s",
    (host) => {
      expect(refusal("POST", "/__mocks/reset", { host })).toBeUndefined();
    },
  );

  it.each([
    "rebound.example:9400",
    "127.0.0.1.rebound.example",
    "",
    "localhost.example",
    "127.0.0.1:9400@evil.example",
  ])("refuses the host %j, so that DNS rebinding fails", (host) => {
    expect(refusal("GET", "/__mocks/state", { host })).toContain("loopback");
  });

  it("lets the page of the same origin act", () => {
    const headers = { origin: "http://127.0.0.1:9400", "sec-fetch-site": "same-origin" };
    expect(refusal("POST", "/__mocks/page/reset", headers)).toBeUndefined();
  });

  it.each([
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another site, in a browser without Fetch Metadata", { origin: "https://evil.example" }],
    ["an opaque origin", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["another port of the same host", { origin: "http://127.0.0.1:8787", "sec-fetch-site": "same-site" }],
    ["another name of the same host", { origin: "http://localhost:9400", "sec-fetch-site": "cross-site" }],
    ["https instead of http", { origin: "https://127.0.0.1:9400" }],
    ["a request without Origin, but cross-site", { "sec-fetch-site": "cross-site" }],
    ["a request without Origin, but same-site", { "sec-fetch-site": "same-site" }],
  ])("refuses a form from %s", (_, headers) => {
    expect(refusal("POST", "/__mocks/page/reset", headers)).toBeDefined();
  });

  const link = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" };
  it("lets a person follow a link to the page", () => {
    expect(refusal("GET", "/__mocks", link)).toBeUndefined();
  });

  it.each([
    ["a link to anything but the page", "GET", "/__mocks/state", link],
    ["a form sent to the page", "POST", "/__mocks", link],
    ["a frame", "GET", "/__mocks", { ...link, "sec-fetch-dest": "iframe" }],
    ["a script's fetch", "GET", "/__mocks", { ...link, "sec-fetch-dest": "empty" }],
  ])("refuses %s from another site", (_, method, path, headers) => {
    expect(refusal(method, path, headers)).toBeDefined();
  });
});
