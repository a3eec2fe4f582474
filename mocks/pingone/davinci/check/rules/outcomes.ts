/** Outcomes of a comparison with many values, the edges that claim them, and the buttons of screens. */
import type { FlowNode } from "../../graph/graph.ts";
import {
  textOf as asText,
  bindingsIn,
  isRecord,
  resolveValue,
  templateText,
  unwrap,
} from "../../graph/values.ts";
import type { FlowView } from "../flow-view.ts";
import { isComparison, isGoTo, isMultipleComparison } from "../kinds.ts";
import type { Found, Rule } from "../rule.ts";

const NO_MATCH = "-1";

interface Entry {
  readonly id: string;
  readonly value: unknown;
}

function entriesOf({ properties }: FlowNode): Entry[] {
  const entries = unwrap(properties.rightValueMultiple);
  if (!Array.isArray(entries)) return [];
  return entries.filter(isRecord).map(({ id, value }) => ({ id: asText(id), value }));
}

/** The text of a value without bindings; undefined when it has some. */
function textOf(value: unknown): string | undefined {
  if (bindingsIn(value).length > 0) return undefined;
  const text = resolveValue(unwrap(value), { global: {}, local: {} });
  return asText(text);
}

function wordOf(value: unknown): string {
  const text = textOf(value);
  return text === undefined ? "a bound value" : `"${text.slice(0, 60)}"`;
}

export const outcomeNotClaimed: Rule = {
  code: "outcome-not-claimed",
  level: "warning",
  about: "No edge leaves a comparison for one of its outcomes.",
  *find(view) {
    for (const node of view.nodes.filter(isMultipleComparison)) {
      const claimed = new Set(node.exits.map(({ outcome }) => outcome));
      const unclaimed = entriesOf(node).filter(({ id }) => !claimed.has(id));
      if (unclaimed.length > 0) {
        const values = unclaimed.slice(0, 5).map(({ value }) => wordOf(value));
        yield {
          node,
          text: `No edge leaves this node for ${values.join(", ")}, so with ${unclaimed.length === 1 ? "this value" : "these values"} PingOne's run stops here, and the application waits until it is timed out. Draw an edge from ${unclaimed.length === 1 ? "this outcome" : "these outcomes"}, or remove ${unclaimed.length === 1 ? "it" : "them"}.`,
        };
      }
      if (claimed.has(NO_MATCH) || hasAllButtons(view, node)) continue;
      yield {
        node,
        text: 'No edge leaves this node for "no match" (-1), so with any other value, or none, PingOne\'s run stops here, and the application waits until it is timed out. Draw an edge from "no match".',
      };
    }
  },
};

/** Whether it compares the buttons of one screen, and has every one of them: a browser sends nothing else. */
function hasAllButtons({ flow }: FlowView, node: FlowNode): boolean {
  const compared = bindingsIn(node.properties.leftValueA);
  const [, id] = /^local\.([\w-]+)\.payload\.output\.buttonValue$/.exec(compared[0] ?? "") ?? [];
  const screen = flow.nodes.get(id ?? "");
  if (compared.length !== 1 || screen === undefined) return false;
  const buttons = buttonValuesOf(screen);
  const known = new Set(entriesOf(node).map(({ value }) => textOf(value)?.trim()));
  return buttons.size > 0 && [...buttons].every((button) => known.has(button));
}

export const exitNeverTaken: Rule = {
  code: "exit-never-taken",
  level: "warning",
  about: "An edge leaves a comparison with many values for no outcome that it has.",
  *find({ nodes, flow }) {
    for (const node of nodes.filter(isMultipleComparison)) {
      const known = new Set([NO_MATCH, ...entriesOf(node).map(({ id }) => id)]);
      const dead = node.exits.filter(({ outcome }) => outcome === undefined || !known.has(outcome));
      const targets = new Set(dead.map(({ target }) => flow.nodes.get(target)?.title ?? target));
      if (dead.length === 0) continue;
      yield {
        node,
        text: `The edge to ${[...targets]
          .slice(0, 5)
          .map((title) => `"${title}"`)
          .join(
            ", ",
          )} belongs to no outcome of this node, so PingOne never takes it. Draw it again from the outcome that it is for.`,
      };
    }
  },
};

