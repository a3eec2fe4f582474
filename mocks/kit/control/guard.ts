/**
 * Keeps web pages away from the control API. It is bound to loopback, but a browser on the same machine runs pages of
 * any website: they could post a form here (cross-site request forgery) or point a name of theirs at 127.0.0.1 (DNS
 * rebinding). Programs send no `Origin` and are let through; only the control page itself may act from a browser.
 */
import type { MiddlewareHandler } from "hono";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Why a request may not reach the control API, or `undefined` if it may. */
export function refusalOf(request: {
  readonly method: string;
  readonly path: string;
  readonly pagePath: string;
  readonly header: (name: string) => string | undefined;
}): string | undefined {
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
  // A link to the page from elsewhere is harmless: it changes nothing and no other origin can read it.
  const followsLink =
    request.method === "GET" &&
    request.path === request.pagePath &&
    request.header("sec-fetch-dest") === "document";
  return followsLink ? undefined : "A page of another site may not use the control API.";
}

export function refuseOtherOrigins(pagePath: string): MiddlewareHandler {
  return async (c, next) => {
    const refusal = refusalOf({
      method: c.req.method,
      path: c.req.path,
      pagePath,
      header: (name) => c.req.header(name),
    });
    if (refusal !== undefined) return c.json({ error: "forbidden", message: refusal }, 403);
    await next();
  };
}
