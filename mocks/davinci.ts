/** `pingone-emulator davinci ...`, and `npm run davinci -- ...`: checks flow exports, and writes exports of scenarios. */
import { parseArgs } from "node:util";
import { exportFlow } from "./export-flow.ts";
import { countsOf, printable } from "./pingone/davinci/check/finding.ts";
import { type CheckedFile, checkFiles } from "./pingone/davinci/files/check-files.ts";

const DAVINCI_HELP = `Works on DaVinci flows without running them.

  davinci check FILE|FOLDER... [--json]    what an export lacks here, and what goes wrong in PingOne.
                                           Ends with code 1 when there are errors
  davinci export SCENARIO [--out FILE] [--tenant DIR]
                                           writes a scenario, of the tenant too, as the file that DaVinci imports
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

function exportOne(args: string[]): number {
  const { values, positionals } = parse(args, { out: { type: "string" }, tenant: { type: "string" } });
  const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
  exportFlow(
    { names: positionals, out: textOf(values.out), tenant: textOf(values.tenant) },
    { out: (text) => process.stdout.write(text), note: (text) => process.stderr.write(text) },
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

const MARKS = { error: "error  ", warning: "warning", info: "note   " } as const;

function reportOf(checked: readonly CheckedFile[]): string {
  const blocks = [...Map.groupBy(checked, ({ file }) => file)].map(([file, flows]) =>
    [printable(file), ...flows.flatMap(linesOf), ""].join("\n"),
  );
  const runnable = checked.filter((flow) => flow.runnable).length;
  const findings = checked.flatMap((flow) => flow.findings);
  return `${blocks.join("\n")}\n${runnable} of ${checked.length} flows can be run here. ${countsOf(findings)}.\n`;
}

function linesOf({ name, flow, runnable, missing, findings }: CheckedFile): string[] {
  const lacks = missing.length > 0 ? `: missing ${missing.join(", ")}` : "";
  // The same is said once, with all the nodes that it is about.
  const alike = [...Map.groupBy(findings, ({ level, code, text }) => `${level} ${code} ${text}`).values()];
  return [
    ...(flow === null
      ? []
      : [printable(`  ${name} (${flow}) ${runnable ? "can be run here" : `cannot be run here${lacks}`}`)]),
    ...alike.flatMap((members) => {
      const [first] = members;
      if (!first) return [];
      const nodes = members
        .filter(({ node }) => node !== "")
        .map(({ title, node }) => `"${title}" (${node})`);
      const where = nodes.length > 0 ? `${nodes.join(", ")}: ` : "";
      return [printable(`    ${MARKS[first.level]} ${first.code}: ${where}${first.text}`)];
    }),
  ];
}
