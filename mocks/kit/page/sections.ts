/** The sections of the control page that come from the emulators and their verbs. Each form posts to its verb. */
import { html } from "hono/html";
import { z } from "zod";
import type { Composition } from "../composition.ts";
import type { Verb, VerbForm } from "../control/verb.ts";
import { type ControlState, type Emulator, type Emulators, ownerOf } from "../emulator.ts";
import type { JournalEntry } from "../journal/journal.ts";
import { CONTROL_PATH } from "../middleware.ts";
import { type Choice, type Markup, renderField } from "./fields.ts";
import { describeField, type Fields } from "./schema-field.ts";
import type { Section } from "./section.ts";

/** What the page shows. */
export interface PageContext extends Composition {
  readonly state: ControlState<Emulators>;
  readonly entries: readonly JournalEntry[];
  /** Only the journal entries of this endpoint are shown. */
  readonly endpoint: string | undefined;
  readonly notice: Notice | undefined;
  /** Gives the part of an emulator that runs. */
  readonly runningOf: (emulator: Emulator) => unknown;
}

/** The outcome of the form that was sent last. */
export interface Notice {
  readonly text: string;
  readonly bad: boolean;
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

/** The part of the state that an emulator's page functions take; all of it for the kit's own. */
export function viewOf(emulator: Emulator | undefined, state: PageContext["state"]): unknown {
  return emulator === undefined ? state : state[emulator.name];
}

/** The fields of a verb's input. */
export function shapeOf(input: z.ZodType): Fields {
  return input instanceof z.ZodObject ? input.shape : {};
}

/** Those of them that the page shows. */
function shownFields({ input }: Verb): (readonly [name: string, schema: z.ZodType])[] {
  return Object.entries(shapeOf(input)).filter(([, schema]) => describeField(schema).title !== undefined);
}

export function overviewSection({ emulators, state }: PageContext): Section {
  const { clock } = state;
  const facts = [
    ["Clock", `${clock.now}${clock.offsetSeconds === 0 ? "" : ` (moved by ${clock.offsetSeconds} s)`}`],
    ...emulators.flatMap((emulator) => emulator.page.facts?.(viewOf(emulator, state)) ?? []),
  ];
  const content = html`<div id="live-overview" data-live>
<dl>${facts.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
</div>`;
  return { title: "Overview", content, isWide: false };
}

/** More fields than this need the whole width. */
const MAX_NARROW_FIELDS = 3;

/** One section for each heading that the forms of the verbs name, those of the emulators first. */
export function formSections(context: PageContext): Section[] {
  const verbs = [...context.emulators.map((emulator) => emulator.verbs), context.verbs].flatMap(
    Object.values<Verb>,
  );
  const titles = new Set(verbs.flatMap(({ form }) => form?.section ?? []));
  return [...titles].map((title) => {
    const members = verbs.filter(({ form }) => form?.section === title);
    return {
      title,
      about: members.map(({ form }) => form?.about).find((about) => about !== undefined),
      content: html`${formsOf(context, title)}`,
      isWide: members.some((verb) => shownFields(verb).length > MAX_NARROW_FIELDS),
    };
  });
}

/** The forms that stand below one heading. */
export function formsOf(context: PageContext, section: string): Markup[] {
  return Object.entries(context.verbs).flatMap(([name, verb]) =>
    verb.form?.section === section ? [renderForm(context, name, verb, verb.form)] : [],
  );
}

function renderForm({ emulators, state }: PageContext, name: string, verb: Verb, form: VerbForm): Markup {
  const view = viewOf(ownerOf(emulators, name), state);
  const values = form.values?.(view) ?? {};
  const choices: Readonly<Record<string, readonly Choice[] | undefined>> = form.choices?.(view) ?? {};
  const fields = shownFields(verb).map(([field, schema]) =>
    renderField({ form: name, name: field, schema, value: values[field], choices: choices[field] }),
  );
  const takesFile = shownFields(verb).some(([, schema]) => describeField(schema).isFile);
  return html`<form class="${fields.length > 0 ? "fields" : "line"}" method="post" action="${formAction(name)}"${takesFile ? html` enctype="multipart/form-data"` : ""}>
${fields}
<div class="actions"><button type="submit">${form.submit}</button></div>
</form>`;
}

/** Those that show what the emulators do. */
export function emulatorSections({ emulators, runningOf }: PageContext): Section[] {
  return emulators.flatMap((emulator) => emulator.page.sections?.(runningOf(emulator)) ?? []);
}

/** The users of each emulator, with a button in each row for each verb that acts on a user. */
export function userSections({ emulators, state }: PageContext): Section[] {
  return emulators.flatMap((emulator) => {
    const users = emulator.page.users?.(viewOf(emulator, state));
    return users === undefined
      ? []
      : [{ title: "Users", content: renderUsers(emulator, users), isWide: true }];
  });
}

function renderUsers(
  { verbs }: Emulator,
  users: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Markup {
  const actions = Object.entries(verbs).flatMap(([verb, { button }]) =>
    button === undefined ? [] : [{ verb, field: "user", text: button }],
  );
  const [columns = {}] = users.values();
  const headings = ["User", ...Object.keys(columns), "Actions"];
  // With `display: block` (narrow windows) browsers drop the roles of table elements, so they are explicit.
  return html`<div id="live-users" data-live>
<table role="table" aria-labelledby="users-title">
<thead role="rowgroup"><tr role="row">${headings.map((heading) => html`<th role="columnheader" scope="col">${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">${[...users].map(
    ([name, cells]) => html`<tr role="row">
<th role="rowheader" scope="row">${name}</th>
${Object.entries(cells).map(([column, cell]) => html`<td role="cell" data-label="${column}">${cell}</td>`)}
<td role="cell">${actions.map((action) => rowButton({ ...action, value: name, whose: `of ${name}` }))}</td>
</tr>`,
  )}</tbody>
</table>
</div>`;
}

/** @param options.whose Completes the text of the button for screen readers. */
export function rowButton(options: {
  readonly verb: string;
  readonly field: string;
  readonly value: string | number;
  readonly text: string;
  readonly whose: string;
}): Markup {
  const { verb, field, value, text, whose } = options;
  return html`<form class="line" method="post" action="${formAction(verb)}"><input type="hidden" name="${field}" value="${value}"><button type="submit" id="${verb}-${value}">${text}<span class="hidden"> ${whose}</span></button></form>`;
}

export function formAction(verb: string): string {
  return `${CONTROL_PATH}/page/${verb}`;
}
