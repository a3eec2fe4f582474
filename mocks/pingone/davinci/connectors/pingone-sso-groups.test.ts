import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneSSOConnector as pingOne } from "./pingone-sso.ts";

const groups = [
  { id: "g-1", name: "Admins", description: "They may do all." },
  { id: "g-2", name: "Readers" },
];
const populations = [{ id: "p-1", name: "Staff", default: true, alternativeIdentifiers: ["staff.example"] }];

function setUp() {
  const alice = aliceFixture({ memberOfGroups: [{ id: "g-1" }], population: { id: "p-1" } });
  const bob = aliceFixture({ username: "bob", memberOfGroups: [{ id: "g-1" }] });
  const calls = createPingOneCalls({ users: [alice, bob], environment: { groups, populations } });
  const run = (capability: string, properties = {}) =>
    calls.call(pingOne, capability, { identifier: alice.id, ...properties });
  const groupsOf = async (identifier = alice.id) =>
    (await run("readUserGroupMemberships", { identifier })).output.groupMemberships;
  return { ...calls, run, groupsOf, bob };
}

describe("group memberships", () => {
  it("are read with the names of the groups", async () => {
    expect((await setUp().run("readUserGroupMemberships")).output).toMatchObject({
      groupMemberships: [{ id: "g-1", name: "Admins", type: "DIRECT" }],
      rawResponse: { count: 1, _embedded: { groupMemberships: [{ id: "g-1" }] } },
    });
  });

  it("are created and deleted for one user only", async () => {
    const { run, groupsOf, bob } = setUp();
    const group = { group: "useGroupId", groupId: "g-2" };
    expect(await run("createUserGroupMembership", group)).toMatchObject({
      output: { groupMembership: { id: "g-2", name: "Readers" } },
    });
    expect(await groupsOf()).toHaveLength(2);
    expect(await run("deleteUserGroupMembership", { group: "g-1" })).toMatchObject({ kind: "success" });
    expect(await groupsOf()).toMatchObject([{ id: "g-2" }]);
    expect(await groupsOf(bob.id)).toMatchObject([{ id: "g-1" }]);
  });

  it.each([
    ["readUserGroupMemberships", { identifier: "nobody" }],
    ["createUserGroupMembership", { groupId: "g-9" }],
    ["createUserGroupMembership", { identifier: "nobody", groupId: "g-2" }],
    ["deleteUserGroupMembership", { groupId: "g-9" }],
    ["readGroup", { groupId: "g-9" }],
    ["readPopulation", { populationId: "p-9" }],
  ])("%s of %j is not found", async (capability, properties) => {
    expect(await setUp().run(capability, properties)).toMatchObject({
      kind: "failure",
      error: { code: "notFound" },
    });
  });
});

describe("groups and populations", () => {
  it("are read by id", async () => {
    const { run } = setUp();
    expect((await run("readGroup", { groupId: "g-1" })).output.group).toMatchObject(groups[0] ?? {});
    expect(
      (await run("readPopulation", { population: "usePopulationId", populationId: "p-1" })).output,
    ).toMatchObject({
      population: { id: "p-1", name: "Staff", userCount: 1 },
    });
  });

  it("a population is found by another identifier too", async () => {
    expect(await setUp().run("readPopulation", { alternativeIdentifier: "staff.example" })).toMatchObject({
      output: { population: { id: "p-1" } },
    });
  });
});

describe("groups", () => {
  it("are created, changed and deleted with their memberships", async () => {
    const { run, groupsOf, services } = setUp();
    const created = await run("createGroup", { groupName: "New", description: "Of a flow." });
    expect(created.output).toMatchObject({
      group: { name: "New", description: "Of a flow." },
      statusCode: 201,
    });
    const groupId = created.output.group.id;
    expect((await run("updateGroup", { groupId, groupName: "Newer" })).output.group).toMatchObject({
      id: groupId,
      name: "Newer",
      description: "Of a flow.",
    });
    expect((await run("readGroup", { groupId })).output.group.name).toBe("Newer");
    expect(await run("deleteGroup", { groupId: "g-1" })).toMatchObject({ kind: "success" });
    expect(await groupsOf()).toEqual([]);
    const saved = services.environment.snapshot();
    services.environment.reset();
    expect((await run("readGroup", { groupId: "g-1" })).kind).toBe("success");
    services.environment.restore(saved);
    expect((await run("readGroup", { groupId: "g-1" })).error.code).toBe("notFound");
  });

  it("are false for what is not there, has no name or a name that is taken", async () => {
    const { run } = setUp();
    for (const name of ["updateGroup", "deleteGroup", "readGroupMembers"]) {
      expect((await run(name, { groupId: "g-9" })).error.code, name).toBe("notFound");
    }
    expect((await run("createGroup")).error.code).toBe("requiredValue");
    expect((await run("createGroup", { groupName: "Admins" })).error.code).toBe("uniquenessViolation");
    expect((await run("updateGroup", { groupId: "g-2", groupName: "Admins" })).error.code).toBe(
      "uniquenessViolation",
    );
    expect((await run("updateGroup", { groupId: "g-2", groupName: "Readers" })).kind).toBe("success");
  });

  it("have members, of whom an identifier names some", async () => {
    const { run, bob } = setUp();
    const members = (await run("readGroupMembers", { groupId: "g-1", identifier: "" })).output;
    expect(members).toMatchObject({ count: 2 });
    expect(
      (await run("readGroupMembers", { groupId: "g-1", identifier: "BOB" })).output.matchedUsers,
    ).toMatchObject([{ _embedded: { user: { id: bob.id } } }]);
    expect((await run("readGroupMembers", { groupId: "g-2", identifier: "" })).output.count).toBe(0);
  });
});
