import { rm } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { InputFileError } from "../../kit/input-file.ts";
import { type LoadedFiles, loadFiles } from "../load-files.ts";
import { WORKER_ORIGIN } from "../testing/client.ts";
import { PASSWORD } from "../testing/sign-on.ts";
import { startTenant, writeOwnTenant } from "../testing/tenant.ts";
import { Environment } from "./environment.ts";
import { UserStore } from "./users.ts";

const DEFAULT_POLICY = "0f3c6a1d9b2e4875a6c1d3e5f7091b2c";
const OWN_POLICY = "11111111111111111111111111111111";
const OPENID = "a3d5c7e9-0001-4a6b-8c2d-1e3f5a7b9c01";
const TODO_API = "a3d5c7e9-0003-4a6b-8c2d-1e3f5a7b9c03";

const own = {
  application: (changes: object = {}) => ({
    id: "own-app",
    name: "Own",
    type: "WEB_APP",
    protocol: "OPENID_CONNECT",
    grantTypes: ["AUTHORIZATION_CODE"],
    responseTypes: ["CODE"],
    tokenEndpointAuthMethod: "CLIENT_SECRET_BASIC",
    redirectUris: ["https://own.example/callback"],
    ...changes,
  }),
  flow: (changes: object = {}) => ({
    name: "own-flow",
    description: "Own.",
    policyId: OWN_POLICY,
    extends: "sign-on-with-consent",
    ...changes,
  }),
  grant: (application: string, resource: string, scope: string) => ({
    application: { id: application },
    resource: { id: resource },
    scopes: [{ id: scope }],
  }),
};

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function read(tenantDir: string): LoadedFiles {
  return loadFiles({ workerOrigin: WORKER_ORIGIN, fixturesDir: "fixtures", tenantDir });
}

async function load(files: Readonly<Record<string, unknown>>) {
  const folder = await writeOwnTenant(files);
  folders.push(folder);
  const loaded = read(folder);
  return { ...loaded, environment: new Environment(loaded.tenant.environment) };
}

async function problemsOf(files: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const error = await load(files).catch((reason: unknown) => reason);
  if (!(error instanceof InputFileError)) throw error;
  return error.problems.map((problem) => problem.replaceAll(`${folders.at(-1)}/`, ""));
}

