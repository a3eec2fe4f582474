/**
 * Browser tests with the real MCP Inspector. Each Playwright worker starts a stack of its own when a test needs
 * one (`e2e/fixtures`), so tests that run at the same time do not see each other.
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
  // Each test starts from a clean state, so the longest file does not decide how long all of them take.
  fullyParallel: true,
  retries: 0,
  // One for each core; more than four would want more memory than a laptop has to spare.
  workers: Math.min(4, availableParallelism()),
  // A busy machine needs several times as long as a quiet one. Only a failure waits this long.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    // Playwright waits for every movement on a page to end before it clicks.
    contextOptions: { reducedMotion: "reduce" },
    // A journey that stands still says where, long before its own time is up.
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    // A trace of every test costs a fifth of the whole time. To see one: npm run test:e2e -- --trace on two-tabs
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
        // Nothing but this machine exists. The Inspector links a web font: without this, each of its pages would wait
        // for a name server to give up.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
      ],
    },
  },
});
