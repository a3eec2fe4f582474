/** Output of the setup: plain lines on stderr, none when there is nothing to do. */

/** A failure that the person can do something about; its message is all they see. */
export class SetupError extends Error {}

/**
 * Prints what is being done, and every 15 seconds that it goes on: a slow network must not look like a hang.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function saying(what, work) {
  process.stderr.write(`${what}...\n`);
  const started = Date.now();
  const heartbeat = setInterval(() => {
    process.stderr.write(`  still at it after ${Math.round((Date.now() - started) / 1000)} s\n`);
  }, 15_000);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
  }
}
