/**
 * The offset by which alarms are stored later than they are set, so that none runs in real time: the test runs them one
 * after the other when they are due in world time.
 */
export const ALARM_SHIFT_MS = 100 * 365 * 24 * 3600 * 1000;
