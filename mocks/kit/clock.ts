/**
 * The emulators' own clock. It starts at real time and can be moved, so that tokens expire and skew appears without
 * waiting and without patching any global. The program under test keeps real time.
 */

/** Milliseconds since the epoch, by the emulators' own clock. */
export type Clock = () => number;

export interface MovableClock {
  readonly now: Clock;
  /** Milliseconds by which the clock differs from real time. */
  readonly offsetMilliseconds: () => number;
  readonly advance: (milliseconds: number) => void;
  readonly reset: () => void;
}

/** @param source Real time; a test may pass its own. */
export function createClock(source: Clock = Date.now): MovableClock {
  let offset = 0;
  return {
    now: () => source() + offset,
    offsetMilliseconds: () => offset,
    advance: (milliseconds) => {
      offset += milliseconds;
    },
    reset: () => {
      offset = 0;
    },
  };
}
