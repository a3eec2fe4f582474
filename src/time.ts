/** NumericDate times, as in OAuth and OpenID Connect. */

/** Whole seconds since the epoch. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
