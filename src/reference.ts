/**
 * The documents' texts on settings, endpoints, tools, log events and failures, keyed by the names in the code. The compiler
 * reports a missing or obsolete entry; `npm run docs` writes them into the documents. This file is not in the bundle: only
 * `src/log.ts` imports from it, and only types.
 */
import type { UpstreamFailure } from "./auth/ping-types.ts";
import type { Endpoint, Settings } from "./config.ts";
import type { ToolFailure, ToolName } from "./tools.ts";

/** Markdown for one cell of a table. */
export const SETTING_TEXTS = {
  PINGONE_ISSUER:
    "the environment's issuer: `https://auth.pingone.<region>/<environment id>/as`, or `https://<custom domain>/as`",
  MCP_SERVER_CLIENT_ID: "client id of the OIDC application",
  MCP_SERVER_CLIENT_SECRET: "its secret",
  API_IDENTIFIER: "the Todo resource's audience at PingOne",
  API_URL: "where the Todo API answers, without `/api/todos`",
  COOKIE_ENCRYPTION_KEY:
    "at least 32 characters, random; signs remembered consent and seals the PingOne tokens",
  MCP_RESOURCE: "public URL of `/mcp`; every token is issued for exactly this address",
  ALLOWED_ORIGINS:
    "origins of browser clients, separated by spaces; a request without `Origin` needs no entry",
  WHOAMI_ACCESS_TOKEN: "`include`: `whoAmI` shows the PingOne access token to the model",
  PINGONE_OFFLINE_ACCESS:
    "`send`: ask PingOne for `offline_access` ([pingone-setup.md](pingone-setup.md), step 2)",
  PINGONE_RESOURCE_PARAM: "`send`: send `resource` (RFC 8707); PingOne does not need it, other providers may",
  PINGONE_DV_POLICY_ID: "flow policy to use, sent as `acr_values`",
  CLIENT_METADATA_DOCUMENTS: "`off`: clients must register; no document is fetched",
  UPSTREAM_TIMEOUT_SECONDS: "how long PingOne or the Todo API may take for one answer",
  REQUEST_BUDGET_SECONDS:
    "how long one request may take with its body and everything that it asks of PingOne and the Todo API",
  SESSION_IDLE_SECONDS: "after how long unused an MCP session is deleted",
} as const satisfies Record<keyof Settings, string>;

export const ENDPOINT_TEXTS = {
  "/": "start page: what this is and how to connect",
  "/health": '`{"status":"ok"}`; answers on any host',
  "/mcp": "MCP over Streamable HTTP, protocols 2025-11-25 and older (with sessions) and 2026-07-28",
  "/authorize": "the Worker's consent page",
  "/callback": "where PingOne returns to",
  "/token": "token endpoint, and revocation (RFC 7009)",
  "/register": "dynamic client registration (RFC 7591)",
  "/signout": "a person sees which MCP clients act for them and ends them, behind PingOne sign-in",
  "/.well-known/oauth-authorization-server": "metadata (RFC 8414)",
  "/.well-known/oauth-protected-resource/mcp": "metadata (RFC 9728)",
  "/.well-known/oauth-protected-resource": "the same, for clients that fall back to the root",
} as const satisfies Record<Endpoint, string>;

