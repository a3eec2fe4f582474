import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneSSOConnector as pingOne } from "./pingone-sso.ts";

const alice = aliceFixture({ department: "Sales", nickname: "", population: { id: "p-1" } });
const bob = aliceFixture({ username: "bob", name: {}, email: "shared@example.com" });
const eve = aliceFixture({ username: "eve", name: {}, email: "shared@example.com", externalId: "x-3" });

function setUp() {
  const calls = createPingOneCalls({ users: [alice, bob, eve] });
  const lookUp = (properties: Record<string, unknown>) => calls.call(pingOne, "userLookup", properties);
  const by = (identifier: string, ...matchAttributes: string[]) =>
    lookUp({ matchAttributes, userIdentifierForFindUser: identifier });
  return { ...calls, lookUp, by };
}

describe("Find User", () => {
  it.each([
    ["ALICE", ["username"], alice.id],
    [" alice ", ["username"], alice.id],
    ["alice@example.com", ["username", "email"], alice.id],
    [bob.id, ["id"], bob.id],
    [bob.id, ["userID"], bob.id],
    ["x-3", ["externalId"], eve.id],
    ["sales", ["department"], alice.id],
  ])("finds %s by %j", async (identifier, attributes, id) => {
    const { by, state } = setUp();
    expect(await by(identifier, ...attributes)).toMatchObject({
      kind: "success",
      output: { matchedUser: { id }, userCount: 1, statusCode: 200 },
    });
    expect(state.userId).toBe(id);
  });

  it.each([
    ["nobody", ["username", "email"]],
    ["alice@example.com", ["username"]],
    ["", ["username", "nickname"]],
    ["alice", ["__proto__", "constructor.name"]],
  ])("does not find %s by %j", async (identifier, attributes) => {
    const { by, state } = setUp();
    expect(await by(identifier, ...attributes)).toMatchObject({
      kind: "failure",
      error: { code: "notFound", httpResponseCode: 404 },
    });
    expect(state.userId).toBeUndefined();
  });

  it("identifies nobody by an address that several have, and says so", async () => {
    const { by, remarks } = setUp();
    expect(await by("shared@example.com", "username", "email")).toMatchObject({
      error: { code: "notFound" },
    });
    expect(remarks.join()).toContain("2 users match");
  });

  it("takes identifier, and user name and address, where an old export names no attributes", async () => {
    const { lookUp } = setUp();
    expect(await lookUp({ identifier: "alice@example.com" })).toMatchObject({
      output: { matchedUser: { id: alice.id } },
    });
  });

  it("adds the status of the password only if it is asked for", async () => {
    const { lookUp } = setUp();
    const properties = { matchAttributes: ["username"], userIdentifierForFindUser: "alice" };
    expect((await lookUp({ ...properties, returnUserPasswordStatus: true })).output.passwordStatus).toBe(
      "OK",
    );
    expect((await lookUp(properties)).output).not.toHaveProperty("passwordStatus");
  });

  it("takes a SCIM filter in the place of attributes", async () => {
    const { lookUp } = setUp();
    const byFilter = (scimFilter: string) => lookUp({ useCustomSCIMFilter: true, scimFilter });
    expect(await byFilter('email eq "alice@example.com" and population.id eq "p-1"')).toMatchObject({
      output: { matchedUser: { id: alice.id } },
    });
    expect(await byFilter('email eq "alice@example.com" and population.id eq "p-2"')).toMatchObject({
      error: { code: "notFound" },
    });
    expect(await byFilter("nonsense")).toMatchObject({ error: { code: "invalidInput" } });
    expect(await lookUp({ scimFilter: "nonsense", userIdentifierForFindUser: "alice" })).toMatchObject({
      kind: "success",
    });
  });
});

describe("a user in an output", () => {
  it("is the whole one of the Management API, without anything of the password", async () => {
    const { by } = setUp();
    const { output } = await by("alice", "username");
    expect(output.matchedUser).toMatchObject({
      id: alice.id,
      username: "alice",
      email: "alice@example.com",
      name: { given: "Alice", family: "Test" },
      account: { canAuthenticate: true, status: "OK" },
      lifecycle: { status: "ACCOUNT_OK" },
      population: { id: "p-1" },
      environment: { id: "env-1" },
      department: "Sales",
      enabled: true,
      emailVerified: true,
    });
    expect(output.matchedUser).not.toHaveProperty("customAttributes");
    expect(output.matchedUser).not.toHaveProperty("password");
    expect(JSON.stringify(output)).not.toContain("salt");
  });
});

describe("Read User", () => {
  it.each([
    ["the id", { identifier: alice.id }],
    ["the id of an old export", { userId: alice.id }],
    ["the id, named", { matchAttribute: "id", identifier: alice.id }],
    ["the user name", { matchAttribute: "username", identifier: "alice" }],
    ["the address", { matchAttribute: "email", identifier: "alice@example.com" }],
  ])("reads by %s", async (_, properties) => {
    const { call, state } = setUp();
    expect(await call(pingOne, "readUser", properties)).toMatchObject({
      kind: "success",
      output: { user: { id: alice.id }, rawResponse: { id: alice.id } },
    });
    expect(state.userId).toBe(alice.id);
  });

  it.each([{ identifier: "alice" }, { matchAttribute: "email", identifier: "alice" }, {}])(
    "finds nobody by %j",
    async (properties) => {
      expect(await setUp().call(pingOne, "readUser", properties)).toMatchObject({
        error: { code: "notFound" },
      });
    },
  );
});

describe("Find Multiple Users", () => {
  const ann = aliceFixture({ username: "ann", email: "shared@example.com" });
  const ben = aliceFixture({ username: "ben", email: "shared@example.com" });
  const find = (properties: Record<string, unknown>) =>
    createPingOneCalls({ users: [ann, ben] }).call(pingOne, "usersLookup", properties);

  it("finds all that have the identifier, or that a filter fits", async () => {
    const shared = await find({
      matchAttributes: ["email"],
      userIdentifierForFindUser: "SHARED@example.com",
    });
    expect(shared.output).toMatchObject({ userCount: 2, matchedUsers: [{ id: ann.id }, { id: ben.id }] });
    expect((await find({ scimFilter: 'username eq "ben"' })).output.matchedUsers).toMatchObject([
      { id: ben.id },
    ]);
  });

  it("is false for nobody, and for a filter that cannot be read", async () => {
    expect((await find({ userIdentifierForFindUser: "carl" })).error.code).toBe("notFound");
    expect((await find({})).error.code).toBe("notFound");
    expect((await find({ scimFilter: "username ~ x" })).error.code).toBe("invalidInput");
  });
});
