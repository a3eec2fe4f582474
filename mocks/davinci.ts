/** `pingone-emulator davinci ...`, and `npm run davinci -- ...`: checks flow exports, and writes exports of scenarios. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { SHIPPED_TENANT } from "./index.ts";
import { type CheckedFile, checkFiles } from "./pingone/davinci/files/check-files.ts";
import { exportScenario } from "./pingone/davinci/scenarios/export-scenario.ts";
import { loadScenarios } from "./pingone/davinci/scenarios/load-scenarios.ts";

export const DAVINCI_HELP = `Works on DaVinci flows without running them.

  davinci check FILE|FOLDER... [--json]    what an export lacks here, and what goes wrong in PingOne.
                                           Ends with code 1 when there are errors
  davinci export SCENARIO [--out FILE]     writes a scenario as the file that DaVinci imports
`;

/** Returns the code to exit with. @throws {Error} saying what is wrong with the arguments. */
export async function runDavinci(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "check") return check(rest);
  if (command === "export") return exportOne(rest);
  if (command === undefined || command === "--help") {
    process.stdout.write(DAVINCI_HELP);
    return 0;
  }
  throw new Error(`There is no command "davinci ${command}". There are: davinci check, davinci export.`);
}

async function check(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { json: { type: "boolean", default: false } });
  if (positionals.length === 0) throw new Error("davinci check needs a file or a folder of flow exports.");
  const checked = await checkFiles(positionals);
  const hasErrors = checked.some(({ findings }) => findings.some(({ level }) => level === "error"));
  process.stdout.write(values.json ? `${JSON.stringify(checked, null, 2)}\n` : reportOf(checked));
  return hasErrors ? 1 : 0;
}

async function exportOne(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { out: { type: "string" } });
  const scenarios = loadScenarios(`${SHIPPED_TENANT}/davinci`);
  const [name, ...others] = positionals;
  const known = scenarios.map(({ scenario }) => scenario.name).join(", ");
  if (name === undefined || others.length > 0) {
    throw new Error(`davinci export needs the name of one scenario. There are: ${known}.`);
  }
  const found = scenarios.find(({ scenario }) => scenario.name === name);
  if (!found) throw new Error(`There is no scenario "${name}". There are: ${known}.`);
  const { text, placeholders } = exportScenario(found.compiled);
  if (typeof values.out === "string") writeFileSync(values.out, text);
  else process.stdout.write(text);
  process.stderr.write(
    `Replace in the file, or choose in the console after the import:\n${placeholders
      .map((placeholder) => `  ${placeholder.text}  ${placeholder.about}\n`)
      .join("")}`,
  );
  return 0;
}

function parse(args: string[], options: NonNullable<Parameters<typeof parseArgs>[0]>["options"] & object) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new Error(
      `${(error as Error).message.split(". ")[0]}. "pingone-emulator davinci --help" lists the options.`,
      {
        cause: error,
      },
    );
  }
}

const MARKS = { error: "error  ", warning: "warning", info: "info   " } as const;

function reportOf(checked: readonly CheckedFile[]): string {
  const blocks = [...Map.groupBy(checked, ({ file }) => file)].map(([file, flows]) =>
    [file, ...flows.flatMap(linesOf), ""].join("\n"),
  );
  const count = (wanted: string) =>
    checked.flatMap(({ findings }) => findings).filter(({ level }) => level === wanted).length;
  const runnable = checked.filter((flow) => flow.runnable).length;
  return `${blocks.join("\n")}\n${runnable} of ${checked.length} flows can be run here. ${count("error")} errors, ${count("warning")} warnings, ${count("info")} notes.\n`;
}

function linesOf({ name, flow, runnable, missing, findings }: CheckedFile): string[] {
  const lacks = missing.length > 0 ? `: missing ${missing.join(", ")}` : "";
  return [
    ...(flow === null
      ? []
      : [`  ${name} (${flow}) ${runnable ? "can be run here" : `cannot be run here${lacks}`}`]),
    ...findings.map(({ level, code, node, title, text }) => {
      const where = node === "" ? "" : `"${title}" (${node}): `;
      return `    ${MARKS[level]} ${code}: ${where}${text}`;
    }),
  ];
}
