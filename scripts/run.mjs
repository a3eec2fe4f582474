/**
 * Entry of every npm script: installs what is missing (the dependencies, a Node for the tools among them; for browser
 * tests a Chromium), then runs the script on that Node. Works on a bare clone with Node 20, so it uses built-in
 * modules only. Never asks anything; says nothing when there is nothing to do.
 *
 * package.json calls it with `exec`, so that no shell stands between npm and this process: npm passes a signal to the
 * shell that it starts, and Debian's neither passes it on nor waits, which would leave everything running. On Windows
 * `exec.cmd` in the project's folder takes the place of the shell's `exec`.
 */
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBrowser } from "./setup/browser.mjs";
import { COMMANDS, WRANGLER_QUIET } from "./setup/commands.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { SetupError } from "./setup/say.mjs";
import { runScript } from "./setup/script.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

async function main() {
  const [name = "", ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new SetupError(`Unknown script "${name}". There are: ${Object.keys(COMMANDS).join(", ")}.`);
  }
  const node = await ensureDependencies(ROOT);
  // Child processes (wrangler starts `node` again) and a person's own tools find the same Node.
  const PATH = [dirname(node), process.env.PATH].join(delimiter);
  // The emulator is used from its TypeScript (mocks/package.json, "exports"), in child processes too.
  const NODE_OPTIONS = [process.env.NODE_OPTIONS, "--conditions=pingone-emulator-source"].join(" ").trim();
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...(command.quiet && WRANGLER_QUIET), ...process.env, PATH, NODE_OPTIONS };
  if (command.browser) env.CHROMIUM_PATH = await ensureBrowser(ROOT, node);
  for (const [index, step] of command.steps.entries()) {
    const isLast = index === command.steps.length - 1;
    const code = await runScript(node, isLast ? [...step, ...args] : step, {
      cwd: ROOT,
      env,
      interactive: command.interactive,
    });
    if (code !== 0) return code;
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof SetupError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`\n${text}\n`);
  process.exitCode = 1;
}
