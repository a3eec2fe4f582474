/** Makes a plain labelled screen of a form of PingOne's form builder. */
import type { Call, Effect } from "../engine/capability.ts";
import { nameOf } from "../engine/run.ts";
import type { FlowNode } from "../graph/graph.ts";
import { bindingsIn, isRecord, textOf, unwrap } from "../graph/values.ts";
import { type FormDefinition, type FormField, labelText } from "../screens/form-schema.ts";
import { type FieldMarkup, type FormMarkup, formMarkup } from "../screens/markup.ts";
import { qrImageOf } from "../screens/qr.ts";
import type { Screen, ScreenField } from "../screens/screen.ts";
import { switchOf } from "./inputs.ts";
import { pollingOf } from "./polling.ts";

const BUTTONS = new Set(["SUBMIT_BUTTON", "FLOW_BUTTON", "FLOW_LINK"]);
const TEXTS = new Set(["LABEL", "TEXTBLOB", "SLATE_TEXTBLOB"]);
const CHOICES = new Set(["RADIO", "DROPDOWN", "COMBOBOX", "CHECKBOX"]);
/** They show nothing by themselves: the page has a place for errors anyway. */
const SILENT = new Set(["DIVIDER", "EMPTY_FIELD", "ERROR_DISPLAY"]);

export function showForm(call: Call): Effect {
  const id = formIdOf(call);
  const forms = call.beside.forms?.forms ?? [];
  const found = forms.find((form) => form.id === id) ?? forms.find(({ name }) => name === call.node.title);
  const form = found ?? derivedForm(call);
  if (!form) return { kind: "end", outcome: { kind: "died", reason: missingForm(call.node, id) } };
  if (!found) {
    call.remark(
      `The form is not in forms.json, so its fields are guessed from what the flow reads of it. ${shapeOf(call.node, id)}`,
    );
  }
  return { kind: "screen", screen: screenOf(call, form) };
}

function formIdOf({ properties }: Call): string {
  const { form, formId } = properties;
  const chosen = isRecord(form) ? textOf(form.value ?? form.id) : textOf(form);
  return /^useFormId$/i.test(chosen) || chosen === "" ? textOf(formId) || chosen : chosen;
}

/** The node's own fields, what others read of it, and the buttons that they ask for. */
function derivedForm({ flow, node, properties }: Call): FormDefinition | undefined {
  const own = keyValues(properties.formData).keys();
  const path = `local.${node.id}.payload.output.`;
  const reads = new Set<string>();
  const buttons = new Map<string, string>();
  for (const other of flow.nodes.values()) {
    const bindings = bindingsIn(other.properties).filter((binding) => binding.startsWith(path));
    for (const binding of bindings) reads.add(binding.slice(path.length));
    if (!bindings.some((binding) => /buttonValue$/.test(binding))) continue;
    for (const value of comparedWith(other)) buttons.set(value, value);
  }
  for (const { label } of node.outcomes ?? []) if (label !== "") buttons.set(label, label);
  const read = [...reads].flatMap((each) => /^formData\.(.+)$/.exec(each)?.[1] ?? []);
  const keys = [...new Set([...own, ...read])].filter((key) => key !== "" && !key.startsWith("__"));
  if (keys.length === 0 && buttons.size === 0) return undefined;
  if (buttons.size === 0) buttons.set("submit", "Continue");
  return {
    id: "",
    name: node.title,
    components: {
      fields: [
        ...keys.map((key) => ({
          type: /pass(?:word|code)/i.test(key) ? "PASSWORD" : "TEXT",
          key,
          label: titleOf(key),
        })),
        ...[...buttons].map(([key, label]) => ({ type: "SUBMIT_BUTTON", key, label })),
      ],
    },
  };
}

/** The last part of a key, as a label. */
function titleOf(key: string): string {
  const last = key.split(".").at(-1) || key;
  return `${last.charAt(0).toUpperCase()}${last.slice(1)}`;
}

/** What a comparison compares with. */
function comparedWith({ properties, capabilityName }: FlowNode): string[] {
  if (capabilityName === "AEqualsB") return [plainOf(properties.rightValueB)].filter((text) => text !== "");
  const entries = unwrap(properties.rightValueMultiple);
  if (!Array.isArray(entries)) return [];
  return entries
    .filter(isRecord)
    .map(({ value }) => plainOf(value))
    .filter((text) => text !== "");
}

/** A text, or a rich-text document that is nothing but text. */
function plainOf(raw: unknown): string {
  return labelText(textOf(unwrap(raw)));
}

function missingForm(node: FlowNode, id: string): string {
  return `${nameOf(node)} shows a form of PingOne, which an export does not hold. ${shapeOf(node, id)}`;
}

function shapeOf({ title }: FlowNode, id: string): string {
  const shape = {
    forms: [
      {
        id: id || "...",
        name: title,
        components: {
          fields: [
            { type: "TEXT", key: "user.username", label: "Username", required: true },
            { type: "PASSWORD", key: "user.password", label: "Password", required: true },
            { type: "SUBMIT_BUTTON", key: "submit", label: "Continue" },
          ],
        },
      },
    ],
  };
  return `Put the answer of PingOne's GET .../forms into forms.json beside the flow file, or write: ${JSON.stringify(shape)}`;
}

