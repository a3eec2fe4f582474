import { afterAll, describe, expect, it } from "vitest";
import { flowNode, type NodeRun, runNode } from "../../testing/connector-call.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import type { Screen } from "../screens/screen.ts";
import { httpConnector } from "./http.ts";

const sandbox = createSandbox();
afterAll(() => sandbox.close());

const document = (...children: object[]) => ({ value: JSON.stringify([{ children }]) });
const binding = (path: string) => ({ type: "link", data: `{{${path}}}`, children: [{ text: path }] });

async function showTemplate(properties: Record<string, unknown>, run: NodeRun = {}): Promise<Screen> {
  const { effect } = await runNode(httpConnector, "customHTMLTemplate", {
    ...run,
    properties,
    services: { sandbox },
  });
  if (effect.kind !== "screen") throw new Error(`It led to ${effect.kind}.`);
  return effect.screen;
}

describe("customHTMLTemplate", () => {
  it("renders raw HTML with its own properties, global and local", async () => {
    const { markup } = await showTemplate(
      {
        customHTML: {
          value: "<h1>{{title}}</h1>{{#if local.a.payload.output.on}}{{global.variables.who}}{{/if}}",
        },
        title: document({ text: "Hello " }, binding("global.variables.who")),
      },
      { global: { variables: { who: "Al<b>" } }, local: { a: { payload: { output: { on: true } } } } },
    );
    expect(markup).toBe("<h1>Hello Al&lt;b&gt;</h1>Al&lt;b&gt;");
  });

  it("renders HTML that the editor keeps as a document, with bindings and components in it", async () => {
    const definition = btoa(JSON.stringify({ name: "skerror", options: {} }));
    const { markup } = await showTemplate(
      {
        customHTML: document(
          { text: '<p title="' },
          binding("global.variables.who"),
          { text: '"></p>' },
          { type: "link", data: `[[[skcomponent###eA==###${definition}]]]`, children: [{ text: "skerror" }] },
        ),
      },
      { global: { variables: { who: "Al" } } },
    );
    expect(markup).toBe('<p title="Al"></p><div data-skcomponent="skerror"></div>');
  });

  it("shows a template that does not compile as text, and says so", async () => {
    const { markup, remarks } = await showTemplate({ customHTML: { value: "{{#if a}}<b>never closed" } });
    expect(markup).toContain("&lt;b&gt;never closed");
    expect(markup).not.toContain("<b>");
    expect(remarks).toEqual([expect.stringMatching(/^The template was not rendered: /)]);
  });

  it("says when there is no template", async () => {
    expect(await showTemplate({})).toMatchObject({ markup: "", remarks: ["The node has no HTML."] });
  });

  it("accepts the fields of its list, with their names, values, secrets and rules", async () => {
    const { fields } = await showTemplate(
      {
        customHTML: { value: "x" },
        formFieldsList: {
          value: [
            {
              propertyName: "user",
              displayName: "User",
              value: document(binding("global.variables.who")).value,
            },
            { propertyName: "password", hashedVisibility: true, value: "never shown" },
            { propertyName: "buttonValue" },
            { displayName: "nameless" },
            "nonsense",
          ],
        },
        validationRules: {
          value: [
            { propertyName: "user", rules: [{ ruleName: "presence", message: "Who?" }] },
            { propertyName: "password", rules: [{ ruleName: "length" }] },
          ],
        },
      },
      { global: { variables: { who: "Al" } } },
    );
    expect(fields).toEqual([
      { name: "user", label: "User", value: "Al", isSecret: false, required: "Who?" },
      { name: "password", isSecret: true },
    ]);
  });

  it("applies the style of the flow, then that of the node", async () => {
    const html = { value: "x" };
    const { effect } = await runNode(httpConnector, "customHTMLTemplate", {
      properties: {
        customHTML: html,
        customCSS: { value: ".a { color: {{colour}} }" },
        colour: { value: "red" },
      },
      services: { sandbox },
    });
    expect(effect).toMatchObject({ screen: { css: ".a { color: red }" } });
  });

  it("names what is not done: scripts", async () => {
    expect(await showTemplate({ customHTML: { value: "x" }, customScript: { value: "go()" } })).toMatchObject(
      {
        remarks: ["Its script is not run."],
        hasScript: true,
      },
    );
    expect(
      await showTemplate({ customHTML: { value: "x" }, customScript: { value: " " } }),
    ).not.toHaveProperty("hasScript");
  });

  it("has the title of the browser's tab from the node, if it gives one", async () => {
    const title = "Node of the test";
    expect(await showTemplate({ customTitle: { value: "Tab" } })).toMatchObject({ title, tabTitle: "Tab" });
    expect(await showTemplate({})).not.toHaveProperty("tabTitle");
  });
});

