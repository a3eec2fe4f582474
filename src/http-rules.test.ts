import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "./config.ts";
import { type Answer, routeName, serveByHttpRules, withTransportSecurity } from "./http-rules.ts";
import { testSettings } from "./testing/settings.ts";

const ORIGIN = "https://mcp.example.com";

const settings = testSettings({ MCP_RESOURCE: `${ORIGIN}/mcp` });

/** The rate limits, which refuse one binding or none; anything else that is read fails the test. */
function createEnv(exhausted?: string): Env {
  return new Proxy({} as Env, {
    get: (_target, name) => {
      if (!String(name).startsWith("RATE_LIMIT_")) throw new Error(`${String(name)} was touched`);
      return { limit: async () => ({ success: name !== exhausted }) };
    },
  });
}

const answer = vi.fn<Answer>(async () => new Response("answered", { headers: { "X-Answer": "1" } }));

function serve(path: string, init: RequestInit = {}, env = createEnv()): Promise<Response> {
  return serveByHttpRules(new Request(ORIGIN + path, init), { env, settings, answer });
}

beforeEach(() => {
  answer.mockClear();
  vi.spyOn(console, "error").mockImplementation(() => {});
});

it.each<[what: string, path: string, init: RequestInit, status: number]>([
  ["the address is below /mcp", "/mcp/x", { headers: { Authorization: "Bearer a:b:c" } }, 404],
  ["the address differs by a slash", "/authorize/", {}, 404],
  ["the address is spelt in another way", "/%61uthorize", {}, 404],
  ["the method is unknown", "/mcp", { method: "PUT" }, 405],
  ["HEAD comes to a page that begins a sign-in", "/authorize", { method: "HEAD" }, 405],
  ["the origin is unknown", "/mcp", { method: "POST", headers: { Origin: "https://evil.example" } }, 403],
  ["the body is too large", "/token", { method: "POST", body: "x".repeat(64 * 1024 + 1) }, 413],
  ["a registration is too large", "/register", { method: "POST", body: "x".repeat(8 * 1024 + 1) }, 413],
])(
  "[SEC-27] what is refused costs nothing: the OAuth provider is not asked when %s",
  async (_what, path, init, status) => {
    const response = await serve(path, init);
    expect(response.status).toBe(status);
    expect(answer).not.toHaveBeenCalled();
  },
);

describe("what keeps to the rules, or would but for its method,", () => {
  it("is answered as it is", async () => {
    const response = await serve("/mcp", { method: "POST", body: "{}", headers: { Origin: ORIGIN } });
    expect(await response.text()).toBe("answered");
    const [request, body] = answer.mock.calls[0] ?? [];
    expect(await request?.text()).toBe("{}");
    expect(body).toBeUndefined();
  });

  it("comes with the body of a form, which can be read again", async () => {
    await serve("/token", { method: "POST", body: "grant_type=x" });
    const [request, body] = answer.mock.calls[0] ?? [];
    expect(body).toBe("grant_type=x");
    expect(await request?.text()).toBe("grant_type=x");
  });

  it("is answered to HEAD like GET, without a body", async () => {
    const response = await serve("/.well-known/oauth-authorization-server", { method: "HEAD" });
    expect(answer.mock.calls[0]?.[0].method).toBe("GET");
    expect(response.headers.get("X-Answer")).toBe("1");
    expect(response.body).toBeNull();
  });
});

describe("a page of a person's own machine", () => {
  const LOCAL = "http://localhost:8787";

  function callFrom(origin: string, server: string): Promise<Response> {
    const request = new Request(`${server}/mcp`, { method: "POST", body: "{}", headers: { Origin: origin } });
    const own = testSettings({ MCP_RESOURCE: `${server}/mcp`, ALLOWED_ORIGINS: "" });
    return serveByHttpRules(request, { env: createEnv(), settings: own, answer });
  }

  it.each([
    ["http://localhost:5173", LOCAL, 200],
    ["http://127.0.0.1:5173", LOCAL, 200],
    ["http://[::1]:5173", LOCAL, 200],
    ["http://localhost:5173", ORIGIN, 403],
    ["http://rebound.example:8787", LOCAL, 403],
    ["http://localhost.example:8787", LOCAL, 403],
    ["https://mcp.example.com", LOCAL, 403],
    ["null", LOCAL, 403],
  ])("%s calls a server at %s: %i", async (origin, server, status) => {
    expect((await callFrom(origin, server)).status).toBe(status);
    expect(answer).toHaveBeenCalledTimes(status === 200 ? 1 : 0);
  });
});

describe("a refusal for too many requests", () => {
  it.each(["RATE_LIMIT_MCP", "RATE_LIMIT_MCP_ADDRESS"])("of %s is JSON-RPC with a wait", async (name) => {
    const response = await serve("/mcp", { method: "POST", body: "{}" }, createEnv(name));
    expect(response.status).toBe(429);
    expect(response.headers.get("Retry-After")).toBe("10");
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32000 }, id: null });
  });

  it.each(["/authorize", "/callback?state=x", "/signout"])("at %s is a page", async (path) => {
    const response = await serve(path, {}, createEnv("RATE_LIMIT_AUTHORIZE"));
    expect(response.status).toBe(429);
    expect(response.headers.get("Retry-After")).toBe("60");
    const page = await response.text();
    expect(page).toContain("Too many attempts");
    expect(page).toContain("Wait a minute, then try again.");
    expect(answer).not.toHaveBeenCalled();
  });
});

it.each([
  ["GET", "text/html,*/*;q=0.8", "text/html; charset=utf-8"],
  ["GET", "application/json", "application/json"],
  ["GET", "*/*", "application/json"],
  // As the HTTP client of Java asks.
  ["POST", "text/html, image/gif, *; q=.2, */*; q=.2", "application/json"],
])(
  "a program is answered in JSON, and a person with a page: %s with Accept %s",
  async (method, accept, type) => {
    const response = await serve("/nope", { method, headers: { Accept: accept } });
    expect(response.headers.get("Content-Type")).toBe(type);
  },
);

it.each([
  [`${ORIGIN}/mcp`, "max-age=31536000"],
  ["http://localhost:8787/mcp", null],
  [undefined, null],
])("withTransportSecurity where MCP_RESOURCE is %s, the header is %s", (resource, header) => {
  const env = { MCP_RESOURCE: resource } as unknown as Env;
  const response = withTransportSecurity(new Response("x", { status: 404 }), env);
  expect(response.headers.get("Strict-Transport-Security")).toBe(header);
  expect(response.status).toBe(404);
});

it("routeName names endpoints, and nothing that somebody made up", () => {
  expect(routeName(new URL(`${ORIGIN}/token?x=1`))).toBe("/token");
  expect(routeName(new URL(`${ORIGIN}/secret`))).toBe("other");
});
