/**
 * The pages that a person sees at the Worker: consent, errors, settings problems, landing.
 *
 * They work without JavaScript. Every client-supplied string is escaped by hono/jsx.
 */
import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import {
  ENDPOINTS,
  nameOfPerson,
  type Person,
  SERVER_INFO,
  type SettingProblem,
  TODO_SCOPES,
  type TodoScope,
} from "../config.ts";
import { displayName } from "./display-name.ts";
import { Page, respond } from "./layout.tsx";

/**
 * Asks the person whether this MCP client may act for them.
 *
 * @param options.headers bind the page to this browser
 * @param options.signedInAs who has signed in at PingOne already; otherwise that follows
 */
export function renderConsentPage(options: {
  details: ConsentDescription;
  scopes: readonly TodoScope[];
  handle: string;
  headers: Headers;
  signedInAs?: Person;
}): Response {
  const { details, scopes, handle, signedInAs } = options;
  const clientName = displayName(details.clientName);
  return respond(
    <Page title={`Allow ${clientName}? ${SERVER_INFO.title}`}>
      <p class="soft">{SERVER_INFO.title} MCP server</p>
      <h1>Allow {clientName} to use your todos?</h1>
      {details.clientDomain === undefined ? (
        <p>This app chose its own name. Nobody has verified it.</p>
      ) : (
        <p>
          Published by <strong>{details.clientDomain}</strong>.
        </p>
      )}
      <dl>
        <dt>App</dt>
        <dd>{clientName}</dd>
        <dt>Access is sent to</dt>
        <dd>{redirectHostWithPort(details)}</dd>
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
      {signedInAs === undefined ? (
        <p class="soft">If you allow it, you sign in at PingOne next. The app never sees your password.</p>
      ) : (
        <p>
          You are signed in as <strong>{nameOfPerson(signedInAs)}</strong>. If that is not you, press Refuse.
        </p>
      )}
      <form method="post" action={signedInAs === undefined ? ENDPOINTS.authorize : ENDPOINTS.callback}>
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

/** With the port on loopback, where only the port distinguishes two apps. A private-use URI scheme has no host. */
function redirectHostWithPort({ redirectUri, redirectHost }: ConsentDescription): string {
  return URL.parse(redirectUri)?.host || redirectHost;
}

/** An error page, for errors without a trusted redirect URI. */
export function renderErrorPage(options: {
  status: number;
  title: string;
  text: string;
  nextStep: string;
  link?: { href: string; text: string };
  reference?: string;
  headers?: Headers;
}): Response {
  return respond(
    <Page title={options.title}>
      <h1>{options.title}</h1>
      <p>{endSentence(options.text)}</p>
      <p>{options.nextStep}</p>
      {options.link !== undefined && (
        <p>
          <a href={options.link.href}>{options.link.text}</a>
        </p>
      )}
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

/** The OAuth provider's descriptions have no full stop. */
function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Names every setting that is missing or malformed, with the command that fixes it. Never a value. */
export function renderSettingsPage(problems: readonly SettingProblem[]): Response {
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
  tools: readonly { name: string; title: string }[];
}): Response {
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
      <p>
        <a href={ENDPOINTS.signOut}>See which apps act for you, and end their access</a>
      </p>
    </Page>,
    200,
  );
}
