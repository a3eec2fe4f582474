import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "./config.ts";
import { findExceededLimit } from "./rate-limits.ts";

const BINDINGS = [
  "RATE_LIMIT_REGISTER",
  "RATE_LIMIT_AUTHORIZE",
  "RATE_LIMIT_TOKEN",
  "RATE_LIMIT_MCP",
  "RATE_LIMIT_MCP_ADDRESS",
] as const;

/** Which binding was asked about which caller; one name may be refused. */
function bindings(refused?: string) {
  const asked: [binding: string, key: string][] = [];
  const env = Object.fromEntries(
    BINDINGS.map((name) => [
      name,
      {
        limit: async ({ key }: { key: string }) => {
          asked.push([name, key]);
          return { success: name !== refused };
        },
      },
    ]),
  );
  return { env: env as unknown as Env, asked };
}

function request(headers: Record<string, string>): Request {
  return new Request("https://mcp.example.com/", { headers });
}

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});

describe("who counts as one caller", () => {
  it.each([
    ["an IPv4 address", "192.0.2.7", "192.0.2.7"],
    ["the /64 of an IPv6 address", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["the /64 of a shortened IPv6 address", "2001:db8::7", "2001:db8:0:0"],
    ["the /64 of loopback", "::1", "0:0:0:0"],
    ["the /64 of a network", "2001:db8:1:2::", "2001:db8:1:2"],
  ])("is %s", async (_what, address, key) => {
    const { env, asked } = bindings();
    await findExceededLimit(request({ "CF-Connecting-IP": address }), env, "/token");
    expect(asked).toEqual([["RATE_LIMIT_TOKEN", `/token ${key}`]]);
  });

  it("on /mcp is an access token, as a hash, and beside it the address", async () => {
    const { env, asked } = bindings();
    const headers = { "CF-Connecting-IP": "192.0.2.7", Authorization: "Bearer user:grant:secret" };
    expect(await findExceededLimit(request(headers), env, "/mcp")).toBeUndefined();
    expect(asked).toEqual([
      ["RATE_LIMIT_MCP", expect.stringMatching(/^\/mcp [0-9a-f]{64}$/)],
      ["RATE_LIMIT_MCP_ADDRESS", "/mcp 192.0.2.7"],
    ]);
  });

  it("on /mcp without a token is the address", async () => {
    const { env, asked } = bindings();
    await findExceededLimit(request({ "CF-Connecting-IP": "192.0.2.7" }), env, "/mcp");
    expect(asked.map(([, key]) => key)).toEqual(["/mcp 192.0.2.7", "/mcp 192.0.2.7"]);
  });

  it("is counted for each endpoint of a sign-in on its own", async () => {
    const { env, asked } = bindings();
    const endpoints = ["/authorize", "/callback", "/signout"];
    for (const endpoint of endpoints) {
      await findExceededLimit(request({ "CF-Connecting-IP": "192.0.2.7" }), env, endpoint);
    }
    expect(asked).toEqual(endpoints.map((endpoint) => ["RATE_LIMIT_AUTHORIZE", `${endpoint} 192.0.2.7`]));
  });

  it("is nobody on other endpoints", async () => {
    const { env, asked } = bindings();
    expect(await findExceededLimit(request({}), env, "/health")).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe("too many requests", () => {
  it.each([
    ["RATE_LIMIT_MCP", "/mcp", 10],
    ["RATE_LIMIT_MCP_ADDRESS", "/mcp", 10],
    ["RATE_LIMIT_AUTHORIZE", "/callback", 60],
  ])("of %s at %s may come again after %i seconds", async (name, endpoint, retryAfterSeconds) => {
    const { env } = bindings(name);
    const exceeded = await findExceededLimit(request({ Authorization: "Bearer x" }), env, endpoint);
    expect(exceeded).toMatchObject({ retryAfterSeconds });
  });

  it("are logged by the name of the limit alone", async () => {
    const { env } = bindings("RATE_LIMIT_REGISTER");
    await findExceededLimit(request({ "CF-Connecting-IP": "192.0.2.7" }), env, "/register");
    expect(console.error).toHaveBeenCalledExactlyOnceWith(
      JSON.stringify({ event: "rate_limit.exceeded", limit: "RATE_LIMIT_REGISTER" }),
    );
  });
});
