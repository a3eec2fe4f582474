import { describe, expect, it, vi } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneAuthenticationConnector as authentication } from "./pingone-authentication.ts";

const alice = aliceFixture();
const NOW = Date.parse("2026-11-24T12:00:00Z");

interface SessionOf {
  readonly methods?: readonly string[];
  readonly ageMinutes?: number;
  readonly userId?: string;
}

function setUp(session?: SessionOf, options: NonNullable<Parameters<typeof createPingOneCalls>[0]> = {}) {
  const calls = createPingOneCalls({
    users: [alice],
    ...options,
    context: {
      ...(session && {
        session: {
          id: "s-1",
          userId: session.userId ?? alice.id,
          authenticationMethods: session.methods ?? ["pwd"],
          authenticatedAt: NOW - (session.ageMinutes ?? 0) * 60_000,
        },
      }),
      ...options.context,
    },
  });
  return {
    ...calls,
    check: (properties = {}) => calls.call(authentication, "checkSession", properties),
    succeed: (properties = {}) =>
      calls.call(authentication, "returnSuccessResponseRedirect", { userId: alice.id, ...properties }),
    refuse: (properties = {}) => calls.call(authentication, "returnErrorResponseRedirect", properties),
  };
}

describe("Check Session", () => {
  it.each([
    ["pwd", ["pwd"], true],
    ["pwd", ["mfa"], false],
    ["mfa", ["pwd", "mfa"], true],
    ["rememberme", ["pwd"], false],
    ["pwdless", ["pwdless"], true],
    ["anyAuthenticationMethod", ["otp"], true],
    // The default of the editor.
    [undefined, ["pwd"], true],
    [undefined, ["mfa"], false],
  ])("for %s with a session by %j: %s", async (checkSessionAuthenticator, methods, isTrue) => {
    const { check, state } = setUp({ methods });
    const effect = await check({ checkSessionAuthenticator });
    expect(effect.kind).toBe(isTrue ? "success" : "false");
    expect(state).toMatchObject({ isSessionAccepted: isTrue, userId: isTrue ? alice.id : undefined });
  });

  it("says that a node without a method may find nothing at PingOne", async () => {
    const { check, remarks } = setUp({});
    await check({ checkSessionAuthenticator: "pwd" });
    expect(remarks).toEqual([]);
    await check();
    expect(remarks.join()).toContain("Names no authentication method");
  });

  it.each([
    [10, 10, true],
    [10, 11, false],
    ["10", 11, false],
    [undefined, 480, true],
    [undefined, 481, false],
  ])(
    "that allows %j minutes, with an authentication %i minutes ago: %s",
    async (minutes, ageMinutes, isTrue) => {
      const { check } = setUp({ ageMinutes });
      expect((await check({ authenticationMethodLastUsedIn: minutes })).kind).toBe(
        isTrue ? "success" : "false",
      );
    },
  );

  it.each([
    ["without a session", undefined, {}],
    ["when the request asks for a sign-on", {}, { context: { forceAuthentication: true } }],
    ["of a user who is disabled", {}, { users: [{ ...alice, enabled: false }] }],
    ["of a user who is no more", { userId: "gone" }, {}],
    ["that has ended", {}, { sessions: { hasEnded: (id: string) => id === "s-1" } }],
  ])("%s is false, without an error", async (_, session, options) => {
    const { check, state } = setUp(session, options);
    expect(await check()).toEqual({ kind: "false" });
    expect(state).toMatchObject({ isSessionAccepted: false, userId: undefined });
  });

  it("tells whose session it is, and since when", async () => {
    expect((await setUp({ ageMinutes: 60 }).check()).output.session).toMatchObject({
      id: "s-1",
      user: { id: alice.id },
      environment: { id: "env-1" },
      lastSignOn: { at: "2026-11-24T11:00:00.000Z", authenticators: ["pwd"] },
      idleTimeoutInMinutes: 43_200,
    });
  });
});

