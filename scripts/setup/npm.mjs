/** Calls npm on a chosen Node, without what an outer `npm start` leaves in the environment. */
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { isNetworkTrouble, lastLines, runToEnd } from "./child.mjs";
import { SetupError } from "./say.mjs";

/**
 * The npm that started us, else the one beside this Node, else the one on the PATH.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ cli: string } | { command: string }}
 */
export function findNpm(env) {
  const candidates = [
    env.npm_execpath,
    join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
    join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js"),
  ];
  const cli = candidates.find((path) => path?.endsWith("npm-cli.js") && existsSync(path));
  return cli === undefined ? { command: process.platform === "win32" ? "npm.cmd" : "npm" } : { cli };
}

/**
 * `npm run` describes itself to its scripts in npm_* variables; a nested npm would take some of them for its own
 * settings. The person's settings (registry, proxy, cache) stay.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function nestedNpmEnvironment(env) {
  const nested = { ...env };
  for (const name of Object.keys(nested)) {
    if (
      /^npm_(lifecycle|package|command|config_(local_prefix|global_prefix|prefix|node_gyp|noproxy))/i.test(
        name,
      )
    ) {
      delete nested[name];
    }
  }
  delete nested.INIT_CWD;
  return nested;
}

/**
 * @param {readonly string[]} args
 * @param {{ node: string, cwd: string, purpose: string }} options `purpose` completes "npm could not ...".
 * @throws {SetupError}
 */
export async function runNpm(args, { node, cwd, purpose }) {
  const npm = findNpm(process.env);
  const env = nestedNpmEnvironment(process.env);
  env.PATH = [dirname(node), env.PATH ?? ""].join(delimiter);
  // npm's own pauses between attempts (10 s, then a minute) would look like a hang without a network.
  const patience = ["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=10000"];
  const quiet = [...args, ...patience, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  const outcome =
    "cli" in npm
      ? await runToEnd(node, [npm.cli, ...quiet], { cwd, env })
      : await runToEnd(npm.command, quiet, { cwd, env });
  if (outcome.code === 0) return;
  if (/EINTEGRITY/.test(outcome.output)) {
    throw new SetupError(
      `npm could not ${purpose}: what the registry sent is not what this project pins (sha512 differs). ` +
        "Check the registry that npm uses (npm config get registry), then try again.",
    );
  }
  if (/are in sync/.test(outcome.output)) {
    throw new SetupError(
      `npm could not ${purpose}: package.json and package-lock.json do not match. ` +
        "Mend package-lock.json with npm install, or restore both with git checkout package.json package-lock.json.",
    );
  }
  if (isNetworkTrouble(outcome.output)) {
    throw new SetupError(
      `npm could not ${purpose}: the npm registry cannot be reached. Check the network (or npm config get registry), then try again.`,
    );
  }
  if (/\bENOSPC\b/.test(outcome.output)) {
    throw new SetupError(`npm could not ${purpose}: the disk is full. Free some space, then try again.`);
  }
  if (/\b(EACCES|EPERM|EROFS)\b/.test(outcome.output)) {
    throw new SetupError(
      `npm could not ${purpose}: this user may not write there. Use a folder of your own, then try again.\n${lastLines(outcome.output)}`,
    );
  }
  throw new SetupError(`npm could not ${purpose}. It said:\n${lastLines(outcome.output)}`);
}
