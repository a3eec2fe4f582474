/** One node of a scenario at its place in the graph, and the ways out of it. */
import {
  type GraphBuilder,
  type NewNode,
  richText,
  richValue,
  type Source,
  type Way,
} from "./graph-builder.ts";
import type { Values } from "./values.ts";

/** A way to the next node of the scenario. */
export interface WayOut {
  readonly from: string;
  readonly way: Way;
  /** Button or outcome, for titles and ids. */
  readonly label: string;
  readonly to: string;
  readonly values: Values;
}

export interface CompiledNode {
  readonly first: string;
  readonly waysOut: readonly WayOut[];
}

/** One node of the scenario at its place. */
export class Place {
  readonly name: string;
  readonly graph: GraphBuilder;
  readonly values: Values;

  constructor(name: string, graph: GraphBuilder, values: Values) {
    this.name = name;
    this.graph = graph;
    this.values = values;
  }

  /** @param part Tells several nodes of one place apart. */
  add(node: Omit<NewNode, "title">, part = ""): string {
    const title = part === "" ? this.name : `${this.name}: ${part}`;
    return this.graph.add(this.graph.idOf("node", this.name, part), { ...node, title });
  }

  rich(value: string): string {
    return richValue(this.values.source(value));
  }

  text(template: string): string {
    return richText(template, (variable) => this.values.source(variable));
  }

  /** True goes one way, false the other. */
  wayOut(
    from: string,
    label: string,
    to: string,
    isTrue = true,
    sets: Readonly<Record<string, Source>> = {},
  ) {
    const way: Way = isTrue ? {} : { operator: "anyTriggersFalse" };
    return { from, way, label, to, values: this.values.with(sets) };
  }
}

/** Where a value is that a node has returned. */
export function output(id: string, path: string): Source {
  return { path: `local.${id}.payload.output.${path}` };
}

export function failure(id: string): Readonly<Record<string, Source>> {
  const error = `local.${id}.payload.error`;
  return { "error.code": { path: `${error}.code` }, "error.message": { path: `${error}.message` } };
}

function lock(id: string): Readonly<Record<string, Source>> {
  const path = `local.${id}.payload.error.details[0].rawResponse.details[0].innerError.secondsUntilUnlock`;
  return { "lock.seconds": { path } };
}

export interface Case {
  readonly value: string;
  readonly label: string;
  readonly to: string;
}

/**
 * AEqualsMultipleB: one way for each value, and one for any other.
 * @param otherwise Where any other value leads, or the nodes that look further; without either, the person is told that
 *   this was not expected.
 */
export function choose(
  place: Place,
  part: string,
  left: Source,
  cases: readonly Case[],
  otherwise: Omit<Case, "value"> | CompiledNode | undefined,
  sets: Readonly<Record<string, Source>> = {},
): CompiledNode {
  const idOf = (value: string) => place.graph.idOf("value", place.name, part, value);
  const first = place.add(
    {
      connector: "functionsConnector",
      capability: "AEqualsMultipleB",
      properties: {
        leftValueA: richValue(left),
        rightValueMultiple: cases.map(({ value }) => ({
          value: richValue({ text: value }),
          id: idOf(value),
        })),
      },
    },
    part,
  );
  const values = place.values.with(sets);
  const waysOut = cases.map(({ value, label, to }) => ({
    from: first,
    way: { outcome: idOf(value) },
    label,
    to,
    values,
  }));
  const way: Way = { outcome: "-1" };
  if (otherwise && "to" in otherwise) {
    return { first, waysOut: [...waysOut, { from: first, way, ...otherwise, values }] };
  }
  place.graph.join(first, otherwise?.first ?? unexpected(place.graph), way);
  return { first, waysOut: [...waysOut, ...(otherwise?.waysOut ?? [])] };
}

const UNEXPECTED = "unexpected answer";

/** One for the whole flow. */
function unexpected(graph: GraphBuilder): string {
  const id = graph.idOf(UNEXPECTED);
  if (graph.has(id)) return id;
  return graph.add(id, {
    connector: "errorConnector",
    capability: "customErrorMessage",
    title: UNEXPECTED,
    properties: { errorMessage: richValue({ text: "Something went wrong. Please try again." }) },
  });
}

/** Ways for the error codes of a node that has failed. Codes that lead where all others lead need no way of their own. */
export function onFailure(
  place: Place,
  id: string,
  codes: readonly Case[],
  otherwise: Omit<Case, "value">,
): readonly WayOut[] {
  const sets = { ...failure(id), ...lock(id) };
  const cases = codes.filter(({ to }) => to !== otherwise.to);
  if (cases.length === 0) return [place.wayOut(id, otherwise.label, otherwise.to, false, sets)];
  const code: Source = { path: `local.${id}.payload.error.code` };
  const chosen = choose(place, "which error?", code, cases, otherwise, sets);
  place.graph.join(id, chosen.first, { operator: "anyTriggersFalse" });
  return chosen.waysOut;
}
