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

/** The names of the secrets come from the sample, so that a person's own `.dev.vars` cannot affect the types. */
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
 * @property {string} about Markdown, for one cell of a table
 * @property {readonly (readonly string[])[]} steps run one after the other until one fails; the person's own
 *   arguments go to the last
 * @property {boolean} [browser] whether a Chromium is made ready first
 * @property {boolean} [interactive] whether it reads the keyboard
 * @property {boolean} [quiet] whether {@link WRANGLER_QUIET} holds where the person's environment says nothing else
 */

/** @type {Readonly<Record<string, Command>>} */
export const COMMANDS = {
  start: { about: "the offline loop; `-- --fresh` forgets its state", steps: [["scripts/start.ts"]] },
  test: { about: "every check and test", steps: [["scripts/test.ts"]], browser: true },
  // A custom domain under "routes" would otherwise replace the origin that requests come with on this machine.
  dev: {
    about: "the Worker in Wrangler against `.dev.vars`, that is real PingOne",
    steps: [[WRANGLER, "dev", "--infer-origin-from-routes=false"]],
    interactive: true,
    quiet: true,
  },
  mocks: {
    about: "the emulators alone, for other projects too; `-- --help` lists its options",
    steps: [["mocks/cli.ts"]],
  },
  davinci: {
    about: "`-- check FILE` checks flow exports, `-- export SCENARIO` writes one",
    steps: [["mocks/cli.ts", "davinci"]],
  },
  build: {
    about: "bundles the Worker into `dist/`, and says how large it is, what grew and what its start costs",
    steps: [BUNDLE_CHECK],
  },
  deploy: { about: "deploys the Worker", steps: [[WRANGLER, "deploy"]], interactive: true },
  types: { about: "writes `worker-configuration.d.ts`", steps: [WRANGLER_TYPES], quiet: true },
  wrangler: {
    about:
      "runs Wrangler, with the arguments that follow; put `--` before options, as in `npm run wrangler -- tail --format json`",
    steps: [[WRANGLER]],
    interactive: true,
  },
  typecheck: { about: "TypeScript", steps: [TYPES_CHECK, TYPE_CHECK] },
  lint: {
    about: "Biome's linter, then Knip, which finds files, exports and dependencies that nothing uses",
    steps: [LINT, UNUSED],
  },
  format: { about: "formats all files", steps: [[BIOME, "format", "--write", "."]] },
  docs: {
    about:
      "writes the generated parts of the documents; `-- --check` finds stale ones, and claims without a test",
    steps: [["scripts/docs.ts"]],
    quiet: true,
  },
  "test:unit": {
    about: "unit tests, the emulators' and the documents' included; `-- src/log.test.ts` runs one file",
    steps: [[...VITEST_RUN, "--project", "unit"]],
  },
  "test:worker": {
    about: "the production bundle in workerd against the emulators; `-- test/worker/token.test.ts`",
    steps: [[...VITEST_RUN, "--project", "worker"]],
    quiet: true,
  },
  "test:package": {
    about:
      "the emulator packed, installed outside this tree and used there on Node 22; needs the npm registry",
    steps: [[...VITEST_RUN, "--project", "package"]],
    browser: true,
  },
  "test:e2e": {
    about: "browser tests with the real Inspector; `-- e2e/journeys/step-up.spec.ts`",
    steps: [PLAYWRIGHT_RUN],
    browser: true,
  },
  "test:watch": {
    about: "unit and worker tests, again after each change; `-- src/log.test.ts` watches one file",
    steps: [[VITEST, "watch"]],
    interactive: true,
    quiet: true,
  },
  "test:world": {
    about:
      "a long random life of several people against a KV that is stale and objects that vanish; `-- --seed N --steps M` repeats one",
    steps: [["scripts/world.ts"]],
  },
  bench: {
    about:
      "the production bundle in plain workerd beside the same tool with less around it: times, processor time, operations, growth; `-- --rounds N --calls-only --json FILE`; `--record` rewrites `docs/bench.json`, `docs/bench.svg` and `docs/cost.md`",
    steps: [["test/bench/main.ts"]],
    quiet: true,
  },
  cost: {
    about: "what a month costs at Cloudflare; `-- --people N --calls A_DAY --sign-ins A_DAY`",
    steps: [["test/bench/cost-main.ts"]],
  },
};
