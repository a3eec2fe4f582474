/**
 * `unit`: pure functions, emulators and scripts, in Node. `package`: the emulator packed and used in another
 * project. `worker`: the production bundle in workerd, one Worker for each test file. Playwright runs the browser tests.
 */
import { hash } from "node:crypto";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Starts the longest files first, so that no long file runs alone at the end. A custom sequencer turns off Vitest's
 * own shuffling of files, so with `--sequence.shuffle` this one orders the files by the seed.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /world\/(costs|schedule)\.test|stack\.test/.test(moduleId);
    const { shuffle, seed } = this.ctx.config.sequence;
    const orderOf = ({ moduleId }: TestSpecification) => hash("sha1", `${seed} ${moduleId}`);
    if (shuffle) return files.toSorted((one, other) => orderOf(one).localeCompare(orderOf(other)));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Inside this repository the emulator is used from its TypeScript (mocks/package.json, `exports`). */
const SOURCE = "pingone-emulator-source";
/** The others are Vite's own. */
const conditions = [SOURCE, "module", "node", "development|production"];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    allowOnly: false,
    // For the processes that tests start. `npm test` and its like have set it already.
    env: { NODE_OPTIONS: process.env.NODE_OPTIONS ?? `--conditions=${SOURCE}` },
    // Loading wrangler, MSW and the SDKs takes longer than most files take to run. Without isolation, one process loads
    // them only once.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // One more than the cores of a small machine, because many tests wait for another process.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.{ts,tsx}",
            "mocks/**/*.test.ts",
            "scripts/**/*.test.ts",
            "test/contract/**/*.test.ts",
            "test/docs/**/*.test.ts",
          ],
          setupFiles: ["./test/support/workers-runtime.ts"],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "package",
          include: ["test/package/**/*.test.ts"],
          testTimeout: 90_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts", "test/world/**/*.test.ts"],
          globalSetup: ["test/support/build-worker.ts", "test/world/build-world.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Concurrent tests that wait for real time wait in parallel.
          maxConcurrency: 8,
        },
      },
    ],
  },
});
