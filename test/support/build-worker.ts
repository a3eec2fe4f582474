/** Builds the production bundle once for all worker tests (vitest global set-up). */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { TEST_BUNDLE_DIR } from "./worker.ts";

const WRANGLER = path.join(import.meta.dirname, "../../node_modules/wrangler/bin/wrangler.js");

/** Bundles as `wrangler deploy` does, without an account. @param args additional arguments of `wrangler deploy` */
export async function bundleWorker(outDir: string, args: readonly string[] = []): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", "--outdir", outDir, ...args],
    {
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    },
  );
}

export default function buildWorker(): Promise<void> {
  return bundleWorker(TEST_BUNDLE_DIR);
}
