/** Finds errors within single nodes of a flow file: wrong names of variables, inputs, fields and buttons. */
import type { Flow, FlowNode, NodeOfType, ScreenNode } from "./flow-schema.ts";
import { isVariable, VARIABLE_VALUES, VARIABLES, variablesIn } from "./template.ts";

/** Keys that the form of a screen sends in addition to its fields. */
const RESERVED_FIELD_KEYS: readonly string[] = ["buttonValue", "step", "scopes"];

/** Returns one sentence for each error, and where in the flow file it is. */
export function findNodeFaults(flow: Flow): { readonly at: readonly string[]; readonly text: string }[] {
  const askedFor = new Set(Object.values(flow.nodes).flatMap(fieldKeysOf));
  return Object.entries(flow.nodes).flatMap(([name, node]) =>
    [
      ...findUnknownVariables(node),
      ...inputsOf(node)
        .filter((key) => !askedFor.has(key))
        .map((key) => `reads the input "${key}", which no screen asks for.`),
      ...(node.type === "branch" ? findImpossibleValues(node) : []),
      ...(node.type === "screen" ? findScreenFaults(node) : []),
    ].map((fault) => ({ at: ["nodes", name], text: `node "${name}" ${fault}` })),
  );
}

function fieldKeysOf(node: FlowNode): string[] {
  return node.type === "screen" ? node.fields.map(({ key }) => key) : [];
}

function findUnknownVariables(node: FlowNode): string[] {
  const known = `${VARIABLES.join(", ")}, parameters.<name>`;
  return variablesOf(node)
    .filter((variable) => !isVariable(variable))
    .map((variable) => `uses the unknown variable "${variable}"; known are: ${known}.`);
}

function variablesOf(node: FlowNode): string[] {
  switch (node.type) {
    case "screen":
      return [node.heading, ...node.text, ...node.fields.map(({ value }) => value ?? "")].flatMap(
        variablesIn,
      );
    case "branch":
      return [node.value];
    case "errorMessage":
      return variablesIn(node.message);
    case "error":
      return variablesIn(node.errorDescription);
    default:
      return [];
  }
}

/** Keys of the form fields that an automatic node reads. */
function inputsOf(node: FlowNode): string[] {
  switch (node.type) {
    case "userLookup":
    case "checkPassword":
    case "checkCode":
      return [node.input];
    case "registerUser":
      return [node.email, node.givenName, node.familyName, node.password];
    case "recoverPassword":
      return [node.code, node.newPassword, node.verifyNewPassword];
    case "changePassword":
      return [node.currentPassword, node.newPassword, node.verifyNewPassword];
    default:
      return [];
  }
}

function findImpossibleValues(node: NodeOfType<"branch">): string[] {
  const possible = VARIABLE_VALUES[node.value];
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
