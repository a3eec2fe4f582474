/**
 * Every event that the Worker logs, with what it means and what to do. `src/log.ts` takes its types from here, so an
 * event that is not described does not compile; `npm run docs` puts the texts into docs/operations.md. They are not in
 * the bundle.
 */

interface LoggedEvent {
  /** Problems are logged with `console.error`. */
  readonly kind: "event" | "problem";
  readonly means: string;
  readonly remedy: string;
}

const event = (means: string, remedy = "nothing") => ({ kind: "event", means, remedy }) as const;
const problem = (means: string, remedy: string) => ({ kind: "problem", means, remedy }) as const;

const FOR_SINGLE_ONES = "nothing for single ones";

/** Every log event, in the order in which a request causes them. */
export const LOG_EVENTS = {
  "request.failed": problem(
    "a request failed unexpectedly, for example because a store or an object could not be reached; the caller got 503: `error`",
    "nothing for single ones at a deployment, which restarts objects; otherwise report it",
  ),
  request: event(
    "one request has been answered: `route`, `status`, `outcome`, `duration_ms`; where a tool of the stateless lane has answered, also `tool` and `tool_ms`",
    "alert on `outcome` `failed`",
  ),
  "settings.invalid": problem(
    "settings are missing or malformed; every request gets 503",
    "`problems` names each with the command that fixes it",
  ),
  "rate_limit.exceeded": problem(
    "a caller was refused with 429; `limit` is the binding",
    "a flood, or a limit too low for an address with many people: raise it in `wrangler.jsonc`",
  ),
  "oauth.error_response": event(
    "the OAuth provider refused a request of an MCP client: `code`, `category`, `reason`",
    "nothing for single ones; many of one `reason` point at a client that misbehaves",
  ),
  "oauth.failed": problem(
    "the same with a status of 500 or more: the request was valid and could not be served",
    "PingOne is down, or KV is; see the lines with the same `request_id`",
  ),
  "authorize.consent_asked": event("the consent page was shown"),
  "authorize.consent_given": event("a person pressed Allow"),
  "authorize.consent_refused": event("a person pressed Refuse"),
  "authorize.consent_remembered": event("the browser had allowed this client before"),
  "authorize.rejected": event(
    "a page told a person that a sign-in cannot continue: expired, used, other browser, or unknown client",
    FOR_SINGLE_ONES,
  ),
  "authorize.client_metadata_failed": problem(
    "a client's metadata document could not be read: `reason`",
    "the client's maker must fix it; `CLIENT_METADATA_DOCUMENTS=off` makes clients register instead",
  ),
  "authorize.failed": problem(
    "an unforeseen error at `/authorize`, `/callback` or `/signout`",
    "look for an exception near it in the log; report it with its `reference`",
  ),
  "callback.session_not_ended": problem(
    "a sign-in failed, and its PingSession could not be reached to end it: `error`",
    "nothing: it ends by itself within ten minutes",
  ),
  "callback.signed_in": event("a sign-in succeeded: `scopes`"),
  "callback.consent_asked": event(
    "the person who signed in had not approved the client, so the page was shown after the sign-on",
  ),
  "callback.ended_meanwhile": event(
    "the person ended this client's access while its sign-in was under way; the client was told `access_denied`",
  ),
  "callback.token_not_revoked": problem(
    "a sign-in failed and its refresh token could not be handed over for revocation: `error`",
    FOR_SINGLE_ONES,
  ),
  "callback.refused_at_pingone": event(
    "PingOne returned an error, such as a declined consent: `error` was sent to the client, `pingone_error` came from PingOne (`other` if no specification has the code), `correlation_id` is PingOne's id of the event",
    "if everybody gets it, look at the flow policy's events in DaVinci",
  ),
  "callback.no_scope_granted": event(
    "PingOne granted no Todo scope; the client was told `access_denied`",
    "if everybody gets it, check the Resources tab of the application",
  ),
  "callback.failed": problem(
    "an unforeseen error after PingOne had answered; the client was told `server_error`",
    "look for an exception near it in the log; report it with its `reference`",
  ),
  "callback.pingone_failed": problem(
    "the exchange with PingOne failed: `failure`, `detail`",
    'see "Failures at PingOne" below',
  ),
  "ping_session.refreshed": event("PingOne tokens were refreshed"),
  "ping_session.refresh_failed": problem(
    "a refresh failed: `failure`, `detail`",
    "`invalid_grant`: the person signs in again, nothing to do unless it is frequent; otherwise see below",
  ),
  "ping_session.revoked": event("a refresh token was revoked at PingOne"),
  "ping_session.revocation_failed": problem(
    "a revocation at PingOne failed; access has ended at the Worker anyway, and the revocation is repeated for fifteen hours unless `failure` is `rejected`",
    "end the person's session at PingOne if it matters",
  ),
  "ping_session.refused_for_minutes": event(
    "for minutes the Todo API refused tokens that PingOne accepts; the person signs in again",
    "if everybody gets it, the API's issuer, audience or keys are wrong",
  ),
  "ping_session.grant_not_told": problem(
    "a session ended, and its person's object could not be reached: `error`",
    "nothing: the grant's next request gets 401",
  ),
  "ping_session.expired": event("a code was not redeemed in ten minutes, or a page not answered"),
  "person.grant_ended": event(
    "a grant and the session behind it have ended; `replaced` when the same client had signed in again",
  ),
  "person.ending_failed": problem(
    "ending a grant failed; it is repeated after a minute: `error`",
    "nothing, unless it keeps failing",
  ),
  "registration.not_kept": problem(
    "a client's registration could not be renewed: `error`; its next use tries again",
    FOR_SINGLE_ONES,
  ),
  "store.write_repeated": problem(
    "a KV write failed and was repeated after a second: `error`",
    FOR_SINGLE_ONES,
  ),
  alarm: event(
    "an alarm of a Durable Object has ended: `object`, `outcome` (`ok`, `failed`), `duration_ms`",
    "after `failed` Cloudflare repeats it; if it keeps failing, report it",
  ),
  "mcp.sign_in_required": event(
    "a client got 401 because its sign-in at PingOne is over",
    "nothing: the client signs in again",
  ),
  "mcp.pingone_unavailable": event(
    "a tool call got 503: no valid token, and PingOne is down",
    "see PingOne's status page",
  ),
  "mcp.insufficient_scope": event("a client called a tool without its scope and got 403"),
  "mcp.session_not_found": event(
    "a session id is unknown, ended or somebody else's",
    "nothing for single ones; many from one client may be an attack",
  ),
  "mcp.session_idle_ended": event("an unused session deleted itself"),
  "mcp.sessions_beyond_cap": event(
    "a sign-in had too many MCP sessions open: `sessions` of the oldest were ended",
    "nothing: the client never closes its sessions",
  ),
  "mcp.session_end_failed": problem(
    "a session that was to end could not be reached; it ends when it is idle",
    "nothing, unless it is frequent",
  ),
  "tool.done": event(
    "a tool of the session lane answered: `tool`, `tool_ms`; in the stateless lane the line `request` says so",
  ),
  "tool.failed": problem(
    "a tool ended in an error: `error`, `detail`, `reference`",
    'see "Failures at the Todo API" below',
  ),
  "signout.grants_ended": event("a person ended access on `/signout`: `grants`"),
  "signout.rejected": event(
    "a form or a return from PingOne for `/signout` was expired, used, or another browser's",
    FOR_SINGLE_ONES,
  ),
  "signout.refused_at_pingone": event(
    "PingOne returned an error to the sign-in for `/signout`: `pingone_error`, `correlation_id`",
    FOR_SINGLE_ONES,
  ),
  "signout.pingone_failed": problem(
    "the sign-in or sign-off for `/signout` failed: `failure`, `detail`",
    "see below",
  ),
} as const satisfies Record<string, LoggedEvent>;

type EventOfKind<Kind> = {
  [Name in keyof typeof LOG_EVENTS]: (typeof LOG_EVENTS)[Name]["kind"] extends Kind ? Name : never;
}[keyof typeof LOG_EVENTS];

/** Normal operation. */
export type EventName = EventOfKind<"event">;
/** The operator should look at it. */
export type ProblemName = EventOfKind<"problem">;
