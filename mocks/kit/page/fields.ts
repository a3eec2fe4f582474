/**
 * Labelled fields of the page's forms. A label stands beside its field, not around it: around a list, the name that
 * assistive technology computes would take in the chosen option.
 */
import { html } from "hono/html";

export type Markup = ReturnType<typeof html>;

export interface FieldOptions {
  readonly label: string;
  readonly name: string;
  /** Told apart from a field of the same name in another form. */
  readonly form: string;
  readonly value?: string;
  readonly required?: boolean;
}

const idOf = ({ form, name }: FieldOptions) => `${form}-${name.replace(".", "-")}`;
const flag = (isSet: boolean | undefined, attribute: "required" | "selected") =>
  isSet ? html` ${attribute}` : "";

export function textField(options: FieldOptions & { readonly list?: string }): Markup {
  const { label, name, value = "", required, list } = options;
  const suggestions = list === undefined ? "" : html` list="${list}"`;
  return html`<div><label for="${idOf(options)}">${label}</label><input id="${idOf(options)}" name="${name}" value="${value}"${suggestions}${flag(required, "required")} autocomplete="off" spellcheck="false"></div>`;
}

export function numberField(options: FieldOptions): Markup {
  const { label, name, value = "", required } = options;
  return html`<div><label for="${idOf(options)}">${label}</label><input id="${idOf(options)}" name="${name}" value="${value}" type="number" step="any"${flag(required, "required")}></div>`;
}

export function checkField(options: FieldOptions): Markup {
  return html`<div class="check"><input id="${idOf(options)}" name="${options.name}" type="checkbox"><label for="${idOf(options)}">${options.label}</label></div>`;
}

export interface Choice {
  readonly value: string;
  readonly text: string;
}

export function choiceField(options: FieldOptions & { readonly choices: readonly Choice[] }): Markup {
  const { label, name, value, choices } = options;
  return html`<div><label for="${idOf(options)}">${label}</label><select id="${idOf(options)}" name="${name}">${choices.map((choice) => html`<option value="${choice.value}"${flag(choice.value === value, "selected")}>${choice.text}</option>`)}</select></div>`;
}

export function namesAsChoices(names: readonly string[]): Choice[] {
  return names.map((name) => ({ value: name, text: name }));
}
