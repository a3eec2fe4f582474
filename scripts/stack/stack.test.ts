/** The real wrangler, workerd and Inspector, around a Worker and emulators of a few lines. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findFreePorts, type Ports, requireFreePorts } from "./ports.ts";
import { processesOf } from "./processes.test-support.ts";
import { type OfflineStack, type OfflineStackOptions, PROJECT_ROOT, startOfflineStack } from "./stack.ts";

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
const EMULATORS = `
import { createServer } from "node:http";
export async function startOffline({ pingonePort, todoPort }) {
  const servers = await Promise.all([pingonePort, todoPort].map((port) => new Promise((resolve) => {
    const server = createServer((request, response) => {
      if (request.url === "/crash") setTimeout(() => { throw new Error("a bug in the emulators"); });
      response.end(String(started));
    }).listen(port, "127.0.0.1", () => resolve(server));
  })));
  const [pingoneOrigin, todoOrigin] = [pingonePort, todoPort].map((port) => "http://127.0.0.1:" + port);
  return { issuer: pingoneOrigin + "/env/as", pingoneOrigin, todoOrigin, apiIdentifier: "https://todo.api.com",
    client: { id: "mcp-server", secret: "TEST ONLY $HOME #1" }, users: [],
    close: async () => { for (const server of servers) { server.close(); server.closeAllConnections(); } } };
}
const started = process.hrtime.bigint();`;
const POISON = "PINGONE_ISSUER=https://poisoned.example/as\nMCP_SERVER_CLIENT_SECRET=poison\nPOISON=1\n";

let root: string;
let dir = "";
let stack: OfflineStack | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "stack-root-"));
  await Promise.all(["src", "mocks"].map((name) => mkdir(join(root, name))));
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
    "mocks/index.ts": EMULATORS,
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
  stack = await startOfflineStack({ root, dir, ports, inspector: false, ...options });
  return { stack, ports };
}

/** Files below the folder that have this text in them. */
async function grep(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    paths.map(async (path) => ((await readFile(path)).includes(text) ? path : [])),
  );
  return found.flat();
}

