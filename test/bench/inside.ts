/** Builds the code that runs in workerd: the production bundle, the floors, and the modules of `inside/`. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type BuildOptions, build } from "esbuild";
import { unstable_readConfig } from "wrangler";
import { bundleWorker } from "../support/build-worker.ts";
import type { InsideModules } from "./config.ts";

const PROJECT_ROOT = path.join(import.meta.dirname, "../..");
const INSIDE_DIR = path.join(import.meta.dirname, "inside");
const OUT_DIR = path.join(PROJECT_ROOT, ".wrangler/bench");

export const PRODUCTION_CONFIG = path.join(PROJECT_ROOT, "wrangler.jsonc");
export const FLOORS_CONFIG = path.join(import.meta.dirname, "floors/wrangler.jsonc");

/** The Worker of a wrangler configuration. */
export interface BuiltWorker {
  readonly configPath: string;
  /** Its one module, as it would be deployed. */
  readonly bundle: string;
  /** A module with the same exports, which counts the rows that the Durable Objects read and write. */
  readonly countingEntry: string;
}

export async function buildWorker(name: string, configPath: string): Promise<BuiltWorker> {
  const outDir = path.join(OUT_DIR, name);
  await bundleWorker(outDir, ["--config", configPath]);
  const { main = "", durable_objects } = unstable_readConfig({ config: configPath });
  const bundle = await readFile(path.join(outDir, `${path.parse(main).name}.js`), "utf8");
  const classes: string[] = durable_objects.bindings.map(
    (binding: { class_name: string }) => binding.class_name,
  );
  const contents = [
    'import * as bundle from "./bundle.js";',
    'import { countingHandler, countRowsOf } from "./rows.ts";',
    "export default countingHandler(bundle.default);",
    ...classes.map((className) => `export const ${className} = countRowsOf(bundle.${className});`),
  ].join("\n");
  const countingEntry = await buildModule({
    stdin: { contents, resolveDir: INSIDE_DIR },
    external: ["./bundle.js"],
  });
  return { configPath, bundle, countingEntry };
}

export async function buildInside(): Promise<InsideModules> {
  return {
    kv: await buildModule({ entryPoints: [path.join(INSIDE_DIR, "kv.ts")] }),
    tail: await buildModule({ entryPoints: [path.join(INSIDE_DIR, "tail.ts")] }),
  };
}

async function buildModule(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({ ...options, bundle: true, format: "esm", write: false });
  return outputFiles[0]?.text ?? "";
}
