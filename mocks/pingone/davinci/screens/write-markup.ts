/** Writes the markup of a screen as the inside of one plain form, with values and messages filled in. */
import { html } from "hono/html";
import { type HTMLElement, type Node, NodeType } from "node-html-parser";
import type { Labels } from "./labels.ts";
import {
  isElement,
  isSecretControl,
  lower,
  type Region,
  type ScreenButton,
  type ScreenControl,
  type ScreenMarkup,
  topHeadingOf,
} from "./read-markup.ts";
import type { ScreenField, ScreenMessages, SubmittedFields } from "./screen.ts";

export interface Filling {
  readonly fields: readonly ScreenField[];
  readonly values: SubmittedFields;
  readonly messages: ScreenMessages;
  readonly labels: Labels;
}

export interface Written {
  readonly html: string;
  /** Messages that the markup has no place for. */
  readonly unplaced: readonly string[];
}

/** Written as `div`: the page has these of its own, or they mean nothing without a script. */
const PLAIN = new Set(["main", "aside", "dialog", "address", "center"]);
/** A button stands inside of these. */
const HOLDERS = new Set([
  "li",
  "td",
  "th",
  "dt",
  "dd",
  "figure",
  "figcaption",
  "caption",
  "summary",
  "label",
]);
const NOT_FOR_MESSAGES = new Set(
  "input img hr br wbr col select option optgroup textarea button table thead tbody tfoot tr svg form fieldset progress meter datalist".split(
    " ",
  ),
);
const BUTTON_ATTRIBUTES = [
  "id",
  "class",
  "style",
  "title",
  "aria-label",
  "tabindex",
  "hidden",
  "data-id",
  "data-testid",
];

type Attributes = Record<string, string | true | undefined>;

export function writeMarkup(markup: ScreenMarkup, filling: Filling): Written {
  return new Writer(markup, filling).write();
}

class Writer {
  readonly #markup: ScreenMarkup;
  readonly #filling: Filling;
  readonly #fields: ReadonlyMap<string, ScreenField>;
  readonly #topHeading: HTMLElement | undefined;
  readonly #formsWithRequired: ReadonlySet<number | undefined>;
  /** Text of the regions that have one. */
  readonly #texts: ReadonlyMap<HTMLElement, string>;
  readonly #unplaced: readonly string[];
  readonly #focused: HTMLElement | undefined;
  readonly #messageIds = new Map<HTMLElement, string>();

