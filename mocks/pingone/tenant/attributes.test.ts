import { describe, expect, it } from "vitest";
import { claimsOf } from "../testing/client.ts";
import { PASSWORD, userFixture } from "../testing/flow-driver.ts";
import { editItem, editWorkerApplication, startTenant } from "../testing/tenant.ts";
import { claimsOfMappings, findMappingFault, limitedForIdToken } from "./attributes.ts";
import { UserStore } from "./users.ts";

const groups = [
  { id: "g1", name: "Staff" },
  { id: "g2", name: "Admins" },
];

function claimFrom(value: string, user = {}): unknown {
  const fixture = {
    ...userFixture("alice"),
    memberOfGroups: [{ id: "g2" }, { id: "gone" }],
    department: "Sales",
    ...user,
  };
  const [alice] = new UserStore([fixture], { clock: () => 0 }).list();
  return alice && claimsOfMappings([{ name: "claim", value }], alice, groups).claim;
}

describe("[PING-149] an attribute mapping", () => {
  it.each([
    ["text", "a text", "a text"],
    ["an attribute", "${user.username}", "alice"],
    ["a nested attribute", "${user.name.given}", "alice"],
    ["a nested attribute by brackets", "${user['name']['given']}", "alice"],
    ["an attribute of its own type", "${user.enabled}", true],
    ["a whole object", "${user.name}", { given: "alice", family: "Test" }],
    ["a custom attribute", "${user.department}", "Sales"],
    ["the names of groups", "${user.memberOfGroupNames}", ["Admins"]],
    ["the ids of groups", "${user.memberOfGroupIDs}", ["g2"]],
    ["joined terms", "${user.name.family + ', ' + user.name.given}", "Test, alice"],
    ["a literal with quotes", "${'it''s ' + \"so\"}", "it's so"],
    ["a literal with a plus", "${'1 + 1'}", "1 + 1"],
    ["an attribute that this user does not have", "${user.nickname}", undefined],
    [
      "joined with one",
      "${user.username + user.nickname}".replace("+", " + ").replaceAll("  ", " "),
      undefined,
    ],
    ["nothing where it is blank", "", undefined],
    ["a member of every object", "${user.constructor}", undefined],
  ])("gives %s", (_, value, claim) => {
    expect(claimFrom(value)).toEqual(claim);
  });

  it.each([
    [
      "${user.deparment}",
      "value",
      'no user has the attribute "deparment"; give it to a user, or use one of: ',
    ],
    ["${user.name.givn}", "value", 'no user has the attribute "name.givn"'],
    ["${user.constructor}", "value", 'no user has the attribute "constructor"'],
    ["${#string.upperCase(user.username)}", "value", "is an expression that the emulator cannot evaluate"],
    ["${user.a ?: 'b'}", "value", "is an expression that the emulator cannot evaluate"],
    ["${user.username} and ${user.email}", "value", "is an expression that the emulator cannot evaluate"],
    ["${}", "value", "is an expression that the emulator cannot evaluate"],
    ["${user.username", "value", "is an expression that the emulator cannot evaluate"],
  ])("of %s is a fault", (value, at, reason) => {
    expect(findMappingFault({ name: "claim", value }, new Set(["department"]))).toEqual({
      at,
      reason: expect.stringContaining(reason),
    });
  });

  it("knows PingOne's attributes, and those that users have", () => {
    const custom = new Set(["department"]);
    for (const attribute of [
      "address.locality",
      "name",
      "memberOfGroupNames",
      "department",
      "department.of",
    ]) {
      expect(findMappingFault({ name: "claim", value: `\${user.${attribute}}` }, custom)).toBeUndefined();
    }
  });

  it.each(["aud", "iss", "env", "acr"])("may not give the claim %s", (name) => {
    expect(findMappingFault({ name, value: "x" }, new Set())?.at).toBe("name");
  });

  it("of more than 25 values is replaced in an ID token", () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `group ${index}`);
    expect(limitedForIdToken({ a: names(25), b: names(26), c: "text" })).toEqual({
      a: names(25),
      b: "[SIZE_LIMIT_EXCEEDED]",
      c: "text",
    });
  });
});

describe("[PING-150] claims of attribute mappings", () => {
  const mapping = (name: string, more: object = {}) => ({ name, value: "${user.email}", ...more });

  it("are, for an application, in the ID token and UserInfo, whatever scopes are asked for", async () => {
    const attributes = [
      { name: "sub", value: "${user.id}", mappingType: "CORE", required: true },
      mapping("both"),
      mapping("only_id", { userInfo: false }),
      mapping("only_info", { idToken: false }),
    ];
    await using tenant = await startTenant({ edit: editWorkerApplication({ attributes }) });
    const tokens = await tenant.obtainTokens({ parameters: { scope: "openid todo_api:read" } });
    const email = "alice@example.com";
    const idToken = claimsOf(tokens.id_token);
    expect(idToken).toMatchObject({ sub: tenant.userId("alice"), both: email, only_id: email });
    expect(idToken).not.toHaveProperty("only_info");
    const info = await (await tenant.userInfo(tokens.access_token)).json();
    expect(info).toMatchObject({ sub: tenant.userId("alice"), both: email, only_info: email });
    expect(info).not.toHaveProperty("only_id");
    expect(claimsOf(tokens.access_token)).not.toHaveProperty("both");
  });

  it("are, for a custom resource, in the access tokens that are for it, and nowhere else", async () => {
    const edit = editItem("resources.json", 2, { attributes: [mapping("mail")] });
    await using tenant = await startTenant({ edit });
    const forApi = await tenant.obtainTokens();
    expect(claimsOf(forApi.access_token).mail).toBe("alice@example.com");
    expect(claimsOf(forApi.id_token)).not.toHaveProperty("mail");
    const other = await tenant.obtainTokens({ parameters: { scope: "openid profile" } });
    expect(claimsOf(other.access_token)).not.toHaveProperty("mail");
  });

  it("may put something else in the place of sub", async () => {
    const attributes = [{ name: "sub", value: "${user.username}" }];
    await using tenant = await startTenant({ edit: editWorkerApplication({ attributes }) });
    const tokens = await tenant.obtainTokens();
    expect(claimsOf(tokens.id_token).sub).toBe("alice");
    expect(await (await tenant.userInfo(tokens.access_token)).json()).toMatchObject({ sub: "alice" });
  });

  it("are faults at load where they cannot be evaluated, at their place", async () => {
    const attributes = [mapping("a"), mapping("a"), { name: "b", value: "${user.nothing}" }, mapping("iss")];
    const loading = startTenant({ edit: editWorkerApplication({ attributes }) });
    await expect(loading).rejects.toThrow('applications[0].attributes[1].name: there is another mapping "a"');
    await expect(loading).rejects.toThrow("applications[0].attributes[2].value: no user has the attribute");
    await expect(loading).rejects.toThrow("applications[0].attributes[3].name: ");
  });
});

it("the password of test users is the one that seeding gives", async () => {
  await using tenant = await startTenant();
  expect(tenant.emulator.seed.user({ username: "carol" }).password).toBe(PASSWORD);
});
