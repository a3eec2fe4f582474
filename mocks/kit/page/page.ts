/** The control page as a whole. */
import { html } from "hono/html";
import type { ControlState } from "../control/control.ts";
import type { JournalEntry } from "../journal/journal.ts";
import { journalSection } from "./journal-section.ts";
import {
  clockAndKeysSection,
  faultsSection,
  flowSection,
  overviewSection,
  resetSection,
  switchesSection,
  usersSection,
} from "./sections.ts";

export interface Notice {
  readonly text: string;
  readonly bad: boolean;
}

export interface PageOptions {
  readonly basePath: string;
  readonly state: ControlState;
  readonly entries: readonly JournalEntry[];
  readonly endpoint: string | undefined;
  readonly notice: Notice | undefined;
}

/** Those that a small window hides below the first screen. */
const SECTIONS = [
  ["users", "Users"],
  ["faults", "Faults"],
  ["switches", "Switches"],
  ["journal", "Journal"],
] as const;

export function renderPage({ basePath, state, entries, endpoint, notice }: PageOptions): string {
  const options = { basePath, state };
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Emulator controls</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${basePath}/page/style.css">
<script src="${basePath}/page/live.js" defer></script>
</head>
<body>
<header><p class="banner">Offline emulators for PingOne and the Todo API. Test data only.</p></header>
<main>
<h1>Emulator controls</h1>
${notice === undefined ? "" : html`<p class="notice${notice.bad ? " bad" : ""}" role="${notice.bad ? "alert" : "status"}">${notice.text}</p>`}
<div class="bar"><button type="button" id="live" hidden>Live updates</button><a href="${basePath}">Refresh</a>
<nav aria-label="On this page"><ul>${SECTIONS.map(([id, name]) => html`<li><a href="#${id}-title">${name}</a></li>`)}</ul></nav></div>
<div class="columns">
${overviewSection(options)}
${flowSection(options)}
${clockAndKeysSection(options)}
${resetSection(options)}
${usersSection(options)}
${faultsSection(options)}
${switchesSection(options)}
${journalSection({ basePath, entries, dropped: state.journal.dropped, endpoint })}
</div>
</main>
</body>
</html>`);
}
