/** Times as OAuth and OpenID Connect write them. */

/** Whole seconds since the epoch. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
