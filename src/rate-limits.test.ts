import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "./config.ts";
import { findExceededLimit } from "./rate-limits.ts";

/** Which binding was asked about which caller; one name may be refused. */
function bindings(refused?: string) {
  const asked: [binding: string, key: string][] = [];
  const env = new Proxy({} as Env, {
    get: (_target, name) => ({
      limit: async ({ key }: { key: string }) => {
        asked.push([String(name), key]);
        return { success: name !== refused };
      },
    }),
  });
  return { env, asked };
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

  it.each([
    ["an access token, as a hash", { Authorization: "Bearer user:grant:secret" }, /^\/mcp [\w-]{43}$/],
    ["without a token the address", {}, /^\/mcp 192\.0\.2\.7$/],
  ])("on /mcp is %s, and beside it the address", async (_what, headers, key) => {
    const { env, asked } = bindings();
    const asking = request({ "CF-Connecting-IP": "192.0.2.7", ...headers });
    expect(await findExceededLimit(asking, env, "/mcp")).toBeUndefined();
    expect(asked).toEqual([
      ["RATE_LIMIT_MCP", expect.stringMatching(key)],
      ["RATE_LIMIT_MCP_ADDRESS", "/mcp 192.0.2.7"],
    ]);
  });

  it("is counted for each endpoint of a sign-in on its own", async () => {
    const { env, asked } = bindings();
    const endpoints = ["/authorize", "/callback", "/signout"] as const;
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

it("too many requests are logged by the name of the limit alone", async () => {
  const { env } = bindings("RATE_LIMIT_REGISTER");
  await findExceededLimit(request({ "CF-Connecting-IP": "192.0.2.7" }), env, "/register");
  expect(console.error).toHaveBeenCalledExactlyOnceWith(
    JSON.stringify({ event: "rate_limit.exceeded", limit: "RATE_LIMIT_REGISTER" }),
  );
});
