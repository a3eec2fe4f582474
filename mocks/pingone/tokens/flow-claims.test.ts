import { describe, expect, it } from "vitest";
import { claimsOf } from "../testing/client.ts";
import { buildFlow, richText } from "../testing/graph-builder.ts";
import { startTenant, type Tenant } from "../testing/tenant.ts";
import type { Grant } from "./store.ts";

const CLAIMS = [
  { name: "department", value: richText("{{local.find.payload.output.matchedUser.username}}") },
  { name: "level", value: 3 },
  // Those of PingOne's own, of its scopes and of other specifications.
  { name: "sub", value: "somebody" },
  { name: "aud", value: "other" },
  { name: "exp", value: 9_999_999_999 },
  { name: "scope", value: "admin" },
  { name: "nbf", value: 1 },
  { name: "azp", value: "other" },
  { name: "c_hash", value: "other" },
  { name: "email", value: "evil@example.com" },
];

/** Signs alice on without a screen. */
const FLOW = buildFlow({
  name: "Claims of a flow",
  nodes: {
    find: {
      is: "pingOneSSOConnector.userLookup",
      properties: { matchAttributes: ["username"], userIdentifierForFindUser: "alice" },
    },
    end: {
      is: "pingOneAuthenticationConnector.returnSuccessResponseRedirect",
      properties: {
        userId: richText("{{local.find.payload.output.matchedUser.id}}"),
        authenticationMethods: "pwd",
        idTokenClaims: CLAIMS,
        accessTokenClaims: CLAIMS.map(({ name, value }) => ({
          name: name === "department" ? "unit" : name,
          value,
        })),
      },
    },
  },
  ways: [["find", "true", "end"]],
});

async function startWithFlow(snapshot?: unknown): Promise<Tenant> {
  const tenant = await startTenant({ own: { "davinci/claims.json": FLOW }, snapshot });
  tenant.emulator.admin.chooseFlow("Claims of a flow");
  return tenant;
}

async function signOn(tenant: Tenant) {
  const verifier = "v".repeat(64);
  const parameters = tenant.authorizeParameters({ scope: "openid email offline_access" }, verifier);
  const { url, text } = await tenant.open(parameters);
  const code = url.searchParams.get("code");
  if (code === null) throw new Error(`no code, but ${url.search} ${text.slice(0, 300)}`);
  const tokens = await tenant.token({
    grant_type: "authorization_code",
    code,
    redirect_uri: parameters.get("redirect_uri") ?? "",
    code_verifier: verifier,
  });
  expect(tokens.status).toBe(200);
  return tokens;
}

describe("claims that a flow gives", () => {
  it("[PING-152] are in the token that they are for, after a refresh and a restart too", async () => {
    await using tenant = await startWithFlow();
    const first = await signOn(tenant);
    await using restarted = await startWithFlow(JSON.parse(JSON.stringify(tenant.emulator.snapshot())));
    const refreshed = await restarted.refresh(first.refresh_token);
    expect(refreshed.status).toBe(200);
    for (const tokens of [first, refreshed]) {
      const idToken = claimsOf(tokens.id_token);
      expect(idToken).toMatchObject({ department: "alice", level: 3 });
      expect(idToken).not.toHaveProperty("unit");
      expect(claimsOf(tokens.access_token)).toMatchObject({ unit: "alice", level: 3 });
      expect(claimsOf(tokens.access_token)).not.toHaveProperty("department");
    }
  });

  it("[PING-152] take the place of no claim that the token has, and of none of PingOne's own", async () => {
    await using tenant = await startWithFlow();
    const { id_token, access_token } = await signOn(tenant);
    const sub = tenant.userId("alice");
    expect(claimsOf(id_token)).toMatchObject({ sub, aud: "mcp-server", email: "alice@example.com" });
    expect(claimsOf(access_token)).toMatchObject({ sub });
    for (const claims of [claimsOf(id_token), claimsOf(access_token)]) {
      for (const name of ["nbf", "azp", "c_hash"]) expect(claims).not.toHaveProperty(name);
      expect(JSON.stringify([claims.scope, claims.aud, claims.exp])).not.toMatch(/admin|other|9999999999/);
    }
  });

  it("are not put into tokens by a state file either, when they are PingOne's own", async () => {
    await using tenant = await startWithFlow();
    const { refresh_token } = await signOn(tenant);
    const saved = tenant.emulator.snapshot() as { state: { grants: Grant[] } };
    for (const grant of saved.state.grants) {
      grant.flowClaims = { idToken: { nbf: 1, ok: 1 }, accessToken: { nbf: 1, ok: 1 } };
    }
    await using restarted = await startWithFlow(saved);
    const { id_token, access_token } = await restarted.refresh(refresh_token);
    for (const token of [id_token, access_token]) {
      expect(claimsOf(token)).toMatchObject({ ok: 1 });
      expect(claimsOf(token)).not.toHaveProperty("nbf");
    }
  });
});
