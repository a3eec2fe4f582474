/** The page on which a person sees who acts for them, and ends it. */
import { ENDPOINTS, isTodoScope, SERVER_INFO, TODO_SCOPES } from "../config.ts";
import { Page, respond } from "./layout.tsx";

/** One MCP client that acts for the person. Every text may come from the client and is escaped. */
export interface ConnectedClient {
  readonly grantId: string;
  readonly name: string;
  readonly host: string;
  readonly since: Date;
  readonly scopes: readonly string[];
}

export function renderSignOutPage(options: {
  name: string;
  formToken: string;
  clients: readonly ConnectedClient[];
  ended: boolean;
}): Promise<Response> {
  const { name, formToken, clients, ended } = options;
  return respond(
    <Page title={`Connected apps: ${SERVER_INFO.title}`}>
      <h1>Apps that act for you</h1>
      <p>
        Signed in as <strong>{name}</strong>.
      </p>
      {ended && <p role="status">The access has ended.</p>}
      {clients.length === 0 && <p>No app has access to your todos.</p>}
      {clients.map((client) => (
        <section class="entry">
          <h2>{client.name}</h2>
          <dl>
            <dt>Access is sent to</dt>
            <dd>{client.host}</dd>
            <dt>Since</dt>
            <dd>
              <time datetime={client.since.toISOString()}>{formatTime(client.since)}</time>
            </dd>
            <dt>May</dt>
            <dd>{client.scopes.map(describeScope).join("; ")}</dd>
          </dl>
          <form method="post" action={ENDPOINTS.signOut}>
            <input type="hidden" name="form_token" value={formToken} />
            <input type="hidden" name="grant" value={client.grantId} />
            <button
              type="submit"
              name="action"
              value="end"
              aria-label={`End access of ${client.name} at ${client.host}, since ${formatTime(client.since)}`}
            >
              End access
            </button>
          </form>
        </section>
      ))}
      <form method="post" action={ENDPOINTS.signOut}>
        <input type="hidden" name="form_token" value={formToken} />
        <p class="entry soft">
          {clients.length === 0
            ? "This signs you out at PingOne."
            : "This ends the access of every app above and signs you out at PingOne."}
        </p>
        <div class="choices">
          <button class="main" type="submit" name="action" value="end_all">
            {clients.length === 0 ? "Sign out" : "End everything and sign out"}
          </button>
        </div>
      </form>
    </Page>,
    200,
  );
}

function describeScope(scope: string): string {
  return isTodoScope(scope) ? TODO_SCOPES[scope] : scope;
}

function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
