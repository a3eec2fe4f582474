/** The Form connector (`pingOneFormsConnector`). Ping: /connectors/form_connector.html. */
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { setOwn, textOf } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import { POLL, type SubmittedFields } from "../screens/screen.ts";
import { showForm } from "./form-screen.ts";
import { switchOf } from "./inputs.ts";
import { known } from "./pingone-shared.ts";
import { answerPoll, POLLING_INPUTS, POLLING_OUTPUTS, pollingOf } from "./polling.ts";

const FORM = {
  limits:
    "Forms are not in an export: `forms.json` beside the flow has them; else the fields are guessed from what the flow reads. Themes, translations, device profiling, social sign-on and FIDO2 are not emulated.",
  inputs: {
    form: known("The id of the form.", "documented"),
    formData: known("Initial values, as `key` and `value`.", "field"),
    dynamicText: known("Texts for `{{key}}` in labels and texts.", "documented"),
    visibility: known("By the visibility key of a component, whether it is shown.", "unverified"),
    theme: known("Not read.", "documented"),
    ...POLLING_INPUTS,
  },
  outputs: {
    formData: known("The fields; keys with dots are nested.", "field"),
    buttonValue: known("The key of the button.", "unverified"),
    "event.type": known("`submit`, or `action` for a button that sends no fields.", "documented"),
    "event.buttonValue": known("The key of the button.", "documented"),
    themeId: known("Empty.", "documented"),
    ...POLLING_OUTPUTS,
  },
  errors: {},
  isDeferred: true,
  run: showForm,
  answer: answerForm,
} as const satisfies Omit<Capability, "about">;

export const formsConnector = defineConnector({
  id: "pingOneFormsConnector",
  name: "Form",
  capabilities: {
    customForm: { about: "Shows a form of PingOne as one plain form.", ...FORM },
    showForm: {
      about: "Shows a form of PingOne as one plain form, and leaves by the outcome of its button.",
      ...FORM,
    },
    customMessage: {
      about: "Shows a message, with a button if the node asks for one.",
      limits: "Without PingOne's theme.",
      inputs: {
        message: known("A paragraph for each line.", "documented"),
        buttonText: known("Default: Submit.", "documented"),
        showContinueButton: known("Default: whether the node has an exit.", "unverified"),
      },
      outputs: { themeId: known("Empty.", "documented") },
      errors: {},
      isDeferred: true,
      run: showMessage,
      answer: () => ({ kind: "success", output: { themeId: "" } }),
    },
  },
});

function answerForm(call: Call, { buttonValue, ...fields }: SubmittedFields): Effect {
  const polled = answerPoll(call, fields);
  if (polled?.kind === "success") return { ...polled, ...outcomeOf(call, "polling") };
  if (polled) return polled;
  const pressed = textOf(buttonValue);
  const names = Object.keys(fields).filter((name) => name !== POLL);
  const isSubmit = names.length > 0 || (call.shown?.screen.fields.length ?? 0) === 0;
  const output = {
    formData: nested(names.map((name) => [name, fields[name]])),
    buttonValue: pressed,
    themeId: "",
    event: { type: isSubmit ? "submit" : "action", buttonValue: pressed },
  };
  return { kind: "success", output, ...outcomeOf(call, pressed) };
}

/** A field keyed `user.username` is read as `formData.user.username`. */
function nested(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    let target = root;
    const parts = name.split(".");
    for (const part of parts.slice(0, -1)) {
      const inner = Object.hasOwn(target, part) ? target[part] : undefined;
      const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
      setOwn(target, part, next);
      target = next;
    }
    setOwn(target, parts.at(-1) ?? "", value);
  }
  return root;
}

/** Of a node whose exits stand for outcomes, the one of the button that was pressed. */
function outcomeOf({ node, shown, remark }: Call, pressed: string): { outcome?: string } {
  const claimed = [...new Set(node.exits.flatMap(({ outcome }) => outcome ?? []))];
  if (claimed.length === 0) return {};
  const label = buttonLabel(shown?.screen.markup ?? "", pressed);
  const names = [pressed, label].filter((name) => name !== "").map((name) => name.toLowerCase());
  const declared = node.outcomes ?? [];
  const found =
    declared.find(
      (each) => names.includes(each.label.toLowerCase()) || names.includes(each.id.toLowerCase()),
    ) ??
    // Labels of outcomes are cut off.
    declared.find((each) => {
      const start = each.label.replace(/(?:…|\.{3})$/, "").toLowerCase();
      return start !== "" && names.some((name) => name.startsWith(start));
    }) ??
    declared.find(({ result }) => names.includes(result.toLowerCase()));
  const chosen = found && claimed.includes(found.id) ? found.id : claimed[0];
  if (!found && claimed.length > 1) {
    remark(`Its outcomes do not name the button "${pressed}", so the first one is taken (unverified).`);
  }
  return { outcome: chosen ?? "" };
}

function buttonLabel(markup: string, value: string): string {
  const buttons = markup.matchAll(/data-skbuttonvalue="([^"]*)">([^<]*)</g);
  return [...buttons].find(([, given]) => given === value)?.[2] ?? "";
}

function showMessage(call: Call): Effect {
  const { properties, node } = call;
  const polling = pollingOf(call, false);
  const canContinue = switchOf(properties.showContinueButton) ?? node.exits.length > 0;
  const [heading = node.title, ...text] = textOf(properties.message)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const label = textOf(properties.buttonText) || "Submit";
  const markup = formMarkup({
    heading,
    text,
    buttons: canContinue ? [{ value: "continue", label, isSubmit: true }] : [],
  });
  return {
    kind: "screen",
    screen: { title: node.title, markup, css: "", fields: [], remarks: [], ...(polling && { polling }) },
  };
}
