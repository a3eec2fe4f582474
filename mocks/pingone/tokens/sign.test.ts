import { X509Certificate } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, it, vi } from "vitest";
import { FileFaults } from "../../kit/input-file.ts";
import { type FixtureKeys, loadKeys } from "../tenant/keys.ts";
import { claimsOf, headerOf } from "../testing/client.ts";
import { startTenant } from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";
import { Signer } from "./sign.ts";

withTenant();

const verify = (token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`)), { issuer: tenant.issuer });

const words = (list: string) => list.split(" ");

describe("discovery", () => {
  it("[PING-002] [PING-003] [PING-088] is PingOne's document, member by member", async () => {
    const response = await fetch(`${tenant.issuer}/.well-known/openid-configuration`);
    // As a live tenant returns it, and nothing else: no registration endpoint, no custom scope.
    expect(await response.json()).toEqual({
      issuer: tenant.issuer,
      authorization_endpoint: `${tenant.issuer}/authorize`,
      pushed_authorization_request_endpoint: `${tenant.issuer}/par`,
      token_endpoint: `${tenant.issuer}/token`,
      userinfo_endpoint: `${tenant.issuer}/userinfo`,
      jwks_uri: `${tenant.issuer}/jwks`,
      end_session_endpoint: `${tenant.issuer}/signoff`,
      check_session_iframe: `${tenant.issuer}/checksession`,
      introspection_endpoint: `${tenant.issuer}/introspect`,
      revocation_endpoint: `${tenant.issuer}/revoke`,
      device_authorization_endpoint: `${tenant.issuer}/device_authorization`,
      claims_parameter_supported: false,
      request_parameter_supported: true,
      request_uri_parameter_supported: false,
      require_pushed_authorization_requests: false,
      scopes_supported: words("openid profile email address phone"),
      response_types_supported: [
        "code",
        "id_token",
        "token id_token",
        "code id_token",
        "code token",
        "code token id_token",
      ],
      response_modes_supported: words("pi.flow query fragment form_post"),
      grant_types_supported: words(
        "authorization_code implicit client_credentials refresh_token urn:ietf:params:oauth:grant-type:device_code",
      ),
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      userinfo_signing_alg_values_supported: ["none"],
      request_object_signing_alg_values_supported: words("none HS256 HS384 HS512 RS256 RS384 RS512"),
      token_endpoint_auth_methods_supported: words(
        "client_secret_basic client_secret_post client_secret_jwt private_key_jwt",
      ),
      token_endpoint_auth_signing_alg_values_supported: words("HS256 HS384 HS512 RS256 RS384 RS512"),
      claim_types_supported: ["normal"],
      claims_supported: words(
        "sub iss auth_time acr name given_name family_name middle_name preferred_username profile picture zoneinfo phone_number updated_at address email locale",
      ),
      code_challenge_methods_supported: ["plain", "S256"],
    });
  });

  it("[PING-001] names the issuer: the host, the environment id and /as", () => {
    expect(tenant.issuer).toBe(`${tenant.emulator.origin}/5f2d1c3a-7b64-4e0f-9a8d-2c6e1b7f4d90/as`);
  });

  it("[PING-001] stands below the environment id only", async () => {
    const origin = tenant.emulator.origin;
    for (const path of [
      "/.well-known/openid-configuration",
      "/00000000-0000-4000-8000-000000000000/as/.well-known/openid-configuration",
    ]) {
      const response = await fetch(origin + path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

describe("the key set", () => {
  it("[PING-004] has several keys with use, x5t and x5c and without alg, and shows no private part", async () => {
    const response = await fetch(`${tenant.issuer}/jwks`);
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(["e", "kid", "kty", "n", "use", "x5c", "x5t"]);
      expect(key.kid).toMatch(/^TEST-ONLY-[0-9a-f-]{36}$/);
      const [certificate] = key.x5c as string[];
      const { publicKey } = new X509Certificate(Buffer.from(certificate ?? "", "base64"));
      expect(publicKey.export({ format: "jwk" }).n).toBe(key.n);
    }
  });

  it("[PING-005] [PING-089] signs everything with one key, and not with the first of the set", async () => {
    const [first] = await tenant.keyIds();
    const tokens = [await tenant.obtainTokens(), await tenant.obtainTokens({ username: "bob" })];
    const kids = tokens.flatMap((answer) => [
      headerOf(answer.access_token).kid,
      headerOf(answer.id_token).kid,
    ]);
    expect(new Set(kids)).toEqual(new Set([tenant.emulator.admin.describe().signingKeyId]));
    expect(kids[0]).not.toBe(first);
  });

  it("[PING-006] keeps the old key after a rotation, so that older tokens still verify", async () => {
    const before = await tenant.obtainTokens();
    const kid = await tenant.emulator.admin.rotateKeys();
    const after = await tenant.refresh(before.refresh_token);
    expect(headerOf(after.access_token).kid).toBe(kid);
    expect(headerOf(before.access_token).kid).not.toBe(kid);
    expect(await tenant.keyIds()).toContain(kid);
    await verify(before.access_token);
    await verify(after.access_token);
    expect((await tenant.userInfo(before.access_token)).status).toBe(200);
  });

  it("[PING-006] loses the old key when it is dropped, and its tokens with it", async () => {
    const before = await tenant.obtainTokens();
    const kid = await tenant.emulator.admin.rotateKeys({ drop: true });
    expect(await tenant.keyIds()).toEqual([kid]);
    await expect(verify(before.access_token)).rejects.toThrow(/no applicable key/);
    expect((await tenant.userInfo(before.access_token)).status).toBe(401);
    expect(await tenant.isActive(before.access_token)).toBe(false);
  });

  it("[PING-007] is rolled every 90 days under a Key Rotation Policy, with the next key published ahead", async () => {
    const environmentKey = tenant.emulator.admin.describe().signingKeyId;
    tenant.emulator.admin.setSwitches({ keyRotation: "policy" });
    const { access_token: first } = await tenant.obtainTokens();
    const firstKid = headerOf(first).kid;
    expect(firstKid).not.toBe(environmentKey);
    const published = await tenant.keyIds();
    expect(published).toHaveLength(3);

    tenant.advanceSeconds(89 * 24 * 3600);
    expect(await tenant.keyIds()).toEqual(published);
    tenant.advanceSeconds(24 * 3600 + 1);
    const { access_token: second } = await tenant.obtainTokens();
    expect(headerOf(second).kid).not.toBe(firstKid);
    expect(published).toContain(headerOf(second).kid);
    expect(await tenant.keyIds()).toContain(firstKid);
  });

  it("is rolled once for two requests at the same time", async () => {
    tenant.emulator.admin.setSwitches({ keyRotation: "policy" });
    const [one, other] = await Promise.all([tenant.keyIds(), tenant.keyIds()]);
    expect(one).toHaveLength(3);
    expect(other).toEqual(one);
    expect(await tenant.keyIds()).toEqual(one);
  });

  it("tells of each new key, so that it is saved", async () => {
    const onChange = vi.fn();
    await using own = await startTenant({ onChange });
    onChange.mockClear();
    await own.emulator.admin.rotateKeys();
    await own.keyIds();
    expect(onChange).toHaveBeenCalledOnce();
  });

  it("can change after a change that failed", async () => {
    const hasRotationPolicy = vi.fn(() => false);
    const signer = await Signer.create({
      keys: loadKeys({ folders: ["fixtures/keys"], faults: new FileFaults() }) as FixtureKeys,
      clock: Date.now,
      hasRotationPolicy,
      onChange: () => {},
    });
    hasRotationPolicy.mockImplementationOnce(() => {
      throw new Error("no answer");
    });
    await expect(signer.rotate()).rejects.toThrow("no answer");
    expect(await signer.rotate()).toBe(signer.signingKeyId);
  });

  it("drops the key before last at a rotation", async () => {
    const [first, second] = await tenant.keyIds();
    const third = await tenant.emulator.admin.rotateKeys();
    expect(first).not.toBe(second);
    expect(await tenant.keyIds()).toEqual([second, third]);
  });

  it("takes back the key published ahead when the policy is switched off", async () => {
    tenant.emulator.admin.setSwitches({ keyRotation: "policy" });
    expect(await tenant.keyIds()).toHaveLength(3);
    tenant.emulator.admin.setSwitches({ keyRotation: "manual" });
    const kids = await tenant.keyIds();
    expect(kids).toHaveLength(2);
    expect(kids).toContain(tenant.emulator.admin.describe().signingKeyId);
    tenant.emulator.admin.setSwitches({ keyRotation: "policy" });
    expect(await tenant.keyIds()).toHaveLength(3);
  });
});

describe("what PingOne changes on 2027-03-02", () => {
  it("[PING-007] sends at+jwt, rolls keys by policy and keeps opaque refresh tokens", async () => {
    tenant.emulator.admin.setSwitches({ platformDate: "2027-03-02" });
    const tokens = await tenant.obtainTokens();
    expect(headerOf(tokens.access_token).typ).toBe("at+jwt");
    expect(headerOf(tokens.id_token)).not.toHaveProperty("typ");
    expect(tokens.refresh_token).not.toContain(".");
    expect(await tenant.keyIds()).toHaveLength(3);
    await verify(tokens.access_token);
    expect(claimsOf(tokens.access_token).iss).toBe(tenant.issuer);
  });

  it("[PING-056] refuses an application that still asks for JWT refresh tokens", async () => {
    tenant.emulator.admin.setSwitches({ platformDate: "2027-03-02", refreshTokenType: "JSON_WEB_TOKEN" });
    const answer = await tenant.redeem(await tenant.signIn());
    expect(answer).toMatchObject({ status: 400, error: "invalid_request" });
    expect(answer).not.toHaveProperty("access_token");
  });
});