describe("Return Success Response", () => {
  it("signs the user on", async () => {
    const { outcome } = await setUp().succeed({ authenticationMethods: "pwd" });
    expect(outcome).toEqual({
      kind: "success",
      userId: alice.id,
      authenticationMethods: ["pwd"],
      idleTimeoutMinutes: 43_200,
      reusedSession: false,
      idTokenClaims: {},
      accessTokenClaims: {},
    });
  });

  it.each([
    ["no user", { userId: "" }, "no user id"],
    ["an unknown user", { userId: "nobody" }, "no user's"],
  ])("with %s ends the flow with a reason", async (_, properties, reason) => {
    expect((await setUp().succeed(properties)).outcome).toMatchObject({
      kind: "died",
      reason: expect.stringContaining(reason),
    });
  });

  it("never signs on a user who is disabled", async () => {
    const { succeed } = setUp(undefined, { users: [{ ...alice, enabled: false }] });
    expect((await succeed()).outcome).toMatchObject({
      kind: "died",
      reason: expect.stringContaining("disabled"),
    });
  });

  const custom = "useCustomAuthenticationMethods";
  it.each([
    [{ authenticationMethods: "mfa" }, ["mfa"]],
    [{ authenticationMethods: custom, customAuthenticationMethods: "pwd geo fpt" }, ["pwd", "geo", "fpt"]],
    [{ authenticationMethods: custom, customAuthenticationMethods: ["pwd", "otp"] }, ["pwd", "otp"]],
    [{ authenticationMethods: custom, customAuthenticationMethods: '["pwd","otp"]' }, ["pwd", "otp"]],
    [
      {
        authenticationMethods: "pwd",
        useCustomAuthenticationMethods: true,
        customAuthenticationMethods: "otp",
      },
      ["otp"],
    ],
    // What the list of the editor does not use any more.
    [{ authenticationMethods: "pwd", customAuthenticationMethods: "otp" }, ["pwd"]],
    [{ authenticationMethods: custom }, []],
    [{}, []],
  ])("with %j has the methods %j", async (properties, methods) => {
    const { succeed, remarks } = setUp();
    expect((await succeed(properties)).outcome.authenticationMethods).toEqual(methods);
    expect(remarks.join().includes("amr is empty")).toBe(methods.length === 0);
  });

  it.each([
    [20, 20],
    ["20", 20],
    [undefined, 43_200],
    ["", 43_200],
    ["soon", 43_200],
    [-5, 1],
    [1e15, 5_256_000],
  ])("with an idle timeout of %j has %i minutes", async (idleTimeout, minutes) => {
    expect((await setUp().succeed({ idleTimeout })).outcome.idleTimeoutMinutes).toBe(minutes);
  });

  it("keeps the methods of a session that Check Session has accepted", async () => {
    const { check, succeed } = setUp({ methods: ["mfa"] });
    await check({ checkSessionAuthenticator: "mfa" });
    expect((await succeed({ authenticationMethods: "pwd" })).outcome).toMatchObject({
      reusedSession: true,
      authenticationMethods: ["mfa"],
    });
  });

  it("does not give one user the session of another", async () => {
    const bob = aliceFixture({ username: "bob" });
    const { check, succeed } = setUp({}, { users: [alice, bob] });
    await check();
    expect((await succeed({ userId: bob.id, authenticationMethods: "pwd" })).outcome).toMatchObject({
      userId: bob.id,
      reusedSession: false,
    });
  });

  it.each([
    [{ scopes: "openid profile" }, ["openid", "profile"]],
    [{ reducedScopes: "openid profile" }, ["openid", "profile"]],
    [{ reducedScopes: true }, ["openid"]],
    [{ reducedScopes: false }, undefined],
    [{ scopes: "" }, undefined],
    [{}, undefined],
  ])("with %j grants %j", async (properties, scopes) => {
    const { succeed, state } = setUp();
    state.consentedScopes = ["openid"];
    expect((await succeed(properties)).outcome.scopes).toEqual(scopes);
  });

  it("gives claims in the types that they have, and none of PingOne's own", async () => {
    const claims = [
      { name: "department", value: "Sales", type: "string" },
      { name: "level", value: "3", type: "number" },
      { name: "roles", value: ["a", "b"] },
      { name: "empty", value: "" },
      { name: "sub", value: "somebody" },
      { name: "iss", value: "https://evil.example" },
      { name: "__proto__", value: { polluted: true } },
      { name: "huge", value: "x".repeat(5000) },
    ];
    const { succeed, remarks } = setUp();
    const { outcome } = await succeed({ idTokenClaims: claims, accessTokenClaims: claims.slice(0, 1) });
    expect(outcome.idTokenClaims).toEqual({ department: "Sales", level: 3, roles: ["a", "b"] });
    expect(outcome.accessTokenClaims).toEqual({ department: "Sales" });
    expect(remarks.join()).toMatch(/"sub" is PingOne's own.*"iss" is.*"huge" is longer/);
  });

  it("says in a sub-flow that the whole run ends", async () => {
    const { succeed, refuse, remarks } = setUp(undefined, { isMainFlow: false });
    expect((await succeed({ authenticationMethods: "pwd" })).outcome.kind).toBe("success");
    expect((await refuse({ errorMessage: "access_denied" })).outcome.kind).toBe("error");
    expect(remarks).toHaveLength(2);
    expect(remarks[0]).toContain("ends the whole run");
  });
});

describe("Return Error Response", () => {
  it.each([
    [{ errorMessage: "access_denied", errorDescription: "No. " }, "access_denied", "No. "],
    [{ errorCode: "42", errorReason: "Because" }, "42", "Because"],
    [{ errorMessage: "a", errorCode: "b", errorDescription: "c", errorReason: "d" }, "a", "c"],
    [{}, "server_error", ""],
  ])("of %j sends %s", async (properties, error, errorDescription) => {
    const { refuse, remarks } = setUp();
    expect((await refuse(properties)).outcome).toEqual({ kind: "error", error, errorDescription });
    expect(remarks.join().includes("Names no error")).toBe(error === "server_error");
  });
});

describe("changing the session", () => {
  const properties = { userId: alice.id, authenticationMethods: "mfa", idleTimeout: 30 };

  it("Create or Update Session writes methods and timeout into the user's session", async () => {
    const updateSession = vi.fn(() => ({ id: "s-1" }));
    const { call, state } = setUp({}, { sessions: { updateSession } });
    state.isSessionAccepted = true;
    expect((await call(authentication, "setSession", properties)).output.session).toMatchObject({
      id: "s-1",
      user: { id: alice.id },
      idleTimeoutInMinutes: 30,
      lastSignOn: { authenticators: ["mfa"] },
    });
    expect(updateSession).toHaveBeenCalledWith("s-1", {
      authenticationMethods: ["mfa"],
      idleTimeoutMinutes: 30,
    });
    expect(state.isSessionAccepted).toBe(false);
  });

  it("does not touch the session of somebody else", async () => {
    const bob = aliceFixture({ username: "bob" });
    const updateSession = vi.fn();
    const { call, remarks } = setUp({ userId: bob.id }, { users: [alice, bob], sessions: { updateSession } });
    expect(await call(authentication, "setSession", properties)).toMatchObject({ kind: "success" });
    expect(updateSession).not.toHaveBeenCalled();
    expect(remarks.join()).toContain("no session of this user");
    expect(await call(authentication, "setSession", { userId: "nobody" })).toMatchObject({ kind: "failure" });
  });

  it("Delete Session ends it, and what Check Session has found does not count", async () => {
    const endSession = vi.fn();
    const { call, check, state } = setUp({}, { sessions: { endSession } });
    await check();
    expect(await call(authentication, "deleteSession", { softDelete: true })).toMatchObject({
      kind: "success",
    });
    expect(endSession).toHaveBeenCalledWith("s-1");
    expect(state.isSessionAccepted).toBe(false);
  });

  it("Delete Session is content without a session", async () => {
    expect(await setUp().call(authentication, "deleteSession")).toMatchObject({ kind: "success" });
  });
});

describe("Return Success Response (Widget Flows)", () => {
  it("[PING-183] ends as a redirect, and says that PingOne's widget is not here", async () => {
    const alice = aliceFixture();
    const calls = createPingOneCalls({ users: [alice] });
    const end = await calls.call(authentication, "returnSuccessResponseWidget", {
      userId: alice.id,
      authenticationMethods: "mfa",
      widgetScopes: "openid profile",
    });
    expect(end.outcome).toMatchObject({
      kind: "success",
      userId: alice.id,
      authenticationMethods: ["mfa"],
      scopes: ["openid", "profile"],
    });
    expect(calls.remarks.join()).toContain("started by a redirect");
  });

  it("signs nobody on without a user", async () => {
    const end = await createPingOneCalls().call(authentication, "returnSuccessResponseWidget");
    expect(end.outcome.kind).toBe("died");
  });
});
