/** `npm run bench`: how long calls and sign-ins take beside their floors, and what they ask of others. */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Bench, buildBundles, startBench } from "./bench.ts";
import { countEach } from "./count.ts";
import { measureInTurn, measureThroughput, summarize, type Variant } from "./measure.ts";
import { type Report, type Row, renderReport } from "./report.ts";
import { callVariants, connectionVariants } from "./scenarios.ts";

const USAGE = "Usage: npm run bench -- [--rounds NUMBER] [--json FILE]";
const DEFAULT_ROUNDS = "300";
/** Sign-ins take far longer than calls, and are compared with nothing. */
const CALLS_PER_CONNECTION = 15;
const CPU_RUNS = 200;
const THROUGHPUT = { callers: 8, seconds: 3 };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: DEFAULT_ROUNDS }, json: { type: "string" } },
  });
  if (!/^[1-9]\d{0,5}$/.test(values.rounds)) throw new Error(`--rounds must be a whole number. ${USAGE}`);
  const rounds = Number(values.rounds);
  const bundles = await buildBundles();

  const operations = new Map<string, Row["operations"]>();
  {
    await using bench = await startBench(bundles, { isCounted: true });
    const variants = [...(await callVariants(bench)), ...(await connectionVariants(bench))];
    for (const [name, counted] of await countEach(bench, variants)) operations.set(name, counted);
  }

  await using bench = await startBench(bundles, { isCounted: false });
  const calls = await callVariants(bench);
  const times = await measureInTurn(calls, { rounds });
  const connections = await connectionVariants(bench);
  const connectionTimes = await measureInTurn(connections, {
    rounds: Math.ceil(rounds / CALLS_PER_CONNECTION),
  });
  const rows: Row[] = [];
  for (const variant of calls) {
    const cpuMs = await measureCpu(bench, variant);
    const throughput = await measureThroughput(variant, THROUGHPUT);
    rows.push({ ...rowOf(variant, times), ...(cpuMs !== undefined && { cpuMs }), throughput });
  }
  rows.push(...connections.map((variant) => rowOf(variant, connectionTimes)));

  const report: Report = {
    date: new Date().toISOString(),
    node: process.version,
    rounds,
    noise: noiseOf(times.get("provider + createMcpHandler") ?? []),
    rows,
  };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${renderReport(report)}\n`);

  function rowOf({ name, floor }: Variant, measured: ReadonlyMap<string, number[]>): Row {
    const counted = operations.get(name);
    if (counted === undefined) throw new Error(`Nothing was counted for ${name}.`);
    return {
      name,
      ...(floor !== undefined && { floor }),
      time: summarize(measured.get(name) ?? []),
      operations: counted,
    };
  }
}

async function measureCpu({ workerd }: Bench, { run }: Variant): Promise<number | undefined> {
  const before = await workerd.cpuSeconds();
  for (let count = 0; count < CPU_RUNS; count += 1) await run();
  const after = await workerd.cpuSeconds();
  if (before === undefined || after === undefined) return undefined;
  return ((after - before) * 1000) / CPU_RUNS;
}

function noiseOf(times: readonly number[]): number {
  const [odd, even] = [1, 0].map((rest) => summarize(times.filter((_, index) => index % 2 === rest)).median);
  return (odd ?? Number.NaN) / (even ?? Number.NaN);
}

try {
  await main();
  // Kept connections would hold this process for a minute.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
