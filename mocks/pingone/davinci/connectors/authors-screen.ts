/** Makes a screen of an author's HTML template: its fields, its styles, and what of it is not done here. */
import { html } from "hono/html";
import type { Call, Effect } from "../engine/capability.ts";
import { isRecord, templateText, textOf, unwrap } from "../graph/values.ts";
import { expandComponents } from "../screens/components.ts";
import type { ScreenField } from "../screens/screen.ts";
import { argumentsOf } from "./inputs.ts";
import { pollingOf } from "./polling.ts";

/** What describes the screen and is no variable of its template. */
const OWN = [
  "customHTML",
  "customCSS",
  "customScript",
  "customTitle",
  "formFieldsList",
  "validationRules",
  "inputSchema",
  "outputSchema",
] as const;

export async function authorsScreen(call: Call): Promise<Effect> {
  const { properties, node } = call;
  const remarks: string[] = [];
  const markup = await render(call, expandComponents(templateText(node.properties.customHTML)), remarks);
  const tabTitle = textOf(properties.customTitle);
  const hasScript = textOf(properties.customScript).trim() !== "";
  if (hasScript) remarks.push("Its script is not run.");
  const polling = pollingOf(call, /data-skcomponent\s*=\s*["']?skpolling\b/i.test(markup));
  const { css, cssLinks, useCustomCSS } = call.flow.settings;
  if (Array.isArray(cssLinks) && cssLinks.length > 0) {
    remarks.push(
      "The style sheets that the flow links to are not loaded; a small one of the emulator stands in.",
    );
  }
  const flowCss = useCustomCSS === false ? "" : textOf(css);
  const nodeCss = await renderCss(call, templateText(node.properties.customCSS));
  return {
    kind: "screen",
    screen: {
      title: node.title,
      ...(tabTitle !== "" && { tabTitle }),
      markup,
      css: [flowCss, nodeCss].filter((text) => text.trim() !== "").join("\n"),
      fields: fieldsOf(call),
      remarks,
      ...(hasScript && { hasScript }),
      ...(polling && { polling }),
      takesAnyButton: true,
    },
  };
}

function scopeOf(call: Call): Record<string, unknown> {
  return { ...argumentsOf(call, ...OWN), ...call.scope };
}

/** What does not render is shown as it is, so that a person sees what is wrong. */
async function render(call: Call, template: string, remarks: string[]): Promise<string> {
  if (template.trim() === "") {
    remarks.push("The node has no HTML.");
    return "";
  }
  if (!template.includes("{{")) return template;
  const rendered = await call.services.sandbox.renderTemplate(template, scopeOf(call));
  if (rendered.kind === "ok") return rendered.value;
  remarks.push(`The template was not rendered: ${rendered.message}`);
  return String(html`<h1>${call.node.title}</h1>
<p>This screen cannot be shown, because its template was not rendered.</p>
<pre>${template.slice(0, 20_000)}</pre>`);
}

async function renderCss(call: Call, css: string): Promise<string> {
  if (!css.includes("{{")) return css;
  const rendered = await call.services.sandbox.renderTemplate(css, scopeOf(call));
  return rendered.kind === "ok" ? rendered.value : css;
}

function fieldsOf(call: Call): ScreenField[] {
  const list = unwrap(call.node.properties.formFieldsList);
  if (!Array.isArray(list)) return [];
  const required = requiredFields(call);
  return list.filter(isRecord).flatMap(({ propertyName, hashedVisibility, displayName, value }) => {
    if (typeof propertyName !== "string" || propertyName === "" || propertyName === "buttonValue") return [];
    const isSecret = hashedVisibility === true;
    const label = textOf(displayName);
    const given = isSecret ? "" : textOf(call.resolve(value));
    const message = required.get(propertyName);
    return [
      {
        name: propertyName,
        isSecret,
        ...(label !== "" && { label }),
        ...(given !== "" && { value: given }),
        ...(message !== undefined && { required: message }),
      },
    ];
  });
}

/** The message of the rule `presence`, by field; "" when it has none. */
function requiredFields({ properties }: Call): ReadonlyMap<string, string> {
  const rules = properties.validationRules;
  if (!Array.isArray(rules)) return new Map();
  return new Map(
    rules.filter(isRecord).flatMap(({ propertyName, rules: ofField }) => {
      const presence = Array.isArray(ofField)
        ? ofField.filter(isRecord).find(({ ruleName }) => ruleName === "presence")
        : undefined;
      return presence ? [[textOf(propertyName), textOf(presence.message)] as const] : [];
    }),
  );
}
