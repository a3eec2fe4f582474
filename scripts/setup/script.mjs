/** Runs programs to their end, and forwards each stop signal to them once. */
import { execFile, spawn } from "node:child_process";

/** npm and the terminal both report one Ctrl-C; at a second one Vitest and Playwright exit without cleaning up. */
const REPEATED_SIGNAL_MS = 1_000;
const PARENT_CHECK_MS = 1_000;
/** @type {readonly NodeJS.Signals[]} */
export const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Calls back once for each stop signal. The end of the npm that started this process counts as SIGTERM: a killed npm
 * forwards nothing. (Started by hand, a process may outlive its parent.)
 * @param {(signal: NodeJS.Signals) => void} onStop
 * @returns {() => void} ends the listening
 */
export function onStopSignal(onStop) {
  let last = Number.NEGATIVE_INFINITY;
  const report = (/** @type {NodeJS.Signals} */ signal) => {
    const now = performance.now();
    if (now - last > REPEATED_SIGNAL_MS) onStop(signal);
    last = now;
  };
  for (const signal of STOP_SIGNALS) process.on(signal, report);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) {
      clearInterval(watch);
      report("SIGTERM");
    }
  }, PARENT_CHECK_MS);
  watch.unref();
  return () => {
    clearInterval(watch);
    for (const signal of STOP_SIGNALS) process.off(signal, report);
  };
}

/**
 * Runs a script in this terminal.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, interactive?: boolean | undefined }} options `interactive` programs
 *   read the keyboard, so they stay in the terminal's foreground, where Ctrl-C reaches them directly
 * @returns {Promise<number>} exit code
 */
export function runScript(node, args, { cwd, env, interactive = false }) {
  return new Promise((resolve, reject) => {
    const detached = !interactive && process.platform !== "win32";
    const child = spawn(node, args, { cwd, env, stdio: "inherit", detached });
    const stopListening = onStopSignal((signal) => {
      if (detached || signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      stopListening();
      resolve(code ?? 1);
    });
  });
}

/**
 * Runs a program of the setup and returns what it printed. A stop signal is forwarded, and this process waits for the
 * program's end: a second npm ci beside the first one breaks both.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").ExecFileOptions} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} not ok for a program that does not exist, too
 */
export function runToEnd(command, args, options) {
  return new Promise((resolve) => {
    let isStopped = false;
    const child = execFile(
      command,
      args,
      { maxBuffer: Number.POSITIVE_INFINITY, ...options },
      (error, stdout, stderr) => {
        if (isStopped) process.exit(1);
        stopListening();
        resolve({ ok: error === null, output: `${stdout}${stderr}` || (error?.message ?? "") });
      },
    );
    const stopListening = onStopSignal((signal) => {
      isStopped = true;
      child.kill(signal);
      // npm ci finishes and undoes everything at the first signal, which may take minutes; it ends at the second.
      setInterval(() => child.kill(signal), 500);
    });
  });
}
