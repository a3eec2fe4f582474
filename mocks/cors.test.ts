/** Which endpoints a script of another origin may call: all that take tokens, none that go by cookies. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Offline, startOffline } from "./index.ts";
import { WORKER_ORIGIN } from "./pingone/testing/client.ts";

let emulators: Offline;
beforeAll(async () => {
  emulators = await startOffline({ workerOrigin: WORKER_ORIGIN });
});
afterAll(() => emulators.close());
beforeEach(() => emulators.reset());

const origin = "https://spa.example";
const TOKEN_BEARING: [string, string][] = [
  ["GET", ".well-known/openid-configuration"],
  ["GET", "jwks"],
  ["POST", "token"],
  ["POST", "userinfo"],
  ["POST", "introspect"],
  ["POST", "revoke"],
  ["POST", "par"],
];
const COOKIE_BEARING = ["authorize", "signoff", "../davinci/interactions/x"];

function preflight(path: string, method = "POST"): Promise<Response> {
  return fetch(`${emulators.issuer}/${path}`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "authorization,content-type",
    },
  });
}

describe("[PING-125] an endpoint that takes tokens", () => {
  it.each(TOKEN_BEARING)("lets a script of any origin %s /%s", async (method, path) => {
    const allowed = await preflight(path, method);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("*");
    expect(allowed.headers.get("access-control-allow-methods")).toContain(method);
    expect(allowed.headers.get("access-control-allow-headers")).toBe("authorization,content-type");
    const response = await fetch(`${emulators.issuer}/${path}`, { method, headers: { origin } });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    expect(response.headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
  });

  it("lets it read an injected failure, its Retry-After and the notice of what is not emulated", async () => {
    await emulators.faults.queue({ endpoint: "token", fault: "rate_limited" });
    expect((await preflight("token")).status).toBe(204);
    const limited = await fetch(`${emulators.issuer}/token`, { method: "POST", headers: { origin } });
    expect(limited.status).toBe(429);
    expect(limited.headers.get("access-control-allow-origin")).toBe("*");
    expect(limited.headers.get("access-control-expose-headers")).toContain("Retry-After");
    const { origin: own } = new URL(emulators.issuer);
    for (const url of [`${emulators.issuer}/device_authorization`, `${own}/v1/environments`]) {
      const response = await fetch(url, { method: "POST", headers: { origin } });
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-expose-headers")).toContain("X-PingOne-Emulator");
    }
  });

  it("is not counted as called by a preflight", async () => {
    await preflight("token");
    await emulators.journal.expectNone({ endpoint: "token" });
  });
});

it.each(COOKIE_BEARING)("[PING-125] a script of another origin may not read /%s", async (path) => {
  const allowed = await preflight(path);
  const response = await fetch(`${emulators.issuer}/${path}`, {
    method: "POST",
    redirect: "manual",
    headers: { origin },
  });
  for (const answer of [allowed, response]) {
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  }
});

it.each(["/__mocks", "/__mocks/state", "/__mocks/reset", "/__mocks/health"])(
  "the control API goes on refusing other origins: %s",
  async (path) => {
    for (const method of ["OPTIONS", "GET", "POST"]) {
      const response = await fetch(new URL(path, emulators.issuer), { method, headers: { origin } });
      expect(response.status).toBe(403);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
  },
);
