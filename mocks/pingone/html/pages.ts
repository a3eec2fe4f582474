/** The pages of the OIDC front: errors that cannot be redirected, the signed-off page and `response_mode=form_post`. */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { PAGE_CONTENT_SECURITY_POLICY, renderPage } from "./layout.ts";

export function renderErrorPage(error: {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly code: string; readonly target: string; readonly message: string }[];
}): string {
  const details = (error.details ?? []).map(
    (detail) => html`<dt>${detail.target}</dt><dd>${detail.message} (${detail.code})</dd>`,
  );
  return renderPage({
    heading: "This request cannot be completed",
    isError: true,
    content: html`<p>${error.message}</p>
<dl>${details}<dt>Code</dt><dd>${error.code}</dd><dt>Correlation ID</dt><dd>${error.id}</dd></dl>`,
  });
}

/** For a form of a sign-on that has ended, expired or belongs to another browser. */
export function renderEndedPage(): string {
  return renderPage({
    heading: "This sign-on has ended",
    isError: true,
    content: html`<p>It has expired, was finished already, or was started in another browser. Go back to the application
and start again.</p>`,
  });
}

const LINK_PAGES = {
  approved: [
    "Thank you",
    "You have agreed. Go back to the window where you started; you can close this one.",
    200,
  ],
  denied: ["You have refused", "Go back to the window where you started; you can close this one.", 200],
  over: ["Thank you", "Go back to the window where you started; you can close this one.", 200],
  used: ["This link was used already", "A link works once. Go back to the window where you started.", 410],
  expired: ["This link has expired", "Go back to the window where you started and ask for another one.", 410],
  unknown: ["This link is not valid", "It is incomplete, or was forgotten. Ask for another one.", 404],
} as const;

/** What a browser is shown that has opened a link of a message. */
export function renderLinkPage(kind: keyof typeof LINK_PAGES) {
  const [heading, text, status] = LINK_PAGES[kind];
  const page = renderPage({ heading, isError: status !== 200, content: html`<p>${text}</p>` });
  return { page, status };
}

export function renderSignedOffPage(): string {
  return renderPage({
    heading: "Signed off",
    content: html`<p>You are signed off. You can close this page.</p>`,
  });
}

const SUBMIT_SCRIPT = "document.forms[0].submit()";
const scriptHash = createHash("sha256").update(SUBMIT_SCRIPT).digest("base64");

export const FORM_POST_CONTENT_SECURITY_POLICY = `${PAGE_CONTENT_SECURITY_POLICY}; script-src 'sha256-${scriptHash}'`;

/** OAuth 2.0 Form Post Response Mode: posts itself, and has a button for browsers that run no script. */
export function renderFormPostPage(action: string, fields: Readonly<Record<string, string>>): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return renderPage({
    heading: "Back to the application",
    content: html`<form method="post" action="${action}">${inputs}
<button type="submit" class="primary">Continue</button></form>
<script>${raw(SUBMIT_SCRIPT)}</script>`,
  });
}
