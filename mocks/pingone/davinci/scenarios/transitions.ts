/** What leads where in a scenario, and which values its nodes read and set. */
import type { NodeOfType, Scenario, ScenarioNode } from "./scenario-schema.ts";
import { variablesIn } from "./variables.ts";

export interface Transition {
  readonly label: string;
  readonly to: string;
  /** Values that have a new meaning on this way. */
  readonly sets: readonly string[];
}

const FAILURE = ["error.code", "error.message"];
/** What is known of a person is not true of the next one. */
const PERSON = ["user.id", "mfa.verified", "mfa.authentication", "consent.status"];

/** The value of a key on the last screen that asks for it. */
export function latest(key: string): string {
  return `latest.${key}`;
}

/** The next nodes of a node, each with the button or outcome that leads there. */
export function transitionsOf(name: string, node: ScenarioNode): readonly Transition[] {
  const on = (outcomes: Readonly<Record<string, string | undefined>>, sets: (outcome: string) => string[]) =>
    Object.entries(outcomes).flatMap(([outcome, to]) =>
      to === undefined ? [] : [{ label: `on ${outcome}`, to, sets: sets(outcome) }],
    );
  switch (node.type) {
    case "screen": {
      const sets = node.fields.flatMap(({ key }) => [latest(key), `fields.${name}.${key}`]);
      return node.buttons.map(({ key, next }) => ({ label: `button ${key}`, to: next, sets }));
    }
    case "branch":
      return [
        ...Object.entries(node.equals).map(([value, to]) => ({ label: `equals "${value}"`, to, sets: [] })),
        { label: "otherwise", to: node.otherwise, sets: [] },
      ];
    case "consent":
      return [{ label: "next", to: node.next, sets: ["consent.status"] }];
    case "checkSession":
      // DaVinci's node asks for one method, so each has a node and a way of its own.
      return [
        ...methodsOf(node).map(() => ({ label: "on session", to: node.on.session, sets: ["user.id"] })),
        { label: "on noSession", to: node.on.noSession, sets: [] },
      ];
    case "userLookup":
      return on(node.on, () => PERSON);
    case "registerUser":
      return on(node.on, (outcome) => (outcome === "created" ? PERSON : FAILURE));
    case "checkPassword":
      return on(node.on, (outcome) => {
        if (outcome === "locked") return ["lock.seconds", ...FAILURE];
        return outcome === "invalid" || outcome === "disabled" ? FAILURE : [];
      });
    case "sendCode":
      return on(node.on, () => (node.purpose === "mfa" ? ["mfa.authentication"] : []));
    case "checkCode":
      return on(node.on, (outcome) => {
        if (outcome === "invalid") return FAILURE;
        return node.purpose === "mfa" ? ["mfa.verified"] : [];
      });
    case "changePassword":
      return on(node.on, (outcome) => {
        if (outcome === "ok" || outcome === "mismatch") return [];
        return outcome === "locked" ? ["lock.seconds", ...FAILURE] : FAILURE;
      });
    case "recoverPassword":
      return on(node.on, (outcome) => (outcome === "invalid" ? FAILURE : []));
    case "updateUser":
      return on(node.on, (outcome) => (outcome === "failed" ? FAILURE : []));
    case "memberOf":
      return on(node.on, () => []);
    case "errorMessage":
    case "success":
    case "error":
    case "createSuccessResponse":
      return [];
  }
}

export function methodsOf({ methods }: NodeOfType<"checkSession">): readonly string[] {
  return [...new Set(methods)];
}

/** The keys of form fields that a node reads. */
export function inputsOf(node: ScenarioNode): readonly string[] {
  switch (node.type) {
    case "userLookup":
    case "checkPassword":
    case "checkCode":
      return [node.input];
    case "registerUser":
      return [node.email, node.givenName, node.familyName, node.password];
    case "updateUser":
      return Object.values(node.saves);
    case "recoverPassword":
      return [node.code, node.newPassword, node.verifyNewPassword];
    case "changePassword":
      return [node.currentPassword, node.newPassword, node.verifyNewPassword];
    default:
      return [];
  }
}

/** The variables that a node is made of: in its texts, to branch on, or that its capability wants. */
export function variablesOf(node: ScenarioNode): readonly string[] {
  switch (node.type) {
    case "branch":
      return [node.value];
    case "sendCode":
      return node.purpose === "mfa" ? ["user.email"] : [];
    case "consent":
      return ["application.id"];
    default:
      return templatesOf(node).flatMap(variablesIn);
  }
}

export function templatesOf(node: ScenarioNode): readonly string[] {
  switch (node.type) {
    case "screen":
      return [
        node.heading,
        ...node.text,
        ...node.fields.map((field) => ("value" in field ? (field.value ?? "") : "")),
      ];
    case "errorMessage":
      return [node.message];
    case "error":
      return [node.errorDescription];
    default:
      return [];
  }
}

/** The attribute of the user that a variable stands for. */
export function attributeOf(variable: string): string | undefined {
  if (variable === "code.sentTo") return "user.email";
  return variable.startsWith("user.") ? variable : undefined;
}

/** The value that a variable is made of: attributes of the user are read with the user's id. */
function valueBehind(variable: string): string {
  if (attributeOf(variable) !== undefined) return "user.id";
  return variable === "lock.remaining" ? "lock.seconds" : variable;
}

function readsOf(node: ScenarioNode): string[] {
  const values = [...variablesOf(node).map(valueBehind), ...inputsOf(node).map(latest)];
  switch (node.type) {
    case "checkCode":
      return [...values, node.purpose === "mfa" ? "mfa.authentication" : "user.id"];
    case "checkPassword":
    case "updateUser":
    case "sendCode":
    case "recoverPassword":
    case "changePassword":
    case "memberOf":
    case "consent":
    case "success":
    case "createSuccessResponse":
      return [...values, "user.id"];
    default:
      return values;
  }
}

/** Values of the authorization request, which every node of a main flow can read, and none of a sub-flow. */
export function isOfRequest(value: string): boolean {
  return value.startsWith("parameters.") || value.startsWith("application.");
}

/**
 * For each node, the values that it or a node behind it reads as they are when it is reached.
 * @param isInSubFlow The main flow that follows a sub-flow has the request itself.
 */
export function valuesNeeded(
  { nodes }: Scenario,
  isInSubFlow: (name: string) => boolean,
): ReadonlyMap<string, ReadonlySet<string>> {
  const needed = new Map<string, Set<string>>();
  for (const [name, node] of Object.entries(nodes)) needed.set(name, new Set(readsOf(node)));
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    for (const [name, node] of Object.entries(nodes)) {
      const here = needed.get(name) ?? new Set();
      const before = here.size;
      for (const { to, sets } of transitionsOf(name, node)) {
        const isLeft = isInSubFlow(name) && !isInSubFlow(to);
        for (const value of needed.get(to) ?? []) {
          if (!sets.includes(value) && !(isLeft && isOfRequest(value))) here.add(value);
        }
      }
      isGrowing ||= here.size > before;
    }
  }
  return needed;
}
