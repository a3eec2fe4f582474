/** Variables of a scenario: written as `{{name}}` in texts and as the `value` of a branch. */

interface Variable {
  readonly about: string;
  /** Variables with a fixed set of values: a branch on any other is a typo. */
  readonly values?: readonly string[];
}

/** Every variable that has a name of its own. */
const NAMED: Readonly<Record<string, Variable>> = {
  "application.id": { about: "Client id of the application that asks." },
  "application.name": { about: "Its name." },
  "user.username": { about: "User name of the user whom the flow has identified." },
  "user.email": { about: "E-mail address of the user." },
  "user.name.given": { about: "Given name of the user." },
  "user.name.family": { about: "Family name of the user." },
  "user.enabled": { about: "Whether the user is enabled.", values: ["true", "false"] },
  "user.mfaEnabled": { about: "Whether MFA is on for the user.", values: ["true", "false"] },
  "user.lifecycle.status": {
    about: "Whether the address is verified yet.",
    values: ["ACCOUNT_OK", "VERIFICATION_REQUIRED"],
  },
  "consent.status": { about: "Answer to the last consent.", values: ["ACCEPTED", "DECLINED"] },
  "mfa.verified": {
    about: "Whether a one-time code of the purpose `mfa` was right.",
    values: ["true", "false"],
  },
  "code.sentTo": { about: "The address that codes for the user are sent to: the same as `user.email`." },
  "lock.remaining": { about: "After `locked`: how long the lock lasts, such as `15 minutes`." },
  "error.code": { about: "Error code of the node that failed last." },
  "error.message": { about: "Its message." },
};

/** Variables of which only the beginning is fixed. */
const PATTERNS: readonly { readonly form: string; readonly about: string; readonly pattern: RegExp }[] = [
  {
    form: "user.<attribute>",
    about: "Any attribute of the user; nested ones with dots, such as `user.address.locality`.",
    pattern: /^user(\.[A-Za-z_][A-Za-z0-9_]*)+$/,
  },
  {
    form: "fields.<screen>.<key>",
    about: "What was entered on that screen.",
    pattern: /^fields\.[^.{}]+\.[A-Za-z][A-Za-z0-9_]*$/,
  },
  {
    form: "parameters.<name>",
    about:
      "Any parameter of the authorization request; `parameters.auth_mode` is `silent` under `prompt=none`.",
    pattern: /^parameters\.[A-Za-z_][A-Za-z0-9_]*$/,
  },
];

/** For the documentation: every variable and form of one. */
export const DESCRIBED_VARIABLES: readonly { readonly name: string; readonly about: string }[] = [
  ...Object.entries(NAMED).map(([name, { about }]) => ({ name, about })),
  ...PATTERNS.map(({ form, about }) => ({ name: form, about })),
];

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

export function isVariable(name: string): boolean {
  return Object.hasOwn(NAMED, name) || PATTERNS.some(({ pattern }) => pattern.test(name));
}

/** The values that a variable can have; undefined when they are not known. */
export function valuesOf(name: string): readonly string[] | undefined {
  return Object.hasOwn(NAMED, name) ? NAMED[name]?.values : undefined;
}

/** All names used in a template, including unknown ones. */
export function variablesIn(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? "");
}

/** A template as its texts and variables, in their order. */
export function partsOf(template: string): readonly ({ text: string } | { variable: string })[] {
  const parts: ({ text: string } | { variable: string })[] = [];
  let end = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    if (match.index > end) parts.push({ text: template.slice(end, match.index) });
    parts.push({ variable: match[1] ?? "" });
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push({ text: template.slice(end) });
  return parts;
}

/** Screen and key of `fields.<screen>.<key>`. */
export function fieldOf(variable: string): { readonly screen: string; readonly key: string } | undefined {
  const match = /^fields\.([^.]+)\.([^.]+)$/.exec(variable);
  return match ? { screen: match[1] ?? "", key: match[2] ?? "" } : undefined;
}
