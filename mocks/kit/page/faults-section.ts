/** Faults on the control page: those that wait, and one form from the tables of every fault. */
import { html } from "hono/html";
import { z } from "zod";
import type { Composition } from "../composition.ts";
import type { Emulators } from "../emulator.ts";
import type { FaultCatalogue } from "../faults/catalogue.ts";
import { commonOptions, waitOptions } from "../faults/fault.ts";
import { describePendingFault } from "../faults/queue.ts";
import { labelled } from "../field-text.ts";
import { loginScopeSchema } from "../login.ts";
import { type Choice, namesAsChoices } from "./choice.ts";
import { type Markup, renderField } from "./fields.ts";
import type { Fields } from "./forms.ts";
import { formAction, formsOf, type PageContext, rowButton, type Section, viewOf } from "./sections.ts";

const { login: _, ...countOptions } = commonOptions;
const loginFields: Fields = Object.fromEntries(
  Object.entries(loginScopeSchema.shape).map(([name, schema]) => [`login.${name}`, schema]),
);

/** What any fault takes, as fields. */
const commonFields: Fields = { ...loginFields, ...countOptions, ...waitOptions };

/** Options of single faults, as fields. None is required, because no fault takes them all. */
function optionFields({ entries }: FaultCatalogue): Fields {
  const common = [...Object.keys(commonOptions), ...Object.keys(waitOptions)];
  const options: Record<string, z.ZodType> = {};
  for (const [name, schema] of entries.flatMap((entry) => Object.entries(entry.options))) {
    if (!common.includes(name)) options[name] ??= z.optional(schema as z.ZodType);
  }
  return options;
}

export function faultFields({ faults, endpoints }: Composition<Emulators>): Fields {
  return {
    fault: labelled(z.enum(faults.entries.map(({ name }) => name)), { label: "Fault" }),
    endpoint: labelled(z.enum(endpoints), { label: "Endpoint" }),
    ...commonFields,
    ...optionFields(faults),
  };
}

export function endpointChoices(emulators: Emulators): Choice[] {
  return emulators.flatMap(({ title, endpoints }) => namesAsChoices(Object.keys(endpoints), title));
}

export function faultsSection(context: PageContext): Section {
  const { composition, state } = context;
  const pending = state.faults.map((fault) => {
    const action = { verb: "removeFault", button: { field: "id", text: "Remove" }, row: fault.id };
    return html`<li>${describePendingFault(fault)} ${rowButton({ ...action, whose: `fault ${fault.id}` })}</li>`;
  });
  const content = html`<div id="live-faults" data-live>
${pending.length === 0 ? html`<p>No fault waits for a request.</p>` : html`<ul class="pending">${pending}</ul>`}
</div>
${queueForm(context)}
${formsOf(context, "Faults")}
${catalogue(composition.faults)}`;
  return { title: "Faults", content, isWide: true };
}

function queueForm({ composition, state }: PageContext): Markup {
  const { faults, emulators } = composition;
  const fields = faultFields(composition);
  const faultChoices = faults.entries.map(({ name, definition, emulator }) => ({
    value: name,
    text: `${definition.about.replace(/\.$/, "")} (${name})`,
    group: emulator ?? "Any emulator",
  }));
  const field = (
    name: string,
    options: { value?: unknown; choices?: readonly Choice[]; about?: string } = {},
  ) => {
    const list = name === "login.user" ? "usernames" : undefined;
    return renderField({ form: "fault", name, schema: fields[name] as z.ZodType, list, ...options });
  };
  const takers = (option: string) =>
    faults.entries.filter(({ options }) => Object.hasOwn(options, option)).map(({ name }) => name);
  const usernames = emulators.flatMap((emulator) => emulator.page.usernames?.(viewOf(emulator, state)) ?? []);
  return html`<form class="fields" method="post" action="${formAction("queueFault")}">
${field("fault", { value: "server_error", choices: faultChoices })}
${field("endpoint", { choices: endpointChoices(emulators) })}
${Object.keys(commonFields).map((name) => field(name, name === "times" ? { value: 1 } : {}))}
<details id="fault-options"><summary>Options of single faults</summary><div class="more">
${Object.keys(optionFields(faults)).map((name) => field(name, { about: `For ${takers(name).join(", ")}.` }))}
</div></details>
<div class="actions"><button type="submit">Queue the fault</button></div>
<datalist id="usernames">${usernames.map((username) => html`<option value="${username}"></option>`)}</datalist>
</form>`;
}

function catalogue({ entries }: FaultCatalogue): Markup {
  return html`<details id="fault-catalogue"><summary>What each fault does, and its options</summary>
<dl>${entries.map(({ name, definition, options }) => html`<dt><code>${name}</code></dt><dd>${definition.about} <span class="quiet">${Object.keys(options).join(", ")}</span></dd>`)}</dl>
</details>`;
}
