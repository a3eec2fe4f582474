/**
 * The pages that a person sees at the Worker: consent, errors, settings problems, landing.
 *
 * They work without JavaScript. Every client-supplied string is escaped by hono/jsx.
 */
import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { ENDPOINTS, SERVER_INFO, type SettingProblem, TODO_SCOPES, type TodoScope } from "../config.ts";

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
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
`;

let styleHash: string | undefined;

/** Lets exactly this style sheet through the Content-Security-Policy. */
async function hashStyle(): Promise<string> {
  if (styleHash === undefined) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
    styleHash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  }
  return styleHash;
}

/**
 * Adds what protects every page. `form-action` is left out on purpose: Chromium applies it to the redirects that
 * follow the consent form, through PingOne and on to the client, whose addresses cannot be listed.
 */
async function pageHeaders(headers: Headers): Promise<Headers> {
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("Cache-Control", "no-store");
  headers.set(
    "Content-Security-Policy",
    `default-src 'none'; style-src 'sha256-${await hashStyle()}'; base-uri 'none'; frame-ancestors 'none'`,
  );
  headers.set("X-Frame-Options", "DENY");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  return headers;
}

function Page({ title, children }: { title: string; children: Child }) {
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

async function respond(page: Child, status: number, headers: Headers = new Headers()): Promise<Response> {
  return new Response(`<!doctype html>${String(page)}`, { status, headers: await pageHeaders(headers) });
}

/** Asks the person whether this MCP client may act for them. `headers` bind the page to this browser. */
export function renderConsentPage(options: {
  details: ConsentDescription;
  scopes: readonly TodoScope[];
  handle: string;
  headers: Headers;
}): Promise<Response> {
  const { details, scopes, handle } = options;
  return respond(
    <Page title={`Allow access? ${SERVER_INFO.title}`}>
      <h1>Allow {details.clientName} to use your todos?</h1>
      {details.clientDomain === undefined ? (
        <p>This app chose its own name. Nobody has verified it.</p>
      ) : (
        <p>
          Published by <strong>{details.clientDomain}</strong>.
        </p>
      )}
      <dl>
        <dt>App</dt>
        <dd>{details.clientName}</dd>
        <dt>Access is sent to</dt>
        <dd>{details.redirectHost}</dd>
      </dl>
      {details.redirectIsLoopback && (
        <p class="note">
          This is an app on your own computer. Continue only if you have just started to connect it yourself.
        </p>
      )}
      <h2>It will be able to</h2>
      <ul>
        {scopes.map((scope) => (
          <li>
            {TODO_SCOPES[scope]} <span class="soft">({scope})</span>
          </li>
        ))}
      </ul>
      <p class="soft">If you allow it, you sign in at PingOne next. The app never sees your password.</p>
      <form method="post" action={ENDPOINTS.authorize}>
        <input type="hidden" name="handle" value={handle} />
        <div class="choices">
          <button class="main" type="submit" name="decision" value="approve">
            Allow
          </button>
          <button type="submit" name="decision" value="deny">
            Refuse
          </button>
        </div>
      </form>
    </Page>,
    200,
    options.headers,
  );
}

/** An error that only the person in front of the browser can read: there is nobody safe to redirect to. */
export function renderErrorPage(options: {
  status: number;
  title: string;
  text: string;
  nextStep: string;
  reference?: string;
  headers?: Headers;
}): Promise<Response> {
  return respond(
    <Page title={options.title}>
      <h1>{options.title}</h1>
      <p>{options.text}</p>
      <p>{options.nextStep}</p>
      {options.reference !== undefined && (
        <p class="soft">
          Reference for the operator: <code>{options.reference}</code>
        </p>
      )}
    </Page>,
    options.status,
    options.headers,
  );
}

/** Names every setting that is missing or malformed, with the command that mends it. Never a value. */
export function renderSettingsPage(problems: readonly SettingProblem[]): Promise<Response> {
  return respond(
    <Page title="This server is not set up yet">
      <h1>This server is not set up yet</h1>
      <p>These settings need attention:</p>
      <ul>
        {problems.map(({ name, problem, remedy }) => (
          <li>
            <strong>{name}</strong> {problem}.
            <br />
            <code>{remedy}</code>
          </li>
        ))}
      </ul>
      <p class="soft">The next request reads the settings again.</p>
    </Page>,
    503,
  );
}

/** What this server is and how to connect. */
export function renderLandingPage(options: {
  resource: string;
  tools: readonly { name: string; title: string; description: string }[];
}): Promise<Response> {
  return respond(
    <Page title={`${SERVER_INFO.title} MCP server`}>
      <h1>{SERVER_INFO.title} MCP server</h1>
      <p>
        This server lets an AI agent work on your todo list, after you have allowed it and signed in with
        PingOne.
      </p>
      <h2>Connect</h2>
      <p>Give your MCP client this address. No client id or secret is needed:</p>
      <p>
        <code>{options.resource}</code>
      </p>
      <p class="soft">In Claude Desktop: Settings, Connectors, Add custom connector.</p>
      <h2>Tools</h2>
      <ul>
        {options.tools.map((tool) => (
          <li>
            <code>{tool.name}</code>: {tool.title}
          </li>
        ))}
      </ul>
    </Page>,
    200,
  );
}
