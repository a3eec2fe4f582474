import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "./setup/commands.mjs";

const ROOT = join(import.meta.dirname, "..");

function run(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/run.mjs", ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("run.mjs", () => {
  it("is behind every npm script", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const expected = Object.keys(COMMANDS).map((name) => [name, `exec node scripts/run.mjs ${name}`]);
    expect(scripts).toEqual(Object.fromEntries(expected));
  });

  it("uses built-in modules only, before anything is installed", () => {
    const setup = readdirSync(join(ROOT, "scripts/setup")).filter((name) => name.endsWith(".mjs"));
    for (const source of ["run.mjs", ...setup.map((name) => `setup/${name}`)]) {
      const text = readFileSync(join(ROOT, "scripts", source), "utf8");
      for (const [, specifier] of text.matchAll(/^import .* from "([^"]+)";$/gm)) {
        expect(specifier).toMatch(/^(node:|\.\.?\/.*\.mjs$)/);
      }
    }
  });

  it("names the scripts when it is asked for another", () => {
    const { status, stderr } = run(["strat"]);
    expect(status).toBe(1);
    expect(stderr).toContain('Unknown script "strat". There are: start, test,');
  });

  it("passes arguments and the exit code on, and says nothing of itself when all is ready", () => {
    expect(run(["start", "--help"])).toMatchObject({ status: 0, stderr: "" });
    expect(run(["start", "--frehs"])).toMatchObject({ status: 1, stdout: "" });
  });
});
