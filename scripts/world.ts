/** `npm run test:world -- --seed N --steps M`: one random life in the world of doubles, as long as one likes. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { VITEST_RUN, WRANGLER_QUIET } from "./setup/commands.mjs";

const USAGE = "Usage: npm run test:world -- [--seed NUMBER] [--steps NUMBER]";
const DEFAULT_STEPS = "300";

function wholeNumber(text: string): string {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`"${text}" is no whole number. ${USAGE}`);
  return text;
}

try {
  const { values } = parseArgs({ options: { seed: { type: "string" }, steps: { type: "string" } } });
  const seed = wholeNumber(values.seed ?? String(Math.floor(Math.random() * 1e9)));
  const steps = wholeNumber(values.steps ?? DEFAULT_STEPS);
  process.stdout.write(`Seed ${seed}, ${steps} steps.\n`);
  const { status } = spawnSync(
    process.execPath,
    [...VITEST_RUN, "--project", "worker", "test/world/schedule.test.ts"],
    {
      cwd: join(import.meta.dirname, ".."),
      env: { ...process.env, ...WRANGLER_QUIET, WORLD_SEED: seed, WORLD_STEPS: steps },
      stdio: "inherit",
    },
  );
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
