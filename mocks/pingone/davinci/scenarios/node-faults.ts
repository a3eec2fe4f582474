/** Finds errors within single nodes of a scenario: wrong names of variables, inputs, fields and buttons. */
import type { NodeOfType, Scenario, ScenarioNode, ScreenNode } from "./scenario-schema.ts";
import { inputsOf, templatesOf, variablesOf } from "./transitions.ts";
import { DESCRIBED_VARIABLES, fieldOf, isVariable, partsOf, valuesOf } from "./variables.ts";

/** What is wrong, and where in the file. */
export interface ScenarioFault {
  readonly at: readonly string[];
  readonly text: string;
}

/** Keys that the form of a screen sends in addition to its fields. */
const RESERVED_FIELD_KEYS: readonly string[] = ["buttonValue", "step"];

/** Returns one sentence for each error. */
export function findNodeFaults({ nodes }: Scenario): ScenarioFault[] {
  const askedFor = new Set(Object.values(nodes).flatMap(fieldKeysOf));
  return Object.entries(nodes).flatMap(([name, node]) =>
    [
      ...findUnknownVariables(node),
      ...findUnknownFields(node, nodes),
      ...findBrokenTemplates(node),
      ...inputsOf(node)
        .filter((key) => !askedFor.has(key))
        .map((key) => `reads the input "${key}", which no screen asks for.`),
      ...(node.type === "branch" ? findImpossibleValues(node) : []),
      ...(node.type === "screen" ? findScreenFaults(node) : []),
    ].map((fault) => ({ at: ["nodes", name], text: `node "${name}" ${fault}` })),
  );
}

function fieldKeysOf(node: ScenarioNode): string[] {
  return node.type === "screen" ? node.fields.map(({ key }) => key) : [];
}

function findUnknownVariables(node: ScenarioNode): string[] {
  const known = DESCRIBED_VARIABLES.map(({ name }) => name).join(", ");
  return variablesOf(node)
    .filter((variable) => !isVariable(variable))
    .map((variable) => `uses the unknown variable "${variable}"; known are: ${known}.`);
}

function findUnknownFields(node: ScenarioNode, nodes: Scenario["nodes"]): string[] {
  return variablesOf(node).flatMap((variable) => {
    const field = fieldOf(variable);
    if (!field) return [];
    const screen = Object.hasOwn(nodes, field.screen) ? nodes[field.screen] : undefined;
    if (screen?.type !== "screen") {
      return [`uses "${variable}", but there is no screen "${field.screen}".`];
    }
    const keys = fieldKeysOf(screen);
    if (keys.includes(field.key)) return [];
    return [
      `uses "${variable}", but that screen has no field "${field.key}"; it has: ${keys.join(", ") || "none"}.`,
    ];
  });
}

function findBrokenTemplates(node: ScenarioNode): string[] {
  return templatesOf(node)
    .filter((template) => partsOf(template).some((part) => "text" in part && part.text.includes("{{")))
    .map(() => "has a text in which {{ is not closed by }}.");
}

function findImpossibleValues(node: NodeOfType<"branch">): string[] {
  const possible = valuesOf(node.value);
  if (!possible) return [];
  return Object.keys(node.equals)
    .filter((value) => !possible.includes(value))
    .map((value) => `waits for "${node.value}" to be "${value}"; it is only ever: ${possible.join(", ")}.`);
}

function findScreenFaults(node: ScreenNode): string[] {
  const fieldKeys = node.fields.map(({ key }) => key);
  return [
    ...repeated(fieldKeys).map((key) => `has two fields with the key "${key}".`),
    ...repeated(node.buttons.map(({ key }) => key)).map((key) => `has two buttons with the key "${key}".`),
    ...RESERVED_FIELD_KEYS.filter((key) => fieldKeys.includes(key)).map(
      (key) => `has a field with the key "${key}", which the form itself uses.`,
    ),
    ...(node.deadEnd && node.buttons.length > 0
      ? ["says deadEnd but has buttons; remove the one or the other."]
      : []),
  ];
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
