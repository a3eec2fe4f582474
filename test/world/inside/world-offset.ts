/** Says how far world time is ahead of real time; the test sends it along with every request. */
export const OFFSET_HEADER = "x-world-offset-ms";