describe("customHtmlMessage", () => {
  const exits = [
    { evalId: "e", outcome: undefined, operator: "allTriggersTrue" as const, target: "n", triggers: [] },
  ];
  const show = async (properties: Record<string, unknown>, node: object = {}) => {
    const { effect } = await runNode(httpConnector, "customHtmlMessage", { properties, node });
    if (effect.kind !== "screen") throw new Error(`It led to ${effect.kind}.`);
    return effect.screen.markup;
  };

  it("shows title and message as text", async () => {
    const markup = await show({ title: { value: "<Hi>" }, message: document({ text: "One <b>\nTwo" }) });
    expect(markup).toContain("<h1>&lt;Hi&gt;</h1>");
    expect(markup).toContain("<p>One &lt;b&gt;</p>");
    expect(markup).toContain("<p>Two</p>");
  });

  it("has messageTitle as its heading, beside a message", async () => {
    const messageTitle = { value: "Above" };
    expect(await show({ messageTitle, message: { value: "Below" } })).toContain(
      "<h1>Above</h1>\n<p>Below</p>",
    );
    expect(await show({ messageTitle }, { title: "Own" })).toContain("<h1>Own</h1>\n<p>Above</p>");
  });

  it("has a button where it is asked for one, or where the flow goes on", async () => {
    expect(await show({}, { exits })).toContain(">Continue</button>");
    expect(await show({})).not.toContain("<button");
    expect(await show({ showContinueButton: { value: false } }, { exits })).not.toContain("<button");
    expect(await show({ showContinueButton: { value: true }, nextButtonText: { value: "On" } })).toContain(
      ">On</button>",
    );
  });

  it("is not headed by the name of the capability", async () => {
    expect(await show({}, { title: "customHtmlMessage" })).toContain("<h1>Message</h1>");
    expect(await show({}, { title: "Own title" })).toContain("<h1>Own title</h1>");
  });
});

describe.each([
  ["createSuccessResponse", true],
  ["createErrorResponse", false],
])("%s", (capability, isSuccess) => {
  it("leaves the flow with its claims by name, of the type that their author chose", async () => {
    const { effect } = await runNode(httpConnector, capability, {
      properties: {
        claimsNameValuePairs: {
          value: [
            { name: "userId", type: "string", value: document(binding("global.variables.id")).value },
            { name: "done", type: "boolean", value: document({ text: "true" }).value },
            { name: null, value: document(binding("local.c.payload.output.consentScopes")).value },
            { name: null, value: "no binding" },
            { name: "__proto__", value: "x" },
          ],
        },
      },
      global: { variables: { id: "u1" } },
      local: { c: { payload: { output: { consentScopes: ["a"] } } } },
    });
    expect(effect).toEqual({
      kind: "leaveFlow",
      isSuccess,
      output: { userId: "u1", done: true, consentScopes: ["a"] },
    });
  });

  it("leaves it with nothing where it has no claims", async () => {
    const { effect } = await runNode(httpConnector, capability, { node: flowNode({}) });
    expect(effect).toEqual({ kind: "leaveFlow", isSuccess, output: {} });
  });
});
