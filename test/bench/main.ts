/** `npm run bench`: times of calls and sign-ins beside their floors, and their operations. */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Bench, type Bundles, buildBundles, startBench } from "./bench.ts";
import { COLD_ROWS, measureCold } from "./cold.ts";
import { countEach, type Operations } from "./count.ts";
import { measureByAccesses, measureByTodos } from "./growth.ts";
import {
  measureCpuInTurn,
  measureInTurn,
  measureThroughputInTurn,
  ratioRange,
  summarize,
  type Variant,
} from "./measure.ts";
import { record } from "./record.ts";
import { type Report, type Row, renderReport } from "./report.ts";
import { callVariants, connectionVariants, firstSignIn, laneVariants, openingVariant } from "./scenarios.ts";

const USAGE = "Usage: npm run bench -- [--rounds NUMBER] [--json FILE] [--record] [--calls-only]";
const DEFAULT_ROUNDS = "300";
/** Fewer rounds: sign-ins take far longer than calls, and have no floor. */
const CALLS_PER_CONNECTION = 15;
const ROUNDS_PER_FOUR_RESTARTS = 100;
const ROUNDS_PER_SIZE = 8;
const CALL_BLOCKS = { blocks: 15, runsPerBlock: 20 };
const STEP_BLOCKS = { blocks: 5, runsPerBlock: 4 };
const THROUGHPUT = { callers: 8, seconds: 0.8, turns: 3 };
/** PingOne keeps ten sessions per person: repeated sign-ins must not end the sessions of the other measurements. */
const PEOPLE = { newcomer: "alice", regular: "bob" };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: DEFAULT_ROUNDS },
      json: { type: "string" },
      record: { type: "boolean", default: false },
      "calls-only": { type: "boolean", default: false },
    },
  });
  if (!/^[1-9]\d{0,5}$/.test(values.rounds)) throw new Error(`--rounds must be a whole number. ${USAGE}`);
  if (values.record && values["calls-only"]) throw new Error(`A record has everything. ${USAGE}`);
  const rounds = Number(values.rounds);
  const bundles = await buildBundles();
  const operations = await countOperations(bundles);
  await using bench = await startBench(bundles, { isCounted: false });
  const calls = await callVariants(bench);
  const callTimes = await measureInTurn(calls, { rounds });
  const steps = await connections(bench);
  const stepTimes = await measureInTurn(steps, { rounds: Math.ceil(rounds / CALLS_PER_CONNECTION) });
  const callCpu = await measureCpuInTurn(calls, bench.workerd.cpuMs, CALL_BLOCKS);
  const stepCpu = await measureCpuInTurn(steps, bench.workerd.cpuMs, STEP_BLOCKS);
  const rows: Row[] = [];
  const throughput = await measureThroughputInTurn(calls, THROUGHPUT);
  for (const variant of calls) {
    const { name, floor } = variant;
    const floorTimes = floor === undefined ? undefined : callTimes.get(floor);
    rows.push({
      ...rowOf(variant, callTimes, operations),
      cpuMs: callCpu.get(name),
      throughput: throughput.get(name) ?? Number.NaN,
      ...(floorTimes !== undefined && { ratioRange: ratioRange(callTimes.get(name) ?? [], floorTimes) }),
    });
  }
  rows.push(
    ...steps.map((step) => ({ ...rowOf(step, stepTimes, operations), cpuMs: stepCpu.get(step.name) })),
  );
  if (!values["calls-only"]) rows.push(...(await measureColdRows(bench, rounds)));
  const sized = { rounds: Math.ceil(rounds / ROUNDS_PER_SIZE) };
  const growth = values["calls-only"]
    ? []
    : [
        await measureByTodos(bench, { variants: await laneVariants(bench), ...sized }),
        await measureByAccesses(bench, {
          make: async (username) => [
            await laneVariants(bench, username),
            await connectionVariants(bench, username),
          ],
          ...sized,
        }),
      ];

  const report: Report = {
    date: new Date().toISOString(),
    node: process.version,
    rounds,
    rows,
    growth,
  };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.record) await record(report);
  process.stdout.write(`${renderReport(report)}\n`);
}

async function countOperations(bundles: Bundles): Promise<Map<string, Operations>> {
  await using bench = await startBench(bundles, { isCounted: true });
  return await countEach(bench, [...(await callVariants(bench)), ...(await connections(bench))]);
}

async function connections(bench: Bench): Promise<Variant[]> {
  return [
    firstSignIn(bench, PEOPLE.newcomer),
    ...(await connectionVariants(bench, PEOPLE.regular)),
    await openingVariant(bench, PEOPLE.regular),
  ];
}

async function measureColdRows(bench: Bench, rounds: number): Promise<Row[]> {
  const restarts = Math.ceil(rounds / ROUNDS_PER_FOUR_RESTARTS) * 4;
  const times = await measureCold(bench, { restarts, asleep: 10 });
  return COLD_ROWS.flatMap((row) => [rowOf({ name: row.floor }, times), rowOf(row, times)]);
}

function rowOf(
  { name, floor }: Pick<Variant, "name" | "floor">,
  times: ReadonlyMap<string, number[]>,
  operations?: ReadonlyMap<string, Operations>,
): Row {
  return {
    name,
    ...(floor !== undefined && { floor }),
    time: summarize(times.get(name) ?? []),
    ...(operations !== undefined && { operations: operations.get(name) }),
  };
}

// Child processes end with this process.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  await main();
  // Keep-alive connections would keep this process running for a minute.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
