/** Installs the dependencies when `node_modules` is not what `package-lock.json` says. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runNpm } from "./npm.mjs";
import { SetupError, saying } from "./say.mjs";

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, link?: boolean,
 *   os?: string[], cpu?: string[], libc?: string[] }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 * @typedef {{ platform: string, arch: string, libc?: string | undefined }} Machine
 */

/**
 * Why `node_modules` does not match the lock file, or undefined when it does. npm writes what it installed to
 * `node_modules/.package-lock.json` as its last step, so an interrupted install leaves no match.
 * @param {LockedPackages} wanted
 * @param {LockedPackages | undefined} installed
 * @param {Machine} machine
 * @returns {string | undefined}
 */
export function findMismatch(wanted, installed, machine) {
  if (installed === undefined) return "they are not installed";
  for (const [path, locked] of Object.entries(wanted)) {
    if (path === "" || locked.link === true) continue;
    const present = installed[path];
    if (present === undefined) {
      if (!isNeededOn(locked, machine)) continue;
      return `${path} is missing`;
    }
    const otherBytes = locked.integrity !== undefined && present.integrity !== locked.integrity;
    if (present.version !== locked.version || otherBytes) {
      return `${path} is not the locked version`;
    }
  }
  const extra = Object.keys(installed).find((path) => wanted[path] === undefined);
  return extra === undefined ? undefined : `${extra} is not in package-lock.json`;
}

/** Optional packages may be absent, but not the ones made for this very machine: they carry workerd and esbuild. */
function isNeededOn(/** @type {LockedPackage} */ locked, /** @type {Machine} */ machine) {
  if (locked.optional !== true && locked.devOptional !== true) return true;
  if (locked.os === undefined && locked.cpu === undefined) return false;
  return (
    allows(locked.os, machine.platform) &&
    allows(locked.cpu, machine.arch) &&
    allows(locked.libc, machine.libc)
  );
}

/** npm's rule for `os`, `cpu` and `libc`: a list of names, or of `!names`. */
function allows(/** @type {string[] | undefined} */ names, /** @type {string | undefined} */ own) {
  if (names === undefined) return true;
  if (own === undefined) return false;
  if (names.includes(`!${own}`)) return false;
  const positive = names.filter((name) => !name.startsWith("!"));
  return positive.length === 0 || positive.includes(own) || positive.includes("any");
}

/** @returns {Machine} */
function thisMachine() {
  const { platform, arch } = process;
  if (platform !== "linux") return { platform, arch };
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return { platform, arch, libc: report.header?.glibcVersionRuntime === undefined ? "musl" : "glibc" };
}

/**
 * @param {string} root folder of the project
 * @param {string} node the Node that npm runs on
 * @throws {SetupError}
 */
export async function ensureDependencies(root, node) {
  const wanted = await readPackages(join(root, "package-lock.json"));
  if (wanted === undefined) {
    throw new SetupError(
      "package-lock.json is missing or damaged. Restore it with: git checkout package-lock.json",
    );
  }
  const installed = await readPackages(join(root, "node_modules", ".package-lock.json"));
  const mismatch = findMismatch(wanted, installed, thisMachine());
  if (mismatch === undefined) return;
  await saying(`Installing the dependencies with npm ci, because ${mismatch} (a minute or two)`, () =>
    runNpm(["ci", "--ignore-scripts"], { node, cwd: root, purpose: "install the dependencies" }),
  );
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
