/** Shared by all pages: layout, style and security headers. */
import { hash } from "node:crypto";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #565d66; --line: #d5d9de; --paper: #ffffff; --back: #f3f5f7;
  --act: #1f5fbf; --act-ink: #ffffff; --warn: #fff6e0; --warn-line: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a9b0b8; --line: #444b53; --paper: #1d2126;
  --back: #14171a; --act: #8ab8ff; --act-ink: #10141a; --warn: #33290f; --warn-line: #d9a92e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 4vh auto; padding: 1.75rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .75rem; }
@media (max-width: 36rem) { main { margin: 0; padding: 1.25rem; border: 0; border-radius: 0; min-height: 100vh; } }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p, ul, dl { margin: 0 0 1rem; }
ul { padding-left: 1.25rem; }
li { margin-bottom: .3rem; }
p.soft:has(+ h1) { margin-bottom: .25rem; }
dt { color: var(--soft); font-size: .9rem; }
dd { margin: 0 0 .6rem; font-weight: 600; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
a { color: var(--act); }
.note { border-left: 4px solid var(--warn-line); background: var(--warn); padding: .6rem .8rem; margin: 0 0 1rem; }
.soft { color: var(--soft); font-size: .9rem; }
.choices { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.5rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--act); background: transparent; color: var(--act); flex: 1 1 8rem; }
button.main { background: var(--act); color: var(--act-ink); }
.entry { border-top: 1px solid var(--line); padding: 1rem 0 0; margin: 1rem 0 0; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
`;

/** Lets exactly this style sheet through the Content-Security-Policy. */
const STYLE_HASH = hash("sha256", STYLE, "base64");

/** The frame of every page. */
export function Page({ title, children }: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <style>{raw(STYLE)}</style>
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}

/**
 * Sends a page with the headers that protect it; `headers` may bring cookies. `form-action` is left out on purpose:
 * Chromium applies it to the redirects that follow the consent form, through PingOne and on to the client, whose
 * addresses cannot be listed.
 */
export function respond(page: Child, status: number, headers: Headers = new Headers()): Response {
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("Cache-Control", "no-store");
  headers.set(
    "Content-Security-Policy",
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`,
  );
  headers.set("X-Frame-Options", "DENY");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  return new Response(`<!doctype html>${String(page)}`, { status, headers });
}
