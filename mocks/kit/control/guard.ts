/**
 * Who may use the control API. Where only this machine reaches it: programs, which send no `Origin`, and its own page.
 * Any website in a browser on this machine could otherwise send a form to it (cross-site request forgery) or resolve its
 * own name to 127.0.0.1 (DNS rebinding). Where other machines reach it: whoever knows the token.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

interface GuardedRequest {
  readonly method: string;
  readonly path: string;
  header(name: string): string | undefined;
}

/** Why a request may not reach the control API, or `undefined` if it may. */
export function refusalOf(request: GuardedRequest, pagePath: string): string | undefined {
  const host = request.header("host") ?? "";
  const hostName = host.replace(/:\d+$/, "").toLowerCase();
  if (!LOOPBACK_NAMES.has(hostName)) {
    return `The control API answers on loopback names only, not on "${hostName}". Use http://127.0.0.1.`;
  }
  const origin = request.header("origin");
  if (origin !== undefined && origin !== `http://${host}`) {
    return `Origin ${origin} may not use the control API; only its own page and programs may.`;
  }
  const site = request.header("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  // A link to the page from another site is harmless: it changes nothing, and no other origin can read the page.
  const isPage = request.path === pagePath || request.path.startsWith(`${pagePath}/page/`);
  const followsLink = request.method === "GET" && isPage && request.header("sec-fetch-dest") === "document";
  return followsLink ? undefined : "A page of another site may not use the control API.";
}

export function refuseOtherOrigins(pagePath: string): MiddlewareHandler {
  return async (c, next) => {
    const refusal = refusalOf(c.req, pagePath);
    if (refusal !== undefined) return c.json({ error: "forbidden", message: refusal }, 403);
    await next();
  };
}

const COOKIE = "control-token";

/**
 * For a control API that other machines can reach: it takes files and gives out tokens. Programs send the token as
 * `Authorization: Bearer`; the page is opened with `?token=` once, and then has a cookie, which no other page can use.
 */
export function requireControlToken(token: string, pagePath: string): MiddlewareHandler {
  const isToken = (given: string | undefined) =>
    given !== undefined && timingSafeEqual(digest(given), digest(token));
  return async (c, next) => {
    if (c.req.method === "GET" && c.req.path === pagePath && isToken(c.req.query("token"))) {
      setCookie(c, COOKIE, token, { httpOnly: true, sameSite: "Strict", path: pagePath });
      return c.redirect(pagePath, 303);
    }
    const bearer = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (isToken(bearer) || (isToken(getCookie(c, COOKIE)) && isFromThePage(c.req))) return next();
    const message =
      "The control API can be reached from other machines, so it needs the token that was printed at start: " +
      `send Authorization: Bearer TOKEN, or open ${pagePath}?token=TOKEN in a browser.`;
    return c.json({ error: "unauthorized", message }, 401, { "WWW-Authenticate": "Bearer" });
  };
}

/**
 * To a cookie, another port of the same host is the same site, so a form of a page there brings it too. Over plain http
 * browsers say by `Origin` alone where a form comes from; over https the host may be that of a proxy.
 */
function isFromThePage(request: GuardedRequest): boolean {
  const origin = request.header("origin");
  if (request.method === "GET" || origin === undefined) return true;
  if (request.header("sec-fetch-site") === "same-origin") return true;
  return URL.parse(origin)?.host === request.header("host");
}

function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}
