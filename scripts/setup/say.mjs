/** What the setup tells the person: plain lines on stderr, nothing when there is nothing to do. */

/** A failure that the person can do something about; its message is all they see. */
export class SetupError extends Error {
  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = "SetupError";
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Says what is being done, and that it is still being done every 15 seconds, so that a slow network does not look
 * like a hang.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function saying(what, work) {
  say(`${what}...`);
  const started = Date.now();
  const heartbeat = setInterval(() => say(`  still at it after ${seconds(started)} s`), 15_000);
  try {
    const outcome = await work();
    say(`  done in ${seconds(started)} s`);
    return outcome;
  } finally {
    clearInterval(heartbeat);
  }
}

/** @param {number} started */
function seconds(started) {
  return Math.max(1, Math.round((Date.now() - started) / 1000));
}