describe("a tenant over the shipped one", () => {
  it("may leave out everything", async () => {
    const { environment, flows, tenant } = await load({});
    expect(environment.applications.map(({ id }) => id)).toEqual(["mcp-server", "consent-worker"]);
    expect(flows.length).toBeGreaterThan(5);
    expect(tenant.users.map(({ username }) => username)).toContain("alice");
    expect(tenant.mainApplication.id).toBe("mcp-server");
  });

  it("has its own entries first, and the first that signs people on is the main application", async () => {
    const worker = own.application({
      id: "own-worker",
      grantTypes: ["CLIENT_CREDENTIALS"],
      redirectUris: [],
    });
    const disabled = own.application({ id: "own-disabled", enabled: false });
    const { environment, tenant } = await load({
      "pingone/applications.json": [worker, disabled, own.application()],
      "pingone/groups.json": [{ id: "g1", name: "Staff" }],
    });
    expect(environment.applications.map(({ id }) => id)).toEqual([
      "own-worker",
      "own-disabled",
      "own-app",
      "mcp-server",
      "consent-worker",
    ]);
    expect(tenant.mainApplication.id).toBe("own-app");
    expect(environment.groups).toEqual([{ id: "g1", name: "Staff" }]);
  });

  it("has populations and agreements if it has their files", async () => {
    const population = { id: "p1", name: "Staff", alternativeIdentifiers: ["staff.example"] };
    const agreement = {
      id: "terms",
      name: "Terms",
      languages: [{ id: "l", locale: "en", currentRevision: { id: "r", text: "Be kind." } }],
    };
    const { environment, tenant } = await load({
      "pingone/populations.json": { _embedded: { populations: [population] } },
      "pingone/agreements.json": [agreement],
    });
    expect(environment.populations).toEqual([{ ...population, default: false }]);
    expect(tenant.agreements).toMatchObject([agreement]);
    const shipped = await load({});
    expect(shipped.environment.populations).toEqual([]);
    expect(shipped.tenant.agreements).toEqual([]);
  });

  it("replaces an application by its id, and drops the shipped grants and assignments of the old one", async () => {
    const { environment } = await load({
      "pingone/applications.json": [own.application({ id: "mcp-server" })],
    });
    expect(environment.applications.map(({ name }) => name)).toEqual(["Own", "Consent Service Worker"]);
    expect([...environment.grantedScopes("mcp-server").keys()]).toEqual(["openid"]);
    expect(environment.policiesOf("mcp-server")[0]).toBe(DEFAULT_POLICY);
  });

  it("replaces PingOne's own resources by their type, and others by their id", async () => {
    const openid = { id: "own-openid", name: "openid", type: "OPENID_CONNECT" };
    const scopes = [
      { id: "s1", name: "openid" },
      { id: "s2", name: "profile" },
    ];
    const { environment } = await load({
      "pingone/resources.json": [{ ...openid, scopes }],
      "pingone/grants.json": [own.grant("mcp-server", "own-openid", "s2")],
    });
    expect(environment.resources.map(({ id }) => id)).toEqual(["own-openid", expect.any(String), TODO_API]);
    // The shipped grant of the replaced resource is gone, that of the other one is not.
    expect([...environment.grantedScopes("mcp-server").keys()]).toEqual([
      "openid",
      "profile",
      "todo_api:read",
      "todo_api:write",
    ]);
  });

  it("replaces a grant of the same application and resource", async () => {
    const scope = "a3d5c7e9-3001-4a6b-8c2d-1e3f5a7b9c03";
    const { environment } = await load({ "pingone/grants.json": [own.grant("mcp-server", TODO_API, scope)] });
    expect([...environment.grantedScopes("mcp-server").keys()].sort()).toEqual([
      "address",
      "email",
      "openid",
      "phone",
      "profile",
      "todo_api:read",
    ]);
  });

  it("replaces users by id and by user name", async () => {
    const { tenant } = await load({
      "pingone/users.json": [
        { id: "b7c1a4e0-0000-4000-8000-000000000002", username: "robert" },
        { id: "c0000000-0000-4000-8000-000000000001", username: "ALICE" },
      ],
    });
    const names = tenant.users.map(({ username }) => username);
    expect(names.slice(0, 3)).toEqual(["robert", "ALICE", "mustchange"]);
    expect(names).not.toContain("bob");
  });

  it("replaces the environment", async () => {
    const id = "9b6a3a52-0c0f-4f0e-8a33-5a6a6d0e7f11";
    const organization = { id: "9b6a3a52-0c0f-4f0e-8a33-5a6a6d0e7f12" };
    const { environment } = await load({
      "pingone/environment.json": { id, name: "Own", region: "EU", organization },
    });
    expect(environment).toMatchObject({ id, region: "EU", pingOneAudience: "https://api.pingone.eu" });
  });

  it("may bring one key of its own", async () => {
    const shipped = await load({});
    const key = { ...shipped.tenant.keys.current, kid: "TEST-ONLY-own" };
    const { tenant } = await load({ "keys/current-TEST-ONLY.json": key });
    expect(tenant.keys.current.kid).toBe("TEST-ONLY-own");
    expect(tenant.keys.previous).toEqual(shipped.tenant.keys.previous);
  });

  it("[PING-146] lets an application without an assignment use own flows first, then the shipped default", async () => {
    const { environment } = await load({
      "pingone/applications.json": [own.application()],
      "davinci/own.json": own.flow(),
    });
    expect(environment.policiesOf("own-app").slice(0, 2)).toEqual([OWN_POLICY, DEFAULT_POLICY]);
    expect(environment.policiesOf("mcp-server")[0]).toBe(DEFAULT_POLICY);
  });

  it("replaces flows by name or policy id, and may extend the one that it replaces", async () => {
    const { flows } = await load({
      "davinci/a.json": own.flow({ name: "sign-on-with-consent" }),
      "davinci/b.json": own.flow({ name: "own-every-time", policyId: "5f385b61aea5d59d2fb7ac968ad2247d" }),
    });
    const names = flows.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(["sign-on-with-consent", "own-every-time"]);
    expect(names.filter((name) => name === "sign-on-with-consent")).toHaveLength(1);
    expect(names).not.toContain("sign-on-every-time");
    // A shipped variant extends the shipped flow, whatever stands in its place.
    expect(names).toContain("consent-always");
  });

  it("drops a shipped assignment of a flow policy that is replaced", async () => {
    const { environment } = await load({
      "davinci/a.json": own.flow({ policyId: DEFAULT_POLICY }),
      "pingone/flow-policies.json": [{ id: DEFAULT_POLICY, name: "Own", enabled: false }],
    });
    expect(environment.policiesOf("mcp-server")).not.toContain(DEFAULT_POLICY);
    expect(environment.policiesOf("mcp-server").length).toBeGreaterThan(0);
  });

  it("drops a shipped assignment of a flow that is replaced under the same policy id", async () => {
    const policies = [
      { id: DEFAULT_POLICY, name: "Own" },
      { id: OWN_POLICY, name: "Other" },
    ];
    const { environment } = await load({
      "davinci/a.json": own.flow({ policyId: DEFAULT_POLICY }),
      "davinci/b.json": own.flow({ name: "other" }),
      "pingone/flow-policies.json": policies,
    });
    // Without an assignment the application may use all of them.
    expect(environment.policiesOf("mcp-server").slice(0, 2)).toEqual([DEFAULT_POLICY, OWN_POLICY]);
  });

  it("signs on by the emulator", async () => {
    await using tenant = await startTenant({
      own: {
        "pingone/applications.json": [own.application({ redirectUris: [`${WORKER_ORIGIN}/callback`] })],
        "pingone/grants.json": [own.grant("own-app", OPENID, "a3d5c7e9-1002-4a6b-8c2d-1e3f5a7b9c01")],
      },
    });
    expect(tenant.emulator.client).toMatchObject({ id: "own-app", secret: "TEST-ONLY-own-app-secret" });
    expect((await tenant.authorize({ scope: "openid profile", client_id: "own-app" })).status).toBe(200);
  });
});

