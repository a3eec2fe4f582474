import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportFlow } from "./export-flow.ts";
import { writeTenant } from "./write-tenant.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "export-flow-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const said = { out: "", notes: "" };
  exportFlow(args, {
    out: (text) => {
      said.out += text;
    },
    note: (text) => {
      said.notes += text;
    },
  });
  return said;
}

describe("davinci export", () => {
  it("writes what DaVinci imports, and says beside it which places to fill", () => {
    const { out, notes } = run("sign-on-with-consent");
    expect(JSON.parse(out).flows).toHaveLength(2);
    expect(notes).toContain("Not yet tried on a tenant");
    for (const place of new Set(out.match(/\{\{[A-Z_]+\}\}/g))) expect(notes).toContain(`  ${place}  `);
  });

  it("writes into a file", () => {
    const path = join(folder, "flow.json");
    const { out, notes } = run("sign-on-without-consent", "--out", path);
    expect(out).toBe("");
    expect(notes).toContain(path);
    expect(JSON.parse(readFileSync(path, "utf8")).flows[0].name).toBe("sign-on-without-consent");
  });

  it("knows the scenarios of a tenant", async () => {
    await writeTenant(folder);
    expect(JSON.parse(run("my-sign-on", "--tenant", folder).out).flows[0].name).toBe("my-sign-on");
  });

  it.each([
    ["no scenario", [], "Name one scenario"],
    ["two scenarios", ["sign-on-with-consent", "other"], "Name one scenario"],
    ["an unknown one", ["sign-in"], 'There is no scenario "sign-in". There are: consent-always, '],
    ["a tenant that is not there", ["sign-on-with-consent", "--tenant", "/nowhere"], "/nowhere"],
    ["an unknown option", ["sign-on-with-consent", "--into", "x"], "--into"],
  ])("refuses %s", (_, args, problem) => {
    expect(() => run(...args)).toThrow(problem);
  });
});
