/**
 * `unit`: pure parts, emulators and scripts, in Node. `worker`: the production bundle in workerd, one per test file.
 * Browser tests are Playwright's.
 */
import { hash } from "node:crypto";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest begin first, so that the last one to end does not run alone. With shuffled tests the files
 * come in an order of the seed too: Vitest's own shuffling of files is off once there is a sequencer.
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

export default defineConfig({
  test: {
    allowOnly: false,
    // Loading wrangler, MSW and the SDKs takes longer than running most files does: one process loads them once.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // One more than the cores of a small machine: many tests wait for another process, and not for a core.
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
          name: "worker",
          include: ["test/worker/**/*.test.ts", "test/world/**/*.test.ts"],
          globalSetup: ["test/support/build-worker.ts", "test/world/build-world.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Tests that wait for real time to pass wait together.
          maxConcurrency: 8,
        },
      },
    ],
  },
});
