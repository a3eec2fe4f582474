/** `POST /as/token`: authorization codes, refresh tokens and client credentials. */
import { createHash, timingSafeEqual } from "node:crypto";
import { NotEmulated, OAuthRefusal } from "../refusals.ts";
import type { Application } from "../tenant/environment.ts";
import { issueClientToken, issueTokens, type TokenResponse } from "../tokens/issue.ts";
import { type AuthorizationCode, hashOf } from "../tokens/store.ts";
import type { Tokens } from "../tokens/tokens.ts";
import { sendUncached } from "./answers.ts";
import type { OidcContext } from "./context.ts";
import { redeemRefreshToken } from "./refresh-grant.ts";
import { type RequestParameters, splitWords } from "./rules/parameters.ts";
import { readTokenResource, requireOneResource, requireScopes } from "./rules/scopes.ts";

const GRANTS = {
  authorization_code: { name: "AUTHORIZATION_CODE", redeem: redeemCode },
  refresh_token: { name: "REFRESH_TOKEN", redeem: redeemRefreshToken },
  client_credentials: { name: "CLIENT_CREDENTIALS", redeem: redeemClientCredentials },
} as const;

/** PingOne has these too. */
const NOT_EMULATED_GRANTS: ReadonlyMap<string, string> = new Map([
  ["urn:ietf:params:oauth:grant-type:device_code", "the device authorization grant (RFC 8628)"],
  ["urn:ietf:params:oauth:grant-type:token-exchange", "token exchange (RFC 8693)"],
  ["urn:openid:params:grant-type:ciba", "client-initiated backchannel authentication (CIBA)"],
]);

/** @throws {OAuthRefusal | NotEmulated} */
export async function redeemGrant(c: OidcContext): Promise<Response> {
  const { tenant, tokens } = c.get("pingone");
  const [application, form] = [c.get("application"), c.get("parameters")];
  const type = form.get("grant_type");
  if (type === undefined) throw new OAuthRefusal("invalid_request", "The grant type is missing");
  const missing = NOT_EMULATED_GRANTS.get(type);
  if (missing !== undefined) {
    throw new NotEmulated(missing, `Use ${Object.keys(GRANTS).join(", ")}.`);
  }
  const grant = Object.hasOwn(GRANTS, type) ? GRANTS[type as keyof typeof GRANTS] : undefined;
  if (!grant) throw new OAuthRefusal("unsupported_grant_type", "The grant type is not supported");
  const isAllowed =
    (grant.name === "REFRESH_TOKEN" ? tenant.switches.current.refreshTokenGrant : null) ??
    application.grantTypes.includes(grant.name);
  if (!isAllowed) {
    throw new OAuthRefusal("unauthorized_client", `Client is missing required grant type: ${grant.name}`);
  }
  const response = await grant.redeem(tokens, application, form);
  sendUncached(c);
  return c.json(response);
}

/** Unverified wording; RFC 6749 section 5.2 has one error for everything that can be wrong with a code. */
function invalidCode(): OAuthRefusal {
  return new OAuthRefusal("invalid_grant", "The authorization code is invalid, expired or already used");
}

async function redeemCode(
  tokens: Tokens,
  application: Application,
  form: RequestParameters,
): Promise<TokenResponse> {
  const value = form.get("code");
  if (value === undefined) throw new OAuthRefusal("invalid_request", "The code is missing");
  const code = tokens.store.codes.get(hashOf(value));
  const grant = code && tokens.store.grants.get(code.grantId);
  // An attempt by another client does not use up the code.
  if (!code || !grant || grant.clientId !== application.id) throw invalidCode();
  if (code.used) {
    // RFC 6749 section 4.1.2: a replayed code may have been stolen, so everything issued from it is revoked.
    grant.revoked = true;
    tokens.store.changed();
    throw invalidCode();
  }
  // Marked before it is checked, so that a code allows one guess at its verifier.
  code.used = true;
  tokens.store.changed();
  const user = tokens.tenant.users.findById(grant.userId);
  const session = tokens.store.liveSession(grant.sessionId);
  if (code.expiresAt <= tokens.tenant.clock() || grant.revoked || !session || !user?.enabled)
    throw invalidCode();
  if (form.get("redirect_uri") !== code.redirectUri) throw invalidCode();
  if (!isVerified(code, form.get("code_verifier"))) throw invalidCode();
  const resource = readTokenResource(
    tokens.tenant,
    application,
    grant,
    grant.scopes,
    form.getAll("resource"),
  );
  return issueTokens(tokens, {
    application,
    grant,
    user,
    scopes: grant.scopes,
    nonce: code.nonce ?? undefined,
    resource,
  });
}

/** RFC 7636 section 4.6. A verifier for a code that was asked for without a challenge is refused too (RFC 9700 2.1.1). */
function isVerified(code: AuthorizationCode, verifier: string | undefined): boolean {
  if (code.codeChallenge === null || verifier === undefined) {
    return code.codeChallenge === null && verifier === undefined;
  }
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const computed =
    code.codeChallengeMethod === "plain"
      ? verifier
      : createHash("sha256").update(verifier).digest("base64url");
  const [one, other] = [Buffer.from(computed), Buffer.from(code.codeChallenge)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** No `scope` means all that is granted, which is where spurious multiple-resource errors come from. */
async function redeemClientCredentials(
  tokens: Tokens,
  application: Application,
  form: RequestParameters,
): Promise<TokenResponse> {
  const isUserScope = (name: string) =>
    tokens.tenant.environment.grantedScopes(application.id).get(name)?.resource.type === "OPENID_CONNECT";
  if (form.get("scope") !== undefined) {
    const scopes = requireScopes(tokens.tenant, application, form.get("scope"));
    if (scopes.some(isUserScope)) {
      throw new OAuthRefusal("invalid_scope", "A requested scope needs a user");
    }
    return issueClientToken(tokens, application, scopes);
  }
  const scopes = splitWords(
    [...tokens.tenant.environment.grantedScopes(application.id).keys()].join(" "),
  ).filter((name) => !isUserScope(name));
  // A worker application acts by its roles and needs no scope.
  if (scopes.length === 0 && application.type !== "WORKER") {
    throw new OAuthRefusal("invalid_scope", "At least one scope must be granted");
  }
  requireOneResource(tokens.tenant, application, scopes);
  return issueClientToken(tokens, application, scopes);
}
