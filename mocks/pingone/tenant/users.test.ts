import { describe, expect, it } from "vitest";
import { PASSWORD, userFixture } from "../testing/flow-driver.ts";
import { type UserFixture, UserStore } from "./users.ts";

const NEW_PASSWORD = "N3w-Passw0rd!";

function storeOf(...fixtures: UserFixture[]) {
  let now = Date.parse("2026-11-24T12:00:00Z");
  let changes = 0;
  const store = new UserStore(fixtures, {
    clock: () => now,
    onChange: () => {
      changes += 1;
    },
  });
  const idOf = (login: string) => store.findByLogin(login)?.id ?? "";
  return {
    store,
    idOf,
    advanceClock: (seconds: number) => {
      now += seconds * 1000;
    },
    changesDuring: (act: () => void) => {
      const before = changes;
      act();
      return changes - before;
    },
  };
}

describe("a user of a fixture", () => {
  it("[PING-142] may have neither address, name nor password", () => {
    const { store, idOf } = storeOf({ id: crypto.randomUUID(), username: "carol" });
    expect(store.list()).toMatchObject([{ username: "carol", enabled: true, name: {} }]);
    expect(store.list()[0]).not.toHaveProperty("email");
    expect(store.stateOf(idOf("carol"))).toBe("NO_PASSWORD");
    expect(store.checkPassword(idOf("carol"), "").status).toBe("INVALID");
  });

  it("keeps attributes that are not known here apart, for attribute mappings", () => {
    const { store } = storeOf({ ...userFixture("alice"), department: "Sales", _links: {} });
    expect(store.list()[0]).not.toHaveProperty("department");
    expect(store.list()[0]?.customAttributes).toEqual({ department: "Sales" });
  });
});

describe("findByLogin", () => {
  it("takes a username or an address, whatever its case, and a username before an address", () => {
    const { store } = storeOf(
      userFixture("alice", { email: "bob@example.com" }),
      userFixture("bob@example.com", { email: "other@example.com" }),
    );
    expect(store.findByLogin(" ALICE ")?.username).toBe("alice");
    expect(store.findByLogin("OTHER@example.com")?.username).toBe("bob@example.com");
    expect(store.findByLogin("bob@example.com")?.username).toBe("bob@example.com");
    expect(store.findByLogin("other@example.com", ["username"])).toBeUndefined();
    expect(store.findByLogin("")).toBeUndefined();
  });

  it("finds nobody by an address that several have", () => {
    const shared = { email: "team@example.com" };
    const { store } = storeOf(userFixture("alice", shared), userFixture("bob", shared));
    expect(store.findByLogin("team@example.com")).toBeUndefined();
    expect(store.findByLogin("bob")?.username).toBe("bob");
  });
});

