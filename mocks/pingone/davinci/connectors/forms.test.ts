import { beforeEach, describe, expect, it } from "vitest";
import { buildFlow, type FlowSpec, type NodeSpec, richText } from "../../testing/graph-builder.ts";
import { tenant, withTenant } from "../../testing/with-tenant.ts";
import { addFlowInput } from "../files/flow-uploads.ts";
import { formsSchema, labelText } from "../screens/form-schema.ts";

withTenant({}, { once: true });
beforeEach(() => {
  tenant.emulator.flows.clear();
  return tenant.emulator.admin.reset();
});

const i18n = (text: string) =>
  JSON.stringify([
    {
      type: "paragraph",
      children: [
        { text: "" },
        { type: "i18n", key: "k", defaultTranslation: text, children: [{ text: "" }] },
      ],
    },
  ]);
const SIGN_ON = {
  id: "form-1",
  name: "Sign on",
  category: "CUSTOM",
  components: {
    fields: [
      { type: "LABEL", label: "Welcome to {{brand}}" },
      { type: "ERROR_DISPLAY" },
      { type: "TEXT", key: "user.username", label: i18n("Username"), required: true },
      { type: "PASSWORD", key: "user.password", label: i18n("Password"), required: true },
      {
        type: "DROPDOWN",
        key: "city",
        label: "City",
        options: [
          { value: "be", label: "Bern" },
          { value: "zh", label: "Zurich" },
        ],
      },
      {
        type: "CHECKBOX",
        key: "topics",
        label: "Topics",
        options: [
          { value: "a", label: "Art" },
          { value: "b", label: "Books" },
        ],
      },
      { type: "SINGLE_CHECKBOX", key: "remember", label: "Remember me" },
      {
        type: "TEXT",
        key: "nick",
        label: "Nickname",
        visibility: { type: "HIDE_BY_DEFAULT", key: "showNick" },
      },
      { type: "SOCIAL_LOGIN_BUTTON", label: "Other" },
      { type: "SUBMIT_BUTTON", key: "go", label: i18n("Sign on") },
      { type: "FLOW_LINK", key: "forgot", label: "Forgot it?" },
    ],
  },
};

const form = (capability: string, properties: Record<string, unknown> = {}): NodeSpec => ({
  is: `pingOneFormsConnector.${capability}`,
  title: "Ask",
  properties: { form: "form-1", ...properties },
});
const DONE: NodeSpec = {
  is: "httpConnector.customHTMLTemplate",
  properties: {
    customHTML:
      "<h1>Done</h1><p>{{local.ask.payload.output.formData.user.username}},{{local.ask.payload.output.formData.city}},{{local.ask.payload.output.formData.topics}},{{local.ask.payload.output.buttonValue}},{{local.ask.payload.output.event.type}}</p>",
  },
};

async function run(
  spec: FlowSpec,
  forms?: unknown,
  change: (flow: ReturnType<typeof buildFlow>) => void = () => {},
) {
  const flow = buildFlow(spec);
  change(flow);
  const { policyId } = await tenant.emulator.flows.add(
    addFlowInput.parse({ flow, ...(forms !== undefined && { forms }) }),
  );
  return tenant
    .openBrowser()
    .open(`${tenant.issuer}/authorize?${tenant.authorizeParameters({ acr_values: policyId })}`);
}
const simple = (node: NodeSpec): FlowSpec => ({
  nodes: { ask: node, done: DONE },
  ways: [["ask", "true", "done"]],
});

