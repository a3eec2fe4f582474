/** Measures several variants in one run, call by call in turn, so that a drift of the machine meets all alike. */

export interface Variant {
  readonly name: string;
  /** The variant that it is held against. */
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
    for (let turn = 0; turn < variants.length; turn += 1) {
      // Each round begins with another one: no variant always follows the same neighbour after a pause.
      const variant = variants[(turn + Math.abs(round)) % variants.length] as Variant;
      const startedAt = performance.now();
      await runNamed(variant);
      if (round >= 0) times.get(variant.name)?.push(performance.now() - startedAt);
    }
  }
  return times;
}

export async function runNamed({ name, run }: Variant): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new Error(`"${name}" failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Processor time of one run, in milliseconds, by variant: runs in small blocks, in turn as well.
 *
 * @param readCpuMs of the process that is measured; undefined where the system does not say
 */
export async function measureCpuInTurn(
  variants: readonly Variant[],
  readCpuMs: () => Promise<number | undefined>,
  { blocks, runsPerBlock }: { blocks: number; runsPerBlock: number },
): Promise<Map<string, number>> {
  const spent = new Map<string, number>();
  for (let block = 0; block < blocks; block += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const variant = variants[(turn + block) % variants.length] as Variant;
      const before = await readCpuMs();
      for (let run = 0; run < runsPerBlock; run += 1) await runNamed(variant);
      const after = await readCpuMs();
      if (before === undefined || after === undefined) return new Map();
      spent.set(variant.name, (spent.get(variant.name) ?? 0) + after - before);
    }
  }
  return new Map([...spent].map(([name, ms]) => [name, ms / (blocks * runsPerBlock)]));
}

/** Calls a second, with so many callers that each wait for their own answer. */
export async function measureThroughput(
  { run }: Variant,
  { callers, seconds }: { callers: number; seconds: number },
): Promise<number> {
  const endsAt = performance.now() + seconds * 1000;
  let calls = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < endsAt) {
        await run();
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
