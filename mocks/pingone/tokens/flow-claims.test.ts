/** Claims that a flow gives with its success. */
import { describe, expect, it } from "vitest";
import { accessTokenClaims, idTokenClaims } from "./claims.ts";
import { type Grant, newGrant, newSession, TokenStore } from "./store.ts";

const NOW = 1_700_000_000_000;
const tokens = {
  tenant: {
    environment: {
      id: "env-1",
      organizationId: "org-1",
      region: "NA",
      applications: [],
      resources: [],
      groups: [],
    },
    users: { findById: () => undefined },
  },
  signer: { issuer: "https://issuer.example" },
} as never;
const session = newSession(
  { userId: "user-1", authenticationMethods: ["pwd"], idleTimeoutMinutes: 60 },
  "TEST ONLY",
  NOW,
);
const forged = {
  department: "sales",
  sub: "other",
  iss: "other",
  aud: "other",
  exp: 1,
  scope: "all",
  amr: ["mfa"],
};

function grantWith(flowClaims: Grant["flowClaims"]): Grant {
  const facts = {
    clientId: "app-1",
    scopes: ["openid"],
    resource: null,
    policyId: "p",
    createdAt: NOW,
    login: {},
  };
  return newGrant(session, { ...facts, flowClaims });
}
const accessOf = (grant: Grant) =>
  accessTokenClaims(tokens, "app-1", grant, ["api"], "openid", { jti: "j", issuedAt: 1, expiresAt: 2 });
const idOf = (grant: Grant) =>
  idTokenClaims(tokens, grant, ["openid"], {} as never, { nonce: undefined, issuedAt: 1 });

describe("claims of a flow", () => {
  it("are in the token that they are for, and in no other", () => {
    const grant = grantWith({ idToken: { a: 1 }, accessToken: { b: 2 } });
    expect(idOf(grant)).toMatchObject({ a: 1 });
    expect(idOf(grant)).not.toHaveProperty("b");
    expect(accessOf(grant)).toMatchObject({ b: 2 });
    expect(accessOf(grant)).not.toHaveProperty("a");
  });

  it("replace none of PingOne's, and add none that stands for who issued a token to whom", () => {
    const plain = grantWith(undefined);
    const grant = {
      ...plain,
      flowClaims: { idToken: forged, accessToken: { ...forged, nonce: "n", nbf: 9 } },
    };
    expect(idOf(grant)).toEqual({ ...idOf(plain), department: "sales" });
    expect(accessOf(grant)).toEqual({ ...accessOf(plain), department: "sales" });
  });

  it("outlive a restart, and a snapshot without them loads", () => {
    const grants = [grantWith({ idToken: { a: 1 }, accessToken: {} }), grantWith(undefined)];
    const store = new TokenStore(() => NOW);
    for (const grant of grants) store.grants.set(grant.id, grant);
    const restored = new TokenStore(() => NOW);
    restored.restore(JSON.parse(JSON.stringify(store.snapshot())));
    expect([...restored.grants.values()].map(({ flowClaims }) => flowClaims?.idToken)).toEqual([
      { a: 1 },
      undefined,
    ]);
  });
});
