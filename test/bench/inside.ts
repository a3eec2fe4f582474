/** Builds the code that runs in workerd: the production bundle, the floors, and the modules of `inside/`. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { unstable_readConfig } from "wrangler";
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

/** A module with the same exports as the bundle, which counts the rows that its Durable Objects read and write. */
export async function buildCountingEntry(configPath: string): Promise<string> {
  const config: { durable_objects: { bindings: readonly { readonly class_name: string }[] } } =
    unstable_readConfig({ config: configPath });
  const classes = config.durable_objects.bindings.map(({ class_name: name }) => name);
  const { outputFiles } = await build({
    stdin: {
      contents: [
        'import * as bundle from "./bundle.js";',
        'import { countingHandler, countRowsOf } from "./rows.ts";',
        "export default countingHandler(bundle.default);",
        ...classes.map((name) => `export const ${name} = countRowsOf(bundle.${name});`),
      ].join("\n"),
      resolveDir: path.join(import.meta.dirname, "inside"),
    },
    external: ["./bundle.js"],
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
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
