/**
 * The documents' texts on settings, endpoints, tools and failures, keyed by the names in the code. The compiler
 * reports a missing or obsolete entry; `npm run docs` writes them into the documents. Nothing of `src/` imports it.
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
    "how long one request may take, including its body and all requests to PingOne and the Todo API",
  SESSION_IDLE_SECONDS: "an MCP session is deleted after being unused for this long",
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
    means: "PingOne rejected the code or refresh token (`invalid_grant`)",
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
    means: "the ID token's `acr` is not `PINGONE_DV_POLICY_ID`; `policy` is its value",
    remedy:
      "single ones: somebody changed the address in their browser; all: the policy is not assigned to the application, or its id is wrong",
  },
  wrong_subject: {
    means: "a refresh returned tokens of another person; the session was ended",
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
    "401, and 401 again after a forced refresh: the API refuses a token that PingOne has just issued; frequent: compare its issuer and audience with `PINGONE_ISSUER` and `API_IDENTIFIER`",
  missing_scope: "403 `insufficient_scope`, and PingOne's token lacks the scope",
  forbidden: "any other 403",
  not_found: "404 of one todo: the model used an id that does not exist",
  conflict: "409",
  invalid_request: "the API rejects the input",
  answer_too_large: "a list of more than a mebibyte; the call itself was carried out",
  unavailable:
    "429, 5xx, time-out, no or an unreadable answer, 404 of the list, or the request's budget is spent; `detail` says which",
  internal: "an error in the Worker itself: report it",
} as const satisfies Record<ToolFailure["kind"], string>;
