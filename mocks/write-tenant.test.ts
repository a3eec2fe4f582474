import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileFaults, InputFileError } from "./kit/input-file.ts";
import { type LoadedFiles, loadFiles } from "./pingone/load-files.ts";
import { tenantSchemas } from "./tenant-schemas.ts";
import { readTodoSeeds } from "./todo/store.ts";
import { writeTenant } from "./write-tenant.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-tenant-"));
});
afterEach(() => rm(folder, { recursive: true }));

const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8"));

function load(): LoadedFiles {
  return loadFiles({ workerOrigin: "http://localhost:8787", fixturesDir: "fixtures", tenantDir: folder });
}

const ajv = formats.default(new Ajv({ strict: false, allErrors: true }));
function isValid(schema: object, content: unknown): boolean {
  return ajv.validate(schema, content);
}

describe("a new tenant", () => {
  it("loads without faults, and lies over the shipped one", async () => {
    await writeTenant(folder);
    const { tenant, flows } = load();
    expect(tenant.mainApplication).toMatchObject({ id: "my-app", secret: "TEST-ONLY-my-app-secret" });
    expect(tenant.users.slice(0, 3).map(({ username }) => username)).toEqual(["ann", "ben", "alice"]);
    expect(flows[0]?.name).toBe("my-sign-on");
    expect([...(tenant.environment.grants.get("my-app")?.keys() ?? [])].sort()).toEqual(
      "email my_api:read my_api:write openid profile todo_api:read todo_api:write".split(" "),
    );
    const seeds = await readTodoSeeds("fixtures", { tenantDir: folder });
    expect(Object.keys(seeds.users).sort()).toEqual(["alice", "ann", "bob"]);
  });

  it("has an environment of its own each time", async () => {
    await writeTenant(join(folder, "one"));
    await writeTenant(join(folder, "other"));
    const [one, other] = await Promise.all(
      ["one", "other"].map((name) => readJson(join(folder, name, "pingone/environment.json"))),
    );
    expect(one.id).not.toBe(other.id);
  });

  it("names for each file the schema that it keeps, and brings that", async () => {
    const files = (await writeTenant(folder)).filter(
      (name) => name.endsWith(".json") && !name.startsWith("schemas/"),
    );
    expect(files).toHaveLength(8);
    for (const name of files) {
      const content = await readJson(join(folder, name));
      const schema = await readJson(join(folder, name, "..", content.$schema));
      expect(isValid(schema, content), `${name}: ${ajv.errorsText()}`).toBe(true);
    }
  });

  it("says in its README what each file is", async () => {
    const files = await writeTenant(folder);
    const readme = await readFile(join(folder, "README.md"), "utf8");
    for (const name of files.filter((file) => /^pingone/.test(file))) expect(readme).toContain(`\`${name}\``);
  });

  it("is not written over anything", async () => {
    await writeFile(join(folder, "mine.txt"), "mine");
    await expect(writeTenant(folder)).rejects.toThrow(
      `${folder} is not empty, and nothing in it was changed.`,
    );
    expect(await readdir(folder)).toEqual(["mine.txt"]);
    await expect(writeTenant(join(folder, "mine.txt"))).rejects.toThrow(
      /mine\.txt is a file\. Name a folder/,
    );
  });
});

describe("the JSON Schemas", () => {
  const schemas = tenantSchemas();

  it("take the shipped files", async () => {
    for (const file of await readdir("fixtures/pingone")) {
      const content = await readJson(join("fixtures/pingone", file));
      expect(isValid(schemas[file.replace(".json", "")] ?? {}, content), `${file}: ${ajv.errorsText()}`).toBe(
        true,
      );
    }
    for (const file of await readdir("fixtures/davinci")) {
      const content = await readJson(join("fixtures/davinci", file));
      expect(isValid(schemas.flow ?? {}, content), `${file}: ${ajv.errorsText()}`).toBe(true);
    }
    expect(isValid(schemas.todos ?? {}, await readJson("fixtures/todos.json"))).toBe(true);
  });

  it("know what lies beside an exported flow", () => {
    expect(isValid(schemas.variables ?? {}, { company: { city: "Bern" } })).toBe(true);
    expect(isValid(schemas.variables ?? {}, { companies: {} })).toBe(false);
    expect(isValid(schemas.stubs ?? {}, { nodes: { call: { output: 1 } } })).toBe(true);
    expect(isValid(schemas.stubs ?? {}, { nodes: { call: { answer: 1 } } })).toBe(false);
  });

  it("describe what an editor shows", () => {
    const text = JSON.stringify(schemas.applications);
    expect(text).toContain("PRIVATE_KEY_JWT are not emulated");
    expect(text).toContain('"enum":["OPTIONAL","REQUIRED","S256_REQUIRED"]');
  });

  it.each([
    ["environment", "pingone/environment.json", { id: "no-uuid", name: "x", region: "NA", organization: {} }],
    ["applications", "pingone/applications.json", [{ id: "x", name: "X", protocol: "OPENID_CONNECT" }]],
    ["applications", "pingone/applications.json", { _embedded: { applications: {} } }],
    ["resources", "pingone/resources.json", [{ id: "x", name: "X", type: "OTHER" }]],
    ["grants", "pingone/grants.json", [{ application: "my-app" }]],
    ["groups", "pingone/groups.json", [{ id: "x" }]],
    ["users", "pingone/users.json", [{ id: "b7c1a4e0-0000-4000-8000-000000000001", username: "" }]],
    ["flow-policies", "pingone/flow-policies.json", [{ id: 5 }]],
    ["flow-policy-assignments", "pingone/flow-policy-assignments.json", [{ priority: 0 }]],
    ["flow", "davinci/my-sign-on.json", { name: "Not A Name" }],
    ["todos", "todos.json", { users: { ann: [{ text: "x" }] } }],
  ])("refuse what the loader refuses: a wrong file of %s, %s", async (schema, file, content) => {
    await writeTenant(folder);
    await mkdir(join(folder, file, ".."), { recursive: true });
    await writeFile(join(folder, file), JSON.stringify(content));
    expect(isValid(schemas[schema] ?? {}, content)).toBe(false);
    const faults = new FileFaults();
    await readTodoSeeds("fixtures", { tenantDir: folder, faults });
    const options = {
      workerOrigin: "http://localhost:8787",
      fixturesDir: "fixtures",
      tenantDir: folder,
      faults,
    };
    expect(() => loadFiles(options)).toThrow(InputFileError);
    expect(() => loadFiles(options)).toThrow(join(folder, file));
  });
});
