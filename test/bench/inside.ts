/** Builds what runs in workerd for a benchmark: the production bundle, the floors, and the modules of `inside/`. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { bundleWorker } from "../support/build-worker.ts";
import type { InsideModules } from "./config.ts";

const PROJECT_ROOT = path.join(import.meta.dirname, "../..");
const OUT_DIR = path.join(PROJECT_ROOT, ".wrangler/bench");

export const PRODUCTION_CONFIG = path.join(PROJECT_ROOT, "wrangler.jsonc");
export const FLOORS_CONFIG = path.join(import.meta.dirname, "floors/wrangler.jsonc");

/** The Worker of a wrangler configuration, as it would be deployed. */
export async function buildWorker(configPath: string, { name }: { name: string }): Promise<string> {
  const outDir = path.join(OUT_DIR, name);
  await bundleWorker(outDir, ["--config", configPath]);
  const main = name === "floors" ? "floors.js" : "index.js";
  return readFile(path.join(outDir, main), "utf8");
}

export async function buildInside(): Promise<InsideModules> {
  const [kv, rateLimit, tail] = await Promise.all(["kv", "rate-limit", "tail"].map(buildModule));
  return { kv: kv ?? "", rateLimit: rateLimit ?? "", tail: tail ?? "" };
}

async function buildModule(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, `inside/${name}.ts`)],
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
