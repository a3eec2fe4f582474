import { describe, expect, it } from "vitest";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneSSOConnector as pingOne } from "./pingone-sso.ts";

const language = (locale: string, text: string) => ({
  id: `l-${locale}`,
  locale,
  displayName: `Terms (${locale})`,
  userExperience: { continueButtonText: "I agree" },
  currentRevision: { id: `r-${locale}`, text },
});
const TERMS = {
  id: "terms",
  name: "Terms of Service",
  reconsentPeriodDays: 30,
  languages: [language("en", "Be kind."), language("de", "Seid nett.")],
};

function setUp(parameters = {}) {
  const alice = aliceFixture();
  const calls = createPingOneCalls({ users: [alice], agreements: [TERMS], context: { parameters } });
  const run = (capability: string, properties = {}) =>
    calls.call(pingOne, capability, { identifier: alice.id, agreementId: "terms", ...properties });
  return { ...calls, alice, run };
}

describe("Read Agreement Content", () => {
  it("has what a screen shows, and what the API says of it", async () => {
    expect((await setUp().run("readAgreementContent", { agreement: "useAgreementId" })).output).toMatchObject(
      {
        agreementPresentation: {
          agreementPresentationId: expect.any(String),
          agreementText: "Be kind.",
          agreementTitle: "Terms (en)",
          agreementContinueButtonText: "I agree",
          agreementDeclineButtonText: "Cancel",
        },
        userAgreement: {
          _embedded: { agreement: { id: "terms", reconsentPeriodDays: 30 }, language: { locale: "en" } },
        },
      },
    );
  });

  it.each([
    ["userLocale", {}, { userLocale: "de-AT" }],
    ["acceptLanguage", {}, { acceptLanguage: "fr, de;q=0.8" }],
    ["ui_locales", { ui_locales: "de en" }, {}],
  ])("is in the language that %s asks for", async (_, parameters, properties) => {
    const { output } = await setUp(parameters).run("readAgreementContent", properties);
    expect(output.agreementPresentation.agreementText).toBe("Seid nett.");
  });

  it("names the agreements that there are when it finds none", async () => {
    const { run, remarks } = setUp();
    expect(await run("readAgreementContent", { agreementId: "" })).toMatchObject({
      error: { code: "notFound" },
    });
    expect(remarks.join()).toContain("terms (Terms of Service)");
  });
});

describe("accepting an agreement", () => {
  it("is recorded with revision, language and user, and ends after its period", async () => {
    const { run, advanceClock, alice, remarks } = setUp();
    const before = (await run("checkUserAgreement")).output;
    expect(before.userAgreement).toMatchObject({ status: "NONE", user: { id: alice.id } });
    expect(remarks.join()).toContain("not verified");
    const { agreementPresentationId } = before.agreementPresentation;
    expect((await run("acceptAgreement", { agreementPresentationId })).output.userAgreement).toMatchObject({
      status: "ACCEPTED",
      lastConsent: {
        revision: { id: "r-en" },
        language: { id: "l-en" },
        expiresAt: "2026-12-24T12:00:00.000Z",
      },
    });
    const after = (await run("checkUserAgreement")).output;
    expect(after.userAgreement.status).toBe("ACCEPTED");
    expect(after).not.toHaveProperty("agreementPresentation");
    advanceClock(30 * 24 * 60);
    expect((await run("checkUserAgreement")).output).toMatchObject({
      userAgreement: { status: "EXPIRED" },
      agreementPresentation: { agreementText: "Be kind." },
    });
  });

  it("can be taken back, and is in the list of the user's agreements", async () => {
    const { run, services, alice } = setUp();
    const terms = services.agreements.present("terms");
    if (!terms) throw new Error("no agreement");
    services.agreements.accept(alice.id, terms);
    const statuses = async () =>
      (await run("readUserAgreements")).output.userAgreements.map((own: { status: string }) => own.status);
    expect(await statuses()).toEqual(["ACCEPTED"]);
    expect((await run("revokeUserAgreement")).output.userAgreement.status).toBe("REVOKED");
    expect(await statuses()).toEqual(["REVOKED"]);
  });

  it.each(["checkUserAgreement", "acceptAgreement", "readUserAgreements", "revokeUserAgreement"])(
    "%s fails for an unknown user and for an unknown agreement",
    async (capability) => {
      const { run } = setUp();
      expect(await run(capability, { identifier: "nobody" })).toMatchObject({ error: { code: "notFound" } });
      if (capability === "readUserAgreements") return;
      const unknown = { agreementId: "other", agreementPresentationId: "other" };
      expect(await run(capability, unknown)).toMatchObject({ error: { code: "notFound" } });
    },
  );
});
