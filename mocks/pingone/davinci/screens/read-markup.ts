/**
 * Finds in the markup of a screen what a person can do there: buttons, inputs and the regions for messages, as DaVinci's
 * widget would (`data-skcomponent`). A page without JavaScript has one form for all of it, so each button and input gets
 * the name under which a browser sends it.
 */
import { type HTMLElement, type Node, NodeType, parse } from "node-html-parser";
import { textOf } from "../../../kit/html-form.ts";
import { normalise } from "./sanitise.ts";
import type { Screen } from "./screen.ts";

/** A place in the order of the page's own forms; undefined: in none. */
type FormIndex = number | undefined;

export interface ScreenButton {
  /** `name` of the button in the page. */
  readonly wireName: string;
  /** What the flow gets as `buttonValue`. */
  readonly value: string | undefined;
  readonly label: string;
  /** It sends fields. Others only lead to another screen. */
  readonly isSubmit: boolean;
  /** The form whose fields it sends. Undefined: all fields. */
  readonly form: FormIndex;
  /** It asks again, in the place of the component skpolling. */
  readonly isPoll?: boolean;
}

export interface ScreenControl {
  readonly element: HTMLElement;
  /** What the flow knows it as: `name`, else `id`. */
  readonly name: string;
  /** `name` of the input in the page. */
  readonly wireName: string;
  readonly form: FormIndex;
  /** Of an input, in small letters; `select` or `textarea`. */
  readonly type: string;
  /** Several values of it are a list: one of several checkboxes, or a select of many. */
  readonly isList: boolean;
}

export type Region =
  | { readonly kind: "error" }
  /** `field` is "" for the region of no field. */
  | { readonly kind: "fieldError"; readonly field: string };

export interface ScreenMarkup {
  readonly root: HTMLElement;
  readonly buttons: ReadonlyMap<HTMLElement, ScreenButton>;
  readonly controls: ReadonlyMap<HTMLElement, ScreenControl>;
  readonly regions: ReadonlyMap<HTMLElement, Region>;
  readonly headings: readonly HTMLElement[];
  readonly labels: readonly HTMLElement[];
  /** Every element with an id, in the order of the page. */
  readonly identified: readonly HTMLElement[];
  /** Components that are not emulated, without repeats. */
  readonly foreign: readonly string[];
}

const EVENT_TYPES = new Set(["next-event", "back-to-previous", "mfa-reset", "nuance-audio"]);
const TEXT_TYPES = new Set(
  "text password email tel number date datetime-local month week time url search color range checkbox radio hidden".split(
    " ",
  ),
);
const BUTTON_TYPES = /^(?:submit|image|button|reset)$/;
/** What cannot stand for a button without breaking the page. */
const NEVER_BUTTONS = new Set(
  "form table thead tbody tfoot tr col colgroup select option optgroup textarea fieldset legend datalist svg br hr".split(
    " ",
  ),
);

interface Place {
  readonly form: FormIndex;
  readonly isHidden: boolean;
}

interface Found {
  readonly element: HTMLElement;
  readonly place: Place;
}

/** Only this way leads on from a page that a script or a component would send by itself. */
const GO_ON: ScreenButton = {
  wireName: "buttonValue:none",
  value: undefined,
  label: "Go on",
  isSubmit: true,
  form: undefined,
};

/** In the place of the widget, which asks by itself. */
const CHECK_AGAIN: ScreenButton = {
  wireName: "poll",
  value: undefined,
  label: "Check again",
  isSubmit: false,
  form: undefined,
  isPoll: true,
};

/** The button that the emulator adds, if it does. */
export function goOnButton(screen: Screen, { buttons, foreign }: ScreenMarkup): ScreenButton | undefined {
  if (screen.polling && ![...buttons.values()].some(({ isPoll }) => isPoll)) return CHECK_AGAIN;
  return buttons.size === 0 && (screen.hasScript === true || foreign.length > 0) ? GO_ON : undefined;
}

