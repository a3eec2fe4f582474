/**
 * The page of a screen: the author's markup in one plain form that works without JavaScript, in the frame of the emulator's
 * pages. The form sends DaVinci's own keys: the fields, and the pressed button as `buttonValue`. `step` identifies the
 * screen, so that the form of an earlier screen is detected.
 */
import { html, raw } from "hono/html";
import { type Markup, pageContentSecurityPolicy, renderPage } from "../../html/layout.ts";
import { labelControls } from "./labels.ts";
import { PANEL_GUARD } from "./panel-guard.ts";
import {
  goOnButton,
  headingOf,
  readMarkup,
  type ScreenButton,
  type ScreenControl,
  type ScreenMarkup,
  topHeadingOf,
} from "./read-markup.ts";
import { sanitise } from "./sanitise.ts";
import type { Screen, ScreenMessages, SubmittedFields } from "./screen.ts";
import { SCREEN_STYLE } from "./style.ts";
import { pollButton, writeMarkup } from "./write-markup.ts";

/** Characters. Larger markup is no screen, and would hold up the other sign-ons. */
export const MAX_MARKUP = 512_000;
const MAX_CSS = 256_000;
const PANEL_ID = "emulator";

export interface Shown {
  readonly screen: Screen;
  readonly values: SubmittedFields;
  readonly messages: ScreenMessages;
}

export interface ScreenPage {
  readonly formAction: string;
  readonly step: number;
  /** What the emulator tells beside the screen. */
  readonly panel: readonly (readonly [term: string, value: Markup | string])[];
  /** Test users whom a person at the page can be with one click. Offered on a screen for user name and password. */
  readonly quickUsers: readonly QuickUser[];
}

interface QuickUser {
  readonly username: string;
  readonly password: string;
  readonly about: string;
}

export interface RenderedScreen {
  readonly html: string;
  /** Of this page: its style sheets are allowed by their hashes. */
  readonly contentSecurityPolicy: string;
}

export function renderScreen(shown: Shown, page: ScreenPage): RenderedScreen {
  const { screen, messages } = shown;
  if (screen.markup.length > MAX_MARKUP) return renderTooLarge(shown, page);
  const markup = readMarkup(screen.markup);
  const labels = labelControls(markup, screen.fields, [PANEL_ID]);
  const written = writeMarkup(markup, { fields: screen.fields, values: shown.values, messages, labels });
  const content = raw(sanitise(written.html));
  const css = cssOf(screen.css);
  const goOn = goOnButton(screen, markup);
  const remarks = [...screen.remarks, ...remarksOf(markup, written.unplaced, goOn), ...css.remarks];
  const heading = topHeadingOf(markup) ? "" : html`<h1>${screen.title}</h1>\n`;
  return finish(shown, page, {
    heading: headingOf(screen, markup),
    content:
      markup.buttons.size === 0 && !goOn
        ? html`<div class="screen">${heading}${content}</div>`
        : html`<form class="screen" method="post" action="${page.formAction}">
<input type="hidden" name="step" value="${String(page.step)}">
${defaultButton(markup)}${heading}${content}${goOn ? renderGoOn(goOn) : ""}</form>`,
    unplaced: written.unplaced,
    quickSignOn: renderQuickSignOn(markup, page),
    remarks,
    css: css.text,
    isLightOnly: css.text !== "" || /style="[^"]*(?:color|background)/i.test(screen.markup),
  });
}

interface Parts {
  readonly heading: string;
  readonly content: Markup;
  readonly unplaced: readonly string[];
  readonly quickSignOn: Markup | string;
  readonly remarks: readonly string[];
  readonly css: string;
  readonly isLightOnly: boolean;
}

function finish({ screen, messages }: Shown, page: ScreenPage, parts: Parts): RenderedScreen {
  const styles = parts.css === "" ? [SCREEN_STYLE] : [PANEL_GUARD + SCREEN_STYLE, parts.css];
  const { notice } = messages;
  const isError = messages.error !== undefined || Object.keys(messages.fieldErrors ?? {}).length > 0;
  const panel = html`<aside aria-labelledby="${PANEL_ID}">
<h2 id="${PANEL_ID}">Shown by the emulator, not by PingOne</h2>
${parts.unplaced.map((text) => html`<p class="message" role="alert">${text}</p>\n`)}${parts.quickSignOn}<dl>
${page.panel.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>\n`)}${parts.remarks.map(
  (remark) => html`<dt>Note</dt><dd>${remark}</dd>\n`,
)}</dl>
</aside>`;
  return {
    html: renderPage({
      heading: screen.tabTitle ?? parts.heading,
      hasOwnHeading: true,
      isError,
      isLightOnly: parts.isLightOnly,
      styles,
      content: html`${notice ? html`<p class="notice" role="status">${notice}</p>\n` : ""}${parts.content}`,
      aside: panel,
    }),
    contentSecurityPolicy: pageContentSecurityPolicy(styles),
  };
}

function renderTooLarge(shown: Shown, page: ScreenPage): RenderedScreen {
  const { markup } = shown.screen;
  return finish(shown, page, {
    heading: "This screen is too large",
    content: html`<div class="screen"><h1>This screen is too large</h1>
