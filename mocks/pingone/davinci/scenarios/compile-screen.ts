/** Makes the properties of an HTML template of a screen. */
import { type FieldMarkup, formMarkup } from "../screens/markup.ts";
import type { Source } from "./graph-builder.ts";
import type { Field, NodeOfType } from "./scenario-schema.ts";
import { partsOf } from "./variables.ts";

export function compileScreen(
  { heading, text, fields, buttons }: NodeOfType<"screen">,
  sourceOf: (variable: string) => Source,
): Readonly<Record<string, unknown>> {
  const bind = (template: string) => bound(template, sourceOf);
  return {
    customHTML: formMarkup({
      heading: bind(heading),
      text: text.map(bind),
      fields: fields.map((field) => markupOf(field, bind)),
      buttons: buttons.map(({ type, key, label }) => ({
        value: key,
        label,
        isSubmit: type === "SUBMIT_BUTTON",
      })),
    }),
    formFieldsList: [
      ...fields.map((field) => ({
        propertyName: field.key,
        displayName: field.label,
        preferredControlType: "textField",
        preferredDataType: field.type === "CHECKBOX" ? "boolean" : "string",
        hashedVisibility: isSecret(field),
      })),
      { propertyName: "buttonValue", preferredControlType: "textField", preferredDataType: "string" },
    ],
    validationRules: fields
      .filter(({ required }) => required)
      .map(({ key }) => ({ propertyName: key, rules: [{ ruleName: "presence", message: "" }] })),
  };
}

/** Passwords and one-time codes are never shown again. */
function isSecret(field: Field): boolean {
  return field.type === "PASSWORD" || (field.type === "TEXT" && field.autocomplete === "one-time-code");
}

function markupOf(field: Field, bind: (template: string) => string): FieldMarkup {
  const head = { name: field.key, label: field.label, isRequired: field.required };
  switch (field.type) {
    case "CHECKBOX":
      return { ...head, type: "checkbox", value: "true" };
    case "DROPDOWN":
      return {
        ...head,
        type: "select",
        options: field.options,
        ...(field.value !== undefined && { value: bind(field.value) }),
      };
    default:
      return {
        ...head,
        type: field.type === "PASSWORD" ? "password" : "text",
        ...(field.value !== undefined && { value: bind(field.value) }),
        ...(field.autocomplete !== undefined && { autocomplete: field.autocomplete }),
        ...(field.inputmode !== undefined && { inputmode: field.inputmode }),
      };
  }
}

/** Variables become bindings, which an HTML template holds as they are. */
function bound(template: string, sourceOf: (variable: string) => Source): string {
  return partsOf(template)
    .map((part) => {
      if ("text" in part) return part.text;
      const source = sourceOf(part.variable);
      return "text" in source ? source.text : `{{${source.path}}}`;
    })
    .join("");
}
