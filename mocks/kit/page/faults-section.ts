/** Faults on the control page: those that are queued, one form for all of them, and what each does. */
import { html } from "hono/html";
import { z } from "zod";
import type { Composition } from "../composition.ts";
import type { Emulators } from "../emulator.ts";
import type { FaultCatalogue } from "../faults/catalogue.ts";
import { commonOptions, waitOptions } from "../faults/fault.ts";
import { describePendingFault } from "../faults/queue.ts";
import { loginScopeSchema } from "../login.ts";
import { type Choice, type FieldOptions, type Markup, renderField } from "./fields.ts";
import type { Fields } from "./schema-field.ts";
import type { Section } from "./section.ts";
import { formAction, formsOf, type PageContext, rowButton, viewOf } from "./sections.ts";

const { login: _, ...countOptions } = commonOptions;

/** Options that any fault takes. */
const COMMON_FIELDS: Fields = {
  ...Object.fromEntries(
    Object.entries(loginScopeSchema.shape).map(([name, schema]) => [`login.${name}`, schema]),
  ),
  ...countOptions,
  ...waitOptions,
};

/** Options of single faults. None is required, because no fault takes them all. */
function optionFields({ entries }: FaultCatalogue): Fields {
  const options: Record<string, z.ZodType> = {};
  for (const [name, schema] of entries.flatMap((entry) => Object.entries(entry.options))) {
    if (name !== "login" && !Object.hasOwn(COMMON_FIELDS, name))
      options[name] ??= z.optional(schema as z.ZodType);
  }
  return options;
}

export function faultFields({ faults, endpoints }: Composition): Fields {
  return {
    fault: z.enum(faults.entries.map(({ name }) => name)).meta({ title: "Fault" }),
    endpoint: z.enum(endpoints).meta({ title: "Endpoint" }),
    ...COMMON_FIELDS,
    ...optionFields(faults),
  };
}

export function endpointChoices(emulators: Emulators): Choice[] {
  return emulators.flatMap(({ title, endpoints }) =>
    Object.keys(endpoints).map((name) => ({ value: name, text: name, group: title })),
  );
}

export function faultsSection(context: PageContext): Section {
  const { state, faults } = context;
  const pending = state.faults.map((fault) => {
    const button = {
      verb: "faults.remove",
      field: "id",
      value: fault.id,
      text: "Remove",
      whose: `fault ${fault.id}`,
    };
    return html`<li>${describePendingFault(fault)} ${rowButton(button)}</li>`;
  });
  const content = html`<div id="live-faults" data-live>
${pending.length === 0 ? html`<p>No fault is queued.</p>` : html`<ul class="pending">${pending}</ul>`}
</div>
${queueForm(context)}
${formsOf(context, "Faults")}
<details id="fault-catalogue"><summary>What each fault does, and its options</summary>
<dl>${faults.entries.map(({ name, about, options }) => html`<dt><code>${name}</code></dt><dd>${about} <span class="quiet">${Object.keys(options).join(", ")}</span></dd>`)}</dl>
</details>`;
  return { title: "Faults", content, isWide: true };
}

function queueForm(context: PageContext): Markup {
  const { faults, emulators, state } = context;
  const fields = faultFields(context);
  const field = (name: string, options: Partial<FieldOptions> = {}) =>
    renderField({ form: "fault", name, schema: fields[name] as z.ZodType, ...options });
  const commonOptionsOf: Readonly<Record<string, Partial<FieldOptions>>> = {
    "login.user": { list: "usernames" },
    times: { value: 1 },
  };
  const faultChoices = faults.entries.map(({ name, about, emulator }) => ({
    value: name,
    text: `${about.replace(/\.$/, "")} (${name})`,
    group: emulator ?? "Any emulator",
  }));
  const takers = (option: string) =>
    faults.entries.filter(({ options }) => Object.hasOwn(options, option)).map(({ name }) => name);
  const usernames = emulators.flatMap((emulator) => [
    ...(emulator.page.users?.(viewOf(emulator, state)).keys() ?? []),
  ]);
  return html`<form class="fields" method="post" action="${formAction("faults.queue")}">
${field("fault", { value: "server_error", choices: faultChoices })}
${field("endpoint", { choices: endpointChoices(emulators) })}
${Object.keys(COMMON_FIELDS).map((name) => field(name, commonOptionsOf[name]))}
<details id="fault-options"><summary>Options of single faults</summary><div class="more">
${Object.keys(optionFields(faults)).map((name) => field(name, { hint: `For ${takers(name).join(", ")}.` }))}
</div></details>
<div class="actions"><button type="submit">Queue the fault</button></div>
<datalist id="usernames">${usernames.map((username) => html`<option value="${username}"></option>`)}</datalist>
</form>`;
}
