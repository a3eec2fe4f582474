import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { nestedNpmEnvironment, runNpm } from "./npm.mjs";

let folder: string | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** An npm that says this and fails. */
async function failingNpm(output: string) {
  folder = await mkdtemp(join(tmpdir(), "npm-"));
  const cli = join(folder, "npm-cli.js");
  await writeFile(cli, `console.error(${JSON.stringify(output)}); process.exit(1);`);
  vi.stubEnv("npm_execpath", cli);
  return runNpm(["ci"], { node: process.execPath, cwd: folder, purpose: "install the dependencies" });
}

describe("runNpm", () => {
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
    await expect(failingNpm(output)).rejects.toThrow(sentence);
  });
});

describe("nestedNpmEnvironment", () => {
  it("drops what npm run says of its own run, and keeps the person's settings", () => {
    const env = {
      npm_lifecycle_event: "start",
      npm_package_json: "/project/package.json",
      npm_config_local_prefix: "/project",
      npm_config_registry: "https://registry.example.com/",
      INIT_CWD: "/project",
      HOME: "/home/me",
    } as unknown as NodeJS.ProcessEnv;
    expect(nestedNpmEnvironment(env)).toEqual({
      npm_config_registry: "https://registry.example.com/",
      HOME: "/home/me",
    });
  });
});
