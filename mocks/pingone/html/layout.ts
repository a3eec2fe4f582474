/**
 * The one page shell of the PingOne emulator: DaVinci screens, and the front's own pages (errors, signed off).
 * No script, no image, no font from anywhere: the only thing a page needs is its own style, by hash.
 */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { PAGE_STYLE } from "./style.ts";

/** What `html` of Hono makes. */
export type Markup = ReturnType<typeof html>;

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/**
 * Content-Security-Policy of every page made here. There is no `form-action`: Chromium applies it to the redirect that
 * answers a form, and that redirect leads to the client's origin.
 */
export const PAGE_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(PAGE_STYLE)}`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** For a page with more style sheets and with markup that has styles of its own: nothing of it can load or run anything. */
export function pageContentSecurityPolicy(styles: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src-elem ${[PAGE_STYLE, ...styles].map(hashOf).join(" ")}`,
    "style-src-attr 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export interface Page {
  /** The page's only h1, and the start of its title. */
  readonly heading: string;
  /** The content has the h1. */
  readonly hasOwnHeading?: boolean;
  /** Inside `<main>`, below the heading. */
  readonly content: Markup;
  /** Below the card, clearly apart: what PingOne itself does not show. */
  readonly aside?: Markup | undefined;
  /** The title says so first, for people who cannot see the page. */
  readonly isError?: boolean;
  /** Beside that of every page; each must be able to stand in a `style` element. */
  readonly styles?: readonly string[];
  /** What the page shows was made for a light page. */
  readonly isLightOnly?: boolean;
}

/** A whole HTML document. Every value in it is escaped unless it is markup already. */
export function renderPage(page: Page): string {
  const { heading, content, aside, styles = [] } = page;
  return toText(html`<!doctype html>
<html lang="en"${page.isLightOnly === true ? html` class="light"` : ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${page.isError === true ? "Error: " : ""}${heading} · offline emulator for PingOne</title>
${[PAGE_STYLE, ...styles].map(
  (style) => html`<style>${raw(style)}</style>
`,
)}</head>
<body>
<header class="banner"><p><strong>Offline emulator, not PingOne.</strong> Use test accounts only.</p></header>
<main>
${
  page.hasOwnHeading === true
    ? ""
    : html`<h1>${heading}</h1>
`
}${content}
</main>
${aside}
</body>
</html>
`);
}

/** Hono's markup is a promise only when a promise was put into it, which no page here does. */
function toText(markup: Markup): string {
  if (markup instanceof Promise)
    throw new TypeError("A page of the emulator must be made of finished values.");
  return markup.toString();
}
