/** Reads a form posted to a screen. It validates the keys, their number and the size of the values. */
import type { ConsentNode, Field, ScreenNode } from "./flow-schema.ts";
import type { SubmittedFields } from "./interaction.ts";

export type ReadForm =
  | {
      readonly kind: "read";
      readonly button: ScreenNode["buttons"][number];
      readonly fields: SubmittedFields;
      /** Values that may be shown again. */
      readonly values: SubmittedFields;
    }
  | RefusedForm;

interface RefusedForm {
  readonly kind: "refused";
  /** 400 for input that the emulator's forms never send; 200 for a required field that is empty. */
  readonly status: 200 | 400;
  readonly text: string;
  /** Keys of the invalid fields. */
  readonly fields: readonly string[];
  readonly values: SubmittedFields;
}

export type ReadConsent =
  | {
      readonly kind: "read";
      readonly consent:
        | { readonly status: "ACCEPTED"; readonly scopes: readonly string[] }
        | { readonly status: "DECLINED"; readonly scopes: readonly [] };
    }
  | RefusedForm;

/** Cannot be deselected: OpenID Connect sign-on requires it. */
export const REQUIRED_SCOPE = "openid";

export function readScreenForm(node: ScreenNode, form: URLSearchParams): ReadForm {
  const fields: Record<string, string> = {};
  const values: Record<string, string> = {};
  for (const field of node.fields) {
    const value = form.get(field.key) ?? "";
    fields[field.key] = value;
    if (isShownAgain(field) && value.length <= field.maxLength) values[field.key] = value;
  }
  const malformed = findMalformed(["buttonValue", ...node.fields.map(({ key }) => key)], form);
  if (malformed) return { kind: "refused", status: 400, text: malformed, fields: [], values };

  const button = node.buttons.find(({ key }) => key === form.get("buttonValue"));
  if (!button) return { kind: "refused", status: 400, text: unknownButton(node.buttons), fields: [], values };
  if (button.type === "FLOW_BUTTON") return { kind: "read", button, fields: {}, values: {} };

  const tooLong = node.fields.filter(({ key, maxLength }) => (fields[key] ?? "").length > maxLength);
  if (tooLong.length > 0) {
    const text = tooLong
      .map(({ label, maxLength }) => `${label} is longer than ${maxLength} characters.`)
      .join(" ");
    return { kind: "refused", status: 400, text, fields: tooLong.map(({ key }) => key), values };
  }
  const missing = node.fields.filter(({ key, required }) => required && (fields[key] ?? "").trim() === "");
  if (missing.length > 0) {
    const text = `Please fill in: ${missing.map(({ label }) => label).join(", ")}.`;
    return { kind: "refused", status: 200, text, fields: missing.map(({ key }) => key), values };
  }
  return { kind: "read", button, fields, values };
}

export function readConsentForm(
  node: ConsentNode,
  requested: readonly string[],
  form: URLSearchParams,
): ReadConsent {
  const refused = (text: string): RefusedForm => ({
    kind: "refused",
    status: 400,
    text,
    fields: [],
    values: {},
  });
  const malformed = findMalformed(["buttonValue"], form);
  if (malformed) return refused(malformed);

  const button = form.get("buttonValue");
  if (button === "DECLINED") return { kind: "read", consent: { status: "DECLINED", scopes: [] } };
  if (button !== "ACCEPTED") return refused(unknownButton([{ label: "Approve" }, { label: "Decline" }]));
  if (!node.reducedScopes) return { kind: "read", consent: { status: "ACCEPTED", scopes: [...requested] } };

  const chosen = form.getAll("scopes");
  if (chosen.some((scope) => !requested.includes(scope))) {
    return refused("You can only allow what was asked for. Please choose again.");
  }
  const scopes = requested.filter((scope) => scope === REQUIRED_SCOPE || chosen.includes(scope));
  return { kind: "read", consent: { status: "ACCEPTED", scopes } };
}

/** Passwords and one-time codes are never sent back to a page. */
function isShownAgain(field: Field): boolean {
  return field.type === "TEXT" && field.autocomplete !== "one-time-code";
}

function findMalformed(keys: readonly string[], form: URLSearchParams): string | undefined {
  const repeated = keys.find((key) => form.getAll(key).length > 1);
  return repeated === undefined ? undefined : `The form was sent with more than one "${repeated}".`;
}

function unknownButton(buttons: readonly { readonly label: string }[]): string {
  return `Please choose one of the buttons: ${buttons.map(({ label }) => label).join(", ")}.`;
}
