/** Variables of a flow: written as `{{name}}` in texts and as the `value` of a branch. */
import type { User } from "../tenant/users.ts";

const APPLICATION_VARIABLES = ["application.id", "application.name"] as const;

/** The variables that are set once the flow has identified the user. */
const USER_VARIABLES = {
  "user.username": ({ username }) => username,
  "user.email": ({ email = "" }) => email,
  "user.name.given": ({ name }) => name.given ?? "",
  "user.name.family": ({ name }) => name.family ?? "",
  "user.enabled": ({ enabled }) => String(enabled),
  "user.mfaEnabled": ({ mfaEnabled }) => String(mfaEnabled),
  "user.lifecycle.status": ({ lifecycle }) => lifecycle.status,
} as const satisfies Readonly<Record<string, (user: User) => string>>;
type UserVariable = keyof typeof USER_VARIABLES;

const STATE_VARIABLES = ["consent.status", "mfa.verified", "lock.remaining", "code.sentTo"] as const;
type SetVariable = (typeof APPLICATION_VARIABLES)[number] | (typeof STATE_VARIABLES)[number];

/** Every variable except `parameters.<name>`, which is any parameter of the authorization request. */
export const VARIABLES = [
  ...APPLICATION_VARIABLES,
  ...(Object.keys(USER_VARIABLES) as UserVariable[]),
  ...STATE_VARIABLES,
];
type Variable = UserVariable | SetVariable;
/** The user variables are absent until the flow has identified the user. */
export type Variables = Readonly<Record<SetVariable, string> & Partial<Record<UserVariable, string>>>;

/** Variables with a fixed set of values. A branch on any other value is a typo. */
export const VARIABLE_VALUES: Readonly<Partial<Record<string, readonly string[]>>> = {
  "consent.status": ["ACCEPTED", "DECLINED"],
  "mfa.verified": ["true", "false"],
  "user.enabled": ["true", "false"],
  "user.mfaEnabled": ["true", "false"],
  "user.lifecycle.status": ["ACCOUNT_OK", "VERIFICATION_REQUIRED"],
} satisfies Partial<Record<Variable, readonly string[]>>;

const PARAMETER_PREFIX = "parameters.";
const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

export function isVariable(name: string): boolean {
  return (VARIABLES as readonly string[]).includes(name) || /^parameters\.[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

export function userVariables(user: User): Readonly<Record<UserVariable, string>> {
  const values = Object.entries(USER_VARIABLES).map(([name, read]) => [name, read(user)]);
  // The return type of `Object.fromEntries` does not keep the names of the keys.
  return Object.fromEntries(values) as Record<UserVariable, string>;
}

/** All names used in a template, including unknown ones. */
export function variablesIn(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? "");
}

/** The value of a variable, or the empty string if it is not set. */
export function readVariable(
  name: string,
  variables: Variables,
  parameters: Readonly<Record<string, string>>,
): string {
  if (!name.startsWith(PARAMETER_PREFIX)) return variables[name as Variable] ?? "";
  const parameter = name.slice(PARAMETER_PREFIX.length);
  return Object.hasOwn(parameters, parameter) ? (parameters[parameter] ?? "") : "";
}

/** The text with its variables inserted. The result is plain text; the caller must escape it. */
export function expandTemplate(
  template: string,
  variables: Variables,
  parameters: Readonly<Record<string, string>>,
): string {
  return template.replace(PLACEHOLDER, (_, name: string) => readVariable(name, variables, parameters));
}
