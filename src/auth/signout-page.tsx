/** The page that lists the clients that act for a person, with buttons to end their access. */
import { ENDPOINTS, isTodoScope, SERVER_INFO, TODO_SCOPES } from "../config.ts";
import { displayName } from "./display-name.ts";
import { Page, respond } from "./layout.tsx";
import type { Connection } from "./person-tables.ts";

/** @param options.page from 1 */
export function renderSignOutPage(options: {
  name: string;
  formToken: string;
  connections: readonly Connection[];
  page: number;
  isLast: boolean;
  ended: boolean;
}): Response {
  const { name, formToken, connections, page, isLast, ended } = options;
  const isEmpty = connections.length === 0 && page === 1;
  return respond(
    <Page title={`Connected apps: ${SERVER_INFO.title}`}>
      <h1>Apps that act for you</h1>
      <p>
        Signed in as <strong>{name}</strong>.
      </p>
      {ended && <p role="status">The access has ended.</p>}
      {isEmpty && <p>No app has access to your todos.</p>}
      {connections.length === 0 && page > 1 && <p>No more apps.</p>}
      {connections.map((connection) => (
        <Entry connection={connection} formToken={formToken} />
      ))}
      {(page > 1 || !isLast) && (
        <nav class="entry choices" aria-label="Pages of apps">
          {page > 1 && <a href={`${ENDPOINTS.signOut}?page=${page - 1}`}>Newer apps</a>}
          {!isLast && <a href={`${ENDPOINTS.signOut}?page=${page + 1}`}>Older apps</a>}
        </nav>
      )}
      <form method="post" action={ENDPOINTS.signOut}>
        <input type="hidden" name="form_token" value={formToken} />
        <p class="entry soft">
          {isEmpty
            ? "This signs you out at PingOne."
            : "This ends the access of every app, on all pages of this list, and signs you out at PingOne."}
        </p>
        <div class="choices">
          <button class="main" type="submit" name="action" value="end_all">
            {isEmpty ? "Sign out" : "End everything and sign out"}
          </button>
        </div>
      </form>
    </Page>,
    200,
  );
}

function Entry({ connection, formToken }: { connection: Connection; formToken: string }) {
  const { grantId, clientId, clientName, redirectUri, scopes } = connection;
  const name = displayName(clientName ?? clientId);
  const host = URL.parse(redirectUri ?? "")?.host || "unknown";
  const since = new Date(connection.createdAt * 1000);
  return (
    <section class="entry">
      <h2>{name}</h2>
      <dl>
        <dt>Access is sent to</dt>
        <dd>{host}</dd>
        <dt>Since</dt>
        <dd>
          <time datetime={since.toISOString()}>{formatTime(since)}</time>
        </dd>
        <dt>It can</dt>
        <dd>{scopes.map(describeScope).join("; ")}</dd>
      </dl>
      <form method="post" action={ENDPOINTS.signOut}>
        <input type="hidden" name="form_token" value={formToken} />
        <input type="hidden" name="grant" value={grantId} />
        <button
          type="submit"
          name="action"
          value="end"
          aria-label={`End access of ${name} at ${host}, since ${formatTime(since)}`}
        >
          End access
        </button>
      </form>
    </section>
  );
}

function describeScope(scope: string): string {
  return isTodoScope(scope) ? TODO_SCOPES[scope] : scope;
}

function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