describe("checkPassword", () => {
  it("[PING-079] counts failures down, locks at the fifth for 15 minutes, and starts again afterwards", () => {
    const { store, idOf, advanceClock } = storeOf(userFixture("alice"));
    const check = (password: string) => store.checkPassword(idOf("alice"), password);
    for (const failuresRemaining of [4, 3, 2, 1]) {
      expect(check("wrong")).toEqual({ status: "INVALID", failuresRemaining });
    }
    expect(check("wrong")).toEqual({ status: "PASSWORD_LOCKED_OUT", secondsUntilUnlock: 900 });
    expect(check(PASSWORD)).toEqual({ status: "PASSWORD_LOCKED_OUT", secondsUntilUnlock: 900 });
    advanceClock(899);
    expect(check(PASSWORD)).toEqual({ status: "PASSWORD_LOCKED_OUT", secondsUntilUnlock: 1 });
    advanceClock(1);
    expect(check("wrong")).toEqual({ status: "INVALID", failuresRemaining: 4 });
    expect(check(PASSWORD)).toEqual({ status: "OK" });
  });

  it("forgets failures at the first success", () => {
    const { store, idOf } = storeOf(userFixture("alice"));
    const check = (password: string) => store.checkPassword(idOf("alice"), password).status;
    for (let round = 0; round < 3; round += 1) {
      for (let failure = 0; failure < 4; failure += 1) check("wrong");
      expect(check(PASSWORD)).toBe("OK");
    }
  });

  it.each([
    ["DISABLED", { enabled: false }],
    ["ACCOUNT_LOCKED", { account: { canAuthenticate: true, status: "LOCKED" } }],
    ["ACCOUNT_LOCKED", { account: { canAuthenticate: false, status: "OK" } }],
    ["MUST_CHANGE_PASSWORD", { password: { value: PASSWORD, status: "MUST_CHANGE_PASSWORD" } }],
    ["PASSWORD_EXPIRED", { password: { value: PASSWORD, status: "PASSWORD_EXPIRED" } }],
  ] as const)("says %s only to the right password", (status, changes) => {
    const { store, idOf } = storeOf(userFixture("alice", changes));
    expect(store.checkPassword(idOf("alice"), "wrong").status).toBe("INVALID");
    expect(store.checkPassword(idOf("alice"), PASSWORD).status).toBe(status);
    expect(store.stateOf(idOf("alice"))).toBe(status);
  });

  it("never accepts a password for a user who has none, or for nobody", () => {
    const { store, idOf } = storeOf(userFixture("alice", { password: { status: "NO_PASSWORD" } }));
    for (const password of ["", PASSWORD]) {
      expect(store.checkPassword(idOf("alice"), password).status).toBe("INVALID");
      expect(store.checkPassword("nobody", password).status).toBe("INVALID");
    }
  });

  it("keeps a lock without an end until the password is reset", () => {
    const locked = userFixture("alice", { password: { value: PASSWORD, status: "PASSWORD_LOCKED_OUT" } });
    const { store, idOf, advanceClock } = storeOf(locked);
    advanceClock(365 * 86_400);
    expect(store.checkPassword(idOf("alice"), PASSWORD).status).toBe("PASSWORD_LOCKED_OUT");
    expect(store.setPassword(idOf("alice"), NEW_PASSWORD)).toBe(true);
    expect(store.checkPassword(idOf("alice"), NEW_PASSWORD).status).toBe("OK");
  });
});

describe("setPassword", () => {
  it.each([
    "Sh0rt!!",
    "no-upper-c4se",
    "NO-LOWER-C4SE",
    "No-Digits-Here",
    "NoSpecial5Here",
    `Aa1!${"x".repeat(252)}`,
  ])("refuses %s", (password) => {
    const { store, idOf } = storeOf(userFixture("alice"));
    expect(store.setPassword(idOf("alice"), password)).toBe(false);
    expect(store.checkPassword(idOf("alice"), PASSWORD).status).toBe("OK");
  });

  it("refuses the password in use, and one for nobody", () => {
    const { store, idOf } = storeOf(userFixture("alice"));
    expect(store.setPassword(idOf("alice"), PASSWORD)).toBe(false);
    expect(store.setPassword("nobody", NEW_PASSWORD)).toBe(false);
  });
});

describe("create", () => {
  it("makes a user who is to be verified, with the attributes given", () => {
    const { store } = storeOf();
    const created = store.create({
      username: "zoe",
      attributes: { email: "zoe@example.com", "name.given": "Zoe", "address.locality": "Austin", team: "a" },
      password: NEW_PASSWORD,
    });
    expect(created).toMatchObject({
      kind: "done",
      user: {
        username: "zoe",
        name: { given: "Zoe" },
        address: { locality: "Austin" },
        lifecycle: { status: "VERIFICATION_REQUIRED" },
        createdAt: "2026-11-24T12:00:00.000Z",
        customAttributes: { team: "a" },
      },
    });
  });

  it("makes one without a password, whom nobody can sign on as", () => {
    const { store, idOf } = storeOf();
    store.create({ username: "zoe", lifecycle: "ACCOUNT_OK" });
    expect(store.stateOf(idOf("zoe"))).toBe("NO_PASSWORD");
  });

  it.each([
    ["a name that is taken", { username: "ALICE" }, { kind: "username-taken" }],
    ["a weak password", { username: "zoe", password: "weak" }, { kind: "password-refused" }],
    [
      "a name with a blank at its end",
      { username: "zoe " },
      { kind: "refused", fault: { target: "username" } },
    ],
    [
      "a malformed address",
      { username: "zoe", attributes: { email: "zoe" } },
      { kind: "refused", fault: { target: "email" } },
    ],
    [
      "an attribute that is PingOne's to set",
      { username: "zoe", attributes: { id: "1" } },
      { kind: "refused", fault: { target: "id" } },
    ],
  ])("refuses %s", (_, user, outcome) => {
    const { store } = storeOf(userFixture("alice"));
    expect(store.create(user)).toMatchObject(outcome);
    expect(store.list()).toHaveLength(1);
  });
});

