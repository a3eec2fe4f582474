/** The forms in which PingOne answers: pages, its own error format, OAuth JSON, and redirects to the client. */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { PAGE_CONTENT_SECURITY_POLICY } from "../html/layout.ts";
import { FORM_POST_CONTENT_SECURITY_POLICY, renderErrorPage, renderFormPostPage } from "../html/pages.ts";
import { OAuthRefusal, type UntrustedRequest } from "../refusals.ts";
import type { OidcContext } from "./context.ts";
import type { Callback } from "./rules/authorization-request.ts";

const GENERIC_MESSAGE =
  "The request could not be completed. One or more validation errors were in the request.";

export interface P1Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly code: string; readonly target: string; readonly message: string }[];
}

/** An HTML page, with the headers that every page of the emulator carries. */
export function sendPage(
  c: OidcContext,
  html: string,
  status: ContentfulStatusCode = 200,
  policy = PAGE_CONTENT_SECURITY_POLICY,
): Response {
  c.header("Content-Security-Policy", policy);
  c.header("Cache-Control", "no-store");
  c.header("Referrer-Policy", "no-referrer");
  c.header("X-Content-Type-Options", "nosniff");
  return c.html(html, status);
}

/** PingOne's own error format: JSON for a program, a page for a browser. */
export function sendP1Error(c: OidcContext, error: P1Error): Response {
  c.header("Cache-Control", "no-store");
  const { status, ...body } = error;
  const id = c.get("correlationId");
  const prefersHtml = /\btext\/html\b/.test(c.req.header("accept") ?? "");
  return prefersHtml
    ? sendPage(c, renderErrorPage({ ...body, id }), status)
    : c.json({ id, ...body }, status);
}

export function sendUntrusted(
  c: OidcContext,
  { target, message }: Pick<UntrustedRequest, "target" | "message">,
  status: ContentfulStatusCode = 400,
): Response {
  return sendP1Error(c, {
    status,
    code: "INVALID_DATA",
    message: GENERIC_MESSAGE,
    // Seen for redirect_uri; that an unknown client looks the same is unverified wording.
    details: [{ code: "INVALID_VALUE", target, message }],
  });
}

/** RFC 6749 section 5.2. */
export function sendOAuthError(c: OidcContext, refusal: OAuthRefusal): Response {
  sendUncached(c);
  if (refusal.status === 401 && /^basic /i.test(c.req.header("authorization") ?? "")) {
    c.header("WWW-Authenticate", 'Basic realm="PingOne"');
  }
  return c.json({ error: refusal.error, error_description: describeRefusal(c, refusal) }, refusal.status);
}

/** RFC 6749 section 5.1: for every answer that carries a token, and every error beside it. */
export function sendUncached(c: OidcContext): void {
  c.header("Cache-Control", "no-store");
  c.header("Pragma", "no-cache");
}

/** Back to the client, in the response mode that it asked for. */
export function answerClient(
  c: OidcContext,
  callback: Callback,
  answer: Readonly<Record<string, string>>,
): Response {
  const { redirectUri, responseMode, state } = callback;
  const fields = { ...answer, ...(state !== undefined && { state }) };
  if (responseMode === "form_post") {
    return sendPage(c, renderFormPostPage(redirectUri, fields), 200, FORM_POST_CONTENT_SECURITY_POLICY);
  }
  c.header("Cache-Control", "no-store");
  c.header("Referrer-Policy", "no-referrer");
  const parameters = new URLSearchParams(fields).toString();
  // Appended to the registered text: a URL parser could change characters of it.
  const separator = responseMode === "fragment" ? "#" : redirectUri.includes("?") ? "&" : "?";
  return c.redirect(redirectUri + separator + parameters, 302);
}

export function answerRefusal(c: OidcContext, callback: Callback, refusal: OAuthRefusal): Response {
  return answerClient(c, callback, { error: refusal.error, error_description: describeRefusal(c, refusal) });
}

/** Silent sign-on that needs a screen, or a flow without a terminal node: PingOne answers both alike. */
export function answerLoginRequired(c: OidcContext, callback: Callback): Response {
  // Unverified wording.
  return answerRefusal(c, callback, new OAuthRefusal("login_required", "Login is required"));
}

/** PingOne's description format: `<generic message>: <detail> (Correlation ID: <uuid>)`. */
function describeRefusal(c: OidcContext, refusal: OAuthRefusal): string {
  const generic = refusal.error === "invalid_client" ? "Request denied" : GENERIC_MESSAGE;
  return `${generic}: ${refusal.message} (Correlation ID: ${c.get("correlationId")})`;
}
