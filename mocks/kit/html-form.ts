/** Reads the forms of an HTML page as a browser sees them: fields with their labels, buttons with their texts. */
import type { HTMLElement } from "node-html-parser";

export interface FormField {
  readonly name: string;
  /** `type` of an input; `select` or `textarea` otherwise. */
  readonly type: string;
  /** Text of its label; empty when it has none. */
  readonly label: string;
  readonly autocomplete: string;
  /** What is sent unless a person changes it. Of a checkbox: what is sent when it is checked. */
  readonly value: string;
  /** Of checkboxes and radio buttons; true for other fields. */
  readonly isChecked: boolean;
  readonly isRequired: boolean;
}

export interface FormButton {
  readonly text: string;
  /** Sent with the form, unless it is undefined. */
  readonly name: string | undefined;
  readonly value: string;
  /** By its class, `primary`. */
  readonly isPrimary: boolean;
  /** It sends the form even when required fields are empty. */
  readonly skipsValidation: boolean;
}

export interface HtmlForm {
  /** Its place among all forms of the page, from 0. */
  readonly index: number;
  /** Undefined: the address of the page. */
  readonly action: string | undefined;
  readonly method: "GET" | "POST";
  readonly fields: readonly FormField[];
  readonly buttons: readonly FormButton[];
}

/** @param within Takes only the forms inside the first such element, if there is one. */
export function readForms(root: HTMLElement, within?: string): HtmlForm[] {
  const part = (within === undefined ? null : root.querySelector(within)) ?? root;
  /** The first label for an id counts. */
  const labels = new Map(
    root
      .querySelectorAll("label")
      .toReversed()
      .map((label) => [label.getAttribute("for") ?? "", label]),
  );
  const inside = new Set(part.querySelectorAll("form"));
  return root
    .querySelectorAll("form")
    .map((form, index) => ({ form, index }))
    .filter(({ form }) => inside.has(form))
    .map(({ form, index }) => ({
      index,
      action: form.getAttribute("action"),
      method: form.getAttribute("method")?.toLowerCase() === "post" ? "POST" : "GET",
      fields: readFields(labels, form),
      buttons: readButtons(form),
    }));
}

/** Successful controls (HTML 4.10.21.4), without buttons, as they stand on the page. */
export function valuesOf({ fields }: HtmlForm): [name: string, value: string][] {
  return fields.filter(({ isChecked }) => isChecked).map(({ name, value }) => [name, value]);
}

function readFields(labels: ReadonlyMap<string, HTMLElement>, form: HTMLElement): FormField[] {
  return form.querySelectorAll("input, select, textarea").flatMap((control) => {
    const name = control.getAttribute("name");
    const type = typeOf(control);
    if (name === undefined || control.hasAttribute("disabled") || isButtonType(type)) return [];
    const isChoice = type === "checkbox" || type === "radio";
    return {
      name,
      type,
      label: labelOf(labels, control),
      autocomplete: control.getAttribute("autocomplete") ?? "",
      value: initialValueOf(control, type),
      isChecked: !isChoice || control.hasAttribute("checked"),
      isRequired: control.hasAttribute("required"),
    };
  });
}

function readButtons(form: HTMLElement): FormButton[] {
  return form.querySelectorAll("button, input").flatMap((control) => {
    const isInput = control.tagName === "INPUT";
    const type = control.getAttribute("type")?.toLowerCase() ?? (isInput ? "text" : "submit");
    if (type !== "submit" || control.hasAttribute("disabled")) return [];
    return {
      text: (isInput ? (control.getAttribute("value") ?? "") : textOf(control)).trim(),
      name: control.getAttribute("name"),
      value: control.getAttribute("value") ?? "",
      isPrimary: control.classList.contains("primary"),
      skipsValidation: control.hasAttribute("formnovalidate"),
    };
  });
}

/** Text of an element, with single spaces. */
export function textOf(element: HTMLElement | null): string {
  return element?.text.replaceAll(/\s+/g, " ").trim() ?? "";
}

function typeOf(control: HTMLElement): string {
  const tag = control.tagName.toLowerCase();
  return tag === "input" ? (control.getAttribute("type")?.toLowerCase() ?? "text") : tag;
}

function isButtonType(type: string): boolean {
  return ["submit", "button", "reset", "image"].includes(type);
}

function initialValueOf(control: HTMLElement, type: string): string {
  if (type === "textarea") return control.text;
  if (type !== "select") return control.getAttribute("value") ?? (type === "checkbox" ? "on" : "");
  const chosen = control.querySelector("option[selected]") ?? control.querySelector("option");
  return chosen === null ? "" : (chosen.getAttribute("value") ?? textOf(chosen));
}

function labelOf(labels: ReadonlyMap<string, HTMLElement>, control: HTMLElement): string {
  const id = control.getAttribute("id");
  const label = id ? labels.get(id) : undefined;
  return textOf(label ?? control.closest("label")) || (control.getAttribute("aria-label") ?? "");
}
