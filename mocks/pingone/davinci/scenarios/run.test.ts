import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTestEngine, PASSWORD, userFixture } from "../../testing/flow-driver.ts";
import { findFaults } from "./scenario-faults.ts";
import { NODE_TYPES, type Scenario, scenarioSchema, variantSchema } from "./scenario-schema.ts";
import { DESCRIBED_VARIABLES } from "./variables.ts";

const done = { type: "success", authenticationMethods: ["pwd"] };
const field = (key: string, more: object = {}) => ({ type: "TEXT", key, label: key, ...more });
const button = (next: string, key = "NEXT", type = "SUBMIT_BUTTON") => ({ type, key, label: key, next });
const screen = (
  heading: string,
  fields: readonly object[],
  buttons: readonly object[],
  more: object = {},
) => ({
  type: "screen",
  heading,
  fields,
  buttons,
  ...more,
});
const message = (text: string) => ({ type: "errorMessage", message: text });

/** Identifies the person by name, then goes on with `next`. */
const identified = (nodes: Readonly<Record<string, object>>, more: object = {}): Scenario => {
  const scenario = scenarioSchema.parse({
    name: "test",
    description: "For a test.",
    policyId: "0123456789abcdef0123456789abcdef",
    start: "who",
    nodes: {
      who: screen("Who", [field("username")], [button("lookUp")]),
      lookUp: {
        type: "userLookup",
        by: ["username"],
        input: "username",
        on: { found: "next", notFound: "unknown" },
      },
      unknown: message("Nobody has that name."),
      ...nodes,
    },
    ...more,
  });
  expect(findFaults(scenario)).toEqual([]);
  return scenario;
};

/** Puts `text` on a screen, so that a test can read it. */
const showing = (text: string, fields: readonly object[] = []) =>
  screen("Shown", fields, [button("done")], { text: [`<${text}>`] });

const group = { id: "5f1c5c3e-95a1-4c0c-8a55-0a0f6b5b1d11", name: "Support Staff" };
const ann = userFixture("ann", {
  address: { locality: "Bern" },
  nickname: "Annie",
  memberOfGroups: [{ id: group.id }],
});
const bob = userFixture("bob");

async function begin(scenario: Scenario, parameters: Readonly<Record<string, string>> = {}) {
  const engine = createTestEngine({ scenarios: [scenario], users: [ann, bob], groups: [group] });
  return { ...engine, person: await engine.open(scenario.name, { parameters }) };
}