describe("update", () => {
  it("writes by path, clears with null, and dates the change", () => {
    const { store, idOf, advanceClock } = storeOf(
      userFixture("alice", { department: "Sales", address: { region: "TX", locality: "Austin" } }),
    );
    advanceClock(60);
    const changes = { "address.locality": null, "name.given": "Al", department: null, "car.colour": "red" };
    expect(store.update(idOf("alice"), changes)).toMatchObject({ kind: "done" });
    const alice = store.findById(idOf("alice"));
    expect(alice).toMatchObject({
      name: { given: "Al", family: "Test" },
      address: { region: "TX" },
      customAttributes: { car: { colour: "red" } },
      updatedAt: "2026-11-24T12:01:00.000Z",
    });
    expect(alice?.address).not.toHaveProperty("locality");
    expect(alice?.customAttributes).not.toHaveProperty("department");
  });

  it("keeps the user name its own, and nobody else's", () => {
    const { store, idOf } = storeOf(userFixture("alice"), userFixture("bob"));
    expect(store.update(idOf("alice"), { username: "BOB" })).toEqual({ kind: "username-taken" });
    expect(store.update(idOf("alice"), { username: "Alice" })).toMatchObject({ kind: "done" });
    expect(store.update("nobody", {})).toBeUndefined();
  });

  it("does not keep what its caller changes later", () => {
    const { store, idOf } = storeOf(userFixture("alice"));
    const address = { locality: "Austin" };
    store.update(idOf("alice"), { address });
    address.locality = "Boston";
    expect(store.findById(idOf("alice"))?.address?.locality).toBe("Austin");
  });

  it.each(["__proto__", "__proto__.polluted", "a.__proto__.polluted", "a..b", "", "a.b.c.d.e.f", "_links"])(
    "refuses the path %j, and leaves every object alone",
    (path) => {
      const { store, idOf } = storeOf(userFixture("alice"));
      expect(store.update(idOf("alice"), { [path]: "x" })).toMatchObject({ kind: "refused" });
      expect({}).not.toHaveProperty("polluted");
    },
  );

  it("takes names such as constructor for names", () => {
    const { store, idOf } = storeOf(userFixture("alice"));
    expect(store.update(idOf("alice"), { "constructor.prototype.polluted": "x" })).toMatchObject({
      kind: "done",
    });
    expect({}).not.toHaveProperty("polluted");
    expect(store.findById(idOf("alice"))?.customAttributes).toEqual({
      constructor: { prototype: { polluted: "x" } },
    });
  });
});

describe("locks", () => {
  it("of a password end by unlock, or by themselves", () => {
    const { store, idOf, advanceClock } = storeOf(userFixture("alice"));
    const id = idOf("alice");
    store.lockPassword(id);
    expect(store.passwordStatusOf(id)).toBe("PASSWORD_LOCKED_OUT");
    store.unlock(id);
    expect(store.passwordStatusOf(id)).toBe("OK");
    store.lockPassword(id);
    advanceClock(900);
    expect(store.passwordStatusOf(id)).toBe("OK");
  });

  it("leave a user without a password, and other statuses, as they are", () => {
    const { store, idOf } = storeOf(
      userFixture("alice", { password: {} }),
      userFixture("bob", { password: { value: PASSWORD, status: "PASSWORD_EXPIRED" } }),
    );
    store.lockPassword(idOf("alice"));
    expect(store.passwordStatusOf(idOf("alice"))).toBe("NO_PASSWORD");
    store.unlock(idOf("bob"));
    expect(store.passwordStatusOf(idOf("bob"))).toBe("PASSWORD_EXPIRED");
  });
});

