/** The header with the offset of world time from real time; the test sends it with every request. */
export const OFFSET_HEADER = "x-world-offset-ms";