/** Of a list of `{ key, value }`, as the editor writes it. */
function keyValues(list: unknown): ReadonlyMap<string, unknown> {
  if (!Array.isArray(list)) return new Map();
  return new Map(
    list.filter(isRecord).flatMap(({ key, name, value }) => {
      const named = textOf(key) || textOf(name);
      return named === "" ? [] : [[named, value] as const];
    }),
  );
}

function screenOf(call: Call, form: FormDefinition): Screen {
  const initial = keyValues(call.properties.formData);
  const dynamic = keyValues(call.properties.dynamicText);
  const visible = keyValues(call.properties.visibility ?? call.properties.componentVisibility);
  const read = (text: string | undefined) =>
    labelText(text).replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, key: string) => textOf(dynamic.get(key)));
  const remarks: string[] = [];
  const texts: string[] = [];
  const fields: FieldMarkup[] = [];
  const accepted: ScreenField[] = [];
  const buttons: FormMarkup["buttons"][number][] = [];
  const extras: string[] = [];
  let isWaiting = false;
  for (const field of form.components.fields.filter((each) => isVisible(each, visible))) {
    const type = field.type.toUpperCase();
    const key = field.key ?? "";
    const label = read(field.label) || key || type;
    if (BUTTONS.has(type)) {
      buttons.push({ value: key || label, label, isSubmit: type === "SUBMIT_BUTTON" });
    } else if (TEXTS.has(type)) {
      texts.push(read(field.content ?? field.label));
    } else if (type === "POLLING") {
      isWaiting = true;
      extras.push('<div data-skcomponent="skpolling"></div>');
    } else if (type === "QR_CODE") {
      extras.push(qrMarkup(textOf(initial.get(key)) || textOf(field.content), label));
    } else if (/^(?:RECAPTCHA|SOCIAL_LOGIN|DEVICE_|FIDO2|MFA|REDIRECT|PUSH|IMAGE|FILE)/.test(type)) {
      remarks.push(`The component ${type} of the form is not emulated.`);
    } else if (!SILENT.has(type) && key !== "") {
      const made = fieldsOf(field, { type, key, label, read, value: textOf(initial.get(key)) });
      fields.push(...made.shown);
      accepted.push(made.accepted);
    }
  }
  const polling = pollingOf(call, isWaiting);
  if (buttons.length === 0 && !polling) buttons.push({ value: "submit", label: "Continue", isSubmit: true });
  const [heading, ...text] = texts.filter((each) => each !== "");
  const markup = formMarkup({ heading: heading ?? form.name, text, fields, buttons });
  return {
    title: form.name,
    markup: markup.replace("</h1>", () => `</h1>\n${extras.join("\n")}`),
    css: "",
    fields: accepted,
    remarks,
    ...(polling && { polling }),
  };
}

function isVisible({ visibility }: FormField, given: ReadonlyMap<string, unknown>): boolean {
  if (!visibility) return true;
  const told = switchOf(given.get(visibility.key ?? ""));
  return told ?? !/HIDE|HIDDEN/i.test(visibility.type ?? "");
}

function fieldsOf(
  { options = [], required, ...field }: FormField,
  made: {
    type: string;
    key: string;
    label: string;
    value: string;
    read: (text: string | undefined) => string;
  },
): { shown: FieldMarkup[]; accepted: ScreenField } {
  const { type, key, label, value, read } = made;
  const isRequired = required === true;
  const isSecret = type.startsWith("PASSWORD");
  const accepted: ScreenField = {
    name: key,
    label,
    isSecret,
    ...(isRequired && { required: `${label} is required.` }),
  };
  if (CHOICES.has(type) && options.length > 0) {
    const choices = options.map((option) => ({
      value: option.value,
      label: read(option.label) || option.value,
    }));
    const isMultiple = type === "CHECKBOX" || /MULTI/i.test(textOf(field.inputType));
    if (!isMultiple) {
      return { shown: [{ type: "select", name: key, label, value, isRequired, options: choices }], accepted };
    }
    const shown = choices.map(
      (choice, index): FieldMarkup => ({
        type: "checkbox",
        name: key,
        label: choice.label,
        value: choice.value,
        ...(index === 0 && { legend: label }),
      }),
    );
    return { shown, accepted: { ...accepted, isList: true } };
  }
  if (type === "CHECKBOX" || type === "SINGLE_CHECKBOX" || type === "BOOLEAN") {
    return { shown: [{ type: "checkbox", name: key, label, value: "true", isRequired }], accepted };
  }
  const kind = isSecret
    ? "password"
    : type === "PHONE_NUMBER"
      ? "tel"
      : /email$/i.test(key)
        ? "email"
        : "text";
  return {
    shown: [{ type: kind, name: key, label, isRequired, ...(!isSecret && value !== "" && { value }) }],
    accepted,
  };
}

function qrMarkup(text: string, label: string): string {
  const image = text.startsWith("data:image/") ? text : qrImageOf(text);
  const alt = label.replaceAll(/["<>&]/g, "");
  return image === undefined
    ? ""
    : `<img src="${image.replaceAll(/["<>\s]/g, "")}" alt="${alt}" width="200" height="200">`;
}
