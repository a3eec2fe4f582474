/** The journal on the control page: newest first, one line per request, the rest on demand. */
import { html } from "hono/html";
import { ENDPOINTS } from "../endpoints.ts";
import { describeEntry } from "../journal/expectations.ts";
import type { JournalEntry, RedactedParameters } from "../journal/journal.ts";
import { choiceField, type Markup, namesAsChoices } from "./fields.ts";
import { formAction } from "./sections.ts";

const MAX_SHOWN = 100;

export interface JournalSectionOptions {
  readonly basePath: string;
  readonly entries: readonly JournalEntry[];
  readonly dropped: number;
  readonly endpoint: string | undefined;
}

export function journalSection({ basePath, entries, dropped, endpoint }: JournalSectionOptions): Markup {
  const fitting = entries
    .filter((entry) => endpoint === undefined || entry.endpoint === endpoint)
    .toReversed();
  const shown = fitting.slice(0, MAX_SHOWN);
  const counts = [
    `${fitting.length} ${fitting.length === 1 ? "request" : "requests"}`,
    ...(shown.length < fitting.length ? [`the newest ${shown.length} are shown`] : []),
    ...(dropped > 0 ? [`${dropped} older ones are gone`] : []),
  ].join("; ");
  return html`<section class="wide" aria-labelledby="journal-title">
<h2 id="journal-title">Journal</h2>
<p class="quiet">Secrets are shown as a short hash: the same hash is the same value.</p>
<div class="bar">
<form class="line" method="get" action="${basePath}">
${choiceField({ form: "journal", name: "endpoint", label: "Endpoint", value: endpoint ?? "", choices: [{ value: "", text: "all" }, ...namesAsChoices(ENDPOINTS)] })}
<button type="submit">Show</button>
</form>
<form class="line" method="post" action="${formAction(basePath, "clearRequests")}"><button type="submit">Empty the journal</button></form>
</div>
<div id="live-journal" data-live>
<p>${counts}</p>
${shown.map(journalEntry)}
</div>
</section>`;
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