describe("Show Form", () => {
  it("[PING-182] shows the form of forms.json with its labels, and gives the fields nested", async () => {
    const node = form("customForm", {
      formData: [{ key: "user.username", value: richText("ann") }],
      dynamicText: [{ key: "brand", value: "Acme" }],
    });
    const page = await run(simple(node), { forms: [SIGN_ON] });
    expect(page.heading).toBe("Welcome to Acme");
    expect(page.root.querySelectorAll("form.screen label").map(({ text }) => text)).toEqual([
      "Username",
      "Password",
      "City",
      "Art",
      "Books",
      "Remember me",
    ]);
    expect(page.root.querySelector('[name="user.username"]')?.getAttribute("value")).toBe("ann");
    expect(page.root.querySelector("aside")?.text).toContain(
      "SOCIAL_LOGIN_BUTTON of the form is not emulated",
    );
    const done = await page.submit("Sign on", { "user.password": "TEST ONLY", city: "zh", topics: "b" });
    expect(done.root.querySelector("main p")?.text).toBe("ann,zh,b,go,submit");
  });

  it("asks for what is required, and lets a person leave without it", async () => {
    const page = await run(simple(form("customForm")), { forms: [SIGN_ON] });
    const refused = await page.submit("Sign on", { "user.username": "ann" });
    expect(refused.root.querySelector('[role="alert"]')?.text).toBe("Password is required.");
    const left = await refused.submit("Forgot it?");
    expect(left.root.querySelector("main p")?.text).toBe(",,,forgot,action");
  });

  it("shows what the node makes visible", async () => {
    const page = await run(simple(form("customForm", { visibility: [{ key: "showNick", value: "true" }] })), {
      forms: [SIGN_ON],
    });
    expect(page.root.querySelector('[name="nick"]')).not.toBeNull();
  });

  it("takes the answer of PingOne's API as it is, and a form by the title of the node", async () => {
    const page = await run(simple({ ...form("customForm", { form: "other" }), title: "Sign on" }), {
      _links: {},
      _embedded: { forms: [SIGN_ON] },
    });
    expect(page.heading).toContain("Welcome");
  });

  it("leaves by the outcome of the button that was pressed", async () => {
    const screen = (heading: string): NodeSpec => ({
      is: "httpConnector.customHTMLTemplate",
      properties: { customHTML: `<h1>${heading}</h1>` },
    });
    const spec: FlowSpec = {
      nodes: { ask: form("showForm"), sent: screen("Sent"), left: screen("Left") },
      ways: [
        ["ask", "=o1", "sent"],
        ["ask", "=o2", "left"],
      ],
    };
    const declare = (flow: ReturnType<typeof buildFlow>) => {
      const node = flow.graphData.elements.nodes.find(({ data }) => data.id === "ask");
      Object.assign(node?.data ?? {}, {
        outcomes: [
          { id: "o1", label: "Sign on", result: "submit" },
          { id: "o2", label: "Forgot…", result: "action" },
        ],
      });
    };
    const page = await run(spec, { forms: [SIGN_ON] }, declare);
    expect((await page.submit("Forgot it?")).heading).toBe("Left");
    const again = await run(spec, { forms: [SIGN_ON] }, declare);
    expect((await again.submit("Sign on", { "user.username": "a", "user.password": "b" })).heading).toBe(
      "Sent",
    );
  });

  it("guesses the fields and buttons from the flow where the form is not there, and says so", async () => {
    const spec: FlowSpec = {
      nodes: {
        ask: form("customForm", { formData: [{ key: "user.email", value: "" }] }),
        which: {
          is: "functionsConnector.AEqualsMultipleB",
          properties: {
            leftValueA: richText("{{local.ask.payload.output.buttonValue}}"),
            rightValueMultiple: [
              { id: "x", value: richText("next") },
              { id: "y", value: richText("cancel") },
            ],
          },
        },
        done: DONE,
      },
      ways: [
        ["ask", "true", "which"],
        ["which", "=x", "done"],
      ],
    };
    const page = await run(spec);
    expect(
      page.root
        .querySelectorAll("form.screen input:not([type=hidden])")
        .map((input) => input.getAttribute("name")),
    ).toEqual(["user.email", "user.username", "city", "topics"]);
    expect(page.root.querySelectorAll("form.screen button").map(({ text }) => text)).toEqual([
      "next",
      "cancel",
    ]);
    expect(page.root.querySelector("aside")?.text).toContain("not in forms.json");
    expect((await page.submit("next", { city: "Bern" })).root.querySelector("main p")?.text).toContain(
      ",Bern,",
    );
  });

  it("ends with the shape of the file where nothing tells what is in the form", async () => {
    const page = await run({ nodes: { ask: form("customForm") } });
    expect(page.url.searchParams.get("error")).toBe("login_required");
    const result = tenant.emulator.log.runs().at(-1)?.result;
    const reason = result?.kind === "died" ? result.reason : "";
    expect(reason).toContain("forms.json");
    expect(reason).toContain("SUBMIT_BUTTON");
  });

  it("waits where the form has a component for it", async () => {
    const spec: FlowSpec = {
      nodes: {
        create: { is: "challengeConnector.createChallenge" },
        ask: form("customForm", { challenge: richText("{{local.create.payload.output.challenge}}") }),
        over: {
          is: "httpConnector.customHTMLTemplate",
          properties: { customHTML: "<h1>{{local.ask.payload.output.status}}</h1>" },
        },
      },
      ways: [
        ["create", "true", "ask"],
        ["ask", "true", "over"],
      ],
    };
    const page = await run(spec, {
      forms: [
        {
          id: "form-1",
          name: "Wait",
          components: {
            fields: [
              { type: "POLLING", key: "p" },
              { type: "QR_CODE", key: "q", content: "https://example.com" },
            ],
          },
        },
      ],
    });
    expect(page.root.querySelector("main img")?.getAttribute("src")).toMatch(/^data:image\/svg/);
    const waiting = await page.submit("Check again");
    expect(waiting.heading).toBe("Wait");
    await tenant.openBrowser().open(tenant.emulator.admin.messages().at(-1)?.link ?? "");
    expect((await waiting.submit("Check again")).heading).toBe("approved");
  });
});

describe("Show Branded Message", () => {
  it("shows the message and its button", async () => {
    const page = await run(
      simple({
        is: "pingOneFormsConnector.customMessage",
        properties: { message: richText("Hello\n<b>you</b>"), buttonText: "Next", showContinueButton: true },
      }),
    );
    expect(page.heading).toBe("Hello");
    expect(page.root.querySelector("main b")).toBeNull();
    expect(page.root.querySelector("main p")?.text).toBe("<b>you</b>");
    expect((await page.submit("Next")).heading).toBe("Done");
  });
});

describe("forms.json", () => {
  it.each([
    [{}],
    [{ forms: {} }],
    [{ forms: [{ id: "a" }] }],
    [{ forms: [{ id: "a", name: "b", components: { fields: [{ key: "c" }] } }] }],
  ])("refuses %j", (file) => {
    expect(formsSchema.safeParse(file).success).toBe(false);
  });

  it("reads labels that are hostile", () => {
    expect(labelText("[".repeat(5000))).toBe("[".repeat(5000));
    expect(labelText('[{"children":[{"text":"<img src=x onerror=alert(1)>Name"}]}]')).toBe("Name");
    let deep: unknown = { text: "x" };
    for (let depth = 0; depth < 200; depth += 1) deep = { children: [deep] };
    expect(labelText(JSON.stringify([deep]))).toBe("");
  });

  it("keeps prototype names of keys apart", async () => {
    const page = await run(simple(form("customForm")), {
      forms: [
        {
          id: "form-1",
          name: "F",
          components: {
            fields: [
              { type: "TEXT", key: "__proto__.polluted", label: "P" },
              { type: "SUBMIT_BUTTON", key: "go", label: "Go" },
            ],
          },
        },
      ],
    });
    expect((await page.submit("Go", { "__proto__.polluted": "yes" })).heading).toBe("Done");
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
