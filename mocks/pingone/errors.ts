/**
 * The three forms in which PingOne refuses a request: a P1Error (JSON, or a page for a browser) where the caller
 * cannot be trusted with a redirect, OAuth error parameters on a redirect, and OAuth JSON on the back channel.
 *
 * SECURITY: a detail never quotes a secret, a code, a token or a parameter's value.
 */
import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { PAGE_CONTENT_SECURITY_POLICY } from "./html/layout.ts";
import { renderErrorPage } from "./html/pages.ts";

export type FrontEnv = { Bindings: HttpBindings; Variables: { correlationId: string } };
export type FrontContext = Context<FrontEnv>;

export const GENERIC_MESSAGE =
  "The request could not be completed. One or more validation errors were in the request.";

/** A refusal that the caller gets as an OAuth error, by redirect or as JSON. */
export class OAuthRefusal extends Error {
  override readonly name = "OAuthRefusal";
  readonly error: string;
  readonly status: ContentfulStatusCode;

  /** @param detail The part of PingOne's description that says what is wrong. */
  constructor(error: string, detail: string, status: ContentfulStatusCode = 400) {
    super(detail);
    this.error = error;
    this.status = status;
  }
}

/** A refusal that must not be redirected, because client or redirect URI cannot be trusted (RFC 6749 4.1.2.1). */
export class UntrustedRequest extends Error {
  override readonly name = "UntrustedRequest";
  readonly target: string;

  constructor(target: string, detail: string) {
    super(detail);
    this.target = target;
  }
}

/** PingOne's description format: `<generic message>: <detail> (Correlation ID: <uuid>)`. */
export function describeRefusal(refusal: OAuthRefusal, correlationId: string): string {
  const generic = refusal.error === "invalid_client" ? "Request denied" : GENERIC_MESSAGE;
  return `${generic}: ${refusal.message} (Correlation ID: ${correlationId})`;
}

export interface P1Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly code: string; readonly target: string; readonly message: string }[];
}

/** JSON for a program, a page for a browser. */
export function sendP1Error(c: FrontContext, error: P1Error, headers: Record<string, string> = {}): Response {
  c.header("Cache-Control", "no-store");
  const { status, ...body } = error;
  const id = c.get("correlationId") ?? randomUUID();
  if (prefersHtml(c)) return sendPage(c, renderErrorPage({ ...body, id }), status);
  return c.json({ id, ...body }, status, headers);
}

export function sendUntrusted(c: FrontContext, refusal: UntrustedRequest): Response {
  return sendP1Error(c, {
    status: 400,
    code: "INVALID_DATA",
    message: GENERIC_MESSAGE,
    // Seen for redirect_uri; that an unknown client looks the same is unverified wording.
    details: [{ code: "INVALID_VALUE", target: refusal.target, message: refusal.message }],
  });
}

/** RFC 6749 section 5.2. */
export function sendOAuthError(c: FrontContext, refusal: OAuthRefusal): Response {
  c.header("Cache-Control", "no-store");
  c.header("Pragma", "no-cache");
  if (refusal.status === 401 && /^basic /i.test(c.req.header("authorization") ?? "")) {
    c.header("WWW-Authenticate", 'Basic realm="PingOne"');
  }
  return c.json(
    { error: refusal.error, error_description: describeRefusal(refusal, c.get("correlationId")) },
    refusal.status,
  );
}

export function notFound(c: FrontContext): Response {
  return sendP1Error(c, {
    status: 404,
    code: "NOT_FOUND",
    message: "The request could not be completed. The requested resource was not found.",
  });
}

export function methodNotAllowed(c: FrontContext, allowed: readonly string[]): Response {
  c.header("Allow", allowed.join(", "));
  return sendP1Error(c, {
    status: 405,
    code: "METHOD_NOT_ALLOWED",
    message: `The method is not supported here. Use ${allowed.join(" or ")}.`,
  });
}

/** An HTML page, with the headers that every page of the emulator carries. */
export function sendPage(
  c: FrontContext,
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

function prefersHtml(c: FrontContext): boolean {
  return /\btext\/html\b/.test(c.req.header("accept") ?? "");
}
