import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileFaults, InputFileError } from "../../kit/input-file.ts";
import { WORKER_ORIGIN } from "../testing/client.ts";
import {
  addApplications,
  copyFixtures,
  editItem,
  editList,
  editWorkerApplication,
  type Item,
  startTenant,
  type TenantOptions,
} from "../testing/tenant.ts";
import { Environment } from "./environment.ts";
import { loadTenant } from "./load-tenant.ts";

const POLICY = "0f3c6a1d9b2e4875a6c1d3e5f7091b2c";
const UNLISTED = "11111111111111111111111111111111";

function loadFrom(directory: string): Environment {
  const faults = new FileFaults();
  const loaded = loadTenant({
    folders: [{ pingone: join(directory, "pingone"), keys: join(directory, "keys") }],
    workerOrigin: WORKER_ORIGIN,
    flows: { policyIds: [POLICY, UNLISTED], ownPolicyIds: new Set(), faultyPolicyIds: new Set() },
    faults,
  });
  faults.throwIfAny();
  if (!loaded) throw new Error("no fault is named");
  return new Environment(loaded.environment);
}

async function load(options: TenantOptions): Promise<Environment> {
  const directory = await copyFixtures(options);
  try {
    return loadFrom(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function problemsOf(options: TenantOptions): Promise<readonly string[]> {
  const error = await load(options).then(
    () => new InputFileError([]),
    (reason: unknown) => reason,
  );
  if (!(error instanceof InputFileError)) throw error;
  return error.problems;
}

/** Of the first item of a list, or of the one at `index`. */
const set =
  (changes: Item, index = 0) =>
  (items: Item[]) =>
    Object.assign(items[index] ?? {}, changes);
const add = (item: Item) => (items: Item[]) => items.push(item);

describe("fixtures of an environment", () => {
  it("[PING-026] stand for PingOne's configuration, with {worker} replaced by the Worker's origin", async () => {
    const environment = await load({});
    const [worker] = environment.applications;
    expect(worker).toMatchObject({
      id: "mcp-server",
      redirectUris: [`${WORKER_ORIGIN}/callback`],
      postLogoutRedirectUris: [`${WORKER_ORIGIN}/`],
    });
    expect([...environment.grantedScopes("mcp-server").keys()]).toEqual([
      "openid",
      "profile",
      "email",
      "address",
      "phone",
      "todo_api:read",
      "todo_api:write",
    ]);
  });

  it("may hold applications that are not OIDC ones, and attributes that are not known here", async () => {
    const saml = { id: "saml", protocol: "SAML", type: "WEB_APP" };
    const console = { id: "console", protocol: "OPENID_CONNECT", type: "PING_ONE_PORTAL" };
    const environment = await load({
      edit: {
        ...editList("applications.json", (items) => items.push(saml, console)),
        ...editItem("grants.json", 0, { unknownAttribute: { of: "a real export" } }),
      },
    });
    expect(environment.applications.map(({ id }) => id)).toEqual(["mcp-server", "consent-worker"]);
  });

  it("may be bare arrays", async () => {
    const own = await copyFixtures({});
    const path = join(own, "pingone/applications.json");
    const { _embedded } = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify(_embedded.applications));
    expect(loadFrom(own).applications.map(({ id }) => id)).toEqual(["mcp-server", "consent-worker"]);
    await rm(own, { recursive: true });
  });

  it("[PING-016] assign a listed policy where the assignments say, and an unlisted flow file everywhere, last", async () => {
    const environment = await load({});
    expect(environment.policiesOf("mcp-server")).toEqual([POLICY, UNLISTED]);
  });

  it("[PING-016] let an application without an assignment use every enabled policy", async () => {
    expect((await load({})).policiesOf("consent-worker")).toEqual([POLICY, UNLISTED]);
  });

  it("leave a disabled policy out", async () => {
    const environment = await load({ edit: editItem("flow-policies.json", 0, { enabled: false }) });
    expect(environment.policiesOf("mcp-server")).toEqual([UNLISTED]);
  });

  const apps = "applications";
  const assignments = "flow-policy-assignments";
  const unknown = { id: "x" };
  const method = "tokenEndpointAuthMethod";
  const wild = "allowWildcardInRedirectUris";
  it.each<[string, (items: Item[]) => unknown, string]>([
    [apps, set({ redirectUris: [] }), "[0].redirectUris: AUTHORIZATION_CODE needs at least one"],
    [apps, set({ redirectUris: ["https://a/#x"] }), "[0].redirectUris[0]: must be an absolute URI"],
    [apps, set({ redirectUris: ["https://a/*"] }), "[0].redirectUris[0]: has a wildcard; set"],
    [
      apps,
      set({ redirectUris: ["https://*/a"], [wild]: true }),
      "[0].redirectUris[0]: may have one wildcard",
    ],
    [apps, set({ postLogoutRedirectUris: ["/x"] }), "[0].postLogoutRedirectUris[0]: must be an absolute URI"],
    [apps, set({ [method]: "BASIC" }), `[0].${method}: Invalid option`],
    [apps, set({ [method]: "PRIVATE_KEY_JWT" }), `[0].${method}: PRIVATE_KEY_JWT is not emulated; use NONE`],
    [apps, set({ [method]: "CLIENT_SECRET_JWT" }), `[0].${method}: CLIENT_SECRET_JWT is not emulated`],
    [apps, (items) => items.push({ ...items[0] }), '[2]: there is another one with the id "mcp-server"'],
    ["grants", set({ application: unknown }), '[0].application.id: there is no application "x"'],
    ["grants", set({ resource: unknown }), '[0].resource.id: there is no resource "x"'],
    [
      "grants",
      set({ scopes: [unknown] }),
      '[0].scopes[0].id: the resource "openid" has no scope with the id "x"; it has: ',
    ],
    [
      "grants",
      (items) => items.push({ ...items[0], scopes: [] }),
      '[2]: there is another one with the application "mcp-server" and the resource',
    ],
    [
      "resources",
      set({ audience: "https://api.pingone.com" }, 2),
      "[2].audience: of a custom resource must not",
    ],
    ["resources", set({ accessTokenValiditySeconds: 60 }, 2), "[2].accessTokenValiditySeconds: "],
    ["resources", set({ scopes: [{ id: "s", name: "a b" }] }, 2), "[2].scopes[0].name: a scope is printable"],
    [
      "resources",
      set({ type: "OPENID_CONNECT" }, 2),
      "[2]: there is another one with the type OPENID_CONNECT",
    ],
    ["users", set({ id: undefined }), "[0].id: is missing; add it (string)"],
    ["users", set({ password: { status: "GREAT" } }), "[0].password.status: Invalid option"],
    ["users", set({ username: "ALICE" }, 1), '[1]: there is another one with the user name "alice"'],
    ["users", set({ memberOfGroups: [{ id: "x" }] }), '[0].memberOfGroups[0].id: there is no group "x"'],
    [
      "flow-policies",
      add({ id: "x", name: "X" }),
      '[1].id: no flow file has the policyId "x" of the policy "X"',
    ],
    [assignments, set({ application: unknown }), '[0].application.id: there is no application "x"'],
    [assignments, set({ flowPolicy: { id: "y" } }), '[0].flowPolicy.id: there is no flow policy "y"'],
  ])("are refused with path and reason: %s, %o, %s", async (name, change, reason) => {
    const key = name.replaceAll(/-[a-z]/g, ([, letter = ""]) => letter.toUpperCase());
    const [problem = "", ...others] = await problemsOf({ edit: editList(`${name}.json`, change) });
    expect(problem.replace(/:\d+:\d+: /, ": ")).toMatch(/\/pingone\/[a-z-]+\.json: /);
    expect(problem).toContain(`_embedded.${key}${reason}`);
    expect(others).toEqual([]);
  });

  it("are refused without an application that signs people on", async () => {
    const disabled = editList(`${apps}.json`, set({ enabled: false }));
    expect(await problemsOf({ edit: disabled })).toEqual([
      expect.stringContaining("/pingone/applications.json: holds no enabled OIDC application"),
    ]);
  });

  it("[PING-143] may have an application with a method that is not emulated, if it is disabled", async () => {
    const other = { id: "other", enabled: false, tokenEndpointAuthMethod: "PRIVATE_KEY_JWT" };
    const environment = await load({ edit: addApplications(other) });
    expect(environment.applications.map(({ id }) => id)).toContain("other");
  });

  it("[PING-144] give an application without a secret one that is known", async () => {
    const environment = await load({ edit: editWorkerApplication({ secret: undefined }) });
    expect(environment.applications[0]?.secret).toBe("TEST-ONLY-mcp-server-secret");
  });

  it("are refused when two resources give an application one scope name", async () => {
    const scopes = [{ id: "second-read", name: "todo_api:read" }];
    const grant = { application: { id: "mcp-server" }, resource: { id: "second" }, scopes };
    const loading = load({
      edit: {
        ...editList("resources.json", add({ id: "second", name: "Second API", type: "CUSTOM", scopes })),
        ...editList("grants.json", add(grant)),
      },
    });
    await expect(loading).rejects.toThrow(
      '[2].scopes[0].id: an application may be granted the scope name "todo_api:read" only once',
    );
  });

  it("name every faulty file at once, and stop the emulator from starting", async () => {
    const edit = {
      "environment.json": (file: Item) => Object.assign(file, { id: "env", region: "XX" }),
      ...editWorkerApplication({ grantTypes: ["X"] }),
    };
    await expect(startTenant({ edit })).rejects.toThrow(
      /applications\.json:1:\d+: _embedded\.applications\[0\]\.grantTypes\[0\]: [\s\S]*environment\.json:1:\d+: id: Invalid UUID[\s\S]*region: /,
    );
  });
});

describe("another environment", () => {
  it("is played from another folder", async () => {
    await using tenant = await startTenant({
      edit: {
        "environment.json": (file) =>
          Object.assign(file, { id: "9b6a3a52-0c0f-4f0e-8a33-5a6a6d0e7f11", region: "EU" }),
        ...editList("applications.json", (items) => {
          items.unshift({ ...items[0], enabled: false });
          Object.assign(items[1] ?? {}, { id: "another-client" });
        }),
        ...editList("grants.json", (grants) => {
          for (const grant of grants) grant.application = { id: "another-client" };
        }),
        ...editList("flow-policy-assignments.json", (assignments) => assignments.splice(0)),
        ...editItem("resources.json", 2, { audience: "https://another.api.example" }),
      },
    });
    expect(tenant.issuer).toBe(`${tenant.emulator.origin}/9b6a3a52-0c0f-4f0e-8a33-5a6a6d0e7f11/as`);
    expect(tenant.emulator.client.id).toBe("another-client");
    expect(tenant.emulator.apiIdentifier).toBe("https://another.api.example");
    expect((await tenant.authorize()).status).toBe(200);
  });

  it("signs people on by a flow file that was only dropped into the folder", async () => {
    await using tenant = await startTenant({
      flows: {
        "my-scenario.json": {
          name: "my-scenario",
          description: "Refuses everybody.",
          policyId: UNLISTED,
          start: "refuse",
          nodes: { refuse: { type: "error", error: "my_error", errorDescription: "Said the author." } },
        },
      },
    });
    expect(await tenant.authorizeError({ acr_values: UNLISTED, state: "s" })).toEqual({
      error: "my_error",
      error_description: "Said the author.",
      state: "s",
    });
  });
});
