import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WORKER_ORIGIN } from "../testing/client.ts";
import { copyFixtures, startTenant, type TenantOptions } from "../testing/tenant.ts";
import { type Environment, EnvironmentFixtureError, loadEnvironment } from "./environment.ts";

const POLICY = "0f3c6a1d9b2e4875a6c1d3e5f7091b2c";
const UNLISTED = "11111111111111111111111111111111";

async function load(options: TenantOptions): Promise<Environment> {
  const directory = await copyFixtures(options);
  try {
    return loadEnvironment(join(directory, "pingone"), {
      workerOrigin: WORKER_ORIGIN,
      flowPolicyIds: [POLICY, UNLISTED],
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

const applications = (change: (list: Record<string, unknown>[]) => void): TenantOptions => ({
  edit: { "applications.json": (file) => change(file._embedded.applications) },
});
const grants = (change: (list: Record<string, unknown>[]) => void): TenantOptions => ({
  edit: { "grants.json": (file) => change(file._embedded.grants) },
});
const resources = (change: (list: Record<string, unknown>[]) => void): TenantOptions => ({
  edit: { "resources.json": (file) => change(file._embedded.resources) },
});

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
      "todo_api:read",
      "todo_api:write",
    ]);
  });

  it("may be bare arrays, and may hold applications that are not OIDC ones", async () => {
    const environment = await load({
      edit: {
        "applications.json": (file) => {
          file._embedded.applications.push({ id: "saml", protocol: "SAML", type: "WEB_APP" });
          file._embedded.applications.push({
            id: "console",
            protocol: "OPENID_CONNECT",
            type: "PING_ONE_PORTAL",
          });
        },
        "grants.json": (file) => {
          Object.assign(file._embedded.grants[0] ?? {}, { unknownAttribute: { of: "a real export" } });
        },
      },
    });
    expect(environment.applications.map(({ id }) => id)).toEqual(["mcp-server", "consent-worker"]);
  });

  it("[PING-016] assign a listed policy where the assignments say, and an unlisted flow file everywhere, last", async () => {
    const environment = await load({});
    expect(environment.policiesOf("mcp-server")).toEqual([POLICY, UNLISTED]);
    expect(environment.policiesOf("consent-worker")).toEqual([UNLISTED]);
  });

  it("leave a disabled policy out", async () => {
    const environment = await load({
      edit: {
        "flow-policies.json": (file) =>
          Object.assign(file._embedded.flowPolicies[0] ?? {}, { enabled: false }),
      },
    });
    expect(environment.policiesOf("mcp-server")).toEqual([UNLISTED]);
  });

  it.each<[string, TenantOptions, RegExp]>([
    [
      "a missing secret",
      applications(([app]) => delete app?.secret),
      /pingone\/applications\.json: \[0\]\.secret: is missing; CLIENT_SECRET_BASIC needs one/,
    ],
    [
      "no redirect URI",
      applications(([app]) => Object.assign(app ?? {}, { redirectUris: [] })),
      /applications\.json: \[0\]\.redirectUris: AUTHORIZATION_CODE needs at least one/,
    ],
    [
      "a redirect URI with a fragment",
      applications(([app]) => Object.assign(app ?? {}, { redirectUris: ["https://a.example/#x"] })),
      /applications\.json: \[0\]\.redirectUris\[0\]: must be an absolute URI without a fragment/,
    ],
    [
      "a wildcard redirect URI",
      applications(([app]) => Object.assign(app ?? {}, { redirectUris: ["https://a.example/*"] })),
      /redirectUris\[0\]: wildcards are not modelled/,
    ],
    [
      "an unknown authentication method",
      applications(([app]) => Object.assign(app ?? {}, { tokenEndpointAuthMethod: "BASIC" })),
      /applications\.json: \[0\]\.tokenEndpointAuthMethod: Invalid option/,
    ],
    [
      "a repeated application",
      applications((list) => list.push(structuredClone(list[0] ?? {}))),
      /applications\.json: the id "mcp-server" stands twice/,
    ],
    [
      "nobody to sign on",
      applications((list) => list.shift()),
      /applications\.json: holds no OIDC application with the grant type AUTHORIZATION_CODE/,
    ],
    [
      "a grant for an unknown application",
      grants(([grant]) => Object.assign(grant ?? {}, { application: { id: "x" } })),
      /grants\.json: \[0\]\.application\.id: there is no application "x"/,
    ],
    [
      "a grant for an unknown resource",
      grants(([grant]) => Object.assign(grant ?? {}, { resource: { id: "x" } })),
      /grants\.json: \[0\]\.resource\.id: there is no resource "x"/,
    ],
    [
      "a grant for an unknown scope",
      grants(([grant]) => Object.assign(grant ?? {}, { scopes: [{ id: "x" }] })),
      /grants\.json: \[0\]\.scopes: the resource "openid" has no scope with the id "x"/,
    ],
    [
      "two grants for one resource",
      grants((list) => list.push({ ...list[0], scopes: [] })),
      /grants\.json: \[2\]: one application has one grant for each resource/,
    ],
    [
      "one scope name of two resources",
      {
        edit: {
          "resources.json": (file) => {
            file._embedded.resources.push({
              id: "second",
              name: "Second API",
              type: "CUSTOM",
              scopes: [{ id: "second-read", name: "todo_api:read" }],
            });
          },
          "grants.json": (file) => {
            file._embedded.grants.push({
              application: { id: "mcp-server" },
              resource: { id: "second" },
              scopes: [{ id: "second-read" }],
            });
          },
        },
      },
      /grants\.json: \[2\]\.scopes: an application may be granted the scope name "todo_api:read" only once/,
    ],
    [
      "a custom audience of PingOne's",
      resources((list) => Object.assign(list[2] ?? {}, { audience: "https://api.pingone.com" })),
      /resources\.json: \[2\]\.audience: of a custom resource must not contain "pingone"/,
    ],
    [
      "tokens too short-lived for PingOne",
      resources((list) => Object.assign(list[2] ?? {}, { accessTokenValiditySeconds: 60 })),
      /resources\.json: \[2\]\.accessTokenValiditySeconds: /,
    ],
    [
      "a scope with a space",
      resources((list) => Object.assign(list[2] ?? {}, { scopes: [{ id: "s", name: "a b" }] })),
      /resources\.json: \[2\]\.scopes\[0\]\.name: a scope is printable ASCII/,
    ],
    [
      "a policy without a flow",
      { edit: { "flow-policies.json": (file) => file._embedded.flowPolicies.push({ id: "x", name: "X" }) } },
      /flow-policies\.json: no flow file has the policyId "x" of the policy "X"/,
    ],
    [
      "an assignment of nothing to nobody",
      {
        edit: {
          "flow-policy-assignments.json": (file) => {
            file._embedded.flowPolicyAssignments = [
              { application: { id: "x" }, flowPolicy: { id: "y" }, priority: 1 },
            ];
          },
        },
      },
      /\[0\]\.application\.id: there is no application "x"[\s\S]*\[0\]\.flowPolicy\.id: there is no flow policy "y"/,
    ],
    [
      "an environment id that is no UUID",
      { edit: { "environment.json": (file) => Object.assign(file, { id: "env" }) } },
      /environment\.json: id: Invalid UUID/,
    ],
  ])("are refused with path and reason: %s", async (_, options, reason) => {
    const loading = load(options);
    await expect(loading).rejects.toThrow(EnvironmentFixtureError);
    await expect(loading).rejects.toThrow(reason);
  });

  it("name every faulty file at once", async () => {
    const faulty = load({
      edit: {
        "environment.json": (file) => Object.assign(file, { region: "XX" }),
        "applications.json": (file) =>
          Object.assign(file._embedded.applications[0] ?? {}, { grantTypes: ["X"] }),
      },
    });
    await expect(faulty).rejects.toThrow(
      /environment\.json: region: [\s\S]*applications\.json: \[0\]\.grantTypes\[0\]: /,
    );
  });

  it("stop the emulator from starting when they are faulty", async () => {
    await expect(startTenant(applications(([app]) => delete app?.secret))).rejects.toThrow(
      /applications\.json/,
    );
  });
});

describe("another environment", () => {
  it("is played from another folder", async () => {
    await using tenant = await startTenant({
      edit: {
        "environment.json": (file) =>
          Object.assign(file, { id: "9b6a3a52-0c0f-4f0e-8a33-5a6a6d0e7f11", region: "EU" }),
        "applications.json": (file) =>
          Object.assign(file._embedded.applications[0] ?? {}, { id: "another-client" }),
        "grants.json": (file) => {
          for (const grant of file._embedded.grants) grant.application = { id: "another-client" };
        },
        "flow-policy-assignments.json": (file) => {
          file._embedded.flowPolicyAssignments = [];
        },
        "resources.json": (file) =>
          Object.assign(file._embedded.resources[2] ?? {}, { audience: "https://another.api.example" }),
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
