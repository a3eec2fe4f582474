import { afterAll, describe, expect, it } from "vitest";
import { runnable } from "../../load-files.ts";
import { createTestEngine, type Person } from "../../testing/flow-driver.ts";
import { checkFlows } from "../check/check-flows.ts";
import { createRegistry } from "../connectors/registry.ts";
import { readExport } from "../graph/read-export.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import { exportScenario } from "./export-scenario.ts";
import { loadScenarios } from "./load-scenarios.ts";

const shipped = loadScenarios("fixtures/davinci");
const sandbox = createSandbox();
afterAll(() => sandbox.close());
const template = shipped.find(({ scenario }) => scenario.name === "sign-on-with-consent");

function exported(loaded = template) {
  if (!loaded) throw new Error("There is no such scenario.");
  const { text, placeholders } = exportScenario(loaded.compiled);
  const read = readExport(text);
  if (read.kind === "refused") throw new Error(read.reason);
  return { text, placeholders, read, loaded };
}

/** Engines that run the scenario as it is compiled, and as it is exported. */
function bothEngines() {
  const { read, loaded } = exported();
  const flow = { ...runnable(loaded), graph: read.main, together: read.flows };
  return [createTestEngine(), createTestEngine({ flows: [flow] })];
}

describe("an exported scenario", () => {
  it("is the main flow with its sub-flow in one file", () => {
    const { text, read } = exported();
    const { flows } = JSON.parse(text);
    expect(read.flows.map(({ name }) => name)).toEqual([
      "sign-on-with-consent",
      "Sign On with Registration, Password Reset and Recovery",
    ]);
    expect(flows.map(({ flowId, parentFlowId }: Record<string, string>) => flowId === parentFlowId)).toEqual([
      true,
      false,
    ]);
    expect(flows.map(({ settings }: { settings: object }) => settings)).toMatchObject([
      { pingOneFlow: true },
      { pingOneFlow: false },
    ]);
  });

  it("names places for what each tenant has of its own, and no others", () => {
    const { text, placeholders } = exported();
    const found = text.match(/\{\{[A-Z_]+\}\}/g) ?? [];
    expect(placeholders.map((placeholder) => placeholder.text)).toEqual([
      ...new Set(placeholders.map((each) => each.text)),
    ]);
    expect(new Set(found)).toEqual(new Set(placeholders.map((placeholder) => placeholder.text)));
    expect(placeholders.map((placeholder) => placeholder.text)).toEqual(
      expect.arrayContaining([
        "{{CONNECTION_PINGONE_SCOPE_CONSENT}}",
        "{{APPLICATION_ID}}",
        "{{COMPANY_ID}}",
      ]),
    );
  });

  it("names no application when it asks for no consent", () => {
    const { text, placeholders } = exported(
      shipped.find(({ scenario }) => scenario.name === "sign-on-without-consent"),
    );
    expect(text).not.toContain("APPLICATION_ID");
    expect(placeholders.map((placeholder) => placeholder.text)).not.toContain("{{APPLICATION_ID}}");
  });

  const MISTAKES: Readonly<Record<string, readonly string[]>> = {
    "consent-not-branched": ["consent-not-branched"],
    "consent-strands-the-person": ["screen-without-exit"],
    "dies-before-any-screen": ["no-redirect-end", "error-message-before-screen"],
    "ends-as-sub-flow": ["ends-as-sub-flow", "ends-as-sub-flow", "no-success-end"],
  };

  it.each(shipped.map((loaded) => [loaded.scenario.name, loaded] as const))(
    "has no findings but those of the mistake that it shows: %s",
    async (name, loaded) => {
      const { read } = exported(loaded);
      const file = { path: name, flows: read.flows, main: read.main };
      const reports = await checkFlows([file], { registry: createRegistry(), sandbox });
      expect(reports.flatMap(({ missing }) => missing)).toEqual([]);
      expect(reports.flatMap(({ findings }) => findings.map(({ code }) => code))).toEqual(
        MISTAKES[name] ?? [],
      );
    },
  );

  const path = (
    name: string,
    ...steps: readonly ((person: Person, code: () => string) => Promise<unknown>)[]
  ) => [name, steps] as const;
  const NEW = "N3w-Passw0rd!"; // TEST ONLY
  const renewed = { newPassword: NEW, verifyNewPassword: NEW };
  const profile = { email: "zoe@example.com", givenName: "Zoe", familyName: "Z", password: NEW };

  it.each([
    path(
      "sign on and decline",
      (person) => person.signOn("alice", "wrong"),
      (person) => person.signOn("alice"),
      (person) => person.press("DECLINED"),
    ),
    path(
      "a forced change of the password",
      (person) => person.signOn("mustchange"),
      (person) =>
        person.press("UPDATE", { currentPassword: "2FederateM0re!", ...renewed, verifyNewPassword: "x" }),
      (person) => person.press("UPDATE", { currentPassword: "2FederateM0re!", ...renewed }),
      (person) => person.press("NEXT"),
      (person) => person.press("ACCEPTED"),
    ),
    path(
      "registration",
      (person) => person.press("REGISTER"),
      (person) => person.press("REGISTER", { ...profile, email: "alice@example.com" }),
      (person) => person.press("REGISTER", { ...profile, email: "zoe" }),
      (person) => person.press("REGISTER", profile),
      (person) => person.press("RESEND"),
      (person, code) => person.press("VERIFY", { passcode: code() }),
      (person) => person.press("NEXT"),
      (person) => person.press("ACCEPTED"),
    ),
    path(
      "recovery",
      (person) => person.press("TROUBLE"),
      (person) => person.press("CONTINUE", { username: "alice" }),
      (person) => person.press("RESEND"),
      (person, code) => person.press("UPDATE", { recoveryCode: code(), ...renewed }),
      (person) => person.press("NEXT"),
      (person) => person.press("ACCEPTED"),
    ),
    path(
      "a locked account",
      (person) => person.signOn("locked"),
      (person) => person.press("BACK"),
      (person) => person.signOn("disabled"),
    ),
    path(
      "a one-time code",
      (person) => person.signOn("mfa"),
      (person, code) => person.press("VERIFY", { passcode: code() }),
      (person) => person.press("ACCEPTED"),
    ),
  ])("shows the same as the scenario: %s", async (_, steps) => {
    const seen = await Promise.all(
      bothEngines().map(async ({ engine, open }) => {
        const code = () => engine.outbox.list().at(-1)?.code ?? "";
        const person = await open("sign-on-with-consent");
        const screens = [describeScreen(person)];
        for (const step of steps) {
          await step(person, code);
          screens.push(describeScreen(person));
        }
        return screens;
      }),
    );
    expect(seen[1]).toEqual(seen[0]);
    expect(new Set(seen[0]?.map((screen) => JSON.stringify(screen))).size).toBeGreaterThan(2);
  });
});

/** What the person sees; users that were created have other ids in each engine. */
function describeScreen(person: Person) {
  const { outcome } = person;
  if (outcome?.kind !== "screen") return outcome?.kind === "success" ? { ...outcome, userId: "" } : outcome;
  const { heading, alert, inputs, buttons } = person;
  return { heading, alert, inputs, buttons };
}
