/**
 * Builds the world (Vitest global setup, after that of the bundle): the unchanged production bundle, the modules of
 * `inside/`, and an entry that wraps the bundle's handler and each of its Durable Objects.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { unstable_readConfig } from "wrangler";
import { TEST_BUNDLE_DIR } from "../support/worker.ts";
import { PLACES, WORLD_DIR, WORLD_OBJECTS } from "./places.ts";

const PROJECT_ROOT = path.join(import.meta.dirname, "../..");
const INSIDE = path.join(import.meta.dirname, "inside");

interface Binding {
  readonly name: string;
  readonly class_name: string;
}

/** The Worker whose isolate has the Durable Objects and the current state of KV. */
const [HOME] = PLACES;

export default async function buildWorld(): Promise<void> {
  // In a separate process for the flag: type stripping is experimental in Node.
  await promisify(execFile)(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    import.meta.filename,
  ]);
}

async function build(): Promise<void> {
  const { durable_objects, kv_namespaces, ratelimits, compatibility_date, compatibility_flags, vars } =
    unstable_readConfig({ config: path.join(PROJECT_ROOT, "wrangler.jsonc") });
  const objects: readonly Binding[] = durable_objects.bindings;
  await rm(WORLD_DIR, { recursive: true, force: true });
  await mkdir(path.join(WORLD_DIR, "inside"), { recursive: true });
  await cp(path.join(TEST_BUNDLE_DIR, "index.js"), path.join(WORLD_DIR, "production.js"));
  for (const name of await readdir(INSIDE)) {
    const module = stripTypeScriptTypes(await readFile(path.join(INSIDE, name), "utf8"));
    const file = path.join(WORLD_DIR, "inside", name.replace(/\.ts$/, ".js"));
    await writeFile(file, module.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
  }
  await writeFile(
    path.join(WORLD_DIR, "index.js"),
    renderEntry(objects.map((binding) => binding.class_name)),
  );
  for (const name of PLACES) {
    const bindings = [...objects, ...WORLD_OBJECTS];
    const isHome = name === HOME;
    const config = {
      name,
      main: "index.js",
      rules: [{ type: "ESModule", globs: ["**/*.js"] }],
      compatibility_date,
      compatibility_flags,
      kv_namespaces,
      ratelimits,
      vars: { ...vars, WORLD_PLACE: name },
      durable_objects: {
        bindings: isHome ? bindings : bindings.map((binding) => ({ ...binding, script_name: HOME })),
      },
      ...(isHome && {
        migrations: [{ tag: "v1", new_sqlite_classes: bindings.map((binding) => binding.class_name) }],
      }),
    };
    await writeFile(path.join(WORLD_DIR, `${name}.json`), JSON.stringify(config, null, 2));
  }
}

function renderEntry(classNames: readonly string[]): string {
  return [
    'import "./inside/clock.js";',
    'import * as production from "./production.js";',
    'import { asWorldHandler } from "./inside/handler.js";',
    'import { asWorldObject } from "./inside/objects.js";',
    'import * as probe from "./inside/probe.js";',
    'export { KvHub } from "./inside/kv-hub.js";',
    'export const Probe = asWorldObject(probe.Probe, "Probe");',
    "export default asWorldHandler(production.default);",
    ...classNames.map((name) => `export const ${name} = asWorldObject(production.${name}, "${name}");`),
    "",
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) await build();
