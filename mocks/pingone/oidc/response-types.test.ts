/** The response types beside `code`: tokens that come from the authorization endpoint itself. */
import { createHash } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestPage } from "../../kit/browser.ts";
import { claimsOf, type Fields, newVerifier, REDIRECT_URI } from "../testing/client.ts";
import { PASSWORD, signOn } from "../testing/sign-on.ts";
import { addApplications, startTenant, type Tenant } from "../testing/tenant.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SCOPE = "openid profile todo_api:read";
const noChallenge = { code_challenge: undefined, code_challenge_method: undefined };

let tenant: Tenant;
let fault: "wrong_nonce" | "missing_id_token" | undefined;
beforeAll(async () => {
  const implicit = { grantTypes: ["IMPLICIT"], pkceEnforcement: "S256_REQUIRED" };
  tenant = await startTenant({
    takeTokenFault: () => {
      const taken = fault;
      fault = undefined;
      return taken;
    },
    edit: addApplications(
      { ...implicit, id: "implicit-client", responseTypes: ["TOKEN", "ID_TOKEN"] },
      { ...implicit, id: "id-token-client", responseTypes: ["ID_TOKEN"] },
      {
        id: "hybrid-client",
        grantTypes: ["AUTHORIZATION_CODE", "IMPLICIT", "REFRESH_TOKEN"],
        responseTypes: ["CODE", "TOKEN", "ID_TOKEN"],
      },
      { id: "no-implicit-client", responseTypes: ["CODE", "TOKEN", "ID_TOKEN"] },
    ),
  });
});
afterAll(() => tenant[Symbol.asyncDispose]());

/** What the client gets in the fragment after the person has signed on. */
async function obtain(type: string, changes: Fields = {}): Promise<Record<string, string>> {
  const isHybrid = type.split(" ").includes("code");
  const parameters = tenant.authorizeParameters({
    client_id: isHybrid ? "hybrid-client" : "implicit-client",
    response_type: type,
    scope: SCOPE,
    nonce: "the nonce",
    state: "the state",
    ...(!isHybrid && noChallenge),
    ...changes,
  });
  const page = await tenant.visit(tenant.openBrowser(), parameters);
  expect(page.url.search).toBe("");
  return Object.fromEntries(new URLSearchParams(page.url.hash.slice(1)));
}

const halfHash = (value = "") =>
  createHash("sha256").update(value).digest().subarray(0, 16).toString("base64url");

describe("[PING-120] each response type", () => {
  const tokens = { access_token: expect.any(String), token_type: "Bearer", expires_in: "3600" };
  const scope = expect.stringMatching(/^todo_api:read openid profile$/);
  const code = expect.stringMatching(UUID);
  const id_token = expect.any(String);
  it.each<[string, Record<string, unknown>]>([
    ["id_token", { id_token }],
    ["token", { ...tokens, scope }],
    ["id_token token", { ...tokens, scope, id_token }],
    ["token id_token", { ...tokens, scope, id_token }],
    ["code id_token", { code, id_token }],
    ["code token", { ...tokens, scope, code }],
    ["code id_token token", { ...tokens, scope, code, id_token }],
    ["token code id_token", { ...tokens, scope, code, id_token }],
  ])("%s gets what it names, and the state, in the fragment", async (type, expected) => {
    expect(await obtain(type)).toEqual({ ...expected, state: "the state" });
  });
});

