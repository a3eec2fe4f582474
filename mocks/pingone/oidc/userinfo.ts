/** `GET|POST /as/userinfo`: a bearer token of a person, with `openid`, whose session lives. */
import type { Hono } from "hono";
import { type FrontContext, type FrontEnv, methodNotAllowed, OAuthRefusal, sendP1Error } from "../errors.ts";
import type { Front } from "../front.ts";
import { userInfoClaims } from "../tokens/claims.ts";
import { findToken, isActive } from "../tokens/status.ts";
import { readForm } from "./rules/parameters.ts";

export function addUserInfoRoute(app: Hono<FrontEnv>, front: Front): void {
  const path = `/${front.environment.id}/as/userinfo`;
  app.on(["GET", "POST"], path, async (c) => {
    const presented = await readBearer(c);
    if (presented.kind === "malformed") {
      return challenge(c, 400, "INVALID_REQUEST", "The request is malformed.", 'error="invalid_request"');
    }
    if (presented.kind === "none")
      return challenge(c, 401, "ACCESS_FAILED", "The request needs a bearer token.", "");
    const found = findToken(front, presented.token);
    if (found?.kind !== "access_token" || !isActive(front, found)) return invalidToken(c);
    if (found.token.grantId === null || !found.grant) {
      return sendP1Error(c, {
        status: 403,
        code: "ACCESS_FAILED",
        message: "The request could not be completed. You do not have access to this resource.",
      });
    }
    if (!found.token.scopes.includes("openid")) {
      const parameters = 'error="insufficient_scope", scope="openid"';
      return challenge(c, 403, "ACCESS_FAILED", "The request needs the scope openid.", parameters);
    }
    const user = front.users.findById(found.grant.userId);
    if (!user) return invalidToken(c);
    c.header("Cache-Control", "no-store");
    return c.json(userInfoClaims(front, found.token.scopes, user));
  });
  app.all(path, (c) => methodNotAllowed(c, ["GET", "POST"]));
}

type Bearer =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "none" }
  | { readonly kind: "malformed" };

/** RFC 6750 section 2: header, or form body of a POST, not both. The query, which leaks into logs, is not taken. */
async function readBearer(c: FrontContext): Promise<Bearer> {
  const header = c.req.header("authorization");
  const inBody = await readBodyToken(c);
  if (inBody === "malformed") return { kind: "malformed" };
  if (header === undefined) return inBody === undefined ? { kind: "none" } : { kind: "token", token: inBody };
  if (!/^bearer(\s|$)/i.test(header)) return { kind: "none" };
  const token = /^bearer +([\w~+/.=-]+)$/i.exec(header.trim())?.[1];
  return token === undefined || inBody !== undefined ? { kind: "malformed" } : { kind: "token", token };
}

async function readBodyToken(c: FrontContext): Promise<string | undefined> {
  if (c.req.method !== "POST" || (c.req.header("content-type") ?? "") === "") return undefined;
  try {
    const form = await readForm(c);
    form.requireWellFormed();
    return form.get("access_token");
  } catch (error) {
    if (error instanceof OAuthRefusal) return "malformed";
    throw error;
  }
}

function invalidToken(c: FrontContext): Response {
  return challenge(
    c,
    401,
    "INVALID_TOKEN",
    "The token is invalid, expired or revoked.",
    'error="invalid_token"',
  );
}

/** RFC 6750 section 3 in the header. The body is unverified wording: PingOne's is not known. */
function challenge(
  c: FrontContext,
  status: 400 | 401 | 403,
  code: string,
  message: string,
  parameters: string,
) {
  c.header("WWW-Authenticate", ["Bearer", parameters].filter((part) => part !== "").join(" "));
  return sendP1Error(c, { status, code, message });
}
