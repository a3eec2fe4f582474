import { describe, expect, it } from "vitest";
import { ControlRequestError } from "../../kit/refusal.ts";
import { basic, claimsOf } from "../testing/client.ts";
import { startTenant, type Tenant } from "../testing/tenant.ts";
import type { SeededApplication } from "./seed.ts";

/** Signs on at an application that was seeded. */
async function signOnAt(tenant: Tenant, client: SeededApplication, username: string, scope?: string) {
  const parameters = { client_id: client.id, ...(scope !== undefined && { scope }) };
  const login = await tenant.signIn({ username, parameters });
  return tenant.redeem(login, {}, basic(client));
}

const usernamesOf = (tenant: Tenant) =>
  tenant.emulator.admin.describe().users.map(({ username }) => username);

describe("seeding at run time", () => {
  it("adds a user and an application that can be used at once, with the defaults", async () => {
    await using tenant = await startTenant();
    const { seed } = tenant.emulator;
    const carol = seed.user({ username: "carol" });
    expect(carol).toEqual({ id: expect.any(String), username: "carol", password: "2FederateM0re!" });
    const client = seed.application();
    expect(client.secret).toMatch(/^TEST-ONLY-/);
    const tokens = await signOnAt(tenant, client, "carol");
    expect(tokens.scope.split(" ").sort()).toEqual([
      "email",
      "openid",
      "profile",
      "todo_api:read",
      "todo_api:write",
    ]);
    expect(tokens.refresh_token).toEqual(expect.any(String));
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: carol.id, client_id: client.id });
    // She has no address and no name, so there are no such claims.
    expect(Object.keys(claimsOf(tokens.id_token))).toEqual(expect.arrayContaining(["preferred_username"]));
    for (const claim of ["email", "given_name", "family_name"]) {
      expect(claimsOf(tokens.id_token)).not.toHaveProperty(claim);
    }
  });

  it("grants the scopes named and no others", async () => {
    await using tenant = await startTenant();
    const client = tenant.emulator.seed.application({ scopes: ["profile", "offline_access"] });
    const error = await tenant.authorizeError({ client_id: client.id, scope: "todo_api:read" });
    expect(error.error).toBe("invalid_scope");
    const parameters = { client_id: client.id, scope: "openid profile offline_access" };
    expect((await tenant.authorize(parameters)).status).toBe(200);
  });

  it("replaces a user of the same name, who keeps the id, and one of the same id", async () => {
    await using tenant = await startTenant();
    const { seed } = tenant.emulator;
    const id = tenant.userId("alice");
    expect(seed.user({ username: "ALICE", password: "TEST-ONLY-0ther!" }).id).toBe(id);
    expect(seed.user({ id, username: "alicia" }).id).toBe(id);
    expect(usernamesOf(tenant).filter((name) => /ali/i.test(name))).toEqual(["alicia"]);
    expect(() => seed.user({ id, username: "bob" })).toThrow('The user name "bob" is that of the user ');
    expect(usernamesOf(tenant)).toContain("bob");
  });

  it("replaces an application of the same id, whose client is then the new one", async () => {
    await using tenant = await startTenant();
    const { seed } = tenant.emulator;
    const { secret } = seed.application({ id: "mcp-server", pkceEnforcement: "OPTIONAL" });
    expect(tenant.emulator.client).toMatchObject({ id: "mcp-server", secret });
    expect((await tenant.obtainTokens()).status).toBe(200);
    const refused = await tenant.token(
      { grant_type: "refresh_token", refresh_token: "x" },
      basic({ id: "mcp-server", secret: "TEST-ONLY-mcp-server-secret" }),
    );
    expect(refused.error).toBe("invalid_client");
  });

  it("takes a public client without a secret", async () => {
    await using tenant = await startTenant();
    expect(tenant.emulator.seed.application({ id: "spa", tokenEndpointAuthMethod: "NONE" })).toEqual({
      id: "spa",
      secret: "",
    });
  });

  it("records a consent, so that nobody is asked", async () => {
    await using tenant = await startTenant();
    const { seed } = tenant.emulator;
    const scopes = ["openid", "profile", "email", "todo_api:read", "todo_api:write"];
    seed.consent({ user: "alice", scopes });
    const { users } = tenant.emulator.admin.describe();
    expect(users.find(({ username }) => username === "alice")?.consents).toBe(1);
    const browser = tenant.openBrowser();
    const page = await tenant.open({}, browser);
    const next = await page.submit("Sign On", { Username: "alice", Password: "2FederateM0re!" });
    expect(next.url.searchParams.has("code")).toBe(true);
  });

  it("adds a group with its members, and replaces them", async () => {
    await using tenant = await startTenant();
    const { seed } = tenant.emulator;
    const staff = seed.group({ name: "Staff", members: ["alice", "bob@example.com"] });
    expect(seed.group({ name: "Staff", description: "All" })).toEqual({ ...staff, description: "All" });
    const client = seed.application({
      attributes: [{ name: "groups", value: "${user.memberOfGroupNames}" }],
    });
    const groupsOf = async (name: string) => claimsOf((await signOnAt(tenant, client, name)).id_token).groups;
    expect(await groupsOf("bob")).toEqual(["Staff"]);
    seed.group({ name: "Staff", members: ["alice"] });
    expect(await groupsOf("bob")).toEqual([]);
    expect(() => seed.group({ id: "other", name: "Staff" })).toThrow(`is that of the group ${staff.id}`);
    seed.user({ username: "carol", groups: ["Staff"] });
    expect(await groupsOf("carol")).toEqual(["Staff"]);
  });

  it("is gone at reset", async () => {
    await using tenant = await startTenant();
    const { seed, admin } = tenant.emulator;
    const before = JSON.stringify(tenant.emulator.snapshot());
    seed.user({ username: "carol" });
    seed.user({ username: "alice", enabled: false });
    const client = seed.application();
    seed.group({ name: "Staff", members: ["bob"] });
    seed.consent({ user: "bob", scopes: ["openid"] });
    await admin.reset();
    expect(usernamesOf(tenant)).not.toContain("carol");
    expect(admin.describe().users.find(({ username }) => username === "alice")?.state).toBe("OK");
    expect((await tenant.authorize({ client_id: client.id })).status).toBe(400);
    // Passwords are salted anew, so whole snapshots differ.
    const seedsOf = (text: string) => JSON.parse(text).seeds;
    expect(seedsOf(JSON.stringify(tenant.emulator.snapshot()))).toEqual(seedsOf(before));
    expect(JSON.stringify(tenant.emulator.snapshot())).not.toContain("Staff");
  });

  it("is part of a snapshot, which brings it back", async () => {
    await using first = await startTenant();
    const { seed } = first.emulator;
    seed.user({ username: "carol", attributes: { department: "Sales" } });
    seed.group({ name: "Staff", members: ["carol"] });
    const client = seed.application({
      id: "own",
      attributes: [
        { name: "groups", value: "${user.memberOfGroupNames}" },
        { name: "department", value: "${user.department}" },
      ],
    });
    await using second = await startTenant({
      snapshot: JSON.parse(JSON.stringify(first.emulator.snapshot())),
    });
    const tokens = await signOnAt(second, client, "carol");
    expect(claimsOf(tokens.id_token)).toMatchObject({ groups: ["Staff"], department: "Sales" });
    expect(second.emulator.snapshot()).toEqual({
      ...(first.emulator.snapshot() as object),
      ...changedBySignOn(second),
    });
  });

  it("is not among the test users of a snapshot from before it", async () => {
    await using tenant = await startTenant();
    const { emulator } = tenant;
    const before = emulator.snapshot();
    const users = emulator.users;
    emulator.seed.user({ username: "carol" });
    expect(emulator.users.map(({ username }) => username)).toContain("carol");
    await emulator.restore(before);
    expect(emulator.users).toEqual(users);
  });

  it("is refused in a sentence when a snapshot of it is damaged", async () => {
    await using tenant = await startTenant();
    const snapshot = { ...(tenant.emulator.snapshot() as object), seeds: { applications: [{}] } };
    await expect(startTenant({ snapshot })).rejects.toThrow("its part of PingOne is damaged.");
  });

  it("tells whoever keeps the state of every change", async () => {
    let changes = 0;
    await using tenant = await startTenant({ onChange: () => (changes += 1) });
    const { seed } = tenant.emulator;
    for (const act of [
      () => seed.user({ username: "carol" }),
      () => seed.application(),
      () => seed.group({ name: "Staff" }),
      () => seed.consent({ user: "carol", scopes: ["openid"] }),
    ]) {
      const before = changes;
      act();
      expect(changes).toBeGreaterThan(before);
    }
    const before = changes;
    await tenant.emulator.restore(tenant.emulator.snapshot());
    expect(changes).toBeGreaterThan(before);
  });
});