  constructor(markup: ScreenMarkup, filling: Filling) {
    this.#markup = markup;
    this.#filling = filling;
    this.#fields = new Map(filling.fields.map((field) => [field.name, field]));
    this.#topHeading = topHeadingOf(markup);
    const controls = [...markup.controls.values()];
    this.#formsWithRequired = new Set(
      controls.filter(({ element }) => element.hasAttribute("required")).map(({ form }) => form),
    );
    const placed = placeMessages(markup.regions, filling.messages);
    this.#texts = placed.texts;
    this.#unplaced = placed.unplaced;
    for (const element of this.#texts.keys()) {
      this.#messageIds.set(element, element.getAttribute("id") || `message-${this.#messageIds.size + 1}`);
    }
    this.#focused = this.#toFocus(controls);
  }

  write(): Written {
    return { html: this.#children(this.#markup.root), unplaced: this.#unplaced };
  }

  #children(node: Node): string {
    return node.childNodes.map((child) => this.#node(child)).join("");
  }

  #node(node: Node): string {
    // Text is escaped already.
    if (node.nodeType === NodeType.TEXT_NODE) return node.rawText;
    if (!isElement(node)) return "";
    const region = this.#markup.regions.get(node);
    if (region) return this.#region(node);
    const button = this.#markup.buttons.get(node);
    if (button) return this.#button(node);
    const control = this.#markup.controls.get(node);
    if (control) return this.#control(node, control);
    return this.#plain(node);
  }

  #plain(element: HTMLElement): string {
    const tag = element.localName;
    const inside = this.#children(element);
    if (tag === "form") return inside;
    const attributes: Attributes = { ...element.attributes };
    // A page that was just loaded has no news; what the flow reports as an error is marked by the page itself.
    if (lower(element, "role") === "alert") delete attributes.role;
    if (/^h[1-6]$/.test(tag)) return write(this.#headingTag(element), attributes, inside);
    if (tag === "button" || (tag === "input" && !this.#markup.controls.has(element))) {
      return this.#inert(element, attributes, inside);
    }
    if (tag === "img" && !attributes.src?.toString().startsWith("data:image/"))
      return textOfPicture(attributes);
    if (tag === "label") attributes.for = this.#filling.labels.targets.get(element) ?? attributes.for;
    attributes.id = this.#filling.labels.ids.get(element) ?? attributes.id;
    return write(PLAIN.has(tag) ? "div" : tag, attributes, inside);
  }

  /** A page has one h1. */
  #headingTag(element: HTMLElement): string {
    if (element === this.#topHeading) return "h1";
    // Empty, because what it should say was not set, or hidden.
    if (!this.#markup.headings.includes(element)) return "div";
    return element.localName === "h1" ? "h2" : element.localName;
  }

  /** A button that only a script gives a meaning, an input without a name, a file. */
  #inert(element: HTMLElement, attributes: Attributes, inside: string): string {
    const type = lower(element, "type");
    if (element.localName === "button") return write("button", { ...attributes, type: "button" }, inside);
    if (/^(?:submit|image|button|reset)$/.test(type)) {
      return write(
        "button",
        { ...attributes, type: "button", value: undefined },
        asText(String(attributes.value ?? "")),
      );
    }
    return write("input", { ...attributes, ...(type === "file" ? { disabled: true } : {}) }, "");
  }

  #button(element: HTMLElement): string {
    const { buttons, controls } = this.#markup;
    const button = buttons.get(element);
    if (!button) return "";
    const { wireName, value, label, isSubmit, form } = button;
    if (button.isPoll) {
      const kept = Object.fromEntries(BUTTON_ATTRIBUTES.map((name) => [name, element.getAttribute(name)]));
      return `${write("div", kept, this.#children(element))}${pollButton(button)}`;
    }
    const isHolder = HOLDERS.has(element.localName);
    const kept: Attributes = isHolder
      ? {}
      : Object.fromEntries(BUTTON_ATTRIBUTES.map((name) => [name, element.getAttribute(name)]));
    // All fields are in one form: what another form requires must not hold this button up.
    const isHeldUp = [...this.#formsWithRequired].some(
      (other) => form !== undefined && other !== undefined && other !== form,
    );
    const attributes: Attributes = {
      ...kept,
      type: "submit",
      name: wireName,
      value: value ?? "",
      class: `${String(kept.class ?? "")} ${isPrimary(element) ? "primary" : "secondary"}`.trim(),
      formnovalidate: !isSubmit || isHeldUp || undefined,
    };
    const inside = element.localName === "input" ? "" : this.#buttonContent(element);
    const holdsControl = element
      .querySelectorAll("input, select, textarea")
      .some((each) => controls.has(each));
    // The text of a picture is written out where the picture is not shown.
    const hasText = /\S/.test(inside.replaceAll(/<[^>]*>/g, ""));
    const content = hasText || holdsControl ? inside : `${inside}${asText(label)}`;
    const written = write("button", attributes, content);
    return isHolder ? write(element.localName, { class: element.getAttribute("class") }, written) : written;
  }

  /** Nothing in a button can be pressed by itself. */
  #buttonContent(element: HTMLElement): string {
    return element.childNodes
      .map((child) => {
        if (!isElement(child) || !/^(?:a|button)$/.test(child.localName)) return this.#node(child);
        return write("span", { class: child.getAttribute("class") }, this.#buttonContent(child));
      })
      .join("");
  }

  #control(element: HTMLElement, control: ScreenControl): string {
    const { ids, names } = this.#filling.labels;
    const isInvalid = this.#filling.messages.fieldErrors?.[control.name] !== undefined;
    const describedBy = this.#describedBy(control.name);
    const attributes: Attributes = {
      ...element.attributes,
      id: ids.get(element) ?? element.getAttribute("id"),
      name: control.wireName,
      autofocus: element === this.#focused || undefined,
      "aria-label": names.get(element) ?? element.getAttribute("aria-label"),
      "aria-invalid": isInvalid ? "true" : undefined,
      "aria-describedby": describedBy ?? element.getAttribute("aria-describedby"),
    };
    const given = this.#given(control);
    if (control.type === "select") {
      return write("select", attributes, this.#options(element, given, control));
    }
    if (control.type === "textarea") {
      return write(
        "textarea",
        attributes,
        given === undefined ? this.#children(element) : asText(given.at(-1) ?? ""),
      );
    }
    attributes.type = control.type;
    if (control.type === "checkbox" || control.type === "radio") {
      const value = element.getAttribute("value") ?? "on";
      attributes.checked =
        (given === undefined ? element.hasAttribute("checked") : given.includes(value)) || undefined;
    } else if (this.#isSecret(control)) {
      attributes.value = undefined;
    } else if (control.type !== "hidden" && given !== undefined) attributes.value = given.at(-1) ?? "";
    else if (!attributes.value) attributes.value = this.#fields.get(control.name)?.value;
    return write("input", attributes, "");
  }

  #options(element: HTMLElement, given: readonly string[] | undefined, control: ScreenControl): string {
    const options = element.querySelectorAll("option");
    const optionValue = (option: HTMLElement) => option.getAttribute("value") ?? option.text.trim();
    const initial = this.#fields.get(control.name)?.value;
    const hasOwn = options.some((option) => option.hasAttribute("selected"));
    const wanted = given ?? (hasOwn || initial === undefined ? undefined : [initial]);
    const visit = (parent: HTMLElement): string =>
      parent.childNodes
        .map((child) => {
          if (!isElement(child)) return child.rawText;
          if (child.localName === "optgroup") return write("optgroup", { ...child.attributes }, visit(child));
          if (child.localName !== "option") return "";
          const attributes: Attributes = { ...child.attributes };
          if (wanted) attributes.selected = wanted.includes(optionValue(child)) || undefined;
          return write("option", attributes, asText(child.text));
        })
        .join("");
    return visit(element);
  }

  /** What the person had entered; undefined: the page is shown for the first time. */
  #given({ name }: ScreenControl): readonly string[] | undefined {
    const { values } = this.#filling;
    if (!Object.hasOwn(values, name)) return undefined;
    const value = values[name];
    return typeof value === "string" ? [value] : value;
  }

  #isSecret(control: ScreenControl): boolean {
    return this.#fields.get(control.name)?.isSecret === true || isSecretControl(control);
  }

  #region(element: HTMLElement): string {
    const text = this.#texts.get(element);
    const tag = NOT_FOR_MESSAGES.has(element.localName) ? "p" : element.localName;
    const kept: Attributes = { class: element.getAttribute("class"), id: element.getAttribute("id") };
    if (text === undefined) return write(tag, { ...kept, hidden: true }, "");
    const isShown = String(kept.class ?? "")
      .split(/\s+/)
      .filter((name) => !/^(?:d-none|is-hidden|hidden)$/.test(name));
    return write(
      tag,
      { id: this.#messageIds.get(element), class: [...isShown, "skerror"].join(" "), role: "alert" },
      asText(text),
    );
  }

  #describedBy(field: string): string | undefined {
    const own = [...this.#texts.keys()].filter((element) => {
      const region = this.#markup.regions.get(element);
      return region?.kind === "error" || region?.field === field;
    });
    const ids = own.map((element) => this.#messageIds.get(element));
    return ids.length === 0 ? undefined : ids.join(" ");
  }

  /** The first input with a message, else the first that is empty, unless the author has chosen one. */
  #toFocus(controls: readonly ScreenControl[]): HTMLElement | undefined {
    const visible = controls.filter(
      ({ type }) => !/^(?:hidden|checkbox|radio|select|range|color)$/.test(type),
    );
    const { fieldErrors } = this.#filling.messages;
    const wrong = visible.find(({ name }) => fieldErrors?.[name] !== undefined);
    const chosen = visible.find(({ element }) => element.hasAttribute("autofocus"));
    const empty = visible.find(
      (control) =>
        this.#isSecret(control) || !(this.#given(control)?.at(-1) ?? control.element.getAttribute("value")),
    );
    return (wrong ?? chosen ?? empty)?.element;
  }
}

