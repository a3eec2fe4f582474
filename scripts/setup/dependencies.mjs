/**
 * Installs the dependencies when `node_modules` is not what `package-lock.json` says. One of them is the Node that
 * every script runs on, so that it is the same for everybody, whatever Node npm runs on.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError, saying } from "./say.mjs";
import { runToEnd } from "./script.mjs";

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean,
 *   os?: string | string[], cpu?: string | string[], bin?: Record<string, string> }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

/**
 * The Node that is locked for a machine. It also stands for all other packages made for one kind of machine: where it
 * is installed, they are.
 * @param {LockedPackages} wanted
 * @param {{ platform: string, arch: string }} machine
 * @returns {{ folder: string, binary: string }} paths within the project
 * @throws {SetupError}
 */
export function findNode(wanted, { platform, arch }) {
  for (const [folder, { bin, os, cpu }] of Object.entries(wanted)) {
    if (bin?.node !== undefined && [os].flat().includes(platform) && [cpu].flat().includes(arch)) {
      return { folder, binary: join(folder, bin.node) };
    }
  }
  throw new SetupError(
    `The tools do not exist for ${platform}-${arch}. They run on Linux and macOS (x64 and arm64) and on Windows (x64).`,
  );
}

/**
 * The first package of `node_modules` that is not the locked one, or undefined when all are. npm writes what it installed
 * to `node_modules/.package-lock.json` as its last step, so an interrupted install differs.
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 * @param {string} nodeFolder the one optional package that must be there
 * @returns {string | undefined} its path
 */
export function findMismatch(wanted, installed, nodeFolder) {
  return Object.keys({ ...wanted, ...installed }).find((path) => {
    const [locked, present] = [wanted[path], installed[path]];
    if (present === undefined) {
      const isOptional = locked?.optional === true || locked?.devOptional === true;
      return path !== "" && (path === nodeFolder || !isOptional);
    }
    const hasOtherBytes = locked?.integrity !== undefined && present.integrity !== locked.integrity;
    return present.version !== locked?.version || hasOtherBytes;
  });
}

/**
 * @param {string} root folder of the project
 * @returns {Promise<string>} path of the Node that the scripts run on
 * @throws {SetupError}
 */
export async function ensureDependencies(root) {
  const wanted = await readPackages(join(root, "package-lock.json"));
  if (wanted === undefined) {
    throw new SetupError(
      "package-lock.json is missing or damaged. Restore it with: git checkout package-lock.json",
    );
  }
  const { folder, binary } = findNode(wanted, process);
  const installed = (await readPackages(join(root, "node_modules", ".package-lock.json"))) ?? {};
  const mismatch = findMismatch(wanted, installed, folder);
  if (mismatch !== undefined) {
    const reason = `${mismatch} is missing or not the locked one`;
    await saying(`Installing the dependencies with npm ci: ${reason} (a minute or two)`, () =>
      installDependencies(root),
    );
  }
  const node = join(root, binary);
  if (node !== process.execPath && !(await runToEnd(node, ["--version"])).ok) {
    throw new SetupError(
      `The Node of the tools, ${binary}, does not run on this machine. On Linux it needs a recent glibc, which Debian and ` +
        "Ubuntu have and Alpine lacks. If node_modules is from another machine, delete it and run this again.",
    );
  }
  return node;
}

/** @param {string} path @returns {Promise<LockedPackages | undefined>} */
async function readPackages(path) {
  try {
    const { packages } = JSON.parse(await readFile(path, "utf8"));
    return typeof packages === "object" && packages !== null ? packages : undefined;
  } catch {
    return undefined;
  }
}

/** What npm prints when it fails, and how the sentence "npm could not install the dependencies: ..." ends then. */
const FAILURES = /** @type {const} */ ([
  [
    /EINTEGRITY/,
    "what the registry sent is not what this project pins (sha512 differs). " +
      "Check the registry that npm uses (npm config get registry), then try again.",
  ],
  [
    /are in sync/,
    "package.json and package-lock.json do not match. " +
      "Repair package-lock.json with npm install, or restore both with git checkout package.json package-lock.json.",
  ],
  [
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|FETCH_ERROR)\b|network (request|timeout)|getaddrinfo/i,
    "the npm registry cannot be reached. Check the network (or npm config get registry), then try again.",
  ],
  [/\bENOSPC\b/, "the disk is full. Free some space, then try again."],
  [
    /\b(EACCES|EPERM|EROFS)\b/,
    "this user may not write there. Clone the project into a folder of your own, then try again.",
  ],
]);

/**
 * Uses the npm that started this process, on the Node of that npm: the one in `node_modules` is about to be replaced.
 * @param {string} root
 * @throws {SetupError}
 */
export async function installDependencies(root) {
  const { npm_execpath: npm, npm_node_execpath: node = process.execPath } = process.env;
  const args = [
    "ci",
    "--ignore-scripts",
    // Override a person's settings: the Node of the tools is an optional development dependency.
    ...["--include=dev", "--include=optional", "--engine-strict=false"],
    // npm's own pauses between attempts (10 s, then a minute) would look like a hang without a network.
    ...["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=10000"],
    ...["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
  ];
  const { ok, output } = npm?.endsWith("npm-cli.js")
    ? await runToEnd(node, [npm, ...args], { cwd: root })
    : await runToEnd("npm", args, { cwd: root, shell: process.platform === "win32" });
  if (ok) return;
  const known = FAILURES.find(([mark]) => mark.test(output));
  throw new SetupError(
    `npm could not install the dependencies${known === undefined ? `. It said:\n${lastLines(output)}` : `: ${known[1]}`}`,
  );
}

/** @param {string} output */
function lastLines(output) {
  const lines = output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !/complete log|_logs/.test(line));
  return lines
    .map((line) => `  ${line.trimEnd()}`)
    .slice(-5)
    .join("\n");
}
