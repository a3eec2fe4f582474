/** Which test files took longest, from the JSON reports of Vitest and Playwright. */
import { relative } from "node:path";
import { z } from "zod";

export interface FileTime {
  readonly file: string;
  readonly seconds: number;
}

const vitestSchema = z.object({
  testResults: z.array(z.object({ name: z.string(), startTime: z.number(), endTime: z.number() })),
});

/** Nothing where the report cannot be read: that it is missing is told elsewhere. */
export function timeVitestFiles(report: unknown, root: string): FileTime[] {
  const parsed = vitestSchema.safeParse(report);
  if (!parsed.success) return [];
  return parsed.data.testResults.map(({ name, startTime, endTime }) => ({
    file: relative(root, name),
    seconds: (endTime - startTime) / 1000,
  }));
}

const suiteSchema = z.object({
  file: z.string(),
  specs: z.array(
    z.object({ tests: z.array(z.object({ results: z.array(z.object({ duration: z.number() })) })) }),
  ),
  get suites() {
    return z.array(suiteSchema).optional();
  },
});
const playwrightSchema = z.object({
  config: z.object({ rootDir: z.string() }),
  suites: z.array(suiteSchema),
});

/** The sum of a file's tests, which may have run at the same time. */
export function timePlaywrightFiles(report: unknown, root: string): FileTime[] {
  const parsed = playwrightSchema.safeParse(report);
  if (!parsed.success) return [];
  const folder = relative(root, parsed.data.config.rootDir);
  return parsed.data.suites.map((suite) => ({
    file: `${folder}/${suite.file}`,
    seconds: millisecondsOf(suite) / 1000,
  }));
}

function millisecondsOf({ specs, suites = [] }: z.infer<typeof suiteSchema>): number {
  const own = specs.flatMap(({ tests }) =>
    tests.flatMap(({ results }) => results.map((result) => result.duration)),
  );
  return [...own, ...suites.map(millisecondsOf)].reduce((sum, duration) => sum + duration, 0);
}

/** A line for each, the slowest first. */
export function renderSlowest(times: readonly FileTime[], count: number): string[] {
  return times
    .toSorted((left, right) => right.seconds - left.seconds)
    .slice(0, count)
    .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`);
}
