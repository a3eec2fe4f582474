/** Variables that have no value, and values that are not stored. */
import { isRecord, textOf, unwrap } from "../../graph/values.ts";
import type { FlowView } from "../flow-view.ts";
import type { Rule } from "../rule.ts";

export const companyVariableWithoutValue: Rule = {
  code: "variable-without-value",
  level: "warning",
  about: "A flow reads a company variable that has no value here.",
  *find(view) {
    for (const name of companyVariablesOf(view)) {
      if (hasValue(view, name)) continue;
      const [node] = view.readersOf(`global.company.variables.${name}`);
      yield {
        node,
        text: `The company variable "${name}" has no value, because an export does not hold the values of the environment. The emulator runs with an empty one; PingOne uses the value of its environment, and an empty one if there is none. Put the value into variables.json beside the flow: { "company": { "${name}": "..." } }`,
      };
    }
  },
};

/** Names of company variables that the flow reads. */
function companyVariablesOf({ bindings }: FlowView): Set<string> {
  const paths = [...bindings.values()].flat();
  return new Set(paths.flatMap((path) => /^global\.company\.variables\.([\w-]+)/.exec(path)?.[1] ?? []));
}

function hasValue({ flow, checked }: FlowView, name: string): boolean {
  const given = checked.options.variables?.company;
  if (given && Object.hasOwn(given, name)) return true;
  return flow.variables.some(
    (variable) => variable.context === "company" && variable.name === name && !isNothing(variable.value),
  );
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

export const variableIdMissing: Rule = {
  code: "variable-id-missing",
  level: "info",
  about: "A node saves a variable by its name alone.",
  *find({ nodes }) {
    for (const node of nodes) {
      if (node.connectorId !== "variablesConnector" || node.capabilityName !== "saveValue") continue;
      const saved = unwrap(node.properties.saveVariables);
      const names = (Array.isArray(saved) ? saved : [])
        .filter(isRecord)
        .filter(({ name, variableId }) => typeof name === "string" && name !== "" && isNothing(variableId))
        .map(({ name }) => `"${textOf(name)}"`);
      if (names.length === 0) continue;
      yield {
        node,
        text: `This node saves ${names.slice(0, 8).join(", ")} without a variableId. The emulator saves by name. Practitioners report that PingOne then saves nothing and says nothing, though exports of Ping are like this too. If the value is empty in PingOne, choose the variable again in the node.`,
      };
    }
  },
};
