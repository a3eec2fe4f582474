import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls, NEW_PASSWORD, PASSWORD } from "../../testing/pingone-call.ts";
import { pingOneSSOConnector as pingOne } from "./pingone-sso.ts";

const ZOE = { username: "zoe", email: "zoe@example.com", passwordForCreateUser: NEW_PASSWORD };

function setUp(changes = {}, environment = {}) {
  const alice = aliceFixture(changes);
  const calls = createPingOneCalls({ users: [alice], environment });
  return {
    ...calls,
    alice,
    create: (properties: Record<string, unknown>) => calls.call(pingOne, "createUser", properties),
    update: (properties: Record<string, unknown>) =>
      calls.call(pingOne, "updateUser", { identifier: alice.id, ...properties }),
    stored: (id: string) => calls.services.users.findById(id),
  };
}

describe("Create User", () => {
  it("creates a user who can sign on, with every attribute that it names", async () => {
    const { create, services, state } = setUp();
    const { output } = await create({
      ...ZOE,
      given: "Zoe",
      family: "Test",
      primaryPhone: "+1.5125550100",
      locale: "",
      additionalUserProperties: [
        { name: "address.locality", preferredDataType: "string", value: "Austin" },
        { name: "address.region", value: "TX" },
        { name: "preferences", preferredDataType: "object", value: '{"news":true}' },
        { name: "visits", preferredDataType: "number", value: "3" },
        { name: "nickname", value: "" },
      ],
    });
    expect(output).toMatchObject({
      statusCode: 201,
      user: {
        username: "zoe",
        email: "zoe@example.com",
        name: { given: "Zoe", family: "Test" },
        primaryPhone: "+1.5125550100",
        address: { locality: "Austin", region: "TX" },
        preferences: { news: true },
        visits: 3,
        lifecycle: { status: "ACCOUNT_OK" },
        enabled: true,
      },
    });
    // What is empty is not sent to PingOne.
    expect(output.user).not.toHaveProperty("locale");
    expect(output.user).not.toHaveProperty("nickname");
    expect(services.users.checkPassword(output.user.id, NEW_PASSWORD).status).toBe("OK");
    expect(JSON.stringify(output)).not.toContain(NEW_PASSWORD);
    expect(state.userId).toBe(output.user.id);
  });

  it("takes further attributes as the JSON text of old exports", async () => {
    const { output } = await setUp().create({ ...ZOE, additionalUserProperties: '{"nickname":"Zo"}' });
    expect(output.user).toMatchObject({ nickname: "Zo" });
  });

  it("sends a code if the address has to be verified, and only then", async () => {
    const { create, services } = setUp();
    const { output } = await create({ ...ZOE, lifecycleStatus: "VERIFICATION_REQUIRED" });
    const [message] = services.outbox.list();
    expect(message).toMatchObject({ to: "zoe@example.com", purpose: "verification", userId: output.user.id });
    expect(output.user.lifecycle.status).toBe("VERIFICATION_REQUIRED");
    expect(output.user.emailVerified).toBe(false);
    expect(services.codes.check("verification", output.user.id, message?.code ?? "")).toBe("right");
    expect(JSON.stringify(output)).not.toContain(message?.code);
    await create({ ...ZOE, username: "other" });
    expect(services.outbox.list()).toHaveLength(1);
  });

  it.each([
    ["a user name that is taken", { username: "ALICE" }, "uniquenessViolation", "username"],
    [
      "a user name that is somebody's address",
      { username: "alice@example.com" },
      "uniquenessViolation",
      "username",
    ],
    ["no user name", { username: "" }, "requiredValue", "username"],
    [
      "no address to verify",
      { email: "", lifecycleStatus: "VERIFICATION_REQUIRED" },
      "requiredValue",
      "email",
    ],
    ["a malformed address", { email: "zoe" }, "invalidInput", "email"],
    ["a weak password", { passwordForCreateUser: "weak" }, "passwordPolicyNotValid", "password"],
    [
      "an attribute of another type",
      { additionalUserProperties: [{ name: "address", value: "Austin" }] },
      "invalidInput",
      "address",
    ],
    [
      "a name that is none of an attribute",
      { additionalUserProperties: [{ name: "__proto__.polluted", value: "x" }] },
      "invalidInput",
      "__proto__.polluted",
    ],
  ])("refuses %s, and creates nobody", async (_, properties, code, target) => {
    const { create, services } = setUp();
    const effect = await create({ ...ZOE, ...properties });
    expect(effect).toMatchObject({
      kind: "failure",
      error: { code, details: [{ rawResponse: { details: [{ target }] } }] },
    });
    expect(JSON.stringify(effect)).not.toContain(NEW_PASSWORD);
    expect(services.users.list()).toHaveLength(1);
    expect(services.outbox.list()).toEqual([]);
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  it("lets users share an address", async () => {
    expect(await setUp().create({ ...ZOE, email: "alice@example.com" })).toMatchObject({ kind: "success" });
  });

  const populations = [
    { id: "p-1", name: "Staff", default: false, alternativeIdentifiers: ["staff.example"] },
    { id: "p-2", name: "Guests", default: true, alternativeIdentifiers: [] },
  ];
  it.each([
    [{ population: "usePopulationId", populationId: "p-1" }, "p-1"],
    [{ population: "p-1" }, "p-1"],
    [{ population: "useAlternativeIdentifier", alternativeIdentifier: "staff.example" }, "p-1"],
    [{ population: "usePopulationId" }, "p-2"],
    [{}, "p-2"],
  ])("puts the user of %j into the population %s", async (properties, id) => {
    const { create } = setUp({}, { populations });
    expect((await create({ ...ZOE, ...properties })).output.user.population).toEqual({ id });
  });

  it("refuses a population that is not there, unless the tenant lists none", async () => {
    const unknown = { ...ZOE, populationId: "p-9" };
    expect(await setUp({}, { populations }).create(unknown)).toMatchObject({ error: { code: "notFound" } });
    expect((await setUp().create(unknown)).output.user.population).toEqual({ id: "p-9" });
  });
});

describe("Update User", () => {
  it("changes what it names and leaves the rest", async () => {
    const { update, stored, alice } = setUp({ department: "Sales", address: { region: "TX" } });
    const { output } = await update({
      username: "alice",
      family: "Changed",
      additionalUserProperties: [
        { name: "address.locality", value: "Austin" },
        { name: "department", value: "Support" },
      ],
    });
    expect(output.user).toMatchObject({
      name: { given: "Alice", family: "Changed" },
      address: { locality: "Austin", region: "TX" },
      department: "Support",
    });
    expect(stored(alice.id)?.customAttributes).toEqual({ department: "Support" });
  });

  it("replaces an object as a whole, and clears attributes", async () => {
    const { update } = setUp({ department: "Sales", address: { region: "TX" }, primaryPhone: "+1" });
    const { output } = await update({
      additionalUserProperties: [
        { name: "address", preferredDataType: "object", value: { locality: "Austin" } },
      ],
      clearUserAttributes: ["primaryPhone", "department", "name.given"],
    });
    expect(output.user.address).toEqual({ locality: "Austin" });
    expect(output.user).not.toHaveProperty("primaryPhone");
    expect(output.user).not.toHaveProperty("department");
    expect(output.user.name).toEqual({ family: "Test" });
  });

  it("takes a new address for one that is still to be verified", async () => {
    const { update, services, alice } = setUp();
    services.users.verify(alice.id);
    expect((await update({ email: "alice@example.com" })).output.user.emailVerified).toBe(true);
    expect((await update({ email: "new@example.com" })).output.user.emailVerified).toBe(false);
  });

  it("leaves what PingOne keeps itself aside, with a remark", async () => {
    const { update, remarks, alice } = setUp();
    const { output } = await update({
      given: "Changed",
      additionalUserProperties: [
        { name: "id", value: "other" },
        { name: "account.status", value: "LOCKED" },
        { name: "mfaEnabled", value: true },
      ],
      clearUserAttributes: ["lifecycle"],
    });
    expect(output.user).toMatchObject({
      id: alice.id,
      name: { given: "Changed" },
      account: { status: "OK" },
      mfaEnabled: false,
      lifecycle: { status: "ACCOUNT_OK" },
    });
    expect(remarks).toHaveLength(4);
  });

  it.each([
    ["another user name", { username: "alice2" }, "constraintViolation"],
    // PingOne takes any difference for a change.
    ["its user name with a blank", { username: "alice " }, "constraintViolation"],
    ["a malformed address", { email: "nonsense" }, "invalidInput"],
    ["nobody", { identifier: "nobody" }, "notFound"],
    [
      "too much",
      { additionalUserProperties: [{ name: "note", value: "x".repeat(100_001) }] },
      "invalidInput",
    ],
  ])("refuses %s, and changes nothing", async (_, properties, code) => {
    const { update, stored, alice } = setUp();
    expect(await update({ given: "Changed", ...properties })).toMatchObject({ error: { code } });
    expect(stored(alice.id)?.name.given).toBe("Alice");
  });
});

describe("Delete User", () => {
  it("takes the user away, with devices, codes, consents and acceptances", async () => {
    const agreements = [
      {
        id: "terms",
        name: "Terms",
        languages: [{ id: "l", locale: "en", currentRevision: { id: "r", text: "t" } }],
      },
    ];
    const alice = aliceFixture({ devices: [{ type: "FIDO2" }] });
    const { call, services } = createPingOneCalls({ users: [alice], agreements });
    const terms = services.agreements.present("terms");
    if (!terms) throw new Error("no agreement");
    services.agreements.accept(alice.id, terms);
    services.codes.issue("recovery", alice.id, "123456");
    const query = { userId: alice.id, applicationId: "app-1", scopes: ["openid"] };
    services.consents.record(query, { status: "ACCEPTED", scopes: ["openid"] });

    expect(await call(pingOne, "deleteUser", { identifier: alice.id })).toMatchObject({ kind: "success" });
    expect(services.users.findById(alice.id)).toBeUndefined();
    expect(services.mfa.devices.list(alice.id)).toEqual([]);
    expect(services.codes.check("recovery", alice.id, "123456")).toBe("none");
    expect(services.agreements.lastAcceptance(alice.id, "terms")).toBeUndefined();
    expect(services.consents.findAccepted(query)).toBeUndefined();
    expect(await call(pingOne, "deleteUser", { identifier: alice.id })).toMatchObject({ kind: "failure" });
  });
});

describe("the state of a user", () => {
  it.each([
    [true, true],
    ["true", true],
    [false, false],
    ["false", false],
    [undefined, false],
  ])("Update User Status with %j sets enabled to %s", async (enabled, expected) => {
    const { call, alice, stored } = setUp({ enabled: !expected });
    expect(await call(pingOne, "enableUser", { identifier: alice.id, enabled })).toMatchObject({
      output: { user: { enabled: expected }, rawResponse: { enabled: expected } },
    });
    expect(stored(alice.id)?.enabled).toBe(expected);
  });

  it("Unlock User ends a lock of the account and of the password", async () => {
    const { call, alice, services } = setUp({ account: { status: "LOCKED" } });
    services.users.lockPassword(alice.id);
    expect(services.users.checkPassword(alice.id, PASSWORD).status).toBe("PASSWORD_LOCKED_OUT");
    expect(await call(pingOne, "unlockUser", { userId: alice.id })).toMatchObject({
      output: { user: { account: { status: "OK", canAuthenticate: true } } },
    });
    expect(services.users.checkPassword(alice.id, PASSWORD).status).toBe("OK");
    expect(await call(pingOne, "unlockUser", { userId: "nobody" })).toMatchObject({ kind: "failure" });
  });
});
