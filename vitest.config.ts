/**
 * `unit`: pure parts, stand-ins and scripts, in Node. `worker`: the production bundle in workerd, one per test file.
 * Browser tests are Playwright's.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.{ts,tsx}",
            "mocks/**/*.test.ts",
            "scripts/**/*.test.ts",
            "test/docs/**/*.test.ts",
          ],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "worker",
          // One more than the cores of a small machine: most of these tests wait for workerd, not for a core.
          maxWorkers: 3,
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
