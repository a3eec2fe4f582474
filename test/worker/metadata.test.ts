import { describe, expect } from "vitest";
import { testWithLonelyWorker } from "../support/test.ts";

const { it, worker } = testWithLonelyWorker();

const DOCUMENTS = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/oauth-protected-resource/mcp",
  "/.well-known/oauth-protected-resource",
] as const;
const [AUTHORIZATION_SERVER, PROTECTED_RESOURCE, ROOT] = DOCUMENTS;

async function readDocument(path: string): Promise<unknown> {
  const response = await worker.fetch(worker.origin + path);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
  return response.json();
}

describe("the authorization server metadata (RFC 8414)", () => {
  it("offers the code flow with S256, refresh, revocation, registration and iss, and nothing else", async () => {
    expect(await readDocument(AUTHORIZATION_SERVER)).toEqual({
      issuer: "https://mcp.example.com",
      authorization_endpoint: "https://mcp.example.com/authorize",
      token_endpoint: "https://mcp.example.com/token",
      revocation_endpoint: "https://mcp.example.com/token",
      registration_endpoint: "https://mcp.example.com/register",
      protected_resources: ["https://mcp.example.com/mcp"],
      scopes_supported: ["todo_api:read", "todo_api:write", "offline_access"],
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
      revocation_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: false,
    });
  });
});

describe("the protected resource metadata (RFC 9728)", () => {
  it("names the resource, this server and the Todo scopes", async () => {
    expect(await readDocument(PROTECTED_RESOURCE)).toEqual({
      resource: "https://mcp.example.com/mcp",
      resource_name: "Todo",
      authorization_servers: ["https://mcp.example.com"],
      scopes_supported: ["todo_api:read", "todo_api:write"],
      bearer_methods_supported: ["header"],
    });
  });

  it("is the same at the root, where MCP clients look when they find none below it", async () => {
    expect(await readDocument(ROOT)).toEqual(await readDocument(PROTECTED_RESOURCE));
  });
});

describe.each(DOCUMENTS)("%s", (path) => {
  it("is served to clients that still name MCP protocol 2024-11-05", async () => {
    const headers = { "MCP-Protocol-Version": "2024-11-05" };
    expect((await worker.fetch(worker.origin + path, { headers })).status).toBe(200);
  });

  it("can be read by a browser client of any origin, without credentials", async () => {
    const response = await worker.fetch(worker.origin + path, { headers: { Origin: "https://any.example" } });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://any.example");
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
  });

  it("answers a preflight request", async () => {
    const response = await worker.fetch(worker.origin + path, {
      method: "OPTIONS",
      headers: {
        Origin: "https://any.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "mcp-protocol-version",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://any.example");
  });
});

it("offers no OpenID Connect discovery, being no OpenID Provider", async () => {
  expect((await worker.fetch(`${worker.origin}/.well-known/openid-configuration`)).status).toBe(404);
});
