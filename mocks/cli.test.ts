import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildFlow } from "./pingone/testing/graph-builder.ts";

const MAIN = join(import.meta.dirname, "cli.ts");
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Ports that were free a moment ago. */
async function freePorts(): Promise<Record<string, string>> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { PINGONE_PORT: String(ports[0]), TODO_PORT: String(ports[1]) };
}

function run(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
  children.push(child);
  let stdout = "";
  let stderr = "";
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (/^(Ready|\{"ready":true.*\})$/m.test(stdout)) resolve(stdout);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    void exited.then((code) => reject(new Error(`Exited with ${code}: ${stderr}`)));
  });
  ready.catch(() => {});
  return { child, exited, ready, stdout: () => stdout, stderr: () => stderr };
}

describe("npm run mocks", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "prints addresses and Ready, and ends with code 0 on %s",
    async (signal) => {
      const ports = await freePorts();
      const mocks = run([], ports);
      const summary = await mocks.ready;
      expect(summary).toContain(`http://127.0.0.1:${ports.PINGONE_PORT}`);
      expect(summary).toContain(`http://127.0.0.1:${ports.TODO_PORT}/api/todos`);
      expect(summary).toContain("alice");
      expect(summary.endsWith("\nReady\n")).toBe(true);
      mocks.child.kill(signal);
      expect(await mocks.exited).toBe(0);
      expect(mocks.stderr()).toBe("");
    },
  );

  it("prints one line of JSON for programs", async () => {
    const ports = await freePorts();
    const mocks = run(["--json", "--worker", "http://localhost:9999"], ports);
    const facts = JSON.parse(await mocks.ready);
    expect(facts).toMatchObject({
      ready: true,
      issuer: expect.stringMatching(new RegExp(`^http://127\\.0\\.0\\.1:${ports.PINGONE_PORT}/.+/as$`)),
      todoOrigin: `http://127.0.0.1:${ports.TODO_PORT}`,
      client: { id: "mcp-server", secret: expect.any(String) },
    });
    expect(facts.users).toContainEqual(expect.objectContaining({ username: "alice" }));
  });

  it("keeps its state in the folder it is given, and forgets it when asked", async () => {
    const dir = await mkdtemp(join(tmpdir(), "mocks-"));
    try {
      const first = run(["--state", dir], await freePorts());
      await first.ready;
      first.child.kill("SIGTERM");
      await first.exited;
      expect(await readdir(dir)).toEqual(["emulators.json"]);
      await writeFile(join(dir, "emulators.json"), "{");
      const damaged = run(["--state", dir], await freePorts());
      expect(await damaged.exited).toBe(1);
      expect(damaged.stderr()).toContain("--fresh");
      await run(["--state", dir, "--fresh"], await freePorts()).ready;
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 60_000);

  it.each([
    ["an option that it does not know", ["--colour"], {}, /--colour'\. "npx pingone-emulator --help" lists/],
    ["an option without its value", ["--port"], {}, /'--port <value>' argument missing\. "npx/],
    ["an option that is empty", ["--host", ""], {}, /--host is empty/],
    ["a folder for the state that is a file", ["--state", MAIN], {}, /cannot be kept in .*cli\.ts \(/],
    ["a port that is none", [], { PINGONE_PORT: "many" }, /PINGONE_PORT=many is not a port/],
    ["a port option that is none", ["--todo-port", "-1"], {}, /--todo-port/],
    ["a port that is too high", ["--port", "70000"], {}, /--port 70000 is not a port/],
    ["a command that it does not know", ["start"], {}, /There is no command "start"/],
    ["init without a folder", ["init"], {}, /init DIR/],
    [
      "a host that is not here",
      ["--host", "203.0.113.9"],
      {},
      /203\.0\.113\.9 is no address of this machine/,
    ],
    ["a public URL with a path", ["--public-url", "https://x.test/a"], {}, /no origin/],
    ["a redirect URI with a fragment", ["--redirect-uri", "https://x.test/#a"], {}, /fragment/],
    [
      "a file of a flow that is not there",
      ["--flow", "./nope.json"],
      {},
      /\.\/nope\.json: there is no such file/,
    ],
    ["two names of flows", ["--flow", "one", "--flow", "two"], {}, /Several flows are to be run: one, two/],
    [
      "a file whose name moves the cursor",
      ["--flow", "gone/\u001B[2J.json"],
      {},
      /^gone\/ \[2J\.json: there is no such file or folder/m,
    ],
    ["a check of nothing", ["davinci", "check"], {}, /needs a file or a folder/],
    ["a flow that is not there", ["--flow", "nope"], {}, /nope[\s\S]*sign-on-with-consent/],
    ["--fresh without --state", ["--fresh"], {}, /needs --state DIR/],
    ["a fixtures folder that is not there", ["--tenant", "/nonexistent"], {}, /\/nonexistent/],
    ["a worker that is no origin", ["--worker", "localhost"], {}, /The worker origin localhost is no origin/],
  ])("refuses %s with code 1 and without a stack trace", async (_, args, env, message) => {
    const mocks = run(args, { ...(await freePorts()), ...env });
    expect(await mocks.exited).toBe(1);
    expect(mocks.stderr()).toMatch(message);
    expect(mocks.stderr()).not.toMatch(/^\s+at /m);
  });

  it("writes a tenant that it then starts, and never into a folder that is not empty", async () => {
    const dir = await mkdtemp(join(tmpdir(), "mocks-"));
    try {
      const tenant = join(dir, "tenant");
      const written = run(["init", tenant]);
      expect(await written.exited).toBe(0);
      expect(written.stdout()).toContain(`--tenant ${tenant}`);
      const started = run(["--tenant", tenant, "--no-todo", "--json", "--port", "0"]);
      const { issuer, todoOrigin, client } = JSON.parse(await started.ready);
      expect(todoOrigin).toBeUndefined();
      expect(client.id).not.toBe("mcp-server");
      expect((await fetch(`${issuer}/jwks`)).status).toBe(200);
      const again = run(["init", tenant]);
      expect(await again.exited).toBe(1);
      expect(again.stderr()).toContain(tenant);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  describe("with exported flows", () => {
    const flow = (name: string, ...markup: string[]) =>
      JSON.stringify(
        buildFlow({
          name,
          id: name.padEnd(32, "0"),
          nodes: Object.fromEntries(
            markup.map((text, index) => [
              `screen${index}`,
              { is: "httpConnector.customHTMLTemplate", properties: { customHTML: text } },
            ]),
          ),
        }),
      );
    let dir: string;
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), "flows-"));
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    it("runs the first of them, and says what is wrong with them", async () => {
      await writeFile(join(dir, "a.json"), flow("a", "<p>{{global.company.variables.city}}</p>"));
      await writeFile(join(dir, "b.json"), flow("b", "<p>Hello</p>"));
      const started = run([
        "--flow",
        join(dir, "b.json"),
        "--flow",
        dir,
        "--no-todo",
        "--port",
        "0",
        "--json",
      ]);
      await expect(started.ready).rejects.toThrow(/has the same flow "b"/);
      const mocks = run([
        "--flow",
        join(dir, "b.json"),
        "--flow",
        join(dir, "a.json"),
        "--no-todo",
        "--port",
        "0",
        "--json",
      ]);
      const { origin } = JSON.parse(await mocks.ready);
      const { pingone } = (await (await fetch(`${origin}/__mocks/state`)).json()) as {
        pingone: { flows: { name: string; bound: boolean }[] };
      };
      expect(pingone.flows.slice(0, 2)).toMatchObject([
        { name: "b", bound: true },
        { name: "a", bound: false },
      ]);
      expect(mocks.stderr()).toContain(
        `${join(dir, "a.json")}, flow "a":\n  warning variable-without-value: `,
      );
      expect(mocks.stderr()).not.toContain("b.json");
    });

    it("checks them, for people and for programs, with code 1 on errors", async () => {
      await writeFile(join(dir, "a.json"), flow("a", "<p>Hello</p>"));
      await writeFile(join(dir, "b.json"), "{");
      const people = run(["davinci", "check", dir]);
      expect(await people.exited).toBe(1);
      expect(people.stdout()).toMatch(
        /a\.json\n {2}a \(a0+\) can be run here\n[\s\S]*1 of 2 flows can be run here\. 1 error, /,
      );
      const programs = run(["davinci", "check", "--json", join(dir, "a.json")]);
      expect(await programs.exited).toBe(0);
      expect(JSON.parse(programs.stdout())).toMatchObject([
        { file: join(dir, "a.json"), flow: "a".padEnd(32, "0"), name: "a", runnable: true, missing: [] },
      ]);
    });
  });

  it("asks for a token at the control API when other machines reach it, and prints it with the page", async () => {
    const started = run(["--host", "0.0.0.0", "--port", "0", "--no-todo"]);
    const [, page = ""] = /Control page +(\S+)/.exec(await started.ready) ?? [];
    expect((await fetch(page.replace(/\?.*/, ""))).status).toBe(401);
    expect((await fetch(page, { redirect: "manual" })).status).toBe(303);
    const given = run(["--port", "0", "--no-todo", "--json"], { CONTROL_TOKEN: "a-token-of-this-test" });
    expect(JSON.parse(await given.ready)).toMatchObject({ controlToken: "a-token-of-this-test" });
  });

  it("explains itself", async () => {
    const mocks = run(["--help"]);
    expect(await mocks.exited).toBe(0);
    for (const option of [
      "init DIR",
      "--port",
      "--host",
      "--public-url",
      "--redirect-uri",
      "--flow",
      "--interactive",
      "--no-todo",
      "--tenant",
      "--state",
      "--fresh",
      "--worker",
      "--json",
      "PINGONE_PORT",
      "TODO_PORT",
    ]) {
      expect(mocks.stdout()).toContain(option);
    }
  });
});