describe("a branch", () => {
  it("looks at any attribute of the user, nested ones too", async () => {
    const scenario = identified({
      next: {
        type: "branch",
        value: "user.address.locality",
        equals: { Bern: "bern", "": "none" },
        otherwise: "other",
      },
      bern: { type: "branch", value: "user.nickname", equals: { Annie: "annie" }, otherwise: "other" },
      annie: showing("annie"),
      none: showing("none"),
      other: showing("other"),
      done,
    });
    expect((await (await begin(scenario)).person.press("NEXT", { username: "ann" })).html).toContain(
      "&lt;annie&gt;",
    );
    expect((await (await begin(scenario)).person.press("NEXT", { username: "bob" })).html).toContain(
      "&lt;none&gt;",
    );
  });

  it("looks at a field of a screen further back", async () => {
    const scenario = identified({
      next: screen(
        "Colour",
        [
          {
            type: "DROPDOWN",
            key: "colour",
            label: "Colour",
            options: [
              { value: "red", label: "Red" },
              { value: "blue", label: "Blue" },
            ],
          },
        ],
        [button("between")],
      ),
      between: screen("Between", [field("x")], [button("which")]),
      which: { type: "branch", value: "fields.next.colour", equals: { red: "red" }, otherwise: "blue" },
      red: showing("red"),
      blue: showing("blue"),
      done,
    });
    for (const colour of ["red", "blue"]) {
      const { person } = await begin(scenario);
      await person.press("NEXT", { username: "ann" });
      await person.press("NEXT", { colour });
      expect((await person.press("NEXT", { x: "y" })).html).toContain(`&lt;${colour}&gt;`);
    }
  });

  it("looks at a checkbox, which is empty when it is not ticked", async () => {
    const scenario = identified({
      next: screen("Terms", [{ type: "CHECKBOX", key: "agreed", label: "I agree" }], [button("which")]),
      which: { type: "branch", value: "fields.next.agreed", equals: { true: "done" }, otherwise: "please" },
      please: message("Please agree."),
      done,
    });
    const { person } = await begin(scenario);
    await person.press("NEXT", { username: "ann" });
    expect((await person.press("NEXT")).alert).toBe("Please agree.");
    expect((await person.press("NEXT", { agreed: "true" })).outcome?.kind).toBe("success");
  });

  it.each(["", "signOn"])("looks at a parameter of the request, with the sub-flow '%s'", async (subFlow) => {
    const scenario = identified(
      {
        next: { type: "branch", value: "parameters.tier", equals: { gold: "gold" }, otherwise: "other" },
        gold: showing("gold {{parameters.tier}} of {{application.name}}"),
        other: showing("other"),
        done,
      },
      { subFlows: subFlow === "" ? {} : { who: "Who are you?" } },
    );
    const { person } = await begin(scenario, { tier: "gold" });
    expect((await person.press("NEXT", { username: "ann" })).html).toContain(
      "&lt;gold gold of Remote MCP Server&gt;",
    );
  });

  it("is by group", async () => {
    const scenario = identified({
      next: { type: "memberOf", group: "Support Staff", on: { member: "staff", notMember: "other" } },
      staff: showing("staff"),
      other: showing("other"),
      done,
    });
    expect((await (await begin(scenario)).person.press("NEXT", { username: "ann" })).html).toContain(
      "&lt;staff&gt;",
    );
    expect((await (await begin(scenario)).person.press("NEXT", { username: "bob" })).html).toContain(
      "&lt;other&gt;",
    );
  });
});

describe("a screen", () => {
  it("writes to the user, nested attributes too, and may say why not", async () => {
    const scenario = identified({
      next: screen("Profile", [field("email"), field("city"), field("nick")], [button("save")]),
      save: {
        type: "updateUser",
        saves: { email: "email", "address.locality": "city", nickname: "nick" },
        on: { done: "shown", failed: "refused" },
      },
      refused: message("{{error.message}}"),
      shown: showing("{{user.email}}, {{user.address.locality}}, {{user.nickname}}"),
      done,
    });
    const { person, users } = await begin(scenario);
    await person.press("NEXT", { username: "bob" });
    const profile = { email: "bob@example.org", city: "Basel", nick: "Bobby" };
    expect((await person.press("NEXT", { ...profile, email: "none" })).alert).toContain("email");
    expect((await person.press("NEXT", profile)).html).toContain("&lt;bob@example.org, Basel, Bobby&gt;");
    expect(users.findByLogin("bob")?.address?.locality).toBe("Basel");
  });

  it("shows what was typed as text, not as markup or template", async () => {
    const scenario = identified({ next: showing("{{fields.who.username}}"), done });
    const { person } = await begin(scenario);
    const user = { ...ann, username: "{{global}}<b>" };
    const engine = createTestEngine({ scenarios: [scenario], users: [user] });
    const typed = await (await engine.open("test")).press("NEXT", { username: "{{global}}<b>" });
    expect(typed.html).toContain("&lt;{{global}}&lt;b&gt;&gt;");
    expect((await person.press("NEXT", { username: "ann" })).html).toContain("&lt;ann&gt;");
  });
});

