/** Runs a program to its end for the setup and keeps what it printed, so that a failure can be explained. */
import { spawn } from "node:child_process";
import { STOP_SIGNALS } from "./script.mjs";

/**
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, output: string }} Outcome
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<Outcome>}
 */
export function runToEnd(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
    });
    // npm ci would go on without us.
    const stop = () => {
      child.kill("SIGTERM");
      process.exit(1);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    const settled = () => {
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
    };
    let output = "";
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString("utf8")).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => {
      settled();
      reject(error);
    });
    child.once("close", (code, signal) => {
      settled();
      resolve({ code, signal, output });
    });
  });
}

/** The marks that a failed download leaves in the output of npm, Playwright and apt. */
const NETWORK_TROUBLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|FETCH_ERROR)\b|network (request|timeout)|Temporary failure resolving|Could not resolve|Could not connect|getaddrinfo/i;

/** @param {string} output */
export function isNetworkTrouble(output) {
  return NETWORK_TROUBLE.test(output);
}

/**
 * The last lines that say something, for a failure nobody foresaw.
 * @param {string} output
 * @param {number} [count]
 */
export function lastLines(output, count = 5) {
  return output
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !/A complete log of this run|_logs/.test(line))
    .slice(-count)
    .map((line) => `  ${line}`)
    .join("\n");
}
