/**
 * A Chromium for the browser tests: the one named by CHROMIUM_PATH, else an installed one, else Playwright's own
 * download, else Debian's package. A machine where none can be had is a failure, never a skipped test.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runToEnd } from "./child.mjs";
import { SetupError, say, saying } from "./say.mjs";

const COMMAND_NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/** Where installers put it without touching the PATH. */
const USUAL_PLACES = {
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files\\Chromium\\Application\\chrome.exe",
  ],
  linux: ["/opt/google/chrome/chrome", "/usr/lib/chromium/chromium"],
};

/** Older ones lack what Playwright asks of the protocol. */
const OLDEST_CHROMIUM = 120;

/**
 * Every place where an installed browser may be, best first.
 * @param {Record<string, string | undefined>} env
 * @param {string} platform
 * @returns {string[]}
 */
export function installedBrowserCandidates(env, platform) {
  const separator = platform === "win32" ? ";" : ":";
  const slash = platform === "win32" ? "\\" : "/";
  const suffix = platform === "win32" ? ".exe" : "";
  const folders = (env.PATH ?? "").split(separator).filter((folder) => folder !== "");
  const onPath = COMMAND_NAMES.flatMap((name) =>
    folders.map((folder) => `${folder}${slash}${name}${suffix}`),
  );
  const usual =
    platform === "darwin" || platform === "win32" || platform === "linux" ? USUAL_PLACES[platform] : [];
  return [...new Set([...onPath, ...usual])];
}

/**
 * @typedef {object} BrowserSources
 * @property {string | undefined} named what CHROMIUM_PATH says
 * @property {readonly string[]} installed
 * @property {(path: string) => boolean} exists
 * @property {(path: string) => Promise<boolean>} runs
 * @property {readonly { name: string, provide: () => Promise<string> }[]} providers ways to install one, best
 *   first; each throws an Error whose message says why it could not
 */

/**
 * @param {BrowserSources} sources
 * @returns {Promise<string>} path of a browser that runs
 * @throws {SetupError}
 */
export async function chooseBrowser({ named, installed, exists, runs, providers }) {
  if (named !== undefined && named !== "") {
    if (exists(named) && (await runs(named))) return named;
    throw new SetupError(
      `CHROMIUM_PATH=${named} is not a Chromium ${OLDEST_CHROMIUM} or newer that runs. Correct it, or unset it to have one found.`,
    );
  }
  for (const path of installed) {
    if (exists(path) && (await runs(path))) return path;
  }
  const reasons = [];
  for (const { name, provide } of providers) {
    try {
      const path = await provide();
      if (await runs(path)) return path;
      reasons.push(`${name}: what was installed does not run`);
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new SetupError(
    `The browser tests need Chromium, and none is installed or can be installed here (${reasons.join("; ")}). ` +
      "Install chromium or Google Chrome, or set CHROMIUM_PATH to one, then try again.",
  );
}

/**
 * @param {string} root folder of the project
 * @param {string} node
 * @returns {Promise<string>}
 * @throws {SetupError}
 */
export function ensureBrowser(root, node) {
  return chooseBrowser({
    named: process.env.CHROMIUM_PATH,
    installed: installedBrowserCandidates(process.env, process.platform),
    exists: isExecutable,
    runs: isUsableChromium,
    providers: [
      { name: "Playwright's download", provide: () => downloadWithPlaywright(root, node) },
      { name: "Debian's package", provide: installDebianPackage },
    ],
  });
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks the program itself: a stub that only says where to get the browser (Ubuntu's `chromium-browser`) fails here.
 * @param {string} path
 */
async function isUsableChromium(path) {
  // Chrome on Windows answers --version by opening a window.
  if (process.platform === "win32") return true;
  try {
    const { code, output } = await runToEnd(path, ["--version"], { timeoutMs: 30_000 });
    const version = /(?:Chromium|Chrome|Chrome for Testing) (\d+)\./.exec(output);
    return code === 0 && version !== null && Number(version[1]) >= OLDEST_CHROMIUM;
  } catch {
    return false;
  }
}

/** @param {string} root @param {string} node @returns {Promise<string>} */
async function downloadWithPlaywright(root, node) {
  const entry = pathToFileURL(join(root, "node_modules", "playwright-core", "index.mjs")).href;
  const { chromium } = await import(entry);
  const path = String(chromium.executablePath());
  if (existsSync(path) && (await isUsableChromium(path))) return path;
  await requirePlaywrightHost();
  const cli = join(root, "node_modules", "playwright-core", "cli.js");
  await saying("No Chromium found: downloading Playwright's own (a minute or two)", async () => {
    const { code } = await runToEnd(node, [cli, "install", "--no-shell", "chromium"], { timeoutMs: 900_000 });
    if (code !== 0) throw new Error("the download failed");
  });
  return path;
}

/** Playwright tries several hosts many times over: a machine that cannot reach them hears so in seconds. */
async function requirePlaywrightHost() {
  const { PLAYWRIGHT_DOWNLOAD_HOST, HTTPS_PROXY, https_proxy } = process.env;
  if (PLAYWRIGHT_DOWNLOAD_HOST || HTTPS_PROXY || https_proxy) return;
  try {
    await fetch("https://cdn.playwright.dev/", { method: "HEAD", signal: AbortSignal.timeout(8_000) });
  } catch {
    throw new Error("cdn.playwright.dev cannot be reached");
  }
}

/** @returns {Promise<string>} */
async function installDebianPackage() {
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) throw new Error("this is not Debian");
  if (process.getuid?.() !== 0) throw new Error("that needs root (or run: sudo apt-get install chromium)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await saying("No Chromium found: installing Debian's package (a minute or two)", async () => {
    const steps = [
      ["update", "-q"],
      ["install", "-q", "-y", "--no-install-recommends", "chromium"],
    ];
    for (const args of steps) {
      const { code } = await runToEnd("/usr/bin/apt-get", args, { env, timeoutMs: 900_000 });
      // A stale list of one of several sources is no reason to give up: the installation itself decides.
      if (code !== 0 && args[0] === "install") throw new Error("apt-get install chromium failed");
    }
  });
  const path = installedBrowserCandidates(process.env, process.platform).find(isExecutable);
  if (path === undefined) throw new Error("the package brought no chromium");
  say(`  using ${path}`);
  return path;
}