/** A message of a field goes to its own region, else to the region of no field, else to `skerror`. */
function placeMessages(
  regions: ReadonlyMap<HTMLElement, Region>,
  { error, fieldErrors = {} }: ScreenMessages,
): { texts: Map<HTMLElement, string>; unplaced: string[] } {
  const texts = new Map<HTMLElement, string>();
  const unplaced: string[] = [];
  const all = [...regions];
  const errorRegion = all.find(([, { kind }]) => kind === "error")?.[0];
  const regionOf = (field: string) =>
    all.find(([, region]) => region.kind === "fieldError" && region.field === field)?.[0];
  const place = (region: HTMLElement | undefined, text: string) => {
    if (text === "") return;
    if (!region) unplaced.push(text);
    else if (!texts.has(region)) texts.set(region, text);
    else texts.set(region, `${texts.get(region)} ${text}`);
  };
  if (error !== undefined) place(errorRegion, error);
  for (const [field, text] of Object.entries(fieldErrors)) {
    place(regionOf(field) ?? regionOf("") ?? errorRegion, text);
  }
  return { texts, unplaced };
}

/** Does what DaVinci's widget does by itself. */
export function pollButton({ wireName, label }: ScreenButton): string {
  return write(
    "button",
    { type: "submit", class: "primary", name: wireName, value: "", formnovalidate: true },
    asText(label),
  );
}

function isPrimary(element: HTMLElement): boolean {
  return [...element.classList.values()].some((name) => /primary/i.test(name) && !/outline/i.test(name));
}

/** Such a picture would have to be loaded, which the policy of the page forbids, and browsers would show a broken one. */
function textOfPicture({ src: _, alt = "", width: __, height: ___, ...others }: Attributes): string {
  return alt === "" ? "" : write("span", others, asText(String(alt)));
}

function asText(text: string): string {
  return String(html`${text}`);
}

const VOID = new Set(["input", "img", "br", "hr", "wbr", "col"]);

function write(tag: string, attributes: Attributes, inside: string): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${asText(String(value))}"`))
    .join("");
  return VOID.has(tag) ? `<${tag}${written}>` : `<${tag}${written}>${inside}</${tag}>`;
}