describe("the shipped tenant", () => {
  it("[PING-080] has a test account for each state", () => {
    const { tenant } = loadFiles({ workerOrigin: WORKER_ORIGIN, fixturesDir: "fixtures" });
    const store = new UserStore(tenant.users, { clock: () => 0 });
    expect(store.testAccounts.map(({ id, username }) => `${username} ${store.stateOf(id)}`)).toEqual([
      "alice OK",
      "bob OK",
      "mustchange MUST_CHANGE_PASSWORD",
      "expired PASSWORD_EXPIRED",
      "locked PASSWORD_LOCKED_OUT",
      "disabled DISABLED",
      "unverified VERIFICATION_REQUIRED",
      "decliner OK",
      "mfa OK",
      "devices OK",
      "passkey OK",
      "push OK",
      "pairing OK",
    ]);
    for (const account of store.testAccounts) {
      expect(account.password).toBe(PASSWORD);
      expect(account.about).not.toBe("");
    }
  });
});

describe("two tenants with one id in one process", () => {
  it("share nothing", async () => {
    await using one = await startTenant();
    await using other = await startTenant();
    expect(one.environmentId).toBe(other.environmentId);
    one.emulator.seed.user({ username: "carol" });
    one.emulator.seed.group({ name: "Staff", members: ["alice"] });
    one.emulator.seed.application({ id: "mcp-server", scopes: [] });
    await one.emulator.admin.rotateKeys();
    one.emulator.admin.setSwitches({ atTyp: "at+jwt" });
    const { users, switches, signingKeyId } = other.emulator.admin.describe();
    expect(users.map(({ username }) => username)).not.toContain("carol");
    expect(switches.atTyp).toBe("application");
    expect(signingKeyId).not.toBe(one.emulator.admin.describe().signingKeyId);
    expect(JSON.stringify(other.emulator.snapshot())).not.toContain("Staff");
    const { access_token: accessToken } = (await other.obtainTokens()) as { access_token: string };
    expect((await one.userInfo(accessToken)).status).toBe(401);
    expect((await other.userInfo(accessToken)).status).toBe(200);
  });
});

