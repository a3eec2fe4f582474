/**
 * Alarms are kept so much later than they are set, so that none rings in real time: the test rings them when world time
 * has come, one after the other.
 */
export const ALARM_SHIFT_MS = 100 * 365 * 24 * 3600 * 1000;
