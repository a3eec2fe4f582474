import { describe, expect, it } from "vitest";
import { parseSettings, SECRET_NAMES, SETTING_NAMES, SettingsError } from "./config.ts";

const VALID = {
  PINGONE_ISSUER: "https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as",
  MCP_SERVER_CLIENT_ID: "mcp-server",
  MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-secret",
  API_IDENTIFIER: "https://todo.api.com",
  API_URL: "https://api.example.com/v2",
  COOKIE_ENCRYPTION_KEY: "TEST ONLY cookie key, 32 characters or more",
  MCP_RESOURCE: "https://mcp.example.com/mcp",
} as const;

function catchError(env: Record<string, unknown>): SettingsError {
  try {
    parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error;
  }
  throw new Error("The settings were accepted.");
}

describe("parseSettings", () => {
  it("reads the required settings and gives every other one a default", () => {
    // Bindings and whatever else stands in the environment are ignored.
    expect(parseSettings({ ...VALID, OAUTH_KV: {}, HOME: "/root" })).toEqual({
      ...VALID,
      PINGONE_ISSUER: new URL(VALID.PINGONE_ISSUER),
      API_URL: new URL(VALID.API_URL),
      MCP_RESOURCE: new URL(VALID.MCP_RESOURCE),
      ALLOWED_ORIGINS: [],
      WHOAMI_ACCESS_TOKEN: "redact",
      PINGONE_OFFLINE_ACCESS: "omit",
      PINGONE_RESOURCE_PARAM: "omit",
      PINGONE_DV_POLICY_ID: undefined,
      CLIENT_METADATA_DOCUMENTS: "on",
      UPSTREAM_TIMEOUT_SECONDS: 10,
      REQUEST_BUDGET_SECONDS: 25,
      SESSION_IDLE_SECONDS: 86_400,
    });
  });

  it("takes an empty optional setting for one that is not set", () => {
    const optional = SETTING_NAMES.filter((name) => !Object.hasOwn(VALID, name));
    const empty = Object.fromEntries(optional.map((name) => [name, ""]));
    expect(optional).toHaveLength(9);
    expect(parseSettings({ ...VALID, ...empty })).toEqual(parseSettings(VALID));
  });

  it("names everything that is missing at once, secrets with the command that sets them", () => {
    const { problems } = catchError({});
    expect(problems.map(({ name, problem }) => `${name} ${problem}`)).toEqual([
      ...SECRET_NAMES.map((name) => `${name} is missing`),
      "MCP_RESOURCE is missing",
    ]);
    for (const { name, remedy } of problems) {
      expect(remedy).toContain(name);
      expect(remedy).toContain(".dev.vars");
      expect(remedy).toContain(
        SECRET_NAMES.some((secret) => secret === name)
          ? `npm run wrangler secret put ${name}`
          : "wrangler.jsonc",
      );
    }
  });

  it("names each malformed setting once, and never its value", () => {
    const value = "SENSITIVE-VALUE";
    const env = Object.fromEntries(SETTING_NAMES.map((name) => [name, value]));
    const error = catchError({ ...env, MCP_SERVER_CLIENT_ID: " " });
    expect(error.problems.map(({ name }) => name).sort()).toEqual(
      SETTING_NAMES.filter(
        (name) => !["MCP_SERVER_CLIENT_SECRET", "API_IDENTIFIER", "PINGONE_DV_POLICY_ID"].includes(name),
      ).sort(),
    );
    expect(error.message).not.toContain(value);
    expect(JSON.stringify(error.problems)).not.toContain(value);
  });

  it.each<[name: string, value: string, problem: RegExp]>([
    ["PINGONE_ISSUER", "not a url", /is not a URL/],
    ["PINGONE_ISSUER", "http://auth.pingone.eu/env/as", /must be an https URL/],
    ["PINGONE_ISSUER", "ftp://localhost/as", /must be an https URL/],
    ["PINGONE_ISSUER", "https://user@auth.pingone.eu/env/as", /must not contain a user name/],
    ["PINGONE_ISSUER", "https://:secret@auth.pingone.eu/env/as", /must not contain a user name/],
    ["PINGONE_ISSUER", "https://auth.pingone.eu/env/as#x", /must not contain .* a fragment/],
    ["API_URL", "http://api.example.com", /must be an https URL/],
    ["API_URL", "http://localhost.example.com", /must be an https URL/],
    ["MCP_SERVER_CLIENT_ID", "   ", /is empty/],
    ["MCP_SERVER_CLIENT_SECRET", "", /is empty/],
    ["API_IDENTIFIER", "", /is empty/],
    ["COOKIE_ENCRYPTION_KEY", "x".repeat(31), /at least 32 characters/],
    ["MCP_RESOURCE", "https://mcp.example.com/", /public URL of \/mcp/],
    ["MCP_RESOURCE", "https://mcp.example.com/mcp/", /public URL of \/mcp/],
    ["MCP_RESOURCE", "https://mcp.example.com/mcp?x=1", /without a query/],
    ["ALLOWED_ORIGINS", "https://app.example.com/", /must be origins/],
    ["ALLOWED_ORIGINS", "https://app.example.com/path", /must be origins/],
    ["ALLOWED_ORIGINS", "https://ok.example.com app.example.com", /must be origins/],
    ["ALLOWED_ORIGINS", "*", /must be origins/],
    ["ALLOWED_ORIGINS", "null", /must be origins/],
    ["WHOAMI_ACCESS_TOKEN", "yes", /must be one of: redact, include/],
    ["PINGONE_OFFLINE_ACCESS", "true", /must be one of: omit, send/],
    ["PINGONE_RESOURCE_PARAM", "true", /must be one of: omit, send/],
    ["CLIENT_METADATA_DOCUMENTS", "ON", /must be one of: on, off/],
    ["UPSTREAM_TIMEOUT_SECONDS", "0", /at least 1 seconds/],
    ["UPSTREAM_TIMEOUT_SECONDS", "61", /at most 60 seconds/],
    ["UPSTREAM_TIMEOUT_SECONDS", "1.5", /whole number of seconds/],
    ["REQUEST_BUDGET_SECONDS", "0", /at least 1 seconds/],
    ["REQUEST_BUDGET_SECONDS", "121", /at most 120 seconds/],
    ["SESSION_IDLE_SECONDS", "59", /at least 60 seconds/],
    ["SESSION_IDLE_SECONDS", "2592001", /at most 2592000 seconds/],
  ])("refuses %s=%j", (name, value, problem) => {
    expect(catchError({ ...VALID, [name]: value }).problems).toEqual([
      { name, problem: expect.stringMatching(problem), remedy: expect.any(String) },
    ]);
  });

  it.each([
    ["PINGONE_ISSUER", "http://127.0.0.1:9400/env/as"],
    ["API_URL", "http://localhost:9401"],
    ["API_URL", "http://[::1]:9401"],
    ["MCP_RESOURCE", "http://localhost:8787/mcp"],
  ])("[SEC-34] accepts plain http on loopback: %s=%s", (name, value) => {
    expect(parseSettings({ ...VALID, [name]: value })).toHaveProperty(name, new URL(value));
  });

  it("reads several origins, separated by spaces, commas or lines", () => {
    const ALLOWED_ORIGINS = "https://a.example, http://localhost:6274\n https://b.example:8443";
    expect(parseSettings({ ...VALID, ALLOWED_ORIGINS }).ALLOWED_ORIGINS).toEqual([
      "https://a.example",
      "http://localhost:6274",
      "https://b.example:8443",
    ]);
  });
});
