/**
 * Bundles the Worker as a deployment would, without an account, and says how large it is for Cloudflare, what has grown,
 * and what its start costs. Fails when it is larger than agreed, and when something that was left out came back.
 *
 * `npm run build -- --record` takes the parts of this bundle as the ones to compare with.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { unstable_readConfig } from "wrangler";
import { describeChanges, partsOf, unusedAliases } from "./checks/bundle.ts";
import { CHECK_STARTUP, DRY_RUN, WRANGLER_QUIET } from "./setup/commands.mjs";

const ROOT = join(import.meta.dirname, "..");
const RECORDED = join(import.meta.dirname, "checks/bundle-parts.json");
/** Far below Cloudflare's limits: what is not there need not be loaded when an isolate starts. */
const LIMIT_KIB = 400;

/** @returns whether the bundle may be deployed */
function checkBundle(): boolean {
  if (!runWrangler([...DRY_RUN, "--metafile"]).isWell) return false;
  const metafile = JSON.parse(readFileSync(join(ROOT, "dist/bundle-meta.json"), "utf8"));
  const parts = partsOf(metafile);
  const compressed = gzipSync(readFileSync(join(ROOT, "dist/index.js"))).length;
  const kib = Math.ceil(compressed / 1024);
  say(`Bundle: ${kib} KiB compressed, of ${LIMIT_KIB} KiB.`);
  if (process.argv.includes("--record")) {
    writeFileSync(RECORDED, `${JSON.stringify(parts, null, 2)}\n`);
    say("Its parts are recorded.");
  } else {
    const changes = describeChanges(JSON.parse(readFileSync(RECORDED, "utf8")), parts);
    if (changes.length > 0) say(`Changed since they were recorded:\n  ${changes.join("\n  ")}`);
  }
  const unused = unusedAliases(unstable_readConfig({ config: join(ROOT, "wrangler.jsonc") }).alias, metafile);
  for (const specifier of unused) {
    say(`The alias of "${specifier}" in wrangler.jsonc replaces nothing: what it left out is back, or gone.`);
  }
  if (kib > LIMIT_KIB)
    say(`The bundle is larger than ${LIMIT_KIB} KiB: leave out what grew, or decide anew.`);
  return kib <= LIMIT_KIB && unused.length === 0;
}

/** What wrangler measures on this machine. A start-up may take a second of Cloudflare's processors. */
function sayStartup(): void {
  const folder = mkdtempSync(join(tmpdir(), "startup-"));
  const { output } = runWrangler([...CHECK_STARTUP, "--outfile", join(folder, "startup.cpuprofile")], "pipe");
  rmSync(folder, { recursive: true });
  const active = /Active: (\d+(?:\.\d+)? ms)/.exec(output)?.[1];
  say(
    active === undefined ? "wrangler could not measure the start-up." : `Start-up: ${active} of CPU, here.`,
  );
}

function runWrangler(args: readonly string[], output: "inherit" | "pipe" = "inherit") {
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...WRANGLER_QUIET },
    stdio: ["ignore", output, "inherit"],
    encoding: "utf8",
  });
  return { isWell: status === 0, output: stdout ?? "" };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const isWell = checkBundle();
sayStartup();
process.exitCode = isWell ? 0 : 1;