describe("state", () => {
  it("comes back from a snapshot through JSON, and holds no password in clear text", () => {
    const first = storeOf(userFixture("alice"));
    first.store.setPassword(first.idOf("alice"), NEW_PASSWORD);
    first.store.create({ username: "zoe@example.com", password: NEW_PASSWORD });
    first.store.checkPassword(first.idOf("alice"), "wrong");
    const json = JSON.stringify(first.store.snapshot());
    expect(json).not.toContain(NEW_PASSWORD);
    expect(json).not.toContain(PASSWORD);

    const second = storeOf(userFixture("alice"));
    second.store.restore(JSON.parse(json));
    expect(second.store.checkPassword(second.idOf("alice"), "wrong")).toEqual({
      status: "INVALID",
      failuresRemaining: 3,
    });
    expect(second.store.checkPassword(second.idOf("zoe@example.com"), NEW_PASSWORD).status).toBe("OK");

    second.store.reset();
    expect(second.store.findByLogin("zoe@example.com")).toBeUndefined();
    expect(second.store.list()).toHaveLength(1);
  });

  it("that was saved without addresses verified and populations comes back too", () => {
    const { store, idOf } = storeOf(userFixture("alice"));
    const saved = JSON.parse(JSON.stringify(store.snapshot()));
    for (const { profile } of saved) {
      delete profile.emailVerified;
      delete profile.population;
    }
    store.restore(saved);
    expect(store.checkPassword(idOf("alice"), PASSWORD).status).toBe("OK");
  });

  it("is refused when it is no snapshot of users, and left alone", () => {
    const { store } = storeOf(userFixture("alice"));
    expect(() => store.restore([{ profile: {} }])).toThrow("snapshot of users: ");
    expect(store.list()).toHaveLength(1);
  });

  it("in a snapshot does not change with the store", () => {
    const { store, idOf } = storeOf(userFixture("alice"));
    const snapshot = store.snapshot();
    store.setEnabled(idOf("alice"), false);
    expect(snapshot[0]?.profile.enabled).toBe(true);
  });

  it("says when it has changed", () => {
    const { store, idOf, changesDuring } = storeOf(userFixture("alice"));
    const id = idOf("alice");
    expect(changesDuring(() => store.checkPassword(id, PASSWORD))).toBe(0);
    expect(changesDuring(() => store.checkPassword(id, "wrong"))).toBe(1);
    expect(changesDuring(() => store.checkPassword(id, PASSWORD))).toBe(1);
    expect(changesDuring(() => store.setPassword(id, NEW_PASSWORD))).toBe(1);
    expect(changesDuring(() => store.setEnabled(id, false))).toBe(1);
    expect(changesDuring(() => store.verify(id))).toBe(1);
    expect(changesDuring(() => store.reset())).toBe(1);
    const zoe = { username: "zoe@example.com", password: NEW_PASSWORD };
    expect(changesDuring(() => store.create(zoe))).toBe(1);
    expect(changesDuring(() => store.create(zoe))).toBe(0);
    const zoeId = idOf("zoe@example.com");
    expect(changesDuring(() => store.update(zoeId, { nickname: "Zo" }))).toBe(1);
    expect(changesDuring(() => store.lockPassword(zoeId))).toBe(1);
    expect(changesDuring(() => store.unlock(zoeId))).toBe(1);
    expect(changesDuring(() => store.delete(zoeId))).toBe(1);
    expect(changesDuring(() => store.delete(zoeId))).toBe(0);
  });
});
