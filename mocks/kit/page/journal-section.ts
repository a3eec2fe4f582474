/** The journal on the control page: newest first, one line per request, the rest on demand. */
import { html } from "hono/html";
import { z } from "zod";
import { describeEntry } from "../journal/expectations.ts";
import type { JournalEntry, RedactedParameters } from "../journal/journal.ts";
import { CONTROL_PATH } from "../middleware.ts";
import { endpointChoices } from "./faults-section.ts";
import { type Markup, renderField } from "./fields.ts";
import type { Section } from "./section.ts";
import { formsOf, type PageContext } from "./sections.ts";

const MAX_SHOWN = 100;

const endpointField = z.string().optional().meta({ title: "Endpoint" });

export function journalSection(context: PageContext): Section {
  const { entries, endpoint } = context;
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
  const choices = [{ value: "", text: "all" }, ...endpointChoices(context.emulators)];
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
  const details: Readonly<Record<string, string>> = {
    At: entry.atEmulator === undefined ? entry.at : `${entry.at} (emulators' clock: ${entry.atEmulator})`,
    Emulator: entry.emulator,
    Endpoint: entry.endpoint ?? "none",
    Took: entry.durationMilliseconds === undefined ? "no answer yet" : `${entry.durationMilliseconds} ms`,
    Login: login.join(", "),
    Query: parameterText(entry.query),
    Form: parameterText(entry.form),
    Headers: Object.entries(entry.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
    Location: entry.location ?? "",
  };
  const note = entry.note === undefined ? "" : html`<dt>Note</dt><dd>${withLinks(entry.note)}</dd>`;
  return html`<details id="request-${entry.number}">
<summary id="request-${entry.number}-line"><span${failed ? html` class="bad"` : ""}>${describeEntry(entry)}</span> <span class="quiet">${[entry.at.slice(11, 19), whose].filter((part) => part !== undefined).join(" ")}</span></summary>
<dl>
${Object.entries(details).map(([term, text]) => (text === "" ? "" : html`<dt>${term}</dt><dd>${linesOf(text)}</dd>`))}
${note}
</dl>
</details>`;
}

/** The address of a page of this control API becomes a link, whatever origin it names. */
function withLinks(note: string): Markup[] {
  return note
    .split(/(https?:\/\/[^\s/]+\/__mocks\/page\/[\w/-]+)/)
    .map((part, at) =>
      at % 2 === 1
        ? html`<a href="${new URL(part).pathname}">${part}</a>`
        : part === ""
          ? html``
          : html`<code>${part}</code>`,
    );
}

function linesOf(text: string): Markup[] {
  return text.split("\n").map((line, at) => html`${at > 0 ? html`<br>` : ""}<code>${line}</code>`);
}

function parameterText(parameters: RedactedParameters): string {
  return Object.entries(parameters)
    .flatMap(([name, values]) => values.map((value) => `${name}=${value}`))
    .join("\n");
}
