/**
 * `unit`: pure parts, emulators and scripts, in Node. `worker`: the production bundle in workerd, one per test file.
 * Browser tests are Playwright's.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    allowOnly: false,
    // Loading wrangler, MSW and the SDKs takes longer than running most files does: one process loads them once.
    isolate: false,
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
