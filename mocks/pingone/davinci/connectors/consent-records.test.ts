import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneScopeConsentConnector } from "./pingone-scope-consent.ts";

function setUp() {
  const alice = aliceFixture();
  const calls = createPingOneCalls({ users: [alice] });
  const run = (name: string, properties: Record<string, unknown> = {}) =>
    calls.call(pingOneScopeConsentConnector, name, { userIdentifier: alice.id, ...properties });
  const accept = () =>
    run("recordConsent", { scopesUnconditionalRequired: "openid profile", consentResult: "yes" });
  return { run, accept, ...calls };
}

describe("consent records", () => {
  it("are written, read and revoked for the application of the request", async () => {
    const { run, accept } = setUp();
    const expected = {
      application: { id: "app-1", name: "Remote MCP Server" },
      consentStatus: "ACCEPTED",
      consentScopes: ["openid", "profile"],
    };
    expect((await accept()).output).toMatchObject(expected);
    expect((await run("checkConsent")).output).toMatchObject(expected);
    expect((await run("getAllConsents")).output).toMatchObject({
      consents: [expected],
      rawResponse: { count: 1 },
    });
    expect((await run("revokeConsent")).output.consentStatus).toBe("REVOKED");
    expect((await run("checkConsent")).output.consentStatus).toBe("REVOKED");
  });

  it.each(["no", "false", "declined", "", "acceptedx"])("is a refusal for %j", async (consentResult) => {
    const { run } = setUp();
    const written = await run("recordConsent", { scopesUnconditionalRequired: "openid", consentResult });
    expect(written.output).toMatchObject({ consentStatus: "DECLINED", consentScopes: [] });
  });

  it("are false without a record or a user", async () => {
    const { run, accept } = setUp();
    expect((await run("checkConsent")).error.code).toBe("consentNotFound");
    expect((await run("revokeConsent")).error.code).toBe("consentNotFound");
    expect((await run("getAllConsents")).output.consents).toEqual([]);
    await accept();
    expect((await run("checkConsent", { applicationIdentifier: "another" })).error.code).toBe(
      "consentNotFound",
    );
    for (const name of ["checkConsent", "recordConsent", "revokeConsent", "getAllConsents"]) {
      expect((await run(name, { userIdentifier: "nobody" })).error.code, name).toBe("notFound");
    }
  });
});
