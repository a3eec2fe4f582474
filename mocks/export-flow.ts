/** `davinci export SCENARIO`: writes a scenario as DaVinci imports it, and says what has to be put into it. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SHIPPED_TENANT } from "./index.ts";
import { FileFaults } from "./kit/input-file.ts";
import { exportScenario } from "./pingone/davinci/scenarios/export-scenario.ts";
import { loadScenarioLayers } from "./pingone/davinci/scenarios/load-scenarios.ts";
import { checkTenantFolder } from "./pingone/tenant/tenant-folder.ts";

export const EXPORT_HELP = `davinci export SCENARIO [--out FILE] [--tenant DIR]
  Writes a scenario of fixtures/davinci, or of davinci/ in a tenant of your own, as DaVinci imports it.
  --out FILE    write it there, in place of standard output
  --tenant DIR  a tenant whose scenarios lie over the shipped ones
`;

interface Streams {
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
}

/** @throws {Error} that says what is wrong with the arguments or the files. */
export function exportFlow(args: readonly string[], { out, note }: Streams): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { out: { type: "string" }, tenant: { type: "string" } },
    allowPositionals: true,
  });
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) {
    throw new Error(`Name one scenario:\n\n  ${EXPORT_HELP}`);
  }
  const { text, placeholders } = exportScenario(find(name, values.tenant));
  if (values.out === undefined) out(text);
  else writeFileSync(values.out, text);
  const width = Math.max(...placeholders.map((placeholder) => placeholder.text.length));
  note(
    [
      `${values.out === undefined ? "This" : values.out} is the flow "${name}" as DaVinci imports it. Not yet tried on a tenant.`,
      "Each environment has its own ids, so put yours in place of these, or choose them in the nodes after the import:",
      ...placeholders.map((placeholder) => `  ${placeholder.text.padEnd(width)}  ${placeholder.about}`),
      "",
    ].join("\n"),
  );
}

/** @throws {InputFileError | Error} */
function find(name: string, tenantDir: string | undefined) {
  const faults = new FileFaults();
  if (tenantDir !== undefined) checkTenantFolder(tenantDir, faults);
  const own =
    tenantDir === undefined ? [] : [join(tenantDir, "davinci")].filter((folder) => existsSync(folder));
  const { scenarios } = loadScenarioLayers([...own, join(SHIPPED_TENANT, "davinci")], faults);
  faults.throwIfAny();
  const found = scenarios.find(({ scenario }) => scenario.name === name);
  if (found) return found.compiled;
  const known = scenarios.map(({ scenario }) => scenario.name).join(", ");
  throw new Error(`There is no scenario "${name}". There are: ${known}.`);
}
