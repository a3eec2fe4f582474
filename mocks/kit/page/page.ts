/** The control page as a whole. */
import { html } from "hono/html";
import { CONTROL_PATH } from "../middleware.ts";
import { faultsSection } from "./faults-section.ts";
import { journalSection } from "./journal-section.ts";
import {
  formSections,
  overviewSection,
  type PageContext,
  renderSection,
  slugOf,
  userSections,
} from "./sections.ts";

export function renderPage(context: PageContext): string {
  const { notice, emulators } = context;
  const faults = faultsSection(context);
  const journal = journalSection(context);
  // These two place their forms themselves.
  const forms = formSections(context).filter(
    ({ title }) => title !== faults.title && title !== journal.title,
  );
  const sections = [
    overviewSection(context),
    ...forms.filter(({ isWide }) => !isWide),
    ...userSections(context),
    faults,
    ...forms.filter(({ isWide }) => isWide),
    journal,
  ];
  const titles = emulators.map(({ title }) => title);
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Emulator controls</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${CONTROL_PATH}/page/style.css">
<script src="${CONTROL_PATH}/page/live.js" defer></script>
</head>
<body>
<header><p class="banner">Offline emulators: ${titles.join(", ")}. Test data only.</p></header>
<main>
<h1>Emulator controls</h1>
${notice === undefined ? "" : html`<p class="notice${notice.bad ? " bad" : ""}" role="${notice.bad ? "alert" : "status"}">${notice.text}</p>`}
<div class="bar"><button type="button" id="live" hidden>Live updates</button><a href="${CONTROL_PATH}">Refresh</a>
<nav aria-label="On this page"><ul>${sections.slice(1).map(({ title }) => html`<li><a href="#${slugOf(title)}-title">${title}</a></li>`)}</ul></nav></div>
<div class="columns">
${sections.map(renderSection)}
</div>
</main>
</body>
</html>`);
}