describe("faults of a tenant", () => {
  it("are named all at once, each with file, line and column, reason and way out", async () => {
    const problems = await problemsOf({
      "pingone/applications.json": `{
  "_embedded": {
    "applications": [
      { "id": "saml", "protocol": "SAML", "type": "WEB_APP" },
      {
        "id": "own-app",
        "name": 5,
        "type": "WEB_APP",
        "protocol": "OPENID_CONNECT",
        "grantTypes": [],
        "tokenEndpointAuthMethod": "NONE"
      }
    ]
  }
}`,
      "pingone/users.json": '[\n  { "username": "x" }\n]',
      "pingone/grants.json": `[
  { "application": { "id": "own-app" }, "resource": { "id": "${TODO_API}" }, "scopes": [{ "id": "gone" }] },
  { "application": { "id": "nobody" }, "resource": { "id": "${TODO_API}" }, "scopes": [] }
]`,
      "pingone/resources.json": "{ broken",
      "davinci/own.json": JSON.stringify(own.flow({ extends: "gone" }), undefined, 2),
      "keys/current-TEST-ONLY.json": '{ "kty": "EC", "d": "TOPSECRET" }',
    });
    expect(problems.filter((problem) => !problem.startsWith("keys/"))).toEqual([
      expect.stringMatching(
        /^davinci\/own\.json:5:14: extends: there is no whole flow "gone" without faults; there are: /,
      ),
      "pingone/applications.json:7:17: _embedded.applications[1].name: Invalid input: expected string, received number",
      expect.stringMatching(
        /^pingone\/grants\.json:3:28: \[1\]\.application\.id: there is no application "nobody"; there are: /,
      ),
      "pingone/resources.json:1:3: is not JSON: invalid symbol.",
      "pingone/users.json:2:3: [0].id: is missing; add it (string).",
    ]);
    const ofKeys = problems.filter((problem) => problem.startsWith("keys/"));
    expect(ofKeys[0]).toMatch(/^keys\/current-TEST-ONLY\.json:1:1: kid: is missing; add it/);
    expect(ofKeys.join()).not.toContain("TOPSECRET");
  });

  it("do not include what is only missing because its file, or it itself, cannot be read", async () => {
    const grants = {
      "pingone/grants.json": [own.grant("own-app", OPENID, "a3d5c7e9-1002-4a6b-8c2d-1e3f5a7b9c01")],
    };
    const unreadable = { "pingone/applications.json": "{ broken", ...grants };
    expect(await problemsOf(unreadable)).toEqual([
      "pingone/applications.json:1:3: is not JSON: invalid symbol.",
    ]);
    const faulty = { "pingone/applications.json": [own.application({ name: 5 })], ...grants };
    expect(await problemsOf(faulty)).toEqual([expect.stringContaining("[0].name: ")]);
    const flow = { "davinci/a.json": own.flow({ description: 5 }) };
    const policies = { "pingone/flow-policies.json": [{ id: OWN_POLICY, name: "Own" }] };
    expect(await problemsOf({ ...flow, ...policies })).toEqual([expect.stringContaining("description: ")]);
  });

  it("of an own grant or assignment that points at nothing are no reason to drop it", async () => {
    const problems = await problemsOf({
      "pingone/grants.json": [own.grant("mcp-server", "gone", "x")],
      "pingone/flow-policy-assignments.json": [
        { application: { id: "mcp-server" }, flowPolicy: { id: "gone" }, priority: 1 },
      ],
    });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('[0].flowPolicy.id: there is no flow policy "gone"; there are: ');
    expect(problems[1]).toContain('[0].resource.id: there is no resource "gone"; there are: ');
  });
});