export function readMarkup(markup: string): ScreenMarkup {
  const root = parse(normalise(markup), { blockTextElements: {} });
  const forms: HTMLElement[] = [];
  const buttons: Found[] = [];
  const controls: Found[] = [];
  const regions = new Map<HTMLElement, Region>();
  const headings: HTMLElement[] = [];
  const labels: HTMLElement[] = [];
  const identified: HTMLElement[] = [];
  const foreign = new Set<string>();

  const visit = (node: Node, parent: Place): void => {
    for (const child of node.childNodes) {
      if (!isElement(child)) continue;
      const tag = child.localName;
      if (child.hasAttribute("id")) identified.push(child);
      if (tag === "svg") continue;
      const component = lower(child, "data-skcomponent");
      if (tag === "form") forms.push(child);
      const place = {
        form: tag === "form" ? forms.length - 1 : parent.form,
        isHidden: parent.isHidden || isHidden(child),
      };
      if (component === "skerror") regions.set(child, { kind: "error" });
      else if (component === "skerrormessage") {
        regions.set(child, { kind: "fieldError", field: child.getAttribute("data-skerrorid") ?? "" });
      } else if (isButton(child, component, place)) buttons.push({ element: child, place });
      else if (component !== "" && component !== "skbutton") foreign.add(component);
      if (isControl(child)) controls.push({ element: child, place });
      if (/^h[1-6]$/.test(tag) && !place.isHidden && textOf(child) !== "") headings.push(child);
      if (tag === "label") labels.push(child);
      visit(child, place);
    }
  };
  visit(root, { form: undefined, isHidden: false });

  return {
    root,
    buttons: nameButtons(withoutOuter(buttons), forms),
    controls: nameControls(controls, forms),
    regions,
    headings,
    labels,
    identified,
    foreign: [...foreign],
  };
}

/** What becomes the h1 of the page: the first h1, else the first heading of any level. */
export function topHeadingOf({ headings }: ScreenMarkup): HTMLElement | undefined {
  return headings.find(({ localName }) => localName === "h1") ?? headings[0];
}

/** What a person reads at the top of the screen. */
export function headingOf(screen: Pick<Screen, "title" | "markup">, markup: ScreenMarkup): string {
  const heading = topHeadingOf(markup);
  return heading ? textOf(heading) : screen.title;
}

export function isElement(node: Node): node is HTMLElement {
  return node.nodeType === NodeType.ELEMENT_NODE;
}

export function lower(element: HTMLElement, attribute: string): string {
  return element.getAttribute(attribute)?.trim().toLowerCase() ?? "";
}

/** Passwords and one-time codes are never sent back to a page. */
export function isSecretControl({ type, element }: ScreenControl): boolean {
  return type === "password" || /one-time-code|password/.test(lower(element, "autocomplete"));
}

function isHidden(element: HTMLElement): boolean {
  return (
    element.hasAttribute("hidden") ||
    /display\s*:\s*none/i.test(element.getAttribute("style") ?? "") ||
    element.classList.contains("d-none")
  );
}

/** A component `skbutton`, or a plain button that sends a form in any page. */
function isButton(element: HTMLElement, component: string, { form }: Place): boolean {
  const tag = element.localName;
  if (NEVER_BUTTONS.has(tag) || (tag === "input" && !BUTTON_TYPES.test(lower(element, "type")))) return false;
  if (component === "skpolling") return true;
  if (component === "skbutton") return lower(element, "data-skbuttontype") !== "change-view";
  const type = lower(element, "type");
  const sends =
    tag === "button" ? type === "" || type === "submit" : tag === "input" && /^(submit|image)$/.test(type);
  return sends && (form !== undefined || element.hasAttribute("id"));
}

function isPolling(element: HTMLElement): boolean {
  return lower(element, "data-skcomponent") === "skpolling";
}

function isControl(element: HTMLElement): boolean {
  const tag = element.localName;
  if (tag === "select" || tag === "textarea") return nameOf(element) !== "";
  const type = lower(element, "type");
  return tag === "input" && type !== "file" && !BUTTON_TYPES.test(type) && nameOf(element) !== "";
}

function nameOf(element: HTMLElement): string {
  return element.getAttribute("name") || element.getAttribute("id") || "";
}

/** A button inside a button is no HTML: the inner one counts. */
function withoutOuter(buttons: readonly Found[]): Found[] {
  const outer = new Set<HTMLElement>();
  const all = new Set(buttons.map(({ element }) => element));
  for (const { element } of buttons) {
    if (lower(element, "data-skcomponent") !== "skbutton") continue;
    for (let parent = element.parentNode; parent; parent = parent.parentNode) {
      if (all.has(parent)) outer.add(parent);
    }
  }
  const isWithin = (element: HTMLElement) => {
    for (let parent = element.parentNode; parent; parent = parent.parentNode) {
      if (all.has(parent) && !outer.has(parent)) return true;
    }
    return false;
  };
  return buttons.filter(({ element }) => !outer.has(element) && !isWithin(element));
}

