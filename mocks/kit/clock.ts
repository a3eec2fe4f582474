/**
 * The emulators' own clock. It starts at real time and can be moved, so that tokens expire without waiting and without
 * patching globals. The program under test keeps real time.
 */

/** Milliseconds since the epoch. */
export type Clock = () => number;

export class MovableClock {
  readonly #realTime: Clock;
  /** Difference from real time. */
  offsetMilliseconds = 0;

  /** @param realTime A test may pass its own. */
  constructor(realTime: Clock = Date.now) {
    this.#realTime = realTime;
  }

  readonly now: Clock = () => this.#realTime() + this.offsetMilliseconds;
}
