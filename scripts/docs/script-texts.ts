/** What each npm script does, by its name in `scripts/setup/commands.mjs`. Markdown, for one cell of a table. */
export const SCRIPT_TEXTS: Readonly<Record<string, string>> = {
  start: "the offline loop; `-- --fresh` forgets its state",
  test: "every check and test",
  dev: "the Worker in Wrangler against `.dev.vars`, that is real PingOne",
  mocks: "the emulators alone, for other projects too; `-- --help` lists its options",
  build: "bundles the Worker into `dist/`, and says how large it is, what grew and what its start costs",
  deploy: "deploys the Worker",
  types: "writes `worker-configuration.d.ts`",
  wrangler: "runs Wrangler, with the arguments that follow",
  typecheck: "TypeScript",
  lint: "Biome's linter",
  format: "formats all files",
  docs: "writes the generated parts of the documents; `-- --check` finds stale ones, and claims without a test",
  "test:unit": "unit tests, the emulators' and the documents' included",
  "test:worker": "the production bundle in workerd against the emulators",
  "test:e2e": "browser tests with the real Inspector",
  "test:world":
    "a long random life of several people against a KV that is stale and objects that vanish; `-- --seed N --steps M` repeats one",
  bench:
    "the production bundle in plain workerd beside the same tool with less around it: times, processor time, operations, growth; `-- --rounds N --calls-only --json FILE`; `--record` rewrites `docs/bench.json`, `docs/bench.svg` and `docs/cost.md`",
  cost: "what a month costs at Cloudflare; `-- --people N --calls A_DAY --sign-ins A_DAY`",
};
