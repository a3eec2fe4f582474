/** Builds the production bundle once for all worker tests (vitest global set-up). */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { TEST_BUNDLE_DIR } from "./worker.ts";

const WRANGLER = path.join(import.meta.dirname, "../../node_modules/wrangler/bin/wrangler.js");

export default async function buildWorker(): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", "--outdir", TEST_BUNDLE_DIR],
    {
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    },
  );
}
