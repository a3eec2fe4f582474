/** `npm run cost`: what a month costs at Cloudflare, from the operations of the last recorded benchmark. */
import { parseArgs } from "node:util";
import { DEFAULT_USAGE, renderUsage } from "./cost-page.ts";
import { readRecorded, writeRendered } from "./record.ts";

const USAGE = "Usage: npm run cost -- [--people NUMBER] [--calls A_DAY] [--sign-ins A_DAY] [--write]";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      people: { type: "string", default: String(DEFAULT_USAGE.people) },
      calls: { type: "string", default: String(DEFAULT_USAGE.callsPerDay) },
      "sign-ins": { type: "string", default: String(DEFAULT_USAGE.signInsPerDay) },
      write: { type: "boolean", default: false },
    },
  });
  const report = await readRecorded();
  if (values.write) await writeRendered(report);
  const usage = {
    people: parseNumber("--people", values.people),
    callsPerDay: parseNumber("--calls", values.calls),
    signInsPerDay: parseNumber("--sign-ins", values["sign-ins"]),
  };
  process.stdout.write(`${renderUsage(report, usage)}\n`);
}

function parseNumber(name: string, value: string): number {
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(value) || Number(value) === 0) {
    throw new Error(`${name} must be a number above zero, like 20 or 0.5.`);
  }
  return Number(value);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 1;
}
