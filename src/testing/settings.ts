/** Settings of a Worker for tests, with upstreams that do not exist. */
import { parseSettings, type Settings } from "../config.ts";

export function testSettings(changes: Readonly<Record<string, string>> = {}): Settings {
  return parseSettings({
    PINGONE_ISSUER: "https://auth.pingone.example/as",
    MCP_SERVER_CLIENT_ID: "mcp-server",
    MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-secret",
    API_IDENTIFIER: "https://todo.api.com",
    API_URL: "https://todo.example.com",
    COOKIE_ENCRYPTION_KEY: "TEST ONLY cookie key, at least 32 characters long",
    MCP_RESOURCE: "https://mcp.example.com/mcp",
    ...changes,
  });
}
