import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadFiles } from "../load-files.ts";
import { WORKER_ORIGIN } from "../testing/client.ts";
import { writeOwnTenant } from "../testing/tenant.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const read = (tenantDir: string) =>
  loadFiles({ workerOrigin: WORKER_ORIGIN, fixturesDir: "fixtures", tenantDir });

describe("a folder that is no tenant", () => {
  const folderWith = async (files: Readonly<Record<string, unknown>>) => {
    const folder = await writeOwnTenant(files);
    folders.push(folder);
    return folder;
  };
  const environment = { "pingone/environment.json": {} };

  it("that does not exist is refused with the command that writes one", () => {
    expect(() => read("/nowhere/tenant")).toThrow(
      '/nowhere/tenant: there is no such folder. "npx pingone-emulator init /nowhere/tenant" writes one there.',
    );
  });

  it.each([["pingone"], ["davinci"], ["keys"]])(
    "but its inner folder %s is refused with the right one",
    async (inner) => {
      const folder = await folderWith({ [`${inner}/x.json`]: {} });
      expect(() => read(join(folder, inner))).toThrow(
        `${folder}/${inner}: is the inside of a tenant. Give ${folder} instead.`,
      );
    },
  );

  it("but an inner folder that does not exist is refused with the right one", async () => {
    const folder = await folderWith(environment);
    expect(() => read(join(folder, "keys"))).toThrow(
      `${folder}/keys: there is no such folder. Give ${folder} instead.`,
    );
  });

  it("but a file is refused with the folder that it is in", async () => {
    const folder = await folderWith(environment);
    expect(() => read(join(folder, "pingone/environment.json"))).toThrow(
      `is a file; give the folder that holds the tenant. Give ${folder} instead.`,
    );
  });

  it("but the folder around one is refused with the inner one", async () => {
    const folder = await folderWith({ "own/pingone/environment.json": {}, "README.md": "" });
    expect(() => read(folder)).toThrow(`has nothing of a tenant`);
    expect(() => read(folder)).toThrow(`Give ${folder}/own instead.`);
  });

  it("but has PingOne's files directly in it is told where they belong", async () => {
    const folder = await folderWith({ "users.json": [] });
    expect(() => read(folder)).toThrow(
      `${folder}: has PingOne's files directly in it; move them to ${folder}/pingone.`,
    );
  });

  it.each([
    ["application.json", "applications.json"],
    ["flowPolicies.json", "flow-policies.json"],
    ["Users.json", "users.json"],
  ])("has no place for %s, which is told its name", async (given, meant) => {
    const folder = await folderWith({ [`pingone/${given}`]: [] });
    expect(() => read(folder)).toThrow(`${folder}/pingone/${given}: is not read; did you mean ${meant}?`);
  });

  it("may have files of other kinds beside those that are read", async () => {
    const folder = await folderWith({ "pingone/populations.json": [], "README.md": "" });
    mkdirSync(dirname(join(folder, "schemas/x")));
    writeFileSync(join(folder, "schemas/x"), "");
    expect(read(folder).tenant.mainApplication.id).toBe("mcp-server");
  });
});
