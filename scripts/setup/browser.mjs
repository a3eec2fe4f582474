/**
 * A Chromium for the browser tests: the one named by CHROMIUM_PATH, else an installed one, else Playwright's own
 * download, else Debian's package. A machine where none can be had is a failure, never a skipped test. (Playwright's
 * channels find Google Chrome only, and its `--with-deps` needs its own download to succeed.)
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { SetupError, saying } from "./say.mjs";
import { runToEnd } from "./script.mjs";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
/** Where installers put it without touching the PATH. */
const USUAL_PLACES = [
  "/opt/google/chrome/chrome",
  "/usr/lib/chromium/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files\\Chromium\\Application\\chrome.exe",
];
/** Older ones lack what Playwright asks of the protocol. */
const OLDEST_CHROMIUM = 120;

/**
 * @param {object} sources
 * @param {string | undefined} sources.named value of CHROMIUM_PATH
 * @param {readonly string[]} sources.installed paths where a browser may be, best first
 * @param {(path: string) => Promise<boolean>} sources.runs
 * @param {Readonly<Record<string, () => Promise<string>>>} sources.installers by name, best first; each returns a path
 *   or throws an Error that says why it cannot
 * @returns {Promise<string>} path of a browser that runs
 * @throws {SetupError}
 */
export async function chooseBrowser({ named, installed, runs, installers }) {
  if (named !== undefined && named !== "") {
    if (await runs(named)) return named;
    throw new SetupError(
      `CHROMIUM_PATH=${named} is not a Chromium ${OLDEST_CHROMIUM} or newer that runs. Correct it, or unset it to have one found.`,
    );
  }
  for (const path of installed) if (await runs(path)) return path;
  const reasons = [];
  for (const [name, install] of Object.entries(installers)) {
    try {
      const path = await install();
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
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = COMMANDS.flatMap((name) => folders.map((folder) => join(folder, `${name}${suffix}`)));
  return chooseBrowser({
    named: process.env.CHROMIUM_PATH,
    installed: [...onPath, ...USUAL_PLACES],
    runs: isUsableChromium,
    installers: {
      "Playwright's download": () => downloadWithPlaywright(root, node),
      "Debian's package": installDebianPackage,
    },
  });
}

/**
 * Asks the program itself: a stub that only says where to get the browser (Ubuntu's `chromium-browser`) fails here.
 * @param {string} file
 */
async function isUsableChromium(file) {
  // Chrome on Windows answers --version by opening a window.
  if (!existsSync(file) || process.platform === "win32") return existsSync(file);
  const { ok, output } = await runToEnd(file, ["--version"], { timeout: 30_000 });
  const version = /(?:Chromium|Chrome|Chrome for Testing) (\d+)\./.exec(output);
  return ok && Number(version?.[1]) >= OLDEST_CHROMIUM;
}

/** @param {string} root @param {string} node @returns {Promise<string>} */
async function downloadWithPlaywright(root, node) {
  const folder = join(root, "node_modules", "playwright-core");
  const { chromium } = await import(pathToFileURL(join(folder, "index.mjs")).href);
  const file = String(chromium.executablePath());
  if (await isUsableChromium(file)) return file;
  await saying("No Chromium found: downloading Playwright's own (a minute or two)", async () => {
    // It tries several times, and waits 30 s each time for a host that does not answer.
    const env = { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "8000", ...process.env };
    const args = [join(folder, "cli.js"), "install", "--no-shell", "chromium"];
    if (!(await runToEnd(node, args, { env, timeout: 900_000 })).ok) throw new Error("the download failed");
  });
  return file;
}

/** @returns {Promise<string>} */
async function installDebianPackage() {
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) throw new Error("this is not Debian");
  if (process.getuid?.() !== 0) throw new Error("that needs root (or run: sudo apt-get install chromium)");
  await saying("No Chromium found: installing Debian's package (a minute or two)", async () => {
    const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: 900_000 };
    // One of several sources may have a stale list; whether that matters shows in the installation.
    await runToEnd("/usr/bin/apt-get", ["update", "-q"], options);
    const args = ["install", "-q", "-y", "--no-install-recommends", "chromium"];
    if (!(await runToEnd("/usr/bin/apt-get", args, options)).ok) {
      throw new Error("apt-get install chromium failed");
    }
  });
  return "/usr/bin/chromium";
}
