/**
 * Renders the screens of a flow as plain forms that work without JavaScript. The forms send DaVinci's own keys: the
 * fields of the template, and the pressed button as `buttonValue`. `step` identifies the screen, so that the form of
 * an earlier screen is detected.
 */
import { html } from "hono/html";
import { type Markup, renderPage } from "../html/layout.ts";
import type { ConsentNode, Field, ScreenNode } from "./flow-schema.ts";
import type { Interaction, ShownScreen } from "./interaction.ts";
import { REQUIRED_SCOPE } from "./submitted-form.ts";

/** A test user whom a person at the page can be with one click. */
interface QuickUser {
  readonly username: string;
  readonly password: string;
  readonly about: string;
}

export interface ScreenPage {
  readonly interaction: Interaction;
  readonly screen: ShownScreen;
  /** A message of the emulator, not of the flow. */
  readonly notice: string | undefined;
  /** Offered on a screen that asks for user name and password. */
  readonly quickUsers: readonly QuickUser[];
}

/** Renders a `screen` node: heading, text, fields, buttons. `expand` inserts the flow's variables. */
export function renderFormScreen(
  node: ScreenNode,
  page: ScreenPage,
  expand: (text: string) => string,
): string {
  const { screen } = page;
  const shown = (field: Field) =>
    screen.values[field.key] ?? (field.value === undefined ? "" : expand(field.value));
  const focused =
    node.fields.find(({ key }) => screen.message?.fields.includes(key)) ??
    node.fields.find((field) => shown(field) === "");

  const form = html`<form method="post" action="${page.interaction.context.formAction}">
<input type="hidden" name="step" value="${String(page.interaction.step)}">
${node.fields.map((field) => renderField(field, shown(field), field === focused, screen))}
${node.buttons.map(
  ({ key, label, type }) =>
    html`<button type="submit" name="buttonValue" value="${key}"${
      type === "SUBMIT_BUTTON" ? html` class="primary"` : html` class="secondary" formnovalidate`
    }>${label}</button>
`,
)}</form>`;

  return renderScreen(
    expand(node.heading),
    page,
    html`${node.text.map((text) => html`<p>${expand(text)}</p>`)}
${node.buttons.length > 0 ? form : ""}`,
    renderQuickSignOn(node, page),
  );
}

/** One form for each test user, filled in. */
function renderQuickSignOn(node: ScreenNode, { interaction, quickUsers }: ScreenPage): Markup {
  const username = node.fields.find(({ key }) => key === "username");
  const password = node.fields.find(({ type }) => type === "PASSWORD");
  const button = node.buttons.find(({ type }) => type === "SUBMIT_BUTTON");
  if (quickUsers.length === 0 || !username || !password || !button) return html``;
  return html`<h3>Sign on with one click</h3>
<ul class="quick">${quickUsers.map(
    (user) => html`<li><form method="post" action="${interaction.context.formAction}">
<input type="hidden" name="step" value="${String(interaction.step)}">
<input type="hidden" name="${username.key}" value="${user.username}">
<input type="hidden" name="${password.key}" value="${user.password}">
<button type="submit" name="buttonValue" value="${button.key}" class="secondary">${user.username}</button> <span>${user.about}</span>
</form></li>
`,
  )}</ul>`;
}

/** "Application Consent" of the PingOne Scope Consent connector: shows the application and the user, but no scopes. */
export function renderConsentScreen(node: ConsentNode, page: ScreenPage, username: string): string {
  const { context, step } = page.interaction;
  return renderScreen(
    "Application Consent",
    page,
    html`<p><strong>${context.application.name}</strong> wants to access your account.</p>
<p>Do you approve the request?</p>
<p>You are signed on as <strong>${username}</strong>.</p>
<form method="post" action="${context.formAction}">
<input type="hidden" name="step" value="${String(step)}">
${node.reducedScopes ? renderScopeChoice(context.scopes) : ""}
<div class="choices">
<button type="submit" name="buttonValue" value="ACCEPTED" class="primary">Approve</button>
<button type="submit" name="buttonValue" value="DECLINED" class="secondary">Decline</button>
</div>
</form>`,
  );
}

function renderScreen(heading: string, page: ScreenPage, content: Markup, quickSignOn = html``): string {
  const { screen, notice } = page;
  return renderPage({
    heading,
    isError: screen.message !== undefined,
    content: html`${notice ? html`<p class="notice" role="status">${notice}</p>` : ""}
${screen.message ? html`<p class="message" role="alert" id="message">${screen.message.text}</p>` : ""}
${content}`,
    aside: renderEmulatorPanel(page, quickSignOn),
  });
}

function renderField(field: Field, value: string, focused: boolean, { message }: ShownScreen): Markup {
  const invalid = message?.fields.includes(field.key) === true;
  return html`<div class="field">
<label for="${field.key}">${field.label}</label>
<input type="${field.type === "PASSWORD" ? "password" : "text"}" id="${field.key}" name="${field.key}" value="${value}"${
    field.required ? html` required` : ""
  }${
    field.autocomplete === undefined ? "" : html` autocomplete="${field.autocomplete}"`
  }${field.inputmode === undefined ? "" : html` inputmode="${field.inputmode}"`}${
    field.type === "TEXT" ? html` autocapitalize="none" spellcheck="false"` : ""
  }${message ? html` aria-describedby="message"` : ""}${invalid ? html` aria-invalid="true"` : ""}${
    focused ? html` autofocus` : ""
  }>
</div>
`;
}

/** Checkboxes to deselect scopes. `openid` is required for every sign-on and is shown without a checkbox. */
function renderScopeChoice(scopes: readonly string[]): Markup {
  const offered = scopes.filter((scope) => scope !== REQUIRED_SCOPE);
  if (offered.length === 0) return html``;
  return html`<fieldset>
<legend>What to allow</legend>
${offered.map(
  (scope, index) => html`<div class="choice">
<input type="checkbox" id="scope-${String(index)}" name="scopes" value="${scope}" checked>
<label for="scope-${String(index)}">${scope}</label>
</div>
`,
)}</fieldset>`;
}

/** Details for developers that PingOne's page does not show. */
function renderEmulatorPanel({ interaction }: ScreenPage, quickSignOn: Markup): Markup {
  const { context, flow, codes, codeNote } = interaction;
  const row = (term: string, value: unknown) => html`<dt>${term}</dt><dd>${value}</dd>
`;
  return html`<aside aria-labelledby="emulator">
<h2 id="emulator">Shown by the emulator, not by PingOne</h2>
${quickSignOn}
<dl>
${[...codes].map(([, { to, code }]) =>
  row("Code", html`<code class="code" data-testid="one-time-code">${code}</code><br>e-mailed to ${to}`),
)}${codeNote === undefined ? "" : row("Code", codeNote)}${row("Application", context.application.name)}${row(
  "Asks for",
  context.scopes.join(", "),
)}${row("Goes back to", context.redirectHost)}${row("Flow", html`<code>${flow.name}</code><br>${flow.description}`)}</dl>
</aside>`;
}
