/** The real emulators, wrangler, workerd and Inspector, around a Worker of a few lines. */
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findFreePorts, type Ports, requireFreePorts } from "./ports.ts";
import { processesOf } from "./processes.test-support.ts";
import { OfflineStack, type OfflineStackOptions, PROJECT_ROOT } from "./stack.ts";

const WORKER = `
let started;
export default {
  async fetch(request, env) {
    started ??= crypto.randomUUID();
    if (new URL(request.url).pathname === "/start") return new Response(started);
    if (new URL(request.url).pathname === "/count") {
      const count = Number(await env.OAUTH_KV.get("count")) + 1;
      await env.OAUTH_KV.put("count", String(count));
      return new Response(String(count));
    }
    return Response.json(Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === "string")));
  },
};`;
const BROKEN_WORKER = "export default { fetch() { return nothing( } };";
const POISON = "PINGONE_ISSUER=https://poisoned.example/as\nMCP_SERVER_CLIENT_SECRET=poison\nPOISON=1\n";

let root: string;
let source: string;
let dir = "";
let stack: OfflineStack | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "stack-root-"));
  source = join(root, "src/index.js");
  await mkdir(join(root, "src"));
  await cp(join(PROJECT_ROOT, "fixtures"), join(root, "fixtures"), { recursive: true });
  await symlink(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
  const files = {
    "package.json": '{ "type": "module" }',
    "wrangler.jsonc": JSON.stringify({
      name: "stack-test",
      main: "src/index.js",
      compatibility_date: "2026-11-02",
      kv_namespaces: [{ binding: "OAUTH_KV", id: "0123456789abcdef0123456789abcdef" }],
      vars: { MCP_RESOURCE: "http://localhost:8787/mcp", WHOAMI_ACCESS_TOKEN: "include" },
    }),
    "src/index.js": WORKER,
    ".dev.vars": POISON,
    ".env": POISON,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
});

afterAll(() => rm(root, { recursive: true, force: true }));

afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  if (dir !== "") await rm(dir, { recursive: true, force: true });
});

async function start(
  options: Partial<OfflineStackOptions> = {},
): Promise<{ stack: OfflineStack; ports: Ports }> {
  dir = options.dir ?? (await mkdtemp(join(tmpdir(), "stack-")));
  const ports = options.ports ?? (await findFreePorts());
  stack = await OfflineStack.start({ root, dir, ports, ...options });
  return { stack, ports };
}

/** Replaces text in the fixtures. @returns a function that restores it */
async function editClient(from: string, to: string) {
  const file = join(root, "fixtures/pingone/applications.json");
  const before = await readFile(file, "utf8");
  expect(before).toContain(from);
  await writeFile(file, before.replace(from, to));
  return () => writeFile(file, before);
}

