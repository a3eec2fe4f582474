/** Variables of a flow, as `{{name}}` in its texts and as the `value` of a branch. */

/** Every variable but `parameters.<name>`, which stands for any parameter of the authorization request. */
export const VARIABLES = [
  "application.id",
  "application.name",
  "user.username",
  "user.email",
  "user.name.given",
  "user.name.family",
  "user.enabled",
  "user.mfaEnabled",
  "user.lifecycle.status",
  "consent.status",
  "mfa.verified",
  "lock.remaining",
  "code.sentTo",
] as const;
type Variable = (typeof VARIABLES)[number];
export type Variables = Readonly<Partial<Record<Variable, string>>>;

/** What a variable can be, for those that are one of few words: a branch on any other word is a slip of the pen. */
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

/** Names used in a template, known or not. */
export function variablesIn(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? "");
}

/** The value of one variable; one that is not set (yet) is the empty string. */
export function readVariable(
  name: string,
  variables: Variables,
  parameters: Readonly<Record<string, string>>,
): string {
  if (!name.startsWith(PARAMETER_PREFIX)) return variables[name as Variable] ?? "";
  const parameter = name.slice(PARAMETER_PREFIX.length);
  return Object.hasOwn(parameters, parameter) ? (parameters[parameter] ?? "") : "";
}

/** The text with its variables filled in. Plain text: whoever renders it escapes it. */
export function expandTemplate(
  template: string,
  variables: Variables,
  parameters: Readonly<Record<string, string>>,
): string {
  return template.replace(PLACEHOLDER, (_, name: string) => readVariable(name, variables, parameters));
}
