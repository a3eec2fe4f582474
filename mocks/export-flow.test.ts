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

function run(name: string | readonly string[], options: { out?: string; tenant?: string } = {}) {
  const said = { out: "", notes: "" };
  exportFlow(
    { names: [name].flat(), ...options },
    {
      out: (text) => {
        said.out += text;
      },
      note: (text) => {
        said.notes += text;
      },
    },
  );
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
    const { out, notes } = run("sign-on-without-consent", { out: path });
    expect(out).toBe("");
    expect(notes).toContain(path);
    expect(JSON.parse(readFileSync(path, "utf8")).flows[0].name).toBe("sign-on-without-consent");
  });

  it("knows the scenarios of a tenant", async () => {
    await writeTenant(folder);
    expect(JSON.parse(run("my-sign-on", { tenant: folder }).out).flows[0].name).toBe("my-sign-on");
  });

  it.each([
    ["no scenario", [], {}, "davinci export needs the name of one scenario. There are: consent-always, "],
    ["two scenarios", ["sign-on-with-consent", "other"], {}, "davinci export needs the name of one scenario"],
    ["an unknown one", ["sign-in"], {}, 'There is no scenario "sign-in". There are: consent-always, '],
    ["a tenant that is not there", ["sign-on-with-consent"], { tenant: "/nowhere" }, "/nowhere"],
  ])("refuses %s", (_, names, options, problem) => {
    expect(() => run(names, options)).toThrow(problem);
  });
});
