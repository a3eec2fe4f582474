import { describe, expect } from "vitest";
import { expectOAuthError } from "../support/observe.ts";
import { testWithLonelyWorker } from "../support/test.ts";

const GOOD = { client_name: "Test client", redirect_uris: ["http://localhost:7777/callback"] };

const { it, worker } = testWithLonelyWorker();

function register(body: unknown, init: RequestInit = {}): Promise<Response> {
  return worker.fetch(`${worker.origin}/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
}

async function countClients(): Promise<number> {
  return (await (await worker.getEnv()).OAUTH_KV.list({ prefix: "client:" })).keys.length;
}

describe("/register (RFC 7591)", () => {
  it("registers a public client, without a secret", async () => {
    const response = await register({ ...GOOD, token_endpoint_auth_method: "none" });
    expect(response.status).toBe(201);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const client = (await response.json()) as Record<string, unknown>;
    expect(client).toMatchObject({
      ...GOOD,
      client_id: expect.any(String),
      token_endpoint_auth_method: "none",
    });
    expect(client).not.toHaveProperty("client_secret");
  });

  it.each(["client_secret_basic", "client_secret_post"])(
    "gives a %s client a secret with its expiry",
    async (method) => {
      const response = await register({ ...GOOD, token_endpoint_auth_method: method });
      expect(response.status).toBe(201);
      const client = (await response.json()) as Record<string, unknown>;
      expect(client.token_endpoint_auth_method).toBe(method);
      expect(String(client.client_secret).length).toBeGreaterThanOrEqual(32);
      // RFC 7591 §3.2.1: seconds since the epoch. Ninety days from now; use of the client extends it.
      const days = (Number(client.client_secret_expires_at) - Date.now() / 1000) / 86_400;
      expect(days).toBeGreaterThan(89.9);
      expect(days).toBeLessThan(90.1);
    },
  );

  it("stores no secret in the clear", async () => {
    const response = await register({ ...GOOD, token_endpoint_auth_method: "client_secret_post" });
    const { client_id, client_secret } = (await response.json()) as Record<string, string>;
    const stored = await (await worker.getEnv()).OAUTH_KV.get(`client:${client_id}`);
    expect(stored).toContain(client_id);
    expect(stored).not.toContain(client_secret);
  });

  it("[SEC-26] lets an unused registration expire after a day, so that strangers cannot fill the store", async () => {
    const { client_id } = (await (await register(GOOD)).json()) as Record<string, string>;
    const { keys } = await (await worker.getEnv()).OAUTH_KV.list({ prefix: `client:${client_id}` });
    const hours = ((keys[0]?.expiration ?? 0) - Date.now() / 1000) / 3600;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThan(24.1);
  });

  it("ignores metadata that it does not know", async () => {
    const response = await register({
      ...GOOD,
      application_type: "native",
      software_version: "7",
      x: { y: 1 },
    });
    expect(response.status).toBe(201);
  });

  it("can be called by a browser client of any origin", async () => {
    const preflight = await worker.fetch(`${worker.origin}/register`, {
      method: "OPTIONS",
      headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example");
    const headers = { "Content-Type": "application/json", Origin: "https://app.example" };
    const response = await register(GOOD, { headers });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example");
  });
});

describe("/register refuses, and stores nothing for", () => {
  let clients: number;

  it.beforeEach(async () => {
    clients = await countClients();
  });

  async function expectRefused(response: Response, status: number, error: string): Promise<void> {
    const body = await expectOAuthError(response, status, error);
    expect(body.client_id).toBeUndefined();
    expect(await countClients()).toBe(clients);
  }

  const METADATA = "invalid_client_metadata";

  it.each<[what: string, body: unknown, error: string]>([
    ["malformed JSON", '{"client_name":', "invalid_request"],
    ["an empty body", "", "invalid_request"],
    ["an array", [], METADATA],
    ["null", "null", METADATA],
    ["a string", '"x"', METADATA],
    ["no redirect URI", { client_name: "x" }, METADATA],
    ["an empty list of redirect URIs", { ...GOOD, redirect_uris: [] }, METADATA],
    ["a redirect URI that is no string", { ...GOOD, redirect_uris: [7] }, METADATA],
    ["redirect URIs that are no list", { ...GOOD, redirect_uris: "http://localhost/cb" }, METADATA],
    ["a redirect URI that is no URL", { ...GOOD, redirect_uris: ["not a url"] }, METADATA],
    ["a remote http redirect", { ...GOOD, redirect_uris: ["http://app.example/cb"] }, METADATA],
    ["a javascript: redirect", { ...GOOD, redirect_uris: ["javascript:alert(1)"] }, METADATA],
    ["a data: redirect", { ...GOOD, redirect_uris: ["data:text/html,x"] }, METADATA],
    ["a redirect with a fragment", { ...GOOD, redirect_uris: ["https://app.example/cb#x"] }, METADATA],
    [
      "a hostile redirect beside a good one",
      { ...GOOD, redirect_uris: [...GOOD.redirect_uris, "javascript:x"] },
      METADATA,
    ],
    [
      "an unknown authentication method",
      { ...GOOD, token_endpoint_auth_method: "private_key_jwt" },
      METADATA,
    ],
    ["the implicit grant", { ...GOOD, grant_types: ["implicit"] }, METADATA],
    ["the token response type", { ...GOOD, response_types: ["token"] }, METADATA],
    ["a name that is no text", { ...GOOD, client_name: { a: 1 } }, METADATA],
  ])("%s", async (_what, body, error) => {
    await expectRefused(await register(body), 400, error);
  });

  it("a body of more than 8 KiB, and lets a browser client read why", async () => {
    const response = await register(JSON.stringify({ ...GOOD, client_name: "x".repeat(8 * 1024) }), {
      headers: { "Content-Type": "application/json", Origin: "https://app.example" },
    });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example");
    await expectRefused(response, 413, "invalid_request");
  });

  it.each(["GET", "PUT", "DELETE"])("the method %s", async (method) => {
    const response = await worker.fetch(`${worker.origin}/register`, { method });
    await expectRefused(response, 405, "invalid_request");
  });
});
