/** Reads a form posted to a screen: which button was pressed, and the fields that the screen accepts. */
import { setOwn } from "../graph/values.ts";
import {
  goOnButton,
  isSecretControl,
  readMarkup,
  type ScreenButton,
  type ScreenControl,
} from "./read-markup.ts";
import { MAX_MARKUP } from "./render-screen.ts";
import { POLL, type Screen, type ScreenField, type ScreenMessages, type SubmittedFields } from "./screen.ts";

export type ReadForm =
  | {
      readonly kind: "read";
      /** What the flow gets. `buttonValue` is among them if the button has a value. */
      readonly fields: SubmittedFields;
      /** What may be shown again. */
      readonly values: SubmittedFields;
      /** No button of the screen has the `buttonValue`. */
      readonly isUnknownButton?: true;
    }
  | {
      readonly kind: "refused";
      /** 400 for input that the emulator's forms never send; 200 for a required field that is empty. */
      readonly status: 200 | 400;
      readonly messages: ScreenMessages;
      readonly values: SubmittedFields;
    };

const DEFAULT_MAX_LENGTH = 4096;

export function readForm(screen: Screen, form: URLSearchParams): ReadForm {
  const markup = readMarkup(screen.markup.length > MAX_MARKUP ? "" : screen.markup);
  const goOn = goOnButton(screen, markup);
  const buttons = [...markup.buttons.values(), ...(goOn ? [goOn] : [])];
  const button = buttons.find(
    (candidate) => form.get(candidate.wireName) === (candidate.value ?? "") && form.has(candidate.wireName),
  );
  const sent = collect(screen.fields, [...markup.controls.values()], button, form);
  const values = shownAgain(sent);
  const refused = (status: 200 | 400, messages: ScreenMessages): ReadForm => ({
    kind: "refused",
    status,
    messages,
    values,
  });

  const repeated = sent.find(({ isRepeated }) => isRepeated)?.field.name ?? repeatedButton(form);
  if (repeated !== undefined) {
    return refused(400, { error: `The form was sent with more than one "${repeated}".` });
  }
  const unknown = button ? undefined : unknownButton(screen, form);
  if (!button && unknown === undefined) {
    const labels = [...new Set(buttons.map(({ label }) => label))].join(", ");
    return refused(400, {
      error: labels === "" ? "This page has no button." : `Please choose one of the buttons: ${labels}.`,
    });
  }
  const pressed = unknown ?? button?.value ?? hiddenButtonValue([...markup.controls.values()], form);
  const fields: Record<string, string | readonly string[]> = Object.create(null);
  // What was typed stays on the page.
  if (button?.isPoll) return { kind: "read", fields: { [POLL]: "true" }, values };
  if (pressed !== undefined) fields.buttonValue = pressed;
  if (button?.isSubmit === false) return { kind: "read", fields: { ...fields }, values: {} };

  const tooLong = sent.filter(({ field, values: each }) =>
    each.some((value) => value.length > maxLengthOf(field)),
  );
  if (tooLong.length > 0) {
    const texts = tooLong.map(
      ({ field }) => `${labelOf(field)} is longer than ${maxLengthOf(field)} characters.`,
    );
    return refused(400, { error: texts.join(" ") });
  }
  // A script would have filled these in; the rules are checked in the browser, which has not sent an unknown button.
  const missing = !button || button === goOn ? undefined : missingMessages(sent);
  if (missing) return refused(200, missing);
  for (const { field, values: each, isSent, isList } of sent) {
    if (isSent && field.name !== "buttonValue")
      setOwn(fields, field.name, isList ? each : (each.at(-1) ?? ""));
  }
  return { kind: "read", fields: { ...fields }, values, ...(!button && { isUnknownButton: true }) };
}

function unknownButton({ takesAnyButton }: Screen, form: URLSearchParams): string | undefined {
  const value = takesAnyButton ? form.get("buttonValue") : null;
  return value && value.length <= DEFAULT_MAX_LENGTH ? value : undefined;
}

/** One field of the screen, as the form has it. */
interface Sent {
  readonly field: ScreenField;
  readonly values: readonly string[];
  /** A browser sends nothing for an empty checkbox, which is not the same as a field of another form. */
  readonly isSent: boolean;
  readonly isList: boolean;
  readonly isChoice: boolean;
  readonly isRepeated: boolean;
  readonly isSecret: boolean;
}

/** Fields of other forms than the button's are left aside, as are names that the screen does not know. */
function collect(
  fields: readonly ScreenField[],
  controls: readonly ScreenControl[],
  button: ScreenButton | undefined,
  form: URLSearchParams,
): Sent[] {
  const byName = Map.groupBy(controls, ({ name }) => name);
  return fields
    .filter(({ name }) => name !== "buttonValue")
    .flatMap((field) => {
      const all = byName.get(field.name) ?? [];
      const own = all.filter(
        (control) => button?.form === undefined || control.form === undefined || control.form === button.form,
      );
      if (all.length > 0 && own.length === 0) return [];
      const wireNames = new Set(own.length === 0 ? [field.name] : own.map(({ wireName }) => wireName));
      const values = [...wireNames].flatMap((name) => form.getAll(name));
      const isList = field.isList === true || own.some((control) => control.isList);
      const isChoice = own.some(({ type }) => type === "checkbox" || type === "radio");
      return {
        field,
        values,
        isSent: values.length > 0 || (isList && own.length > 0),
        isList,
        isChoice,
        // Inputs of one name in one form: the last one counts, as in DaVinci's widget. Not documented.
        isRepeated: !isList && values.length > Math.max(own.length, 1),
        isSecret: field.isSecret || own.some(isSecretControl),
      };
    });
}

function shownAgain(sent: readonly Sent[]): SubmittedFields {
  const values: Record<string, string | readonly string[]> = {};
  for (const { field, values: each, isSecret, isList, isChoice } of sent) {
    if (isSecret || each.some((value) => value.length > maxLengthOf(field))) continue;
    // An empty list says that nothing is checked.
    if (isList || isChoice) setOwn(values, field.name, each);
    else if (each.length > 0) setOwn(values, field.name, each.at(-1) ?? "");
  }
  return values;
}

/** Rules with a message of their own show it at the field; for the others there is one message. */
function missingMessages(sent: readonly Sent[]): ScreenMessages | undefined {
  const missing = sent.filter(
    ({ field, values }) => field.required !== undefined && values.every((value) => value.trim() === ""),
  );
  if (missing.length === 0) return undefined;
  const fieldErrors: Record<string, string> = {};
  for (const { field } of missing) {
    setOwn(fieldErrors, field.name, field.required ?? "");
  }
  const unnamed = missing.filter(({ field }) => field.required === "").map(({ field }) => labelOf(field));
  return {
    ...(unnamed.length > 0 ? { error: `Please fill in: ${unnamed.join(", ")}.` } : {}),
    fieldErrors,
  };
}

function repeatedButton(form: URLSearchParams): string | undefined {
  const names = [...form.keys()].filter((name) => /^buttonValue(?::\w+)?$/.test(name));
  return names.length > 1 ? "buttonValue" : undefined;
}

/** A hidden input named `buttonValue`, which a script of the page would fill in. */
function hiddenButtonValue(controls: readonly ScreenControl[], form: URLSearchParams): string | undefined {
  const control = controls.find(({ name }) => name === "buttonValue");
  return (control && form.get(control.wireName)) || undefined;
}

function maxLengthOf({ maxLength }: ScreenField): number {
  return maxLength ?? DEFAULT_MAX_LENGTH;
}

function labelOf({ label, name }: ScreenField): string {
  return label || name;
}
