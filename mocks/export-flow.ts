/** `davinci export SCENARIO`: writes a scenario as DaVinci imports it, and says what has to be put into it. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHIPPED_TENANT } from "./index.ts";
import { FileFaults } from "./kit/input-file.ts";
import { exportScenario } from "./pingone/davinci/scenarios/export-scenario.ts";
import { loadScenarioLayers } from "./pingone/davinci/scenarios/load-scenarios.ts";
import { checkTenantFolder } from "./pingone/tenant/tenant-folder.ts";

export interface ExportOptions {
  /** Of one scenario. */
  readonly names: readonly string[];
  /** A file; default: standard output. */
  readonly out?: string | undefined;
  /** A tenant whose scenarios lie over the shipped ones. */
  readonly tenant?: string | undefined;
}

interface Streams {
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
}

/** @throws {Error} that says what is wrong with the arguments or the files. */
export function exportFlow({ names, out, tenant }: ExportOptions, streams: Streams): void {
  const { text, placeholders } = exportScenario(find(names, tenant));
  if (out === undefined) streams.out(text);
  else writeFileSync(out, text);
  const width = Math.max(...placeholders.map((placeholder) => placeholder.text.length));
  streams.note(
    [
      `${out ?? "This"} is the flow "${names[0]}" as DaVinci imports it. Not yet tried on a tenant.`,
      "Each environment has its own ids. Put yours in place of these, or choose them in the console after the import:",
      ...placeholders.map((placeholder) => `  ${placeholder.text.padEnd(width)}  ${placeholder.about}`),
      "",
    ].join("\n"),
  );
}

/** @throws {InputFileError | Error} */
function find([name, ...others]: readonly string[], tenantDir: string | undefined) {
  const faults = new FileFaults();
  if (tenantDir !== undefined) checkTenantFolder(tenantDir, faults);
  const own =
    tenantDir === undefined ? [] : [join(tenantDir, "davinci")].filter((folder) => existsSync(folder));
  const { scenarios } = loadScenarioLayers([...own, join(SHIPPED_TENANT, "davinci")], faults);
  faults.throwIfAny();
  const known = scenarios.map(({ scenario }) => scenario.name).join(", ");
  if (name === undefined || others.length > 0) {
    throw new Error(`davinci export needs the name of one scenario. There are: ${known}.`);
  }
  const found = scenarios.find(({ scenario }) => scenario.name === name);
  if (found) return found.compiled;
  throw new Error(`There is no scenario "${name}". There are: ${known}.`);
}