export const outcomeWithoutExit: Rule = {
  code: "comparison-without-exit",
  level: "warning",
  about: "A comparison has exits for one of true and false only.",
  *find(view) {
    for (const node of view.nodes) {
      if (!isComparison(node) || isMultipleComparison(node) || node.exits.length === 0) continue;
      const operators = node.exits.map(({ operator }) => operator);
      const has = (state: "True" | "False") =>
        operators.some((operator) => operator.endsWith(state) || /^always$|Complete$/.test(operator));
      for (const state of ["True", "False"] as const) {
        if (has(state)) continue;
        yield {
          node,
          text: `Nothing follows when this comparison is ${state.toLowerCase()}, so PingOne's run stops here then, unless another branch goes on, and the application waits until it is timed out. Draw an edge for ${state.toLowerCase()} too.`,
        };
      }
    }
  },
};

export const buttonWithoutBranch: Rule = {
  code: "button-without-branch",
  level: "warning",
  about: "No branch knows the value of a button.",
  *find(view) {
    for (const node of view.nodes) {
      const values = buttonValuesOf(node);
      if (values.size > 0) yield* unknownButtons(view, node, values);
    }
  },
};

function* unknownButtons(view: FlowView, node: FlowNode, values: ReadonlySet<string>): Generator<Found> {
  const compared = new Set<string>();
  const readers = view.readersOf(`local.${node.id}.payload.output.buttonValue`);
  const isReader = (reader: FlowNode) =>
    bindingsIn(reader.properties).some((path) => path.endsWith(".buttonValue"));
  for (const reader of readers) {
    if (!isReader(reader)) continue;
    // What a function or another flow does with the value cannot be told.
    if (!isComparison(reader)) return;
    const isRestTaken = reader.exits.some(({ outcome, operator }) =>
      isMultipleComparison(reader) ? outcome === NO_MATCH : !operator.endsWith("True"),
    );
    if (isRestTaken) return;
    const given = isMultipleComparison(reader)
      ? entriesOf(reader).map(({ value }) => textOf(value))
      : [textOf(reader.properties.rightValueB)];
    for (const text of given) {
      if (text === undefined) return;
      compared.add(text.trim());
    }
  }
  const unknown = [...values].filter((value) => !compared.has(value));
  const next = node.exits.flatMap(({ target }) => view.flow.nodes.get(target) ?? []);
  // One button that is not compared leads on by the exit of the screen, as does a teleport of the form.
  if (unknown.length === 0 || (compared.size === 0 && (values.size === 1 || next.some(isGoTo)))) return;
  const names = unknown.slice(0, 5).map((value) => `"${value.slice(0, 60)}"`);
  yield {
    node,
    text:
      compared.size === 0
        ? `This screen has buttons with different values (${names.join(", ")}), but no node compares buttonValue, so PingOne does the same whichever is pressed. Branch on buttonValue behind the screen.`
        : `No branch behind this screen knows the button ${names.join(", ")}, so when it is pressed PingOne's run stops, and the person waits until it is timed out. Add the value to the comparison behind the screen, or give the button a value that is there.`,
  };
}

const buttonValues = new WeakMap<FlowNode, ReadonlySet<string>>();

/** Static values of the buttons of a template. */
function buttonValuesOf(node: FlowNode): ReadonlySet<string> {
  const known = buttonValues.get(node) ?? readButtonValues(node);
  buttonValues.set(node, known);
  return known;
}

function readButtonValues({ capabilityName, properties }: FlowNode): ReadonlySet<string> {
  if (capabilityName !== "customHTMLTemplate") return new Set();
  const values = new Set<string>();
  const template = withoutComments(templateText(properties.customHTML));
  for (const [, , value = ""] of template.matchAll(/data-skbuttonvalue\s*=\s*(["'])([^"'<>]*)\1/gi)) {
    if (!value.includes("{{") && value.trim() !== "") values.add(value.trim());
  }
  return values;
}

/** Markup that is commented out is not shown. A comment without an end is none. */
function withoutComments(markup: string): string {
  const kept: string[] = [];
  let at = 0;
  for (;;) {
    const start = markup.indexOf("<!--", at);
    const end = start < 0 ? -1 : markup.indexOf("-->", start + 4);
    if (end < 0) return [...kept, markup.slice(at)].join("");
    kept.push(markup.slice(at, start));
    at = end + 3;
  }
}
