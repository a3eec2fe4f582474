/** The Variables connector. Ping: /connectors/variable_connector.html. */
import { type Call, defineConnector, type Effect, type Known } from "../engine/capability.ts";
import type { VariableContext } from "../graph/graph.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { inDataType, type NamedValue, namedValuesOf, numberOf } from "./inputs.ts";

const CONTEXTS: readonly string[] = ["company", "flowInstance", "user", "flow"] satisfies VariableContext[];

/**
 * Writes each entry of the list; a value that is not there clears the variable.
 * @param context Default: the one in the entry's label, else the one that the flow declares.
 */
function save(call: Call, list: unknown, context?: VariableContext): Effect {
  const entries = namedValuesOf(list);
  for (const { name, value, entry } of entries) {
    call.setVariable(bareName(name), inDataType(value, entry.type), context ?? labelledContext(entry));
  }
  const byName = entries
    .filter(({ entry }) => textOf(entry.variableId) === "")
    .map(({ name }) => bareName(name));
  if (byName.length > 0) {
    call.remark(
      `Saves variables by name alone, without a variableId: ${byName.join(", ")}. DaVinci is reported to write nothing then, although Ping's own template does so. Choose the variables from the list of the node again.`,
    );
  }
  return { kind: "success" };
}

/** Labels are `name (type - context)`. */
function labelledContext({ label }: NamedValue["entry"]): VariableContext | undefined {
  const labelled = /-\s*(\w+)\)\s*$/.exec(textOf(label))?.[1] ?? "";
  return CONTEXTS.includes(labelled) ? (labelled as VariableContext) : undefined;
}

/** Names may have their context in them, as in `count##SK##flowInstance`. */
function bareName(name: string): string {
  return name.split("##SK##")[0] ?? name;
}

function increment(call: Call, given: unknown, context: VariableContext): Effect {
  const chosen = isRecord(given) ? (given.name ?? given.value) : given;
  const name = bareName(textOf(chosen));
  if (name === "") return failure('The property "variable" names no variable.');
  const current = call.variable(name, context);
  const isUnset = current === undefined || current === null || current === "";
  const start = isUnset ? 0 : numberOf(current);
  const step = numberOf(call.properties.incrementCounter);
  if (start === undefined) return failure(`The variable "${name}" is no number.`);
  if (step === undefined) return failure('The property "incrementCounter" is no number.');
  call.setVariable(name, start + step, context);
  return { kind: "success", output: { newValue: start + step } };
}

function failure(message: string): Effect {
  return { kind: "failure", error: { code: "invalidInput", message } };
}

const list: Known = {
  about:
    "Name and value of each variable, with its type. Without `variableId` it is written all the same, with a remark.",
  sure: "export",
};
const INCREMENT = {
  inputs: {
    variable: { about: "The name of the variable; unset counts as 0.", sure: "documented" },
    incrementCounter: { about: "What is added.", sure: "documented" },
  },
  outputs: { newValue: { about: "The sum.", sure: "documented" } },
  errors: { invalidInput: { about: "The variable or the increment is no number.", sure: "unverified" } },
} as const;

export const variablesConnector = defineConnector({
  id: "variablesConnector",
  name: "Variables",
  capabilities: {
    saveValue: {
      about: "Saves variables, of this run of the flow unless their labels say another context.",
      inputs: { saveVariables: list },
      outputs: {},
      errors: {},
      run: (call) => save(call, call.properties.saveVariables),
    },
    saveFlowValue: {
      about: "Saves variables of the flow, which outlive its runs.",
      inputs: { saveFlowVariables: list },
      outputs: {},
      errors: {},
      run: (call) => save(call, call.properties.saveFlowVariables ?? call.properties.saveVariables, "flow"),
    },
    saveValueUserInfo: {
      about: "Saves variables of the user.",
      limits:
        "DaVinci asks for an identified user; here the values are saved without one too, with a remark.",
      inputs: { saveVariables: list },
      outputs: {},
      errors: {},
      run(call) {
        if (call.userId === undefined) {
          call.remark(`Saves variables of the user before the flow has identified one.`);
        }
        return save(call, call.properties.saveVariables, "user");
      },
    },
    incrementByN: {
      about: "Adds a number to a variable of this run of the flow.",
      ...INCREMENT,
      run: (call) => increment(call, call.properties.variable, "flowInstance"),
    },
    incrementByNUserInfo: {
      about: "Adds a number to a variable of the user.",
      ...INCREMENT,
      run: (call) => increment(call, call.properties.variable, "user"),
    },
    setLanguage: {
      about: "Answers with the language that it is given.",
      limits: "Texts of screens do not change with it.",
      inputs: { locale: { about: "Such as `en-US`.", sure: "documented" } },
      outputs: { language: { about: "The locale.", sure: "documented" } },
      errors: {},
      run(call) {
        call.remark(`Sets a language; screens of the emulator do not change with it.`);
        return { kind: "success", output: { language: textOf(call.properties.locale) } };
      },
    },
  },
});
