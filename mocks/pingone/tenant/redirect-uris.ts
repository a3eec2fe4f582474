/**
 * How PingOne compares a redirect URI with the registered ones (https://docs.pingidentity.com/pingone/applications/
 * p1_wildcard_redirect_uri.html): character by character, but for two exceptions.
 * - With `allowWildcardInRedirectUris`, one `*` in the path or query stands for any text. That it matches within one path
 *   segment, or one query parameter, is the strict reading: Ping's examples show no other.
 * - A loopback URI registered without a port matches with any port (RFC 8252 section 7.3).
 */

/** Where a wildcard may stand: after the authority, once, not in a fragment. */
const WITH_WILDCARD = /^[a-z][a-z0-9+.-]*:\/\/[^/?#*\\@]+[/?][^*#]*\*[^*#]*$/i;
/** A loopback URI; the second group is its port, if it has one. */
const LOOPBACK = /^(https?:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(:[0-9]{1,5})?(?=[/?]|$)/;

/** What is wrong with a redirect URI that is to be registered; `undefined` when nothing is. */
export function findRedirectUriFault(
  uri: string,
  { allowWildcard }: { readonly allowWildcard: boolean },
): string | undefined {
  if (!URL.canParse(uri) || uri.includes("#")) return "must be an absolute URI without a fragment.";
  if (!uri.includes("*")) return undefined;
  if (!allowWildcard) {
    return 'has a wildcard; set "allowWildcardInRedirectUris" to true, or write the URI out.';
  }
  return WITH_WILDCARD.test(uri)
    ? undefined
    : "may have one wildcard, in its path or query; write scheme, host and port out.";
}

/** Whether an authorization request may name this redirect URI. */
export function isRegisteredRedirectUri(
  uri: string,
  {
    redirectUris,
    allowWildcardInRedirectUris,
  }: {
    readonly redirectUris: readonly string[];
    readonly allowWildcardInRedirectUris: boolean;
  },
): boolean {
  return redirectUris.some((registered) => {
    const given = LOOPBACK.exec(registered)?.[2] === undefined ? likeLoopback(registered, uri) : uri;
    if (given === registered && !registered.includes("*")) return true;
    return allowWildcardInRedirectUris && WITH_WILDCARD.test(registered) && matches(registered, given);
  });
}

/** The URI without its port, if both are of one loopback host and `registered` has no port. */
function likeLoopback(registered: string, uri: string): string {
  const [, host] = LOOPBACK.exec(registered) ?? [];
  const [whole, givenHost] = LOOPBACK.exec(uri) ?? [];
  // A port may have five digits and still be none.
  if (host === undefined || host !== givenHost || !URL.canParse(uri)) return uri;
  return host + uri.slice(whole?.length);
}

function matches(pattern: string, uri: string): boolean {
  const star = pattern.indexOf("*");
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (uri.length < before.length + after.length) return false;
  if (!uri.startsWith(before) || !uri.endsWith(after)) return false;
  const matched = uri.slice(before.length, uri.length - after.length);
  const isInQuery = before.includes("?");
  // RFC 3986 section 3.3 and 3.4, without what ends the segment or parameter. A browser takes `\` for `/`, and servers
  // decode an encoded `/`, `\` or `.`.
  const allowed = isInQuery ? /^[A-Za-z0-9._~!$'()*+,;:@/?%-]*$/ : /^[A-Za-z0-9._~!$&'()*+,;=:@%-]*$/;
  if (!allowed.test(matched) || /%(?:2f|5c|2e)/i.test(matched)) return false;
  return isInQuery || !hasDotSegment(uri);
}

/** RFC 3986 section 5.2.4: a client of the URI would remove such a segment, and so leave the registered path. */
function hasDotSegment(uri: string): boolean {
  const [path = ""] = uri.split("?");
  return path.split("/").some((segment) => segment === "." || segment === "..");
}