describe("[PING-121] the ID token", () => {
  it("of id_token is signed, with the nonce and the claims of its scopes, and without at_hash and c_hash", async () => {
    const { id_token = "" } = await obtain("id_token");
    const keys = createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`));
    const { payload } = await jwtVerify(id_token, keys, {
      issuer: tenant.issuer,
      audience: "implicit-client",
    });
    expect(payload).toMatchObject({
      sub: tenant.userId("alice"),
      nonce: "the nonce",
      preferred_username: "alice",
    });
    expect(payload).not.toHaveProperty("at_hash");
    expect(payload).not.toHaveProperty("c_hash");
  });

  it.each(["id_token token", "code id_token", "code id_token token"])(
    "of %s has the hash of each thing that comes with it",
    async (type) => {
      const { id_token = "", access_token, code } = await obtain(type);
      const { at_hash, c_hash } = claimsOf(id_token);
      expect(at_hash).toBe(access_token === undefined ? undefined : halfHash(access_token));
      expect(c_hash).toBe(code === undefined ? undefined : halfHash(code));
    },
  );

  it("is missing, or wrong, where a fault says so, unless a code is left to redeem", async () => {
    fault = "wrong_nonce";
    const { id_token = "" } = await obtain("id_token");
    expect(claimsOf(id_token).nonce).not.toBe("the nonce");
    fault = "missing_id_token";
    expect(await obtain("id_token")).toEqual({ state: "the state" });
    fault = "wrong_nonce";
    const { id_token: sound = "" } = await obtain("code id_token");
    expect(claimsOf(sound).nonce).toBe("the nonce");
    expect(fault).toBe("wrong_nonce");
    fault = undefined;
  });
});

describe("what comes from the authorization endpoint", () => {
  it("[PING-120] is a token that UserInfo takes, with a lifetime and no refresh token", async () => {
    const { access_token = "" } = await obtain("token");
    expect(await (await tenant.userInfo(access_token)).json()).toMatchObject({ sub: tenant.userId("alice") });
    expect(claimsOf(access_token)).toMatchObject({
      client_id: "implicit-client",
      aud: ["https://todo.api.com"],
    });
  });

  it("[PING-120] is a code that is redeemed like any other, for an ID token of the same nonce", async () => {
    const verifier = newVerifier();
    const challenged = tenant.authorizeParameters({}, verifier);
    const { code = "" } = await obtain("code id_token token", {
      code_challenge: challenged.get("code_challenge") ?? "",
    });
    const credentials = `Basic ${btoa(`hybrid-client:${tenant.emulator.client.secret}`)}`;
    const fields = { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI };
    const answer = await tenant.token({ ...fields, code_verifier: verifier }, credentials);
    expect(answer).toMatchObject({ status: 200, refresh_token: expect.any(String) });
    expect(claimsOf(answer.id_token).nonce).toBe("the nonce");
    expect(claimsOf(answer.id_token)).not.toHaveProperty("c_hash");
  });

  it("[PING-120] is posted by a form with form_post, as the default of express-openid-connect asks", async () => {
    const parameters = tenant.authorizeParameters({
      client_id: "id-token-client",
      response_type: "id_token",
      response_mode: "form_post",
      scope: "openid profile email",
      ...noChallenge,
    });
    const page = await signOn(await tenant.open(parameters), {});
    expect(page.response?.status).toBe(200);
    expect(page.response?.headers.get("cache-control")).toBe("no-store");
    const form = page.root.querySelector("form");
    expect(form?.getAttribute("action")).toBe(REDIRECT_URI);
    expect(Object.keys(fieldsOf(page)).sort()).toEqual(["id_token", "state"]);
    expect(claimsOf(fieldsOf(page).id_token ?? "")).toMatchObject({
      nonce: parameters.get("nonce"),
      email: "alice@example.com",
    });
  });

  it("is the same when the last form is sent twice at once", async () => {
    const parameters = tenant.authorizeParameters({
      client_id: "implicit-client",
      response_type: "id_token token",
      ...noChallenge,
    });
    const consent = await signOnOnly(await tenant.open(parameters));
    const [one, other] = await Promise.all([consent.submit("Approve"), consent.submit("Approve")]);
    expect(one?.url.hash).toContain("access_token=");
    expect(one?.url.hash).toBe(other?.url.hash);
  });

  it("[PING-120] may be pushed first", async () => {
    const credentials = `Basic ${btoa(`implicit-client:${tenant.emulator.client.secret}`)}`;
    const pushed = await tenant.ask(
      "par",
      tenant.authorizeParameters({ client_id: "implicit-client", response_type: "id_token", ...noChallenge }),
      credentials,
    );
    expect(pushed.status).toBe(201);
    const short = new URLSearchParams({
      client_id: "implicit-client",
      request_uri: String(pushed.request_uri),
    });
    const page = await tenant.visit(tenant.openBrowser(), short);
    expect(page.url.hash).toContain("id_token=");
  });
});

describe("is refused in the fragment", () => {
  it.each<[string, Fields, string]>([
    ["[PING-122] id_token without a nonce", { nonce: undefined }, "invalid_request"],
    [
      "[PING-122] id_token token without a nonce",
      { response_type: "id_token token", nonce: undefined },
      "invalid_request",
    ],
    [
      "[PING-122] code id_token without a nonce",
      { client_id: "hybrid-client", response_type: "code id_token", nonce: undefined },
      "invalid_request",
    ],
    ["[PING-122] query for an ID token", { response_mode: "query" }, "invalid_request"],
    [
      "[PING-122] query for a token and a code",
      { client_id: "hybrid-client", response_type: "code token", response_mode: "query" },
      "invalid_request",
    ],
    ["an ID token without the scope openid", { scope: "todo_api:read" }, "invalid_scope"],
    [
      "[PING-123] a response type that the application lacks",
      { client_id: "id-token-client", response_type: "token" },
      "unauthorized_client",
    ],
    [
      "[PING-123] one of two response types that it lacks",
      { client_id: "id-token-client", response_type: "id_token token" },
      "unauthorized_client",
    ],
    [
      "[PING-123] a code that it lacks",
      { client_id: "implicit-client", response_type: "code id_token" },
      "unauthorized_client",
    ],
    [
      "[PING-123] a token without the grant type IMPLICIT",
      { client_id: "no-implicit-client", response_type: "token" },
      "unauthorized_client",
    ],
    [
      "[PING-123] a hybrid type without the grant type IMPLICIT",
      { client_id: "no-implicit-client", response_type: "code id_token" },
      "unauthorized_client",
    ],
    [
      "a hybrid type without a challenge under S256_REQUIRED",
      { client_id: "hybrid-client", response_type: "code id_token", ...noChallenge },
      "invalid_request",
    ],
    ["a type twice", { response_type: "id_token id_token" }, "unsupported_response_type"],
    ["an unknown type beside it", { response_type: "id_token none" }, "unsupported_response_type"],
  ])("%s", async (_, changes, error) => {
    const parameters = { client_id: "implicit-client", response_type: "id_token", scope: SCOPE, ...changes };
    const response = await tenant.authorize(parameters);
    const location = new URL(response.headers.get("location") ?? "http://none/");
    expect(location.search).toBe("");
    expect(Object.fromEntries(new URLSearchParams(location.hash.slice(1)))).toMatchObject({ error });
  });
});

it("[PING-122] needs a nonce for no token but an ID token of the authorization endpoint", async () => {
  for (const type of ["token", "code token", "code"]) {
    const response = await tenant.authorize({
      client_id: type === "token" ? "implicit-client" : "hybrid-client",
      response_type: type,
      scope: SCOPE,
      nonce: undefined,
    });
    expect(response.status).toBe(200);
  }
});

function fieldsOf(page: TestPage): Record<string, string> {
  const inputs = page.root.querySelectorAll("input[type=hidden]");
  return Object.fromEntries(
    inputs.map((input) => [input.getAttribute("name") ?? "", input.getAttribute("value") ?? ""]),
  );
}

function signOnOnly(page: TestPage): Promise<TestPage> {
  return page.submit("Sign On", { Username: "alice", Password: PASSWORD });
}
