/**
 * Measures several variants in one run, alternating call by call, so that changes of the machine's speed affect all
 * alike.
 */
import { randomInt } from "node:crypto";

const RATIO_PARTS = 10;

export interface Variant {
  readonly name: string;
  /** The variant that it is compared with. */
  readonly floor?: string;
  run(): Promise<unknown>;
}

export interface Sample {
  readonly count: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p95: number;
  /** Half of all calls lie between these two. */
  readonly quartiles: readonly [number, number];
}

/** @param options.rounds how often each variant is run and counted, after a tenth of it for warming up */
export async function measureInTurn(
  variants: readonly Variant[],
  { rounds }: { rounds: number },
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  const warmUp = Math.ceil(rounds / 10);
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const variant of shuffled(variants)) {
      const startedAt = performance.now();
      await runNamed(variant);
      if (round >= 0) times.get(variant.name)?.push(performance.now() - startedAt);
    }
  }
  return times;
}

/** Shuffled each time, so that the background work of one variant does not always slow down the same other one. */
function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(randomInt(rest.length), 1)[0] as T);
}

export async function runNamed({ name, run }: Variant): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new Error(`"${name}" failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Processor time of one run, in milliseconds, by variant: small blocks of runs, alternating.
 *
 * @param readCpuMs processor time of the measured process; undefined if the system does not report it
 */
export async function measureCpuInTurn(
  variants: readonly Variant[],
  readCpuMs: () => Promise<number | undefined>,
  { blocks, runsPerBlock }: { blocks: number; runsPerBlock: number },
): Promise<Map<string, number>> {
  const spent = new Map<string, number>();
  for (let block = 0; block < blocks; block += 1) {
    for (const variant of shuffled(variants)) {
      const before = await readCpuMs();
      for (let run = 0; run < runsPerBlock; run += 1) await runNamed(variant);
      const after = await readCpuMs();
      if (before === undefined || after === undefined) return new Map();
      spent.set(variant.name, (spent.get(variant.name) ?? 0) + after - before);
    }
  }
  return new Map([...spent].map(([name, ms]) => [name, ms / (blocks * runsPerBlock)]));
}

/** {@link measureThroughput} of each, several times, alternating; the medians, by variant. */
export async function measureThroughputInTurn(
  variants: readonly Variant[],
  { turns, ...options }: { turns: number; callers: number; seconds: number },
): Promise<Map<string, number>> {
  const measured = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const variant of shuffled(variants)) {
      measured.get(variant.name)?.push(await measureThroughput(variant, options));
    }
  }
  return new Map([...measured].map(([name, all]) => [name, summarize(all).median]));
}

/** How much slower one is than another: the minimum and the maximum over ten parts of a run. */
export function ratioRange(times: readonly number[], floor: readonly number[]): readonly [number, number] {
  const size = Math.ceil(times.length / RATIO_PARTS);
  const medianOf = (all: readonly number[], part: number) =>
    summarize(all.slice(part * size, (part + 1) * size)).median;
  const ratios = Array.from(
    { length: Math.ceil(times.length / size) },
    (_, part) => medianOf(times, part) / medianOf(floor, part),
  );
  return [Math.min(...ratios), Math.max(...ratios)];
}

/** Calls per second with this many concurrent callers. */
async function measureThroughput(
  variant: Variant,
  { callers, seconds }: { callers: number; seconds: number },
): Promise<number> {
  const endsAt = performance.now() + seconds * 1000;
  let calls = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < endsAt) {
        await runNamed(variant);
        calls += 1;
      }
    }),
  );
  return (calls * 1000) / (performance.now() - startedAt);
}

export function summarize(times: readonly number[]): Sample {
  const sorted = times.toSorted((left, right) => left - right);
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
  };
}

function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
