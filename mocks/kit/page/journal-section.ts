/** The journal on the control page: newest first, one line per request, the rest on demand. */
import { html } from "hono/html";
import { z } from "zod";
import { labelled } from "../field-text.ts";
import { describeEntry } from "../journal/expectations.ts";
import type { JournalEntry, RedactedParameters } from "../journal/journal.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import { endpointChoices } from "./faults-section.ts";
import { type Markup, renderField } from "./fields.ts";
import { formsOf, type PageContext, type Section } from "./sections.ts";

const MAX_SHOWN = 100;

const endpointField = labelled(z.string().optional(), { label: "Endpoint" });

/** @param endpoint Only its requests are shown; all without one. */
export function journalSection(
  context: PageContext,
  entries: readonly JournalEntry[],
  endpoint: string | undefined,
): Section {
  const fitting = entries
    .filter((entry) => endpoint === undefined || entry.endpoint === endpoint)
    .toReversed();
  const shown = fitting.slice(0, MAX_SHOWN);
  const { dropped } = context.state.journal;
  const counts = [
    `${fitting.length} ${fitting.length === 1 ? "request" : "requests"}`,
    ...(shown.length < fitting.length ? [`the newest ${shown.length} are shown`] : []),
    ...(dropped > 0 ? [`${dropped} older ones are gone`] : []),
  ].join("; ");
  const choices = [{ value: "", text: "all" }, ...endpointChoices(context.composition.emulators)];
  const content = html`<div class="bar">
<form class="line" method="get" action="${CONTROL_PATH}">
${renderField({ form: "journal", name: "endpoint", schema: endpointField, value: endpoint, choices })}
<button type="submit">Show</button>
</form>
${formsOf(context, "Journal")}
</div>
<div id="live-journal" data-live>
<p>${counts}</p>
${shown.map(journalEntry)}
</div>`;
  const about = "Secrets are shown as a short hash: the same hash is the same value.";
  return { title: "Journal", about, content, isWide: true };
}

function journalEntry(entry: JournalEntry): Markup {
  const failed = entry.status === 0 || (entry.status ?? 0) >= 400;
  const whose = entry.login?.username ?? entry.login?.loginHint;
  const login = Object.entries(entry.login ?? {}).map(([name, value]) => `${name} ${value}`);
  return html`<details id="request-${entry.number}">
<summary id="request-${entry.number}-line"><span${failed ? html` class="bad"` : ""}>${describeEntry(entry)}</span> <span class="quiet">${[entry.at.slice(11, 19), whose].filter((part) => part !== undefined).join(" ")}</span></summary>
<dl>
${row("At", entry.atEmulator === undefined ? entry.at : `${entry.at} (emulators' clock: ${entry.atEmulator})`)}
${row("Emulator", entry.emulator)}
${row("Endpoint", entry.endpoint ?? "none")}
${row("Took", entry.durationMilliseconds === undefined ? "no answer yet" : `${entry.durationMilliseconds} ms`)}
${row("Login", login.join(", "))}
${row("Query", parameterText(entry.query))}
${row("Form", parameterText(entry.form))}
${row(
  "Headers",
  Object.entries(entry.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n"),
)}
${row("Location", entry.location ?? "")}
${row("Note", entry.note ?? "")}
</dl>
</details>`;
}

function row(term: string, text: string): Markup | string {
  return text === ""
    ? ""
    : html`<dt>${term}</dt><dd>${text.split("\n").map((line, at) => html`${at > 0 ? html`<br>` : ""}<code>${line}</code>`)}</dd>`;
}

function parameterText(parameters: RedactedParameters): string {
  return Object.entries(parameters)
    .flatMap(([name, values]) => values.map((value) => `${name}=${value}`))
    .join("\n");
}