describe("the offline stack", { timeout: 60_000 }, () => {
  it("gives the Worker the emulators' settings, and nothing of a person's .dev.vars or .env", async () => {
    const { stack, ports } = await start();
    const settings: unknown = await (await fetch(stack.addresses.workerOrigin)).json();
    expect(settings).toEqual({
      PINGONE_ISSUER: expect.stringMatching(`^http://127.0.0.1:${ports.PINGONE_PORT}/[0-9a-f-]{36}/as$`),
      MCP_SERVER_CLIENT_ID: stack.emulators.client.id,
      MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-mcp-server-secret",
      API_IDENTIFIER: "https://todo.api.com",
      API_URL: `http://127.0.0.1:${ports.TODO_PORT}`,
      COOKIE_ENCRYPTION_KEY: expect.stringMatching(/^[\w-]{43}$/),
      MCP_RESOURCE: `http://localhost:${ports.WORKER_PORT}/mcp`,
      ALLOWED_ORIGINS: `http://localhost:${ports.INSPECTOR_PORT} http://127.0.0.1:${ports.INSPECTOR_PORT}`,
      CLIENT_METADATA_DOCUMENTS: "off",
      WHOAMI_ACCESS_TOKEN: "include",
    });
  });

  it("serves the Inspector, keeps its home over a restart, and leaves no process and no port behind", async () => {
    const { stack, ports } = await start({ inspector: { protocolEra: "auto" } });
    const { inspectorOrigin, mcpUrl } = stack.addresses;
    const link = new URL(stack.inspectorLink);
    expect(link.searchParams.get("serverUrl")).toBe(mcpUrl);
    expect(await (await fetch(inspectorOrigin)).text()).toContain(link.searchParams.get("autoConnect"));
    await writeFile(join(dir, "inspector-home", "kept"), "");
    await stack.restartInspector({ protocolEra: "legacy", secretStore: "memory" });
    expect((await fetch(inspectorOrigin)).status).toBe(200);
    await stat(join(dir, "inspector-home", "kept"));
    expect(processesOf(dir)).not.toEqual([]);
    await stack.stop();
    expect(processesOf(dir)).toEqual([]);
    await requireFreePorts(ports);
  });

  it("keeps its state from one start to the next, until it is told to start fresh", async () => {
    const count = async (options: Partial<OfflineStackOptions>) => {
      const { stack } = await start(options);
      const answer = await (await fetch(`${stack.addresses.workerOrigin}/count`)).text();
      await stack.stop();
      return answer;
    };
    expect(await count({})).toBe("1");
    expect(await count({ dir })).toBe("2");
    expect(await count({ dir, fresh: true })).toBe("1");
  });

  it("adds no listener for signals", async () => {
    const before = process.listenerCount("SIGINT");
    await start();
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  it("reports in one sentence that the Inspector ended by itself", async () => {
    const { stack } = await start({ inspector: { protocolEra: "auto" } });
    const [inspector = ""] = processesOf(join(dir, "inspector.json"));
    process.kill(Number.parseInt(inspector, 10), "SIGKILL");
    expect(await stack.failed).toMatch(/^The MCP Inspector ended by signal SIGKILL\./);
  });

  it("starts the emulators again with their state and without a failure, and the Worker only for other settings", async () => {
    const { stack } = await start();
    const readStart = async () => (await fetch(`${stack.addresses.workerOrigin}/start`)).text();
    const [control, worker] = [stack.emulators, await readStart()];
    await control.keys.rotate();
    const { signingKeyId } = (await control.state.summary()).pingone;
    await stack.restartEmulators();
    expect(stack.emulators).not.toBe(control);
    expect((await stack.emulators.state.summary()).pingone.signingKeyId).toBe(signingKeyId);
    expect(await Promise.race([stack.failed, readStart()])).toBe(worker);

    const restore = await editClient("TEST-ONLY-mcp-server-secret", "TEST-ONLY-another-secret");
    await stack.restartEmulators();
    expect(await (await fetch(stack.addresses.workerOrigin)).json()).toMatchObject({
      MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-another-secret",
    });
    await restore();
  });

  it("goes on when the emulators do not start again, so that a file can be corrected", async () => {
    const { stack } = await start();
    const restore = await editClient('"redirectUris"', '"redirectUri"');
    await expect(stack.restartEmulators()).rejects.toThrow(
      /^The emulators cannot start: .*applications\.json/s,
    );
    await restore();
    await stack.restartEmulators();
    expect((await fetch(stack.addresses.controlPage)).status).toBe(200);
    const answer = fetch(stack.addresses.workerOrigin).then(({ status }) => status);
    expect(await Promise.race([stack.failed, answer])).toBe(200);
  });

  it("starts the Worker at the next save when it did not start with the settings of one before", async () => {
    const { stack } = await start();
    const restore = await editClient("TEST-ONLY-mcp-server-secret", "TEST-ONLY-another-secret");
    await writeFile(source, BROKEN_WORKER);
    await expect(stack.restartEmulators()).rejects.toThrow(/The Worker/);
    await writeFile(source, WORKER);
    await stack.restartEmulators();
    expect(await (await fetch(stack.addresses.workerOrigin)).json()).toMatchObject({
      MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-another-secret",
    });
    await restore();
  });

  it("restarts one after the other, and ends what a restart is starting when it stops meanwhile", async () => {
    const { stack } = await start();
    const restarting = Promise.all([stack.restartEmulators(), stack.restartEmulators()]);
    await stack.stop();
    await restarting;
    await expect(fetch(stack.addresses.controlPage)).rejects.toThrow("fetch failed");
  });

  it("builds the Worker again when its source changes, also after a failure", async () => {
    const lines: string[] = [];
    const { stack } = await start({ onLine: (line) => lines.push(line) });
    await writeFile(source, BROKEN_WORKER);
    await vi.waitFor(() => expect(lines.join()).toMatch(/cannot be built:.*src\/index\.js:1:\d+/s), 20_000);
    await writeFile(source, WORKER.replace('"/count"', '"/other"'));
    await vi.waitFor(() => expect(lines).toContain("[worker] The Worker runs with your change."), 20_000);
    expect(await (await fetch(`${stack.addresses.workerOrigin}/other`)).text()).toBe("1");
    await writeFile(source, WORKER);
  });

  it("lets a debugger attach to the Worker at the port it is given", async () => {
    const { WORKER_PORT: inspectPort } = await findFreePorts();
    await start({ inspectPort });
    const targets: unknown = await (await fetch(`http://127.0.0.1:${inspectPort}/json`)).json();
    expect(targets).toMatchObject([{ webSocketDebuggerUrl: `ws://127.0.0.1:${inspectPort}/ws` }]);
  });

  it("says why the Worker cannot be built, and leaves nothing running", async () => {
    await writeFile(source, BROKEN_WORKER);
    const ports = await findFreePorts();
    await expect(start({ ports, inspector: {} })).rejects.toThrow(
      /^The Worker cannot be built or started:\n.*src\/index\.js:1:\d+/s,
    );
    expect(processesOf(dir)).toEqual([]);
    await requireFreePorts(ports);
    await writeFile(source, WORKER);
  });

  it("leaves nothing running when a signal ends the start", async () => {
    const controller = new AbortController();
    const ports = await findFreePorts();
    const onLine = (line: string) => {
      if (line.includes("emulators: ready")) controller.abort();
    };
    await expect(start({ ports, inspector: {}, onLine, signal: controller.signal })).rejects.toThrow(
      "aborted",
    );
    expect(processesOf(dir)).toEqual([]);
    await requireFreePorts(ports);
  });
});
