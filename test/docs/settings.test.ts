/** What a person copies or deploys, `.dev.vars.sample` and `wrangler.jsonc`, is what `src/config.ts` takes. */
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { readText } from "../../scripts/docs/documents.ts";
import { readWranglerConfig } from "../../scripts/docs/parts.ts";
import { parseSettings, SECRET_NAMES, SETTING_NAMES, SettingsError } from "../../src/config.ts";
import { sectionOf } from "./markdown.ts";

function namesOfProblems(values: object): string[] {
  try {
    parseSettings(values);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map(({ name }) => name);
    throw error;
  }
}

const sample = readText(".dev.vars.sample");
/** What the line `# Example:` above a setting gives it. */
const examples = Object.fromEntries(
  Array.from(sample.matchAll(/^# Example: (.+)\n(?:#.*\n)*([A-Z_]+)=/gm), ([, value, name]) => [name, value]),
);
const secrets = { ...examples, COOKIE_ENCRYPTION_KEY: "x".repeat(32) };

describe(".dev.vars.sample", () => {
  const uncommented = parseEnv(sample.replace(/^# ([A-Z][A-Z_]+=)/gm, "$1"));

  it("has every setting, the secrets to be filled in", () => {
    expect(Object.keys(uncommented).sort()).toEqual([...SETTING_NAMES].sort());
    expect(namesOfProblems(parseEnv(sample)).sort()).toEqual([...SECRET_NAMES].sort());
  });

  it("is accepted with its examples filled in", () => {
    expect(namesOfProblems({ ...uncommented, ...secrets })).toEqual([]);
  });
});

describe("wrangler.jsonc", () => {
  const { vars, observability, compatibility_flags } = readWranglerConfig();

  it("has no secret and no unknown variable, and is accepted with secrets", () => {
    const variables = SETTING_NAMES.filter((name) => !SECRET_NAMES.some((secret) => secret === name));
    expect(variables).toEqual(expect.arrayContaining(Object.keys(vars)));
    expect(namesOfProblems({ ...vars, ...secrets })).toEqual([]);
  });

  it("[SEC-30] has Workers Logs without the queries of addresses, which carry codes and states", () => {
    // Not a line for each invocation: each would be billed, too.
    const logs = { enabled: true, invocation_logs: false };
    expect(observability).toEqual({ enabled: true, redact_query_string: true, logs });
  });

  it("[SEC-33] lets no fetch reach into the own zone, whatever address a stranger has chosen", () => {
    expect(compatibility_flags).toContain("global_fetch_strictly_public");
  });
});

it("README names every secret where it says how to deploy", () => {
  const deploy = sectionOf(readText("README.md"), "Deploy");
  for (const name of SECRET_NAMES) expect(deploy).toContain(`\`${name}\``);
});
