/**
 * Browser tests with the real MCP Inspector. Each Playwright worker starts its own stack when a test needs one
 * (`e2e/fixtures`), so tests that run at the same time share no state.
 */
import { availableParallelism } from "node:os";
import { defineConfig } from "@playwright/test";

const executablePath = process.env.CHROMIUM_PATH;
if (executablePath === undefined || executablePath === "") {
  throw new Error("CHROMIUM_PATH is not set. Run the browser tests with: npm run test:e2e");
}

export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results/e2e",
  forbidOnly: true,
  // Each test starts from a clean state, so tests of one file can run in parallel.
  fullyParallel: true,
  retries: 0,
  // One for each core, at most four because of memory.
  workers: Math.min(4, availableParallelism()),
  // A busy machine needs several times as long as an idle one. Only a failing test takes this long.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    // Playwright waits for animations to end before it clicks.
    contextOptions: { reducedMotion: "reduce" },
    // A blocked action or navigation fails, with its location, before the timeout of the test.
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    // Tracing every test takes a fifth of the total time. To record one: npm run test:e2e -- --trace on two-tabs
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath,
      args: [
        // Tests run as root in containers, where Chromium's own sandbox cannot start.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Resolve no host but loopback. The Inspector links a web font: without this, each of its pages would wait for
        // the DNS lookup to time out.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
      ],
    },
  },
});
