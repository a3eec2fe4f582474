/** What PingOne has and the emulator has not says so, in a form that nobody takes for PingOne's. */
import { describe, expect, it } from "vitest";
import { MANAGEMENT_API, NOT_EMULATED } from "../not-emulated.ts";
import type { Fields } from "../testing/client.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

withTenant({}, { once: true });

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const CASES = [
  ...NOT_EMULATED.map(({ methods, path, about }) => ({ methods, path: `/{env}${path}`, about })),
  MANAGEMENT_API,
].flatMap(({ methods, path, about }) => methods.map((method) => [method, path, about] as const));

async function expectNotEmulated(
  response: Response,
  about: string | RegExp,
): Promise<Record<string, unknown>> {
  expect(response.status).toBe(501);
  expect(response.headers.get("x-pingone-emulator")).toBe("not-emulated");
  const answer = (await response.json()) as Record<string, unknown>;
  expect(String(answer.message ?? answer.error_description)).toMatch(about);
  return answer;
}

describe("[PING-124] an endpoint that PingOne has", () => {
  it.each(CASES)("%s %s gets 501 and a sentence: %s", async (method, path, about) => {
    const url =
      tenant.emulator.origin + path.replace("{env}", tenant.environmentId).replace("*", "some/thing");
    const answer = await expectNotEmulated(await fetch(url, { method }), /The emulator does not have it/);
    expect(answer).toMatchObject({ code: "NOT_EMULATED", message: expect.stringContaining(about) });
  });

  it("gets a page in a browser", async () => {
    const page = await tenant.openBrowser().open(`${tenant.issuer}/checksession`);
    expect(page.response?.status).toBe(501);
    expect(page.response?.headers.get("x-pingone-emulator")).toBe("not-emulated");
    expect(page.text).toContain("The emulator does not have it");
  });

  it("is told from one that PingOne does not have", async () => {
    for (const path of ["/as/bc-authorize", "/as/register", "/nothing"]) {
      const response = await fetch(`${tenant.emulator.origin}/${tenant.environmentId}${path}`);
      expect(response.status).toBe(404);
      expect(response.headers.get("x-pingone-emulator")).toBeNull();
    }
    const other = tenant.issuer.replace(tenant.environmentId, "00000000-0000-4000-8000-000000000000");
    expect((await fetch(`${other}/checksession`)).status).toBe(404);
  });
});

describe("[PING-124] at the token endpoint", () => {
  it.each([
    ["urn:ietf:params:oauth:grant-type:device_code", /device authorization/],
    ["urn:ietf:params:oauth:grant-type:token-exchange", /token exchange/],
    ["urn:openid:params:grant-type:ciba", /CIBA/],
  ])("the grant type %s gets 501", async (grant_type, about) => {
    expect(await expectNotEmulated(await tenant.post("token", { grant_type }), about)).toMatchObject({
      error: "not_emulated",
    });
  });

  it("a grant type that PingOne does not have is refused as before", async () => {
    for (const grant_type of ["password", "urn:ietf:params:oauth:grant-type:jwt-bearer", "__proto__"]) {
      expect(await tenant.ask("token", { grant_type })).toMatchObject({
        status: 400,
        error: "unsupported_grant_type",
      });
    }
  });

  it("needs client authentication first", async () => {
    const fields = { grant_type: "urn:ietf:params:oauth:grant-type:token-exchange" };
    expect((await tenant.post("token", fields, "")).status).toBe(401);
  });
});

describe("[PING-124] client authentication by a signed assertion", () => {
  const assertion = { client_assertion_type: JWT_BEARER, client_assertion: "e30.e30.TEST-ONLY" };
  it.each(["token", "par", "revoke", "introspect"])("gets 501 at /%s", async (endpoint) => {
    const fields = { client_id: "mcp-server", ...assertion };
    const answer = await expectNotEmulated(await tenant.post(endpoint, fields, ""), /PRIVATE_KEY_JWT/);
    expect(JSON.stringify(answer)).not.toContain("TEST-ONLY");
  });

  it.each<[string, Fields, string?]>([
    ["of an unknown type", { ...assertion, client_assertion_type: "urn:x" }],
    ["without its type", { client_assertion: "e30.e30." }],
    ["without the assertion itself", { client_assertion_type: JWT_BEARER }],
  ])("%s is refused as before", async (_, fields) => {
    expect(await tenant.ask("token", { client_id: "mcp-server", ...fields }, "")).toMatchObject({
      status: 401,
      error: "invalid_client",
    });
  });

  it("is refused beside another method", async () => {
    const both = await tenant.ask("token", assertion);
    expect(both).toMatchObject({ status: 401, error: "invalid_client" });
  });
});

describe("[PING-124] an authorization request", () => {
  it.each<[string, Fields, RegExp]>([
    ["with response_mode=pi.flow", { response_mode: "pi.flow" }, /pi\.flow/],
    ["with a request object", { request: "e30.e30." }, /request object/],
  ])("%s gets 501, at /par too", async (_, changes, about) => {
    await expectNotEmulated(await tenant.authorize(changes), about);
    await expectNotEmulated(await tenant.post("par", tenant.authorizeParameters(changes)), about);
  });
});