describe("a value", () => {
  it("is that of the way which was taken, when several ways lead to a node", async () => {
    const scenario = identified({
      next: screen(
        "First",
        [field("x")],
        [button("shown", "LEFT"), button("second", "RIGHT", "FLOW_BUTTON")],
      ),
      second: screen(
        "Second",
        [field("x")],
        [button("shown", "LEFT"), button("next", "BACK", "FLOW_BUTTON")],
      ),
      shown: showing("{{fields.next.x}}/{{fields.second.x}}"),
      done,
    });
    const { person } = await begin(scenario);
    await person.press("NEXT", { username: "ann" });
    await person.press("RIGHT");
    await person.press("BACK");
    expect((await person.press("LEFT", { x: "1" })).html).toContain("&lt;1/&gt;");
    const other = (await begin(scenario)).person;
    await other.press("NEXT", { username: "ann" });
    await other.press("RIGHT");
    expect((await other.press("LEFT", { x: "2" })).html).toContain("&lt;/2&gt;");
  });

  it("is told apart whatever its nodes are called", async () => {
    const scenario = identified({
      next: screen(
        "First",
        [field("b_c")],
        [button("start next", "A"), button("next", "BACK", "FLOW_BUTTON")],
      ),
      "start next": screen("Second", [field("c")], [button("a_b", "A")]),
      a_b: screen("Third", [field("c")], [button("a", "A")]),
      a: screen("Fourth", [field("b_c")], [button("node/1", "A"), button("who", "BACK", "FLOW_BUTTON")]),
      "node/1": screen("Fifth", [field("x")], [button("shown", "A"), button("shown", "B")]),
      shown: showing("{{fields.a_b.c}}/{{fields.a.b_c}}/{{fields.start next.c}}/{{fields.node/1.x}}"),
      done,
    });
    const { person } = await begin(scenario);
    await person.press("NEXT", { username: "ann" });
    await person.press("A", { b_c: "1" });
    await person.press("A", { c: "2" });
    await person.press("A", { c: "3" });
    await person.press("A", { b_c: "4" });
    expect((await person.press("B", { x: "5" })).html).toContain("&lt;3/4/2/5&gt;");
  });

  it("of one person does not count for the next", async () => {
    const scenario = identified({
      next: { type: "consent", promptConsent: true, next: "shown" },
      shown: showing("{{user.username}} {{code.sentTo}} {{consent.status}}"),
      done: screen("Again?", [], [button("who2", "YES", "FLOW_BUTTON"), button("end", "NO", "FLOW_BUTTON")]),
      who2: screen("Who else", [field("username")], [button("lookUp2")]),
      lookUp2: {
        type: "userLookup",
        by: ["username"],
        input: "username",
        on: { found: "shown", notFound: "shown" },
      },
      end: { type: "success", authenticationMethods: ["pwd"] },
    });
    const { person } = await begin(scenario);
    await person.press("NEXT", { username: "ann" });
    expect((await person.press("ACCEPTED")).html).toContain("&lt;ann ann@example.com ACCEPTED&gt;");
    await person.press("NEXT");
    await person.press("YES");
    expect((await person.press("NEXT", { username: "bob" })).html).toContain("&lt;bob bob@example.com &gt;");
    await person.press("NEXT");
    await person.press("YES");
    expect((await person.press("NEXT", { username: "nobody" })).html).toContain("&lt;  &gt;");
  });

  it("reaches a node behind a sub-flow that can end in several ways", async () => {
    const scenario = identified(
      {
        next: screen("Choice", [field("x")], [button("yes", "YES"), button("no", "NO")]),
        yes: { type: "success", authenticationMethods: ["pwd"] },
        no: {
          type: "error",
          error: "invalid_request",
          errorDescription: "{{user.username}} said {{fields.next.x}}.",
        },
      },
      { subFlows: { who: "Who are you?" } },
    );
    const at = async () => {
      const { person } = await begin(scenario);
      return person.press("NEXT", { username: "ann" });
    };
    expect((await (await at()).press("YES", { x: "-" })).outcome).toMatchObject({
      kind: "success",
      userId: ann.id,
    });
    expect((await (await at()).press("NO", { x: "never" })).outcome).toEqual({
      kind: "error",
      error: "invalid_request",
      errorDescription: "ann said never.",
    });
  });
});

