/** Sends the answer to an authorization request back to the client, in the response mode that it asked for. */

import { describeRefusal, type FrontContext, OAuthRefusal, sendPage } from "../errors.ts";
import { FORM_POST_CONTENT_SECURITY_POLICY, renderFormPostPage } from "../html/pages.ts";
import type { Callback } from "./rules/authorization-request.ts";

export function answerClient(
  c: FrontContext,
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

export function answerRefusal(c: FrontContext, callback: Callback, refusal: OAuthRefusal): Response {
  return answerClient(c, callback, {
    error: refusal.error,
    error_description: describeRefusal(refusal, c.get("correlationId")),
  });
}

/** A flow's own error: the author's code and text, without PingOne's frame. */
export function answerFlowError(
  c: FrontContext,
  callback: Callback,
  outcome: { readonly error: string; readonly errorDescription: string },
): Response {
  return answerClient(c, callback, { error: outcome.error, error_description: outcome.errorDescription });
}

/** Silent sign-on that needed a person, or a flow that died: PingOne hides the true cause. */
export function answerLoginRequired(c: FrontContext, callback: Callback): Response {
  // Unverified wording.
  return answerRefusal(c, callback, new OAuthRefusal("login_required", "Login is required"));
}
