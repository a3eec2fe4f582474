/** The parts of the control page that come from the tables of verbs. Each form posts to the verb that it is named after. */
import { html } from "hono/html";
import type { Composition } from "../composition.ts";
import type { RowButton, Verb, VerbForm } from "../control/verb.ts";
import type { Emulator, Emulators, KitState, PageTable } from "../emulator.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import type { Choice } from "./choice.ts";
import { type Markup, renderField } from "./fields.ts";
import { fieldsOf } from "./forms.ts";

export interface PageContext {
  readonly composition: Composition<Emulators>;
  readonly state: KitState & Readonly<Record<string, unknown>>;
}

export interface Section {
  readonly title: string;
  readonly about?: string | undefined;
  readonly content: Markup;
  /** Takes the whole width where there are two columns. */
  readonly isWide: boolean;
}

export function renderSection({ title, about, content, isWide }: Section): Markup {
  const id = `${slugOf(title)}-title`;
  return html`<section${isWide ? html` class="wide"` : ""} aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${about === undefined ? "" : html`<p class="quiet">${about}</p>`}
${content}
</section>`;
}

export function slugOf(title: string): string {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

/** What a verb and the sections of its emulator are shown with. */
export function viewOf(emulator: Emulator | undefined, state: PageContext["state"]): unknown {
  return emulator === undefined ? state : state[emulator.name];
}

export function ownerOf(emulators: Emulators, verb: string): Emulator | undefined {
  return emulators.find(({ verbs }) => Object.hasOwn(verbs, verb));
}

export function overviewSection({ composition, state }: PageContext): Section {
  const { clock } = state;
  const facts = [
    ["Clock", `${clock.now}${clock.offsetSeconds === 0 ? "" : ` (moved by ${clock.offsetSeconds} s)`}`],
    ...composition.emulators.flatMap((emulator) => emulator.page.facts?.(viewOf(emulator, state)) ?? []),
  ];
  const content = html`<div id="live-overview" data-live>
<dl>${facts.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
</div>`;
  return { title: "Overview", content, isWide: false };
}

const SECTIONS: Readonly<Record<string, string>> = {
  Clock: "The clock is the emulators’ own; the program under test keeps real time.",
  Reset: "Everything that the emulators hold, the clock, faults and journal go back to the fixtures.",
};

/** More fields than this need the whole width. */
const MAX_NARROW_FIELDS = 3;

/** One section for each heading that the forms of the verbs name, those of the emulators first. */
export function formSections(context: PageContext): Section[] {
  const { verbs, emulators } = context.composition;
  const own = emulators.flatMap((emulator) => Object.values(emulator.verbs));
  const titles = new Set([...own, ...Object.values(verbs)].flatMap(({ form }) => form?.section ?? []));
  const abouts = [SECTIONS, ...emulators.map(({ page }) => page.sections ?? {})];
  return [...titles].map((title) => {
    const members = Object.values(verbs).filter(({ form }) => form?.section === title);
    return {
      title,
      about: abouts.map((table) => table[title]).find((about) => about !== undefined),
      content: html`${formsOf(context, title)}`,
      isWide: members.some((verb) => Object.keys(fieldsOf(verb)).length > MAX_NARROW_FIELDS),
    };
  });
}

/** The forms that stand below one heading. */
export function formsOf(context: PageContext, section: string): Markup[] {
  return Object.entries(context.composition.verbs).flatMap(([name, verb]) =>
    verb.form?.section === section ? [renderForm(context, name, verb, verb.form)] : [],
  );
}

function renderForm({ composition, state }: PageContext, name: string, verb: Verb, form: VerbForm): Markup {
  const view = viewOf(ownerOf(composition.emulators, name), state);
  const values = form.values?.(view) ?? {};
  const choices: Readonly<Record<string, readonly Choice[] | undefined>> = form.choices?.(view) ?? {};
  const fields = Object.entries(fieldsOf(verb))
    .filter(([field]) => !form.hidden?.includes(field))
    .map(([field, schema]) =>
      renderField({ form: name, name: field, schema, value: values[field], choices: choices[field] }),
    );
  return html`<form class="${fields.length > 0 ? "fields" : "line"}" method="post" action="${formAction(name)}">
${fields}
<div class="actions"><button type="submit">${form.submit}</button></div>
</form>`;
}

export function tableSections(context: PageContext): Section[] {
  const { composition, state } = context;
  return composition.emulators
    .flatMap((emulator) => emulator.page.tables?.(viewOf(emulator, state)) ?? [])
    .map((table) => ({ title: table.title, content: renderTable(context, table), isWide: true }));
}

function renderTable({ composition }: PageContext, { title, columns, rows }: PageTable): Markup {
  const actions = Object.entries(composition.verbs).flatMap(([verb, { button }]) =>
    button?.table === title ? [{ verb, button }] : [],
  );
  const headings = [...columns, ...(actions.length > 0 ? ["Actions"] : [])];
  const id = slugOf(title);
  // The roles are said again, because a table that is shown as blocks loses them.
  return html`<div id="live-${id}" data-live>
<table role="table" aria-labelledby="${id}-title">
<thead role="rowgroup"><tr role="row">${headings.map((heading) => html`<th role="columnheader" scope="col">${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(
    ({ name, cells }) => html`<tr role="row">
<th role="rowheader" scope="row">${name}</th>
${cells.map((cell, at) => html`<td role="cell" data-label="${columns[at + 1] ?? ""}">${cell}</td>`)}
${actions.length > 0 ? html`<td role="cell">${actions.map((action) => rowButton({ ...action, row: name, whose: `of ${name}` }))}</td>` : ""}
</tr>`,
  )}</tbody>
</table>
</div>`;
}

/** @param options.whose Said to whoever does not see the row and the column. */
export function rowButton(options: {
  readonly verb: string;
  readonly button: Pick<RowButton, "field" | "text">;
  readonly row: string | number;
  readonly whose: string;
}): Markup {
  const { verb, button, row, whose } = options;
  return html`<form class="line" method="post" action="${formAction(verb)}"><input type="hidden" name="${button.field}" value="${row}"><button type="submit" id="${verb}-${row}">${button.text}<span class="hidden"> ${whose}</span></button></form>`;
}

/** Where a form of the page posts to. */
export function formAction(verb: string): string {
  return `${CONTROL_PATH}/page/${verb}`;
}