export const TOOL_TEXTS = {
  whoAmI: "who is signed in, scopes, audience and expiry of PingOne's token",
  listTodos: "the person's list",
  addTodo: "adds `text`",
  toggleTodo: "sets `completed` of `todoId`",
  deleteTodo: "deletes `todoId`",
} as const satisfies Record<ToolName, string>;

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
    "a request failed in a way that nothing foresaw, such as a store or an object that could not be reached; the caller got 503: `error`",
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
    "PingOne returned an error, such as a declined consent: `error` is what the client was told, `pingone_error` what PingOne said (`other` for a code that no specification has), `correlation_id` its own id of the event",
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
    "PingOne did not take a revocation; access has ended here all the same, and PingOne is asked again for fifteen hours unless `failure` is `rejected`",
    "end the person's session at PingOne if it matters",
  ),
  "ping_session.refused_for_minutes": event(
    "the Todo API refused tokens for minutes that PingOne calls good; the person signs in again",
    "if everybody gets it, the API's issuer, audience or keys are wrong",
  ),
  "ping_session.grant_not_told": problem(
    "a session ended and its person's object could not be told: `error`",
    "nothing: the grant's next request gets 401",
  ),
  "ping_session.expired": event("a code was not redeemed in ten minutes, or a page not answered"),
  "person.grant_ended": event(
    "a grant and the session behind it have ended; `replaced` when the same client had signed in again",
  ),
  "person.ending_failed": problem(
    "carrying out an end failed; it is tried again in a minute: `error`",
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

interface UpstreamText {
  readonly means: string;
  readonly remedy: string;
}

/** `failure` of a log line. */
export const PINGONE_FAILURE_TEXTS = {
  unavailable: {
    means: "5xx, 429, time-out, no answer, or one that cannot be read",
    remedy: "wait; check PingOne's status page, then `UPSTREAM_TIMEOUT_SECONDS`",
  },
  invalid_grant: {
    means: "PingOne says the code or refresh token is dead",
    remedy:
      "frequent at sign-in: the clock or a proxy that replays callbacks; frequent at refresh: replay protection without a grace period ([pingone-setup.md](pingone-setup.md), step 2)",
  },
  invalid_client: {
    means: "client id, secret or authentication method is wrong",
    remedy: "set `MCP_SERVER_CLIENT_SECRET` again; Client Secret Basic at PingOne",
  },
  rejected: {
    means: "another OAuth error; at a refresh nothing has ended",
    remedy:
      "`detail` has the step and the code, `correlation_id` finds it at PingOne; check the application's grant types and scopes",
  },
  untrusted: {
    means: "an answer did not verify: signature, issuer, audience, nonce, times",
    remedy: "check `PINGONE_ISSUER`; if it is right, treat it as an attack",
  },
  wrong_policy: {
    means: "the ID token's `acr` is not `PINGONE_DV_POLICY_ID`; `policy` is what came",
    remedy:
      "single ones: somebody changed the address in their browser; all: the policy is not assigned to the application, or its id is wrong",
  },
  wrong_subject: {
    means: "a refresh brought tokens of another person; the session was ended",
    remedy: "report it to Ping",
  },
  wrong_audience: {
    means: "the access token is not for the Todo API",
    remedy: "scopes and audience of the resource ([pingone-setup.md](pingone-setup.md), steps 1 and 2)",
  },
  internal: { means: "an error in the Worker itself", remedy: "report it" },
} as const satisfies Record<UpstreamFailure | "internal", UpstreamText>;

/** `error` of `tool.failed`. */
export const TOOL_FAILURE_TEXTS = {
  sign_in_required: "PingOne has ended the session; the next request gets 401",
  pingone_unavailable: "PingOne could not be reached for a token; `ping_session.refresh_failed` says why",
  refused:
    "401, and 401 again after a forced refresh: the API refuses a token that PingOne has just given out; frequent: compare its issuer and audience with `PINGONE_ISSUER` and `API_IDENTIFIER`",
  missing_scope: "403 `insufficient_scope`, and PingOne's token lacks the scope",
  forbidden: "any other 403",
  not_found: "404 of one todo: the model used an id that is not there",
  conflict: "409",
  invalid_request: "the API does not take the input",
  answer_too_large: "a list of more than a mebibyte; the call itself was carried out",
  unavailable:
    "429, 5xx, time-out, no or an unreadable answer, 404 of the list, or the request's budget is spent; `detail` says which",
  internal: "an error in the Worker itself: report it",
} as const satisfies Record<ToolFailure["kind"], string>;
