/**
 * Labelled fields of the page's forms, each by the schema of what it sets. A label stands beside its field, not around
 * it: around a list, the name that assistive technology computes would take in the chosen option.
 */
import { html } from "hono/html";
import type { z } from "zod";
import { describeField, type Field } from "../field-text.ts";
import type { Choice } from "./choice.ts";

export type Markup = ReturnType<typeof html>;

export interface FieldOptions {
  /** Told apart from a field of the same name in another form. */
  readonly form: string;
  readonly name: string;
  readonly schema: z.ZodType;
  /** What holds already. */
  readonly value?: unknown;
  /** In place of what the schema allows. */
  readonly choices?: readonly Choice[] | undefined;
  /** Id of a list of suggestions. */
  readonly list?: string | undefined;
  /** In place of the field's own sentence. */
  readonly about?: string;
}

/** Characters that a select of the usual width cannot show. */
const LONG_CHOICE = 30;

export function renderField(options: FieldOptions): Markup {
  const { name, schema, value } = options;
  const field = describeField(name, schema);
  const id = `${options.form}-${name.replace(".", "-")}`;
  const { label } = field.text;
  const about = options.about ?? aboutOf(field);
  const hint = about === "" ? "" : html`<p class="hint" id="${id}-hint">${about}</p>`;
  const described = about === "" ? "" : html` aria-describedby="${id}-hint"`;
  const choices = options.choices ?? choicesOf(field, value);
  if (choices !== undefined) {
    const select = html`<select id="${id}" name="${name}"${described}>${optionsOf(choices, textOf(value))}</select>`;
    const isLong = choices.some(({ text }) => text.length > LONG_CHOICE);
    return html`<div class="field${isLong ? " long" : ""}"><label for="${id}">${label}</label>${select}${hint}</div>`;
  }
  if (field.kind === "flag") {
    return html`<div class="field"><div class="check"><input id="${id}" name="${name}" type="checkbox"${described}><label for="${id}">${label}</label></div>${hint}</div>`;
  }
  const kind =
    field.kind === "number"
      ? html`type="number" step="any"`
      : html`autocomplete="off" spellcheck="false"${options.list === undefined ? "" : html` list="${options.list}"`}`;
  const required = field.isOptional || field.isNullable ? "" : html` required`;
  return html`<div class="field"><label for="${id}">${label}</label><input id="${id}" name="${name}" value="${textOf(value)}" ${kind}${required}${described}>${hint}</div>`;
}

/** A field without a list says in words what it means to leave it empty. */
function aboutOf({ kind, text, isNullable }: Field): string {
  const empty = kind === "number" && isNullable ? `Empty: ${text.unset ?? "not set"}.` : "";
  return [text.about ?? "", empty].filter((part) => part !== "").join(" ");
}

/** `undefined`: the field is not one to choose in. */
function choicesOf(
  { kind, values, text, isNullable, isOptional }: Field,
  value: unknown,
): Choice[] | undefined {
  const named = (names: readonly string[], texts: Readonly<Record<string, string>>) =>
    names.map((name) => ({ value: name, text: text.choices?.[name] ?? texts[name] ?? name }));
  const unset = isNullable
    ? [{ value: "", text: text.unset ?? "not set" }]
    : isOptional && value === undefined
      ? [{ value: "", text: "any" }]
      : [];
  if (kind === "choice") return [...unset, ...named(values, {})];
  // A box that is not ticked is not sent, so it cannot say no to what holds.
  const isSwitch = kind === "flag" && (isNullable || value !== undefined);
  return isSwitch ? [...unset, ...named(["true", "false"], { true: "yes", false: "no" })] : undefined;
}

function optionsOf(choices: readonly Choice[], selected: string): Markup[] {
  const groups = Map.groupBy(choices, ({ group }) => group);
  return [...groups].map(([group, members]) => {
    const options = members.map(
      ({ value, text }) =>
        html`<option value="${value}"${value === selected ? html` selected` : ""}>${text}</option>`,
    );
    return group === undefined ? html`${options}` : html`<optgroup label="${group}">${options}</optgroup>`;
  });
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
