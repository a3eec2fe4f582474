/** The control page as a whole. */
import { html } from "hono/html";
import { CONTROL_PATH } from "../middleware.ts";
import { faultsSection } from "./faults-section.ts";
import { journalSection } from "./journal-section.ts";
import type { RenderedPage } from "./section.ts";
import {
  emulatorSections,
  formSections,
  overviewSection,
  type PageContext,
  renderSection,
  slugOf,
  userSections,
} from "./sections.ts";

export function renderPage(context: PageContext): string {
  const { notice } = context;
  const faults = faultsSection(context);
  const journal = journalSection(context);
  // These two place their forms themselves.
  const forms = formSections(context).filter(
    ({ title }) => title !== faults.title && title !== journal.title,
  );
  const sections = [
    overviewSection(context),
    ...forms.filter(({ isWide }) => !isWide),
    ...emulatorSections(context),
    ...userSections(context),
    faults,
    ...forms.filter(({ isWide }) => isWide),
    journal,
  ];
  return renderShell(context, {
    title: "Emulator controls",
    content: html`<h1>Emulator controls</h1>
${notice === undefined ? "" : html`<p class="notice${notice.bad ? " bad" : ""}" role="${notice.bad ? "alert" : "status"}">${notice.text}</p>`}
<div class="bar">${liveButton}<a href="${CONTROL_PATH}">Refresh</a>
<nav aria-label="On this page"><ul>${sections.slice(1).map(({ title }) => html`<li><a href="#${slugOf(title)}-title">${title}</a></li>`)}</ul></nav></div>
<div class="columns">
${sections.map(renderSection)}
</div>`,
  });
}

const liveButton = html`<button type="button" id="live" hidden>Live updates</button>`;
const RELOAD_SECONDS = 5;

/** A page of an emulator, with a way back to the control page. */
export function renderFurtherPage({ emulators }: Pick<PageContext, "emulators">, page: RenderedPage): string {
  const bar = html`<div class="bar">${page.isLive ? liveButton : ""}<a href="${CONTROL_PATH}">Emulator controls</a></div>`;
  return renderShell(
    { emulators },
    { ...page, content: html`<h1>${page.title}</h1>\n${bar}\n${page.content}` },
  );
}

function renderShell(
  { emulators }: Pick<PageContext, "emulators">,
  { title, content, isLive }: RenderedPage,
): string {
  const titles = emulators.map((emulator) => emulator.title);
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${CONTROL_PATH}/page/style.css">
${isLive === false ? "" : html`<script src="${CONTROL_PATH}/page/live.js" defer></script>`}${isLive === true ? html`\n<noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}"></noscript>` : ""}
</head>
<body>
<header><p class="banner">Offline emulators: ${titles.join(", ")}. Test data only.</p></header>
<main>
${content}
</main>
</body>
</html>`);
}