describe("the offline stack", () => {
  it("gives the Worker the emulators' settings, and nothing of a person's .dev.vars or .env", async () => {
    const { stack, ports } = await start();
    const settings: unknown = await (await fetch(stack.workerOrigin)).json();
    expect(settings).toEqual({
      PINGONE_ISSUER: `http://127.0.0.1:${ports.PINGONE_PORT}/env/as`,
      MCP_SERVER_CLIENT_ID: "mcp-server",
      MCP_SERVER_CLIENT_SECRET: "TEST ONLY $HOME #1",
      API_IDENTIFIER: "https://todo.api.com",
      API_URL: `http://127.0.0.1:${ports.TODO_PORT}`,
      COOKIE_ENCRYPTION_KEY: expect.stringMatching(/^[\w-]{43}$/),
      MCP_RESOURCE: `http://localhost:${ports.WORKER_PORT}/mcp`,
      ALLOWED_ORIGINS: `http://localhost:${ports.INSPECTOR_PORT} http://127.0.0.1:${ports.INSPECTOR_PORT}`,
      CLIENT_METADATA_DOCUMENTS: "off",
      WHOAMI_ACCESS_TOKEN: "include",
    });
    expect(await grep(dir, "TEST ONLY $HOME #1"), "settings are kept in no file").toEqual([]);
  }, 60_000);

  it("serves the Inspector, keeps its home over a restart, and leaves no process and no port behind", async () => {
    const { stack, ports } = await start({ inspector: { protocolEra: "auto" } });
    const link = new URL(stack.inspectorLink);
    expect(link.searchParams.get("serverUrl")).toBe(stack.mcpUrl);
    expect(await (await fetch(stack.inspectorOrigin)).text()).toContain(link.searchParams.get("autoConnect"));
    await writeFile(join(dir, "inspector-home", "kept"), "");
    await stack.restartInspector({ protocolEra: "legacy", secretStore: "memory" });
    expect((await fetch(stack.inspectorOrigin)).status).toBe(200);
    await stat(join(dir, "inspector-home", "kept"));
    expect(await processesOf(dir)).not.toEqual([]);
    await stack.stop();
    expect(await processesOf(dir)).toEqual([]);
    await requireFreePorts(ports);
  }, 60_000);

  it("keeps the Worker's storage from one start to the next", async () => {
    const first = await start();
    expect(await (await fetch(`${first.stack.workerOrigin}/count`)).text()).toBe("1");
    const kept = dir;
    await first.stack.stop();
    const second = await start({ dir: kept });
    expect(await (await fetch(`${second.stack.workerOrigin}/count`)).text()).toBe("2");
  }, 60_000);

  it("leaves signals to whoever runs it", async () => {
    const before = process.listenerCount("SIGINT");
    await start();
    expect(process.listenerCount("SIGINT")).toBe(before);
  }, 60_000);

  it("tells in one sentence when the emulators end that nobody ended", async () => {
    const { stack } = await start();
    await fetch(`${stack.facts.pingoneOrigin}/crash`);
    expect(await stack.failed).toBe("The emulators ended: a bug in the emulators");
  }, 60_000);

  it("tells in one sentence when the Inspector ends that nobody ended", async () => {
    const { stack } = await start({ inspector: { protocolEra: "auto" } });
    const [inspector = ""] = processesOf(join(dir, "inspector.json"));
    process.kill(Number.parseInt(inspector, 10), "SIGKILL");
    expect(await stack.failed).toMatch(/^The MCP Inspector ended by signal SIGKILL\./);
  }, 60_000);

  it("starts the emulators again without calling it a failure, and leaves the Worker alone", async () => {
    const { stack } = await start();
    const startOf = async (origin: string) => (await fetch(origin)).text();
    const [before, worker] = [
      await startOf(stack.facts.pingoneOrigin),
      await startOf(`${stack.workerOrigin}/start`),
    ];
    await stack.restartEmulators();
    expect(await startOf(stack.facts.pingoneOrigin)).not.toBe(before);
    expect(await Promise.race([stack.failed, startOf(`${stack.workerOrigin}/start`)])).toBe(worker);
  }, 60_000);

  it("builds the Worker again when its source changes, also after a failure", async () => {
    const lines: string[] = [];
    const { stack } = await start({ onLine: (_part, line) => lines.push(line) });
    const source = join(root, "src", "index.js");
    await writeFile(source, "export default { fetch() { return nothing( } };");
    await vi.waitFor(() => expect(lines.join()).toMatch(/cannot be built:.*src\/index\.js:1:\d+/s), 20_000);
    await writeFile(source, WORKER.replace('"/count"', '"/other"'));
    await vi.waitFor(() => expect(lines).toContain("The Worker runs with your change."), 20_000);
    expect(await (await fetch(`${stack.workerOrigin}/other`)).text()).toBe("1");
    await writeFile(source, WORKER);
  }, 60_000);

  it("lets a debugger attach to the Worker where it is told to", async () => {
    const { WORKER_PORT: inspectPort } = await findFreePorts();
    await start({ inspectPort });
    const targets: unknown = await (await fetch(`http://127.0.0.1:${inspectPort}/json`)).json();
    expect(targets).toMatchObject([{ webSocketDebuggerUrl: `ws://127.0.0.1:${inspectPort}/ws` }]);
  }, 60_000);

  it("starts the Worker again when the emulators have another client", async () => {
    const { stack } = await start();
    const main = join(root, "mocks", "index.ts");
    await writeFile(main, EMULATORS.replace("TEST ONLY $HOME #1", "TEST ONLY another"));
    await stack.restartEmulators();
    expect(await (await fetch(stack.workerOrigin)).json()).toMatchObject({
      MCP_SERVER_CLIENT_SECRET: "TEST ONLY another",
    });
    await writeFile(main, EMULATORS);
  }, 60_000);

  it("does not give up when the emulators do not start again, so that a file can be corrected", async () => {
    const { stack } = await start();
    const main = join(root, "mocks", "index.ts");
    await writeFile(main, "throw new Error('half a sentence');");
    await expect(stack.restartEmulators()).rejects.toThrow("The emulators cannot start: half a sentence");
    await writeFile(main, EMULATORS);
    await stack.restartEmulators();
    const verdict = await Promise.race([
      stack.failed,
      fetch(stack.workerOrigin).then(({ status }) => status),
    ]);
    expect(verdict).toBe(200);
  }, 60_000);

  it("leaves nothing behind when a part does not start, and says what that part said", async () => {
    const broken = await mkdtemp(join(tmpdir(), "stack-broken-"));
    try {
      await mkdir(join(broken, "mocks"));
      await writeFile(join(broken, "package.json"), '{ "type": "module" }');
      await symlink(join(PROJECT_ROOT, "node_modules"), join(broken, "node_modules"));
      await writeFile(
        join(broken, "mocks", "index.ts"),
        "export async function startOffline() { throw new Error('users.json: alice has no password') }",
      );
      await expect(start({ root: broken, inspector: true })).rejects.toThrow(
        "The emulators cannot start: users.json: alice has no password",
      );
      expect(await processesOf(dir)).toEqual([]);
    } finally {
      await rm(broken, { recursive: true, force: true });
    }
  }, 60_000);

  it("says why the Worker cannot be built", async () => {
    const source = join(root, "src", "index.js");
    await writeFile(source, "export default { fetch() { return nothing( } };");
    const starting = start();
    await expect(starting).rejects.toThrow(/^The Worker cannot be built or started:\n/);
    await expect(starting).rejects.toThrow(/src\/index\.js:1:\d+/);
    expect(processesOf(dir)).toEqual([]);
    await writeFile(source, WORKER);
  }, 60_000);

  it("leaves nothing behind when it is told to stop while it starts", async () => {
    const controller = new AbortController();
    dir = await mkdtemp(join(tmpdir(), "stack-"));
    const ports = await findFreePorts();
    const starting = startOfflineStack(
      {
        root,
        dir,
        ports,
        inspector: true,
        onProgress: (line) => {
          if (line.startsWith("PingOne")) controller.abort(new Error("told to stop"));
        },
      },
      controller.signal,
    );
    await expect(starting).rejects.toThrow();
    expect(await processesOf(dir)).toEqual([]);
    await requireFreePorts(ports);
  }, 60_000);
});
