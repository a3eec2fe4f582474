/**
 * Labelled fields of the page's forms. A label stands beside its field, not around it: around a select, the accessible
 * name would include the chosen option.
 */
import { html } from "hono/html";
import type { z } from "zod";
import { describeField, type Field } from "./schema-field.ts";

export type Markup = ReturnType<typeof html>;

/** An option of a select. */
export interface Choice {
  readonly value: string;
  readonly text: string;
  /** Heading of its group. */
  readonly group?: string | undefined;
}

export interface FieldOptions {
  /** Makes the id of the field unique on the page. */
  readonly form: string;
  readonly name: string;
  readonly schema: z.ZodType;
  /** The current value. */
  readonly value?: unknown;
  /** In place of what the schema allows. */
  readonly choices?: readonly Choice[] | undefined;
  /** Id of a list of suggestions. */
  readonly list?: string | undefined;
  /** In place of the field's own. */
  readonly hint?: string;
}

/** Characters that a select of the usual width cannot show. */
const LONG_CHOICE = 30;

export function renderField(options: FieldOptions): Markup {
  const { name, value } = options;
  const field = describeField(options.schema);
  const id = `${options.form}-${name.replace(".", "-")}`;
  const hintText = options.hint ?? hintOf(field);
  const hint = hintText === "" ? "" : html`<p class="hint" id="${id}-hint">${hintText}</p>`;
  const described = hintText === "" ? "" : html` aria-describedby="${id}-hint"`;
  const label = html`<label for="${id}">${field.title}</label>`;
  const choices = options.choices ?? choicesOf(field, value);
  if (choices !== undefined) {
    const select = html`<select id="${id}" name="${name}"${described}>${optionsOf(choices, textOf(value))}</select>`;
    const isLong = choices.some(({ text }) => text.length > LONG_CHOICE);
    return html`<div class="field${isLong ? " long" : ""}">${label}${select}${hint}</div>`;
  }
  if (field.kind === "flag") {
    return html`<div class="field"><div class="check"><input id="${id}" name="${name}" type="checkbox"${described}>${label}</div>${hint}</div>`;
  }
  if (field.isFile) {
    return html`<div class="field">${label}<input id="${id}" name="${name}" type="file"${field.isOptional ? "" : html` required`}${described}>${hint}</div>`;
  }
  const kind =
    field.kind === "number"
      ? html`type="number" step="any"`
      : html`autocomplete="off" spellcheck="false"${options.list === undefined ? "" : html` list="${options.list}"`}`;
  const required = field.isOptional || field.isNullable ? "" : html` required`;
  return html`<div class="field">${label}<input id="${id}" name="${name}" value="${textOf(value)}" ${kind}${required}${described}>${hint}</div>`;
}

/** A number that can be left empty says what that means; a select has an option for it. */
function hintOf({ kind, hint, unset, isNullable }: Field): string {
  const empty = kind === "number" && isNullable ? `Empty: ${unset}.` : "";
  return [hint, empty].filter((part) => part !== "").join(" ");
}

/** `undefined`: the field is not a select. */
function choicesOf(field: Field, value: unknown): Choice[] | undefined {
  const { kind, values, unset, isNullable, isOptional } = field;
  const none = isNullable ? unset : isOptional && value === undefined ? "any" : undefined;
  const named = (names: readonly string[], texts: Readonly<Record<string, string>>) => [
    ...(none === undefined ? [] : [{ value: "", text: none }]),
    ...names.map((name) => ({ value: name, text: texts[name] ?? name })),
  ];
  if (kind === "choice") return named(values, field.choices);
  // A checkbox that is not ticked is not sent, so it could not change `true` to `false`.
  const isSelect = kind === "flag" && (isNullable || value !== undefined);
  return isSelect ? named(["true", "false"], { true: "yes", false: "no", ...field.choices }) : undefined;
}

function optionsOf(choices: readonly Choice[], selected: string): Markup[] {
  return [...Map.groupBy(choices, ({ group }) => group)].map(([group, members]) => {
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
