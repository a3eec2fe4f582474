/** `GET|POST /as/userinfo`: a bearer token of a person, with `openid`, whose session is alive. */
import { OAuthRefusal } from "../refusals.ts";
import { userInfoClaims } from "../tokens/claims.ts";
import { findToken, isActive } from "../tokens/status.ts";
import type { OidcContext } from "./context.ts";
import {
  accessFailed,
  challenge,
  invalidToken,
  isBearerHeader,
  malformed,
  tokenInHeader,
} from "./rules/bearer-token.ts";
import { readForm } from "./rules/parameters.ts";

/** @throws {P1Refusal} */
export async function sendUserInfo(c: OidcContext): Promise<Response> {
  const { tenant, tokens } = c.get("pingone");
  const found = findToken(tokens, await readBearerToken(c));
  if (found?.kind !== "access_token" || !isActive(tokens, found)) throw invalidToken();
  if (found.token.grantId === null || !found.grant) {
    throw accessFailed();
  }
  if (!found.token.scopes.includes("openid")) {
    const parameters = 'error="insufficient_scope", scope="openid"';
    throw challenge(403, "ACCESS_FAILED", "The request needs the scope openid.", parameters);
  }
  const user = tenant.users.findById(found.grant.userId);
  if (!user) throw invalidToken();
  c.header("Cache-Control", "no-store");
  return c.json(userInfoClaims(tenant, found.grant.clientId, found.token.scopes, user));
}

/**
 * RFC 6750 section 2: header, or form body of a POST, not both. The query, which leaks into logs, is not taken.
 * @throws {P1Refusal}
 */
async function readBearerToken(c: OidcContext): Promise<string> {
  const header = c.req.header("authorization");
  const inBody = await readBodyToken(c);
  const isBearer = isBearerHeader(header);
  const inHeader = tokenInHeader(header);
  if (isBearer && (inHeader === undefined || inBody !== undefined)) throw malformed();
  const token = inHeader ?? (header === undefined ? inBody : undefined);
  if (token === undefined) throw challenge(401, "ACCESS_FAILED", "The request needs a bearer token.");
  return token;
}

async function readBodyToken(c: OidcContext): Promise<string | undefined> {
  if (c.req.method !== "POST" || (c.req.header("content-type") ?? "") === "") return undefined;
  try {
    const form = await readForm(c.req.raw);
    form.requireWellFormed();
    return form.get("access_token");
  } catch (error) {
    throw error instanceof OAuthRefusal ? malformed(error.status === 413 ? 413 : 400) : error;
  }
}