function changedBySignOn(tenant: Tenant) {
  const { state, consents } = tenant.emulator.snapshot() as Record<string, unknown>;
  return { state, consents };
}

describe("what cannot be seeded", () => {
  it("is refused with what would be valid, and changes nothing", async () => {
    await using tenant = await startTenant();
    const { seed } = tenant.emulator;
    const before = tenant.emulator.snapshot();
    const refusals: [() => unknown, string][] = [
      [() => seed.user({ username: "x", mail: "y" } as never), "Valid names: username, id, email"],
      [() => seed.user({} as never), "The user is not valid. username: "],
      [() => seed.user({ username: " alice" }), "username: begins or ends with a blank; remove it."],
      [() => seed.user({ username: "x", email: "no" }), "email: Invalid email"],
      [() => seed.user({ username: "x", groups: ["Nobodies"] }), 'no group "Nobodies". Valid ones: none.'],
      [() => seed.user({ username: "x", attributes: { email: "y" } }), "give it beside attributes"],
      [() => seed.user({ username: "x", attributes: { account: {} } }), "it cannot be seeded"],
      [() => seed.application({ grantTypes: ["X" as never] }), 'expected one of "AUTHORIZATION_CODE"'],
      [() => seed.application({ redirectUris: [] }), "AUTHORIZATION_CODE needs at least one"],
      [() => seed.application({ redirectUris: ["/cb"] }), "redirectUris.0: must be an absolute URI"],
      [() => seed.application({ redirectUris: ["https://a/*"] }), '"allowWildcardInRedirectUris"'],
      [() => seed.application({ scopes: ["x"] }), 'no scope "x". Valid ones: openid, profile'],
      [
        () => seed.application({ attributes: [{ name: "a", value: "${x}" }] }),
        'mapping "a": is an expression',
      ],
      [
        () => seed.application({ tokenEndpointAuthMethod: "PRIVATE_KEY_JWT" as never }),
        "tokenEndpointAuthMethod",
      ],
      [
        () => seed.consent({ user: "nobody", scopes: ["openid"] }),
        'no user "nobody". Valid ones: alice, bob',
      ],
      [() => seed.consent({ user: "bob", application: "x", scopes: ["openid"] }), "Valid ones: mcp-server"],
      [() => seed.consent({ user: "bob", scopes: ["p1:read:user"] }), "no scope granted to mcp-server"],
      [() => seed.group({ name: "" }), "The group is not valid. name: "],
      [() => seed.group({ name: "Staff", members: ["alice", "nobody"] }), 'no user "nobody"'],
    ];
    for (const [act, reason] of refusals) {
      expect(act).toThrow(ControlRequestError);
      expect(act).toThrow(reason);
    }
    expect(tenant.emulator.snapshot()).toEqual(before);
  });
});
