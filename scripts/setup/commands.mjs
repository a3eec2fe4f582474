/** What each npm script runs: programs of this project and its tools, always on the Node that the setup chose. */

const WRANGLER = "node_modules/wrangler/bin/wrangler.js";
const BIOME = "node_modules/@biomejs/biome/bin/biome";
const KNIP = "node_modules/knip/bin/knip.js";
const VITEST = "node_modules/vitest/vitest.mjs";
const PLAYWRIGHT = "node_modules/@playwright/test/cli.js";
const TSC = "node_modules/typescript/bin/tsc";

/**
 * For wrangler in checks and in the offline loop: it sends nothing, asks nothing, advertises nothing and writes no logs
 * into the person's home.
 */
export const WRANGLER_QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
};

/** The names of the secrets come from the sample, so that a person's own `.dev.vars` has no say in them. */
export const WRANGLER_TYPES = [WRANGLER, "types", "--env-file=.dev.vars.sample"];
export const DRY_RUN = [WRANGLER, "deploy", "--dry-run", "--outdir", "dist"];
export const CHECK_STARTUP = [WRANGLER, "check", "startup"];
export const FORMAT_CHECK = [BIOME, "format", "."];
export const LINT = [BIOME, "lint", "--error-on-warnings", "."];
export const UNUSED = [KNIP, "--no-progress", "--treat-config-hints-as-errors"];
export const TYPES_CHECK = ["scripts/check-types.ts"];
export const BUNDLE_CHECK = ["scripts/check-bundle.ts"];
export const TYPE_CHECK = [TSC, "--noEmit", "--project", "."];
export const VITEST_RUN = [VITEST, "run"];
export const PLAYWRIGHT_RUN = [PLAYWRIGHT, "test"];

/**
 * @typedef {object} Command
 * @property {readonly (readonly string[])[]} steps run one after the other until one fails; the person's own
 *   arguments go to the last
 * @property {boolean} [browser] whether a Chromium is made ready first
 * @property {boolean} [interactive] whether it reads the keyboard
 * @property {boolean} [quiet] whether {@link WRANGLER_QUIET} holds where the person's environment says nothing else
 */

/** @type {Readonly<Record<string, Command>>} */
export const COMMANDS = {
  start: { steps: [["scripts/start.ts"]] },
  test: { steps: [["scripts/test.ts"]], browser: true },
  // A custom domain under "routes" would otherwise replace the origin that requests come with on this machine.
  dev: { steps: [[WRANGLER, "dev", "--infer-origin-from-routes=false"]], interactive: true, quiet: true },
  mocks: { steps: [["mocks/cli.ts"]] },
  build: { steps: [BUNDLE_CHECK] },
  deploy: { steps: [[WRANGLER, "deploy"]], interactive: true },
  types: { steps: [WRANGLER_TYPES], quiet: true },
  wrangler: { steps: [[WRANGLER]], interactive: true },
  typecheck: { steps: [TYPES_CHECK, TYPE_CHECK] },
  lint: { steps: [LINT, UNUSED] },
  format: { steps: [[BIOME, "format", "--write", "."]] },
  docs: { steps: [["scripts/docs.ts"]], quiet: true },
  "test:unit": { steps: [[...VITEST_RUN, "--project", "unit"]] },
  "test:worker": { steps: [[...VITEST_RUN, "--project", "worker"]], quiet: true },
  "test:e2e": { steps: [PLAYWRIGHT_RUN], browser: true },
  "test:watch": { steps: [[VITEST, "watch"]], interactive: true, quiet: true },
  "test:world": { steps: [["scripts/world.ts"]] },
  bench: { steps: [["test/bench/main.ts"]], quiet: true },
  cost: { steps: [["test/bench/cost-main.ts"]] },
};
