/**
 * Markup for the screens that the emulator itself brings along, marked up as DaVinci's HTML templates are. It serves as
 * the `customHTML` of a node too: bindings such as `{{global.variables.name}}` pass through unchanged.
 */
import { html } from "hono/html";

export interface FormMarkup {
  readonly heading: string;
  /** One paragraph each. */
  readonly text?: readonly string[];
  readonly fields?: readonly FieldMarkup[];
  readonly buttons: readonly ButtonMarkup[];
}

export interface FieldMarkup {
  readonly type: "text" | "password" | "email" | "tel" | "checkbox" | "select";
  /** Several checkboxes of one name are one list. */
  readonly name: string;
  readonly label: string;
  /** What is in the field at first. Of a checkbox: what is sent when it is checked. */
  readonly value?: string;
  readonly isChecked?: boolean;
  readonly isRequired?: boolean;
  readonly autocomplete?: string;
  readonly inputmode?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  /** Of the first of several checkboxes of one name: what all of them are about. */
  readonly legend?: string;
}

interface ButtonMarkup {
  readonly value: string;
  readonly label: string;
  /** Sends the fields (`form-submit`). Others send only the button (`next-event`). */
  readonly isSubmit: boolean;
}

const FORM_ID = "form";

/** Heading, text, region for errors, fields, buttons. All text is escaped. */
export function formMarkup({ heading, text = [], fields = [], buttons }: FormMarkup): string {
  const idOf = (index: number) =>
    `${fields[index]?.name ?? ""}${isRepeated(fields, index) ? `-${index}` : ""}`;
  const groups = Object.values(Object.groupBy(fields.keys(), (index) => groupOf(fields, index)));
  return String(html`<h1>${heading}</h1>
${text.map((paragraph) => html`<p>${paragraph}</p>\n`)}<p class="text-danger" data-skcomponent="skerror"></p>
<form id="${FORM_ID}" data-id="${FORM_ID}">
${groups.map((group = []) => {
  const rendered = group.flatMap((index) => {
    const field = fields[index];
    return field === undefined ? [] : [fieldMarkup(field, idOf(index))];
  });
  const legend = fields[group[0] ?? 0]?.legend;
  return legend === undefined
    ? rendered
    : html`<fieldset><legend>${legend}</legend>\n${rendered}</fieldset>\n`;
})}${buttons.map(
  ({ value, label, isSubmit }) =>
    html`<button type="submit" class="btn ${isSubmit ? "btn-primary" : "btn-link"}" data-skcomponent="skbutton" data-skbuttontype="${
      isSubmit ? "form-submit" : "next-event"
    }" data-skform="${FORM_ID}" data-skbuttonvalue="${value}">${label}</button>\n`,
)}</form>
`);
}

function fieldMarkup(field: FieldMarkup, id: string) {
  const { type, name, label, value } = field;
  const required = field.isRequired === true ? html` required` : "";
  if (type === "checkbox") {
    return html`<div class="form-check"><input class="form-check-input" type="checkbox" id="${id}" name="${name}"${
      value === undefined ? "" : html` value="${value}"`
    }${field.isChecked === true ? html` checked` : ""}${required}> <label class="form-check-label" for="${id}">${label}</label></div>\n`;
  }
  if (type === "select") {
    return html`<div class="mb-3"><label class="form-label" for="${id}">${label}</label>
<select class="form-select" id="${id}" name="${name}"${required}>${(field.options ?? []).map(
      (option) =>
        html`<option value="${option.value}"${option.value === value ? html` selected` : ""}>${option.label}</option>`,
    )}</select></div>\n`;
  }
  return html`<div class="mb-3"><label class="form-label" for="${id}">${label}</label>
<input class="form-control" type="${type}" id="${id}" name="${name}" value="${value ?? ""}"${required}${
    field.autocomplete === undefined ? "" : html` autocomplete="${field.autocomplete}"`
  }${field.inputmode === undefined ? "" : html` inputmode="${field.inputmode}"`}></div>\n`;
}

function isRepeated(fields: readonly FieldMarkup[], index: number): boolean {
  return fields.some((other, at) => at !== index && other.name === fields[index]?.name);
}

/** Checkboxes of one name that follow each other are one group; any other field is one by itself. */
function groupOf(fields: readonly FieldMarkup[], index: number): string {
  let first = index;
  const isSame = (at: number) => fields[at]?.type === "checkbox" && fields[at]?.name === fields[index]?.name;
  while (isSame(index) && isSame(first - 1)) first -= 1;
  return `group-${first}`;
}
