/**
 * Gives every input of a screen a name that a person, a screen reader or a robot can find it by. Templates have labels
 * that name no input, inputs that only have a placeholder, and ids that occur twice.
 */
import { type HTMLElement, NodeType } from "node-html-parser";
import { textOf } from "../../../kit/html-form.ts";
import { isElement, type ScreenControl, type ScreenMarkup } from "./read-markup.ts";
import type { ScreenField } from "./screen.ts";

export interface Labels {
  /** Ids that differ from what the markup has. */
  readonly ids: ReadonlyMap<HTMLElement, string>;
  /** `for` of labels, where it differs. */
  readonly targets: ReadonlyMap<HTMLElement, string>;
  /** `aria-label` of inputs that no label is for. */
  readonly names: ReadonlyMap<HTMLElement, string>;
}

/** A label is looked for in this many elements around an input. */
const LEVELS = 2;
/** Each search walks through its part of the page. */
const MOST_SEARCHED = 100;
const LONGEST_NAME = 200;

/** @param taken Ids that the page has outside of the markup. */
export function labelControls(
  markup: ScreenMarkup,
  fields: readonly ScreenField[],
  taken: readonly string[],
): Labels {
  const controls = [...markup.controls.values()].filter(({ type }) => type !== "hidden");
  const ids = uniqueIds(markup, taken);
  const targets = new Map<HTMLElement, string>();
  const names = new Map<HTMLElement, string>();
  const labelled = new Set<HTMLElement>();

  const idOf = (element: HTMLElement) => {
    const id = ids.get(element) ?? element.getAttribute("id");
    if (id) return id;
    const made = `field-${ids.size + 1}`;
    ids.set(element, made);
    return made;
  };
  const tie = (label: HTMLElement, control: HTMLElement) => {
    const id = idOf(control);
    if (label.getAttribute("for") !== id) targets.set(label, id);
    labelled.add(control);
  };

  const orphans = tieById(markup, controls, labelled, tie);
  const isFree = (element: HTMLElement) => {
    const control = markup.controls.get(element);
    return control !== undefined && control.type !== "hidden" && !labelled.has(element);
  };
  for (const label of orphans.slice(0, MOST_SEARCHED)) {
    const control = controlBeside(label, isFree);
    if (control) tie(label, control);
  }
  const known = new Set(markup.identified.map((element) => element.getAttribute("id")));
  const isNamed = (element: HTMLElement) =>
    Boolean(element.getAttribute("aria-label")?.trim()) ||
    known.has(element.getAttribute("aria-labelledby")?.trim() ?? "");
  const labelOfField = new Map(fields.map(({ name, label }) => [name, label]));
  for (const { element, name, type } of controls) {
    if (labelled.has(element) || isNamed(element)) continue;
    const isChoice = (type === "checkbox" || type === "radio") && names.size < MOST_SEARCHED;
    const text =
      element.getAttribute("placeholder")?.trim() ||
      (isChoice ? textAfter(element) : "") ||
      element.getAttribute("title")?.trim() ||
      labelOfField.get(name) ||
      (names.size < MOST_SEARCHED ? textBefore(element) : "") ||
      name;
    names.set(element, text.slice(0, LONGEST_NAME));
  }
  return { ids, targets, names };
}

/** Of an id that occurs twice, an input keeps it only where nothing before it has it. */
function uniqueIds(
  { identified, controls }: ScreenMarkup,
  taken: readonly string[],
): Map<HTMLElement, string> {
  const seen = new Set(taken);
  const all = new Set(identified.map((element) => element.getAttribute("id") ?? ""));
  const ids = new Map<HTMLElement, string>();
  const counts = new Map<string, number>();
  for (const element of identified) {
    const id = element.getAttribute("id") ?? "";
    if (id !== "" && seen.has(id) && (controls.has(element) || taken.includes(id))) {
      let made: string;
      do {
        counts.set(id, (counts.get(id) ?? 1) + 1);
        made = `${id}-${counts.get(id)}`;
      } while (all.has(made) || seen.has(made));
      ids.set(element, made);
      seen.add(made);
    }
    seen.add(id);
  }
  return ids;
}

/** Ties labels by their `for` or by what they enclose. Returns those that are for nothing. */
function tieById(
  markup: ScreenMarkup,
  controls: readonly ScreenControl[],
  labelled: Set<HTMLElement>,
  tie: (label: HTMLElement, control: HTMLElement) => void,
): HTMLElement[] {
  const byId = Map.groupBy(controls, ({ element }) => element.getAttribute("id") ?? "");
  const places = new Map<string, number>();
  const orphans: HTMLElement[] = [];
  for (const label of markup.labels) {
    if (textOf(label) === "") continue;
    const target = label.getAttribute("for") ?? "";
    const enclosed = label.querySelector("input, select, textarea");
    const candidates = target === "" ? [] : (byId.get(target) ?? []);
    // The second label for an id is for the second input with it.
    const place = places.get(target) ?? 0;
    places.set(target, place + 1);
    const control = candidates[place];
    if (control) tie(label, control.element);
    else if (enclosed && markup.controls.has(enclosed)) {
      // A `for` that names nothing would undo that the label encloses the input.
      if (target !== "") tie(label, enclosed);
      labelled.add(enclosed);
    } else orphans.push(label);
  }
  return orphans;
}

/**
 * The element before the label or behind it, else the only input without a label around it. Before comes first: of
 * labels that stand in front of their inputs, the one before has a label already.
 */
function controlBeside(
  label: HTMLElement,
  isFree: (element: HTMLElement) => boolean,
): HTMLElement | undefined {
  for (const beside of [label.previousElementSibling, label.nextElementSibling]) {
    if (beside && isFree(beside)) return beside;
  }
  let around = label.parentNode;
  for (let level = 0; level < LEVELS && around; level += 1) {
    const free = freeWithin(around, isFree);
    if (free.length > 1) return undefined;
    if (free[0]) return free[0];
    around = around.parentNode;
  }
  return undefined;
}

/** At most two. */
function freeWithin(around: HTMLElement, isFree: (element: HTMLElement) => boolean): HTMLElement[] {
  const free: HTMLElement[] = [];
  const visit = (element: HTMLElement) => {
    for (const child of element.childNodes) {
      if (free.length > 1) return;
      if (!isElement(child)) continue;
      if (isFree(child)) free.push(child);
      visit(child);
    }
  };
  visit(around);
  return free;
}

/** The text beside a checkbox that stands in no label. */
function textAfter(element: HTMLElement): string {
  const siblings = element.parentNode?.childNodes ?? [];
  const next = siblings.slice(siblings.indexOf(element) + 1).find(({ text }) => text.trim() !== "");
  if (next === undefined) return "";
  return next.nodeType === NodeType.TEXT_NODE
    ? next.text.replaceAll(/\s+/g, " ").trim()
    : textOf(next as HTMLElement);
}

/** The text in front of an input that stands in no label, or in the table cell before that of the input. */
function textBefore(element: HTMLElement): string {
  const siblings = element.parentNode?.childNodes ?? [];
  const before = siblings.slice(0, siblings.indexOf(element)).findLast(({ text }) => text.trim() !== "");
  if (before === undefined) {
    const cell = element.parentNode?.tagName === "TD" ? element.parentNode.previousElementSibling : null;
    return cell?.querySelector("input, select, textarea, button") ? "" : textOf(cell ?? null);
  }
  const isPart = isElement(before) && /^(?:span|b|strong|em|font)$/.test(before.localName);
  if (before.nodeType !== NodeType.TEXT_NODE && !isPart) return "";
  return before.text.replaceAll(/\s+/g, " ").trim();
}
