/**
 * Bundles the Worker as a deployment would, without an account, and says how large it is for Cloudflare: compressed.
 * Fails when it would not fit the free plan.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DRY_RUN, WRANGLER_QUIET } from "./setup/commands.mjs";

const ROOT = join(import.meta.dirname, "..");
/** https://developers.cloudflare.com/workers/platform/limits/#worker-size: 3 MB compressed on the free plan. */
const LIMIT_KIB = 3 * 1024;

const { status } = spawnSync(process.execPath, DRY_RUN, {
  cwd: ROOT,
  env: { ...process.env, ...WRANGLER_QUIET },
  stdio: ["ignore", "inherit", "inherit"],
});
if (status !== 0) {
  process.exitCode = 1;
} else {
  const bundle = readFileSync(join(ROOT, "dist", "index.js"));
  const kib = Math.ceil(gzipSync(bundle).length / 1024);
  process.stdout.write(`Bundle: ${kib} KiB compressed, of ${LIMIT_KIB} KiB on the free plan.\n`);
  if (kib > LIMIT_KIB) {
    process.stderr.write("The bundle is too large to deploy on the free plan.\n");
    process.exitCode = 1;
  }
}
