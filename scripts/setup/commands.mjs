/** What each npm script runs: programs of this project and its tools, always on the Node that the setup chose. */

const WRANGLER = "node_modules/wrangler/bin/wrangler.js";
const BIOME = "node_modules/@biomejs/biome/bin/biome";
const VITEST = "node_modules/vitest/vitest.mjs";
const PLAYWRIGHT = "node_modules/@playwright/test/cli.js";
const TSC = "node_modules/typescript/bin/tsc";

/**
 * `worker-configuration.d.ts` holds the runtime's types only: bindings and settings are typed by the Worker's own
 * parser, so that nothing in the generated file depends on a person's `.dev.vars`.
 */
export const WRANGLER_TYPES = [WRANGLER, "types", "--include-env=false"];
export const DRY_RUN = [WRANGLER, "deploy", "--dry-run", "--outdir", "dist"];
export const FORMAT_CHECK = [BIOME, "format", "."];
export const LINT = [BIOME, "lint", "--error-on-warnings", "."];
export const TYPES_CHECK = [...WRANGLER_TYPES, "--check"];
export const TYPE_CHECK = [TSC, "--noEmit", "--project", "."];
export const VITEST_RUN = [VITEST, "run"];
export const PLAYWRIGHT_RUN = [PLAYWRIGHT, "test"];

/**
 * @typedef {object} Command
 * @property {readonly (readonly string[])[]} steps run one after the other until one fails; the person's own
 *   arguments go to the last
 * @property {boolean} [browser] whether a Chromium is made ready first
 */

/** @type {Readonly<Record<string, Command>>} */
export const COMMANDS = {
  start: { steps: [["scripts/start.ts"]] },
  test: { steps: [["scripts/test.ts"]], browser: true },
  dev: { steps: [[WRANGLER, "dev"]] },
  mocks: { steps: [["mocks/main.ts"]] },
  build: { steps: [DRY_RUN] },
  deploy: { steps: [[WRANGLER, "deploy"]] },
  types: { steps: [WRANGLER_TYPES] },
  typecheck: { steps: [TYPES_CHECK, TYPE_CHECK] },
  lint: { steps: [LINT] },
  format: { steps: [[BIOME, "format", "--write", "."]] },
  "test:unit": { steps: [[...VITEST_RUN, "--project", "unit"]] },
  "test:worker": { steps: [[...VITEST_RUN, "--project", "worker"]] },
  "test:e2e": { steps: [PLAYWRIGHT_RUN], browser: true },
};