function nameButtons(found: readonly Found[], forms: readonly HTMLElement[]): Map<HTMLElement, ScreenButton> {
  const buttons = new Map<HTMLElement, ScreenButton>();
  /** What a value stands for: the same value may be on buttons of several forms. */
  const meanings = new Map<string, string>();
  const formNamed = namesOf(forms);
  for (const [index, { element, place }] of found.entries()) {
    if (isPolling(element)) {
      buttons.set(element, CHECK_AGAIN);
      continue;
    }
    const isMarked = lower(element, "data-skcomponent") === "skbutton";
    const value = isMarked ? markedValue(element) : plainValue(element);
    const form = formNamed(element.getAttribute("data-skform") ?? element.getAttribute("form")) ?? place.form;
    const isSubmit = !isMarked || !EVENT_TYPES.has(buttonType(element, form));
    const meaning = `${isSubmit} ${form}`;
    const isPlain = value !== undefined && (meanings.get(value) ?? meaning) === meaning;
    if (isPlain) meanings.set(value, meaning);
    buttons.set(element, {
      wireName: isPlain ? "buttonValue" : `buttonValue:${index}`,
      value,
      label: labelOf(element) || value || "Button",
      isSubmit,
      form,
    });
  }
  return buttons;
}

/** Without a type, a button that has a form sends it; which is not documented. */
function buttonType(element: HTMLElement, form: FormIndex): string {
  return lower(element, "data-skbuttontype") || (form === undefined ? "next-event" : "form-submit");
}

function markedValue(element: HTMLElement): string | undefined {
  return element.getAttribute("data-skbuttonvalue") ?? element.getAttribute("data-skvalue");
}

function plainValue(element: HTMLElement): string | undefined {
  return element.getAttribute("name") === "buttonValue" ? (element.getAttribute("value") ?? "") : undefined;
}

function labelOf(element: HTMLElement): string {
  const own = element.localName === "input" ? (element.getAttribute("value") ?? "").trim() : textOf(element);
  const picture = element.querySelector("img");
  return (
    own ||
    element.getAttribute("aria-label") ||
    element.getAttribute("title") ||
    element.getAttribute("alt") ||
    picture?.getAttribute("alt") ||
    ""
  );
}

/** Forms are named by id, by `data-id` or by name; the first of a name counts. */
function namesOf(forms: readonly HTMLElement[]): (name: string | undefined) => FormIndex {
  const indexes = new Map<string, number>();
  for (const [index, form] of forms.entries()) {
    for (const attribute of ["id", "data-id", "name"]) {
      const name = form.getAttribute(attribute);
      if (name && !indexes.has(name)) indexes.set(name, index);
    }
  }
  return (name) => (name === undefined ? undefined : indexes.get(name));
}

function nameControls(
  found: readonly Found[],
  forms: readonly HTMLElement[],
): Map<HTMLElement, ScreenControl> {
  const controls = new Map<HTMLElement, ScreenControl>();
  const formNamed = namesOf(forms);
  const wireNames = new Map<string, string>();
  const taken = new Set<string>(found.map(({ element }) => nameOf(element)));
  const firstForm = new Map<string, FormIndex>();
  const checkboxes = new Map<string, number>();
  const placed = found.map(({ element, place }) => {
    const tag = element.localName;
    const given = lower(element, "type");
    const type = tag === "input" ? (TEXT_TYPES.has(given) ? given : "text") : tag;
    const name = nameOf(element);
    const form = formNamed(element.getAttribute("form")) ?? place.form;
    const key = `${form} ${name}`;
    if (type === "checkbox") checkboxes.set(key, (checkboxes.get(key) ?? 0) + 1);
    return { element, name, type, form, key };
  });
  for (const { element, name, type, form, key } of placed) {
    let wireName = wireNames.get(key);
    if (wireName === undefined) {
      const isFirst = !firstForm.has(name);
      if (isFirst) firstForm.set(name, form);
      wireName = isFirst && !isReserved(name) ? name : unusedName(`${name}:${form ?? "page"}`, taken);
      wireNames.set(key, wireName);
    }
    const isList =
      type === "checkbox"
        ? (checkboxes.get(key) ?? 0) > 1
        : type === "select" && element.hasAttribute("multiple");
    controls.set(element, { element, name, wireName, form, type, isList });
  }
  return controls;
}

/** The page's own names. */
function isReserved(name: string): boolean {
  return name === "step" || name === "poll" || name.startsWith("buttonValue");
}

function unusedName(wanted: string, taken: Set<string>): string {
  let name = `field:${wanted}`;
  while (taken.has(name)) name = `${name}'`;
  taken.add(name);
  return name;
}
