/** Settings: README, `.dev.vars.sample` and `wrangler.jsonc` against `src/config.ts`. */
import { parseEnv } from "node:util";
import { parseSettings, SECRET_NAMES, SETTING_NAMES, SettingsError } from "../../../src/config.ts";
import { type Check, columnOf, damage, README, SAMPLE, tableOf } from "../check.ts";
import { compareNames, comparePairs, settingsOfSample, textOf } from "../comparisons.ts";
import { namesInColumn } from "../markdown.ts";

/** Any value that passes, so that what is left are the defaults. */
const ANY_SECRETS = {
  PINGONE_ISSUER: "https://auth.pingone.eu/11111111-2222-4333-8444-555555555555/as",
  MCP_SERVER_CLIENT_ID: "id",
  MCP_SERVER_CLIENT_SECRET: "secret",
  API_IDENTIFIER: "https://todo.api.com",
  API_URL: "https://todo.example.com",
  COOKIE_ENCRYPTION_KEY: "TEST ONLY cookie key, at least 32 characters long",
};

const VARIABLE_NAMES = SETTING_NAMES.filter((name) => !SECRET_NAMES.some((secret) => secret === name));

function defaultsOfCode(): Record<string, string> {
  const settings = parseSettings({ ...ANY_SECRETS, MCP_RESOURCE: "https://mcp.example.com/mcp" });
  return Object.fromEntries(
    VARIABLE_NAMES.map((name) => {
      const value = settings[name];
      const isNone = value === undefined || (Array.isArray(value) && value.length === 0);
      if (name === "MCP_RESOURCE") return [name, "required"];
      return [name, isNone ? "none" : String(value)];
    }),
  );
}

export const settingsChecks: Check[] = [
  {
    name: "README's secrets",
    differences: (project) =>
      compareNames(
        "secrets",
        namesInColumn(tableOf(project, README, "Settings", "secret"), "secret"),
        SECRET_NAMES,
      ),
    damages: [damage(README, "| `API_URL` |", "| `API_ADDRESS` |")],
  },
  {
    name: "secrets that README's deployment sets",
    differences: ({ files }) =>
      compareNames(
        "secret put",
        Array.from(
          textOf(files, README).matchAll(/wrangler secret put ([A-Z]\w+)$/gm),
          ([, name]) => name ?? "",
        ),
        SECRET_NAMES,
      ),
    damages: [damage(README, "npm run wrangler secret put API_URL\n", "")],
  },
  {
    name: "README's variables and their defaults",
    differences: (project) =>
      comparePairs(
        "variables",
        columnOf(tableOf(project, README, "Settings", "variable"), "variable", "default"),
        defaultsOfCode(),
      ),
    damages: [
      damage(README, "| `SESSION_IDLE_SECONDS` | `86400` |", "| `SESSION_IDLE_SECONDS` | `3600` |"),
      damage(README, "| `REQUEST_BUDGET_SECONDS` |", "| `REQUEST_BUDGET` |"),
      damage(README, "| `WHOAMI_ACCESS_TOKEN` | `redact` |", "| `WHOAMI_ACCESS_TOKEN` | `include` |"),
    ],
  },
  {
    name: "README's shipped values",
    differences: (project) => {
      const shipped = columnOf(tableOf(project, README, "Settings", "variable"), "variable", "shipped");
      const actual = VARIABLE_NAMES.map((name) => [name, project.vars[name] ?? "-"]);
      return comparePairs("shipped values", shipped, Object.fromEntries(actual));
    },
    damages: [
      damage(README, "| `redact` | `include` |", "| `redact` | `redact` |"),
      (project) => ({ ...project, vars: { ...project.vars, CLIENT_METADATA_DOCUMENTS: "off" } }),
    ],
  },
  {
    name: "vars of wrangler.jsonc",
    differences: ({ vars }) => [
      ...Object.keys(vars)
        .filter((name) => !VARIABLE_NAMES.some((variable) => variable === name))
        .map((name) => `wrangler.jsonc: ${name} is no variable of src/config.ts`),
      ...settingProblems({ ...ANY_SECRETS, ...vars }),
    ],
    damages: [
      (project) => ({ ...project, vars: { ...project.vars, MCP_SERVER_CLIENT_SECRET: "x" } }),
      (project) => ({ ...project, vars: { ...project.vars, MCP_RESOURCE: "http://mcp.example.com/mcp" } }),
    ],
  },
  {
    name: ".dev.vars.sample",
    differences: ({ files }) => {
      const { assigned, optional } = settingsOfSample(textOf(files, SAMPLE));
      return [
        ...compareNames(SAMPLE, [...assigned, ...optional], SETTING_NAMES),
        ...SECRET_NAMES.filter((name) => !assigned.includes(name)).map((name) => `${SAMPLE} has no ${name}=`),
      ];
    },
    damages: [
      damage(SAMPLE, "\nPINGONE_ISSUER=", "\n# PINGONE_ISSUER="),
      damage(SAMPLE, "# SESSION_IDLE_SECONDS=", "# SESSION_IDLE="),
    ],
  },
  {
    name: ".dev.vars.sample filled in",
    differences: ({ files }) => {
      const sample = textOf(files, SAMPLE);
      const optional = sample.replace(/^# ([A-Z][A-Z_]+=)/gm, "$1");
      // The example of a setting stands two lines above it or closer.
      const examples = Object.fromEntries(
        Array.from(sample.matchAll(/^# Example: (.+)\n(?:#.*\n)*([A-Z_]+)=/gm), ([, value, name]) => [
          name,
          value,
        ]),
      );
      const filled = { ...parseEnv(optional), COOKIE_ENCRYPTION_KEY: "x".repeat(32), ...examples };
      return [
        ...compareNames("left to fill in", settingNames(parseEnv(sample)), SECRET_NAMES),
        ...settingProblems(filled),
      ];
    },
    damages: [
      damage(SAMPLE, "# Example: https://todo-api", "# Example: http://todo-api"),
      damage(SAMPLE, "WHOAMI_ACCESS_TOKEN='redact'", "WHOAMI_ACCESS_TOKEN='hide'"),
      damage(SAMPLE, "API_URL=''", "API_URL='https://todo.example.com'"),
    ],
  },
];

function settingNames(values: Record<string, unknown>): string[] {
  try {
    parseSettings(values);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map(({ name }) => name);
    throw error;
  }
}

function settingProblems(values: Record<string, unknown>): string[] {
  return settingNames(values).map((name) => `${name} is not accepted`);
}