<p>Its template was rendered to ${Math.ceil(markup.length / 1000)} kB; the emulator shows up to ${MAX_MARKUP / 1000} kB. Does a
loop of the template run over more than it should?</p></div>`,
    unplaced: [],
    quickSignOn: "",
    remarks: shown.screen.remarks,
    css: "",
    isLightOnly: false,
  });
}

function remarksOf(
  { foreign, buttons }: ScreenMarkup,
  unplaced: readonly string[],
  goOn: ScreenButton | undefined,
): string[] {
  return [
    ...(unplaced.length > 0
      ? [
          'PingOne does not show this message: the template has no element with data-skcomponent="skerror" (or skerrormessage for the field).',
        ]
      : []),
    ...foreign.map((name) => COMPONENTS.get(name) ?? `The component ${name} is not emulated.`),
    ...(buttons.size === 0 && !goOn ? ["The template has no button, so nothing can be sent from here."] : []),
  ];
}

/** What of these components is missing, and whether that matters. */
const COMPONENTS: ReadonlyMap<string, string> = new Map([
  [
    "skrisk",
    "skrisk collects signals of the device for PingOne Protect. Nothing is collected here, and nothing needs it: Protect answers from risk.json.",
  ],
  [
    "skidp",
    "skidp is a button of an external identity provider, which is not emulated: go on by another way, or give the node after it a stub.",
  ],
  ...["skrecaptcha", "skcaptcha"].map(
    (name) => [name, `${name} is not emulated: the form can be sent without it.`] as const,
  ),
]);

function renderGoOn(button: ScreenButton): Markup {
  const { wireName, label } = button;
  if (button.isPoll) {
    return html`<p class="notice">PingOne's page asks again by itself.</p>
${raw(pollButton(button))}`;
  }
  return html`<p class="notice">At PingOne a script or a component of this page sends it. The emulator runs none, and adds this button.</p>
<button type="submit" class="primary" name="${wireName}" value="" formnovalidate>${label}</button>`;
}

/**
 * The Enter key presses the first button of the form. Where this one leads away from the screen, an invisible one that
 * sends the fields comes first.
 */
function defaultButton({ buttons, controls }: ScreenMarkup): Markup | string {
  const [first] = buttons.values();
  const submit = [...buttons.values()].find(({ isSubmit }) => isSubmit);
  if (!first || first.isSubmit || !submit || controls.size === 0) return "";
  return html`<button type="submit" class="default-button" name="${submit.wireName}" value="${submit.value ?? ""}" tabindex="-1" aria-hidden="true"></button>
`;
}

/** One form for each test user, filled in. */
function renderQuickSignOn(markup: ScreenMarkup, page: ScreenPage): Markup | string {
  const signOn = signOnOf(markup);
  if (!signOn || page.quickUsers.length === 0) return "";
  const { username, password, button } = signOn;
  return html`<h3>Sign on with one click</h3>
<ul class="quick">${page.quickUsers.map(
    (user) => html`<li><form method="post" action="${page.formAction}">
<input type="hidden" name="step" value="${String(page.step)}">
<input type="hidden" name="${username.wireName}" value="${user.username}">
<input type="hidden" name="${password.wireName}" value="${user.password}">
<button type="submit" name="${button.wireName}" value="${button.value ?? ""}" class="secondary">${user.username}</button> <span>${user.about}</span>
</form></li>
`,
  )}</ul>`;
}

/** A form with one password and one other text: the user name. */
function signOnOf({
  controls,
  buttons,
}: ScreenMarkup): { username: ScreenControl; password: ScreenControl; button: ScreenButton } | undefined {
  const typed = [...controls.values()].filter(({ type }) =>
    /^(?:text|email|tel|number|password)$/.test(type),
  );
  const password = typed.find(({ type }) => type === "password");
  const ofForm = typed.filter(({ form }) => form === password?.form);
  const username = ofForm.find(({ type }) => type !== "password");
  const button = [...buttons.values()].find(
    ({ isSubmit, form }) => isSubmit && (form === undefined || form === password?.form),
  );
  return password && username && button && ofForm.length === 2 ? { username, password, button } : undefined;
}

/** A style sheet that can stand in a `style` element: it cannot close it, and its text is what the hash is made of. */
function cssOf(css: string): { readonly text: string; readonly remarks: readonly string[] } {
  if (css.length > MAX_CSS) {
    return { text: "", remarks: [`The style sheet is larger than ${MAX_CSS / 1000} kB and was left out.`] };
  }
  const text = css
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll("\0", "\uFFFD")
    // In a style sheet `\/` is `/`.
    .replaceAll("</", "<\\/")
    // Files of other hosts: the policy of the page forbids them, and browsers show a broken picture.
    .replaceAll(/url\(([^()]*)\)/gi, (found, address: string) =>
      /^["']?(?:data:|#)/i.test(address.trimStart()) ? found : "none",
    )
    // What the editor puts into an empty field is no comment in CSS, and would take the next rule with it.
    .replaceAll(/^[^\S\n]*\/\/.*$/gm, "")
    .trim();
  return { text, remarks: [] };
}
