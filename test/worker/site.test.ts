/** Pages of this host outside the protocols: start page, health, unknown paths. */
import { parse } from "node-html-parser";
import { describe, expect } from "vitest";
import { SECRET_NAMES } from "../../src/config.ts";
import { expectPage, watchLog } from "../support/observe.ts";
import { testWithLonelyWorker, testWithWorker } from "../support/test.ts";

const HTML = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

const setUp = testWithLonelyWorker();
const unusable = testWithWorker({
  COOKIE_ENCRYPTION_KEY: "SENSITIVE-short",
  PINGONE_ISSUER: "SENSITIVE-issuer",
});

describe("a Worker that is set up", () => {
  const { it, worker } = setUp;

  it("says on its start page what it is and where to connect", async () => {
    const response = await worker.fetch(`${worker.origin}/`, { headers: HTML });
    const text = await expectPage(response, { status: 200, text: /Todo MCP server/ });
    expect(parse(text).text).toContain("https://mcp.example.com/mcp");
    expect(parse(text).text).toContain("listTodos");
  });

  it("is healthy, at whatever host it is asked", async () => {
    for (const origin of [worker.origin, "https://other.example", "http://mcp.example.com"]) {
      const response = await worker.dispatch(new Request(`${origin}/health`));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        status: "ok",
        name: "todo-mcp-server",
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      });
    }
  });

  it.each([
    "/nope",
    "/mcp2",
    "/MCP",
    "/.env",
    "/authorize/x",
    "/authorize/",
    "/%61uthorize",
    "/health/x",
    "//",
    "/callback/x",
    "/callback/",
    "/c%61llback",
    "/token/x",
    "/signout/",
    "/mcp/x",
    "/.well-known/oauth-protected-resource/other",
  ])("answers 404 at %s, with a page to a browser and JSON to a program", async (path) => {
    const page = await worker.fetch(worker.origin + path, { headers: HTML });
    const text = await expectPage(page, { status: 404, text: /There is nothing here/ });
    expect(text).not.toContain(path);
    const json = await worker.fetch(worker.origin + path, { headers: { Accept: "application/json" } });
    expect(json.status).toBe(404);
    expect(await json.json()).toEqual({ error: "not_found", error_description: expect.any(String) });
  });

  it.each([
    "/",
    "/mcp",
    "/authorize?client_id=x",
    "/callback?state=x",
    "/token",
    "/register",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/nope",
  ])(
    "[SEC-24] answers 404 with its own address at another host, where it would be another issuer: %s",
    async (path) => {
      const expected = { status: 404, text: /answers at https:\/\/mcp\.example\.com only\./ };
      for (const origin of [
        "https://other.example",
        "http://mcp.example.com",
        "https://mcp.example.com:8443",
      ]) {
        const page = await worker.dispatch(new Request(origin + path, { headers: HTML }));
        const text = await expectPage(page, expected);
        expect(text).toContain("https://mcp.example.com/mcp");
        expect(page.headers.getSetCookie()).toEqual([]);
      }
    },
  );

  it.each([
    ["POST", "/register"],
    ["POST", "/token"],
    ["GET", "/.well-known/oauth-protected-resource/mcp"],
    ["GET", "/nope"],
  ])("tells a program its own address at another host: %s %s", async (method, path) => {
    const response = await worker.dispatch(new Request(`https://other.example${path}`, { method }));
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: "not_found",
      error_description:
        "This server answers at https://mcp.example.com only. Its MCP endpoint is https://mcp.example.com/mcp",
    });
  });

  it("tells an MCP client its own address at another host, as a JSON-RPC error", async () => {
    const headers = { Accept: "application/json, text/event-stream" };
    const request = new Request("https://other.example/mcp", { method: "POST", headers, body: "{}" });
    const response = await worker.dispatch(request);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      jsonrpc: "2.0",
      error: { message: expect.stringContaining("https://mcp.example.com/mcp") },
      id: null,
    });
  });

  it.each([
    "/",
    "/health",
    "/nope",
    "/mcp",
    "/authorize",
    "/token",
    "/.well-known/oauth-authorization-server",
  ])("[SEC-34] tells browsers at %s to come by https only (RFC 6797)", async (path) => {
    const response = await worker.fetch(worker.origin + path);
    expect(response.headers.get("Strict-Transport-Security")).toBe("max-age=31536000");
  });

  it("answers 413 to a form that no page of it has sent, with a page", async () => {
    const response = await worker.fetch(`${worker.origin}/signout`, {
      method: "POST",
      headers: HTML,
      body: new URLSearchParams({ action: "x".repeat(65 * 1024) }),
    });
    await expectPage(response, { status: 413, text: /too large/ });
  });

  it("logs one line per request, with the name of the route and never the address that somebody made up", async () => {
    const log = watchLog(worker);
    await worker.fetch(`${worker.origin}/made-up-by-a-stranger?token=secret`);
    expect(await log.line("request", { route: "other" })).toEqual({
      event: "request",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: "GET",
      route: "other",
      status: 404,
      outcome: "refused",
      duration_ms: expect.any(Number),
    });
    expect(worker.logs()).not.toContain("made-up-by-a-stranger");
  });
});

describe("a Worker whose settings are missing or malformed", () => {
  const { it, worker } = unusable;

  it("[SEC-35] names all of them on a page, each with the command that sets it, and never a value", async () => {
    const response = await worker.fetch(`${worker.origin}/`, { headers: HTML });
    const text = await expectPage(response, { status: 503, text: /not set up yet/ });
    for (const name of SECRET_NAMES) expect(text).toContain(`npm run wrangler secret put ${name}`);
    expect(text).toContain("must have at least 32 characters");
    expect(text).toContain("is not a URL");
    expect(text).not.toContain("SENSITIVE");
  });

  it.each(["/mcp", "/token", "/health", "/.well-known/oauth-authorization-server"])(
    "names all of them in JSON to a program at %s",
    async (path) => {
      const response = await worker.fetch(worker.origin + path);
      expect(response.status).toBe(503);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      const body = (await response.json()) as { error: string; problems: { name: string; remedy: string }[] };
      expect(body.error).toBe("server_error");
      expect(body.problems.map(({ name }) => name)).toEqual([...SECRET_NAMES]);
      for (const { name, remedy } of body.problems) expect(remedy).toContain(name);
      expect(JSON.stringify(body)).not.toContain("SENSITIVE");
    },
  );

  it("names all of them in the log, and never a value", async () => {
    const log = watchLog(worker);
    await worker.fetch(`${worker.origin}/`);
    const { problems } = await log.line("settings.invalid");
    for (const name of SECRET_NAMES) expect(problems).toContain(name);
    expect(worker.logs()).not.toContain("SENSITIVE");
  });
});