describe("Check Session", () => {
  it.each([
    ["otp", 10, "success"],
    ["pwd", 10, "success"],
    ["fido", 10, "screen"],
    ["pwd", 0, "screen"],
  ])(
    "with several methods and a session by %s, %i minutes allowed, leads to: %s",
    async (method, minutes, kind) => {
      const scenario = identified(
        {
          session: {
            type: "checkSession",
            methods: ["pwd", "otp", "otp"],
            lastUsedWithinMinutes: minutes + 1,
            on: { session: "next", noSession: "who" },
          },
          next: done,
        },
        { start: "session" },
      );
      const { open, clock } = createTestEngine({ scenarios: [scenario], users: [ann] });
      const session = {
        id: "session-1",
        userId: ann.id,
        authenticationMethods: [method],
        authenticatedAt: clock() - 5 * 60_000,
      };
      expect((await open("test", { session })).outcome?.kind).toBe(kind);
    },
  );
});

describe("verify-address-at-sign-on", () => {
  it("asks a person for the code that was sent", async () => {
    const { open, engine, users } = createTestEngine();
    const person = await (await open("verify-address-at-sign-on")).signOn("unverified");
    expect(person.heading).toBe("Verification Code");
    await person.press("VERIFY", { passcode: engine.outbox.latest("unverified@example.com").code ?? "" });
    expect(users.findByLogin("unverified")?.lifecycle.status).toBe("ACCOUNT_OK");
    expect((await person.press("NEXT")).heading).toBe("Application Consent");
  });
});

describe("docs/davinci-scenarios.md", () => {
  const docs = readFileSync("docs/davinci-scenarios.md", "utf8");
  const examples = [...docs.matchAll(/```json\n(.*?)```/gs)].map((match) => JSON.parse(match[1] ?? ""));
  const base = scenarioSchema.parse(
    JSON.parse(readFileSync("fixtures/davinci/sign-on-with-consent.json", "utf8")),
  );

  function example(name: string): Scenario {
    const given = examples.find((content) => content.name === name);
    if (given.extends === undefined) return scenarioSchema.parse(given);
    const { extends: _, nodes, ...head } = variantSchema.parse(given);
    const merged = Object.entries({ ...base.nodes, ...nodes }).filter(([, node]) => node !== null);
    return scenarioSchema.parse({ ...base, ...head, nodes: Object.fromEntries(merged) });
  }

  it("has examples without faults", () => {
    expect(examples.map(({ name }) => name)).toEqual([
      "terms-of-use",
      "declined-as-server-error",
      "city-of-staff",
    ]);
    for (const { name } of examples) expect(findFaults(example(name))).toEqual([]);
  });

  it("has examples that run", async () => {
    const staff = { ...group, name: "Staff" };
    const { open, users } = createTestEngine({
      scenarios: examples.map(({ name }) => example(name)),
      users: [userFixture("alice", { memberOfGroups: [{ id: staff.id }] })],
      groups: [staff],
    });
    const person = await (await open("terms-of-use")).signOn("alice");
    expect(person.html).toContain("alice, please accept the terms of use of Remote MCP Server.");
    expect((await person.press("REJECT")).outcome).toEqual({
      kind: "error",
      error: "invalid_request",
      errorDescription: "alice did not accept the terms of use.",
    });

    const decliner = await (await open("declined-as-server-error")).signOn("alice");
    await decliner.press("DECLINED");
    expect(decliner.outcome).toMatchObject({ kind: "error", error: "server_error" });

    const one = await (await open("city-of-staff")).signOn("alice", PASSWORD);
    expect(one.heading).toBe("Your city");
    expect((await one.press("NEXT", { city: "Chur", remember: "yes" })).heading).toBe("Application Consent");
    expect(users.findByLogin("alice")?.address?.locality).toBe("Chur");
    expect((await (await open("city-of-staff")).signOn("alice")).heading).toBe("Application Consent");
  });

  it("names every node type and variable", () => {
    for (const type of NODE_TYPES) expect(docs).toContain(`| \`${type}\` |`);
    for (const { name } of DESCRIBED_VARIABLES) expect(docs).toContain(`\`${name}\``);
  });
});
