/** Reads a DaVinci screen from its HTML, and decides what a test user does on it. Pure: no network, no clock. */
import { parse } from "node-html-parser";
import { type FormButton, type FormField, type HtmlForm, readForms, textOf } from "../kit/html-form.ts";

export interface Screen {
  readonly heading: string;
  /** All that a person reads in the main part. */
  readonly text: string;
  /** Text of the page's error message; undefined without one. */
  readonly alert: string | undefined;
  readonly form: HtmlForm | undefined;
  /** All of the page, with what the emulator shows beside the screen. */
  readonly html: string;
}

/** What a test user knows. */
export interface Knowledge {
  readonly username: string;
  readonly password: string;
  /** For screens that demand another password. */
  readonly newPassword: string;
  readonly consent: "approve" | "decline";
  /** Values for fields that the driver does not know, by label or name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What to do on one screen, in place of what the driver would do. */
export interface ScreenAnswer {
  /** Text of the button to press, or its `buttonValue`. Default: the one that leads on. */
  readonly press?: string | undefined;
  /** Values by label or name; all other fields get what the driver knows. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

export type Decision =
  | {
      readonly kind: "submit";
      readonly form: HtmlForm;
      readonly button: FormButton;
      /** Values by name of the field. */
      readonly values: ReadonlyMap<string, string>;
      /** Names of the fields that take a one-time code. */
      readonly codeFields: readonly string[];
    }
  /** `response_mode=form_post`: the page brings the answer to the application. */
  | { readonly kind: "handOver"; readonly form: HtmlForm }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "unknown"; readonly fields: readonly FormField[]; readonly buttons: readonly string[] }
  /** The answer names a button or fields that the screen does not have. */
  | {
      readonly kind: "absent";
      readonly what: "button" | "field";
      readonly name: string;
      readonly there: readonly string[];
    }
  | { readonly kind: "deadEnd"; readonly buttons: readonly string[] };

type Meaning = "username" | "password" | "newPassword" | "code";

/** The first that fits a field counts, so what is narrower comes first. */
const MEANINGS: readonly (readonly [Meaning, (field: FormField) => boolean])[] = [
  [
    "code",
    (field) =>
      field.autocomplete === "one-time-code" ||
      (isCalled(field, /code|otp\b|one.?time/i) && !isCalled(field, /zip|post|country|area|dial/i)),
  ],
  [
    "newPassword",
    (field) =>
      field.type === "password" &&
      (field.autocomplete === "new-password" || isCalled(field, /new|verify|confirm|repeat/i)),
  ],
  ["password", (field) => field.type === "password"],
  [
    "username",
    (field) =>
      /^(username|email)$/.test(field.autocomplete) ||
      field.type === "email" ||
      isCalled(field, /^(user ?(name|id)|login( name)?|identifier|e-?mail( address)?)$/i),
  ],
];

export function readScreen(html: string): Screen {
  const root = parse(html);
  const main = root.querySelector("main") ?? root.querySelector("body") ?? root;
  const alert = root.querySelector('[role="alert"]');
  return {
    heading: textOf(root.querySelector("h1")),
    text: textOf(main),
    alert: alert === null ? undefined : textOf(alert),
    // Outside of `main`, the emulator has forms of its own: sign on with one click.
    form: readForms(root, "main").find(({ buttons }) => buttons.length > 0),
    html,
  };
}

/**
 * @param pageUrl Address of the page.
 * @param hasAnswered The driver has sent a form before. Only then an error message is an answer to it.
 * @param given What to do here. A screen with an error message can then be answered too.
 */
export function decide(
  screen: Screen,
  knows: Knowledge,
  pageUrl: URL,
  hasAnswered: boolean,
  given?: ScreenAnswer,
): Decision {
  const { form, alert } = screen;
  if (hasAnswered && alert !== undefined && given === undefined) return { kind: "refused", message: alert };
  if (form === undefined) return { kind: "deadEnd", buttons: [] };
  if (new URL(form.action ?? "", pageUrl).origin !== pageUrl.origin) return { kind: "handOver", form };
  const buttons = form.buttons.map(({ text }) => text);
  const absent = given && findAbsent(form, given);
  if (absent) return absent;
  const button = given?.press === undefined ? buttonFor(form, knows) : buttonCalled(form, given.press);
  if (button === undefined) return { kind: "deadEnd", buttons };
  const told = { ...knows, fields: { ...knows.fields, ...given?.fields } };
  const answers = form.fields.map((field) => answerOf(field, told));
  const unknown = form.fields.filter(
    (field, index) => answers[index] === undefined && isMissing(field, form),
  );
  if (unknown.length > 0 && !button.skipsValidation) return { kind: "unknown", fields: unknown, buttons };
  const values = new Map<string, string>();
  const codeFields: string[] = [];
  for (const [index, { name }] of form.fields.entries()) {
    const answer = answers[index];
    if (answer === "code") codeFields.push(name);
    else if (answer !== undefined) values.set(name, answer.value);
  }
  return { kind: "submit", form, button, values, codeFields };
}

function findAbsent(form: HtmlForm, { press, fields = {} }: ScreenAnswer): Decision | undefined {
  if (press !== undefined && buttonCalled(form, press) === undefined) {
    return { kind: "absent", what: "button", name: press, there: form.buttons.map(({ text }) => text) };
  }
  const shown = form.fields.filter(({ type }) => type !== "hidden");
  const name = Object.keys(fields).find(
    (each) => !shown.some((field) => field.label === each || field.name === each),
  );
  if (name === undefined) return undefined;
  return { kind: "absent", what: "field", name, there: shown.map((field) => field.label || field.name) };
}

function buttonCalled({ buttons }: HtmlForm, called: string): FormButton | undefined {
  return buttons.find(({ text }) => text === called) ?? buttons.find(({ value }) => value === called);
}

/** A button that only leads elsewhere, such as "Back" or "Having trouble signing on?", leads nowhere for the driver. */
function buttonFor({ buttons }: HtmlForm, { consent }: Knowledge): FormButton | undefined {
  const decline = buttons.find(({ text, value }) => value === "DECLINED" || /^(decline|deny)\b/i.test(text));
  if (consent === "decline" && decline !== undefined) return decline;
  return (
    buttons.find(({ isPrimary }) => isPrimary) ??
    buttons.find((button) => button !== decline && !button.skipsValidation)
  );
}

function answerOf(field: FormField, knows: Knowledge): { readonly value: string } | "code" | undefined {
  const given = knows.fields[field.label] ?? knows.fields[field.name];
  if (given !== undefined) return { value: given };
  if (!/^(text|password|email|tel|number)$/.test(field.type)) return undefined;
  const meaning = MEANINGS.find(([, fits]) => fits(field))?.[0];
  if (meaning === undefined || meaning === "code") return meaning;
  return { value: knows[meaning] };
}

function isMissing(field: FormField, { fields }: HtmlForm): boolean {
  if (!field.isRequired || field.type === "hidden") return false;
  if (field.type === "radio") return !fields.some(({ name, isChecked }) => name === field.name && isChecked);
  return field.type === "checkbox" ? !field.isChecked : field.value === "";
}

function isCalled({ name, label }: FormField, pattern: RegExp): boolean {
  return pattern.test(name) || pattern.test(label);
}
