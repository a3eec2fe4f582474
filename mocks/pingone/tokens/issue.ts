/** Issues the token response of a grant, with the defects that a queued fault asks for. */
import { randomBytes, randomUUID } from "node:crypto";
import type { LoginView, TokenFault } from "../contracts.ts";
import { OAuthRefusal } from "../errors.ts";
import { type Front, nowInSeconds } from "../front.ts";
import {
  accessTokenLifetime,
  audienceOf,
  isOfflineAccessGranted,
  orderScopes,
} from "../oidc/rules/scopes.ts";
import type { Application } from "../tenant/environment.ts";
import type { User } from "../tenant/users.ts";
import { accessTokenClaims, clientTokenClaims, idTokenClaims } from "./claims.ts";
import { type AccessToken, type Grant, hashOf } from "./store.ts";

export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "Bearer";
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

export interface IssueOptions {
  readonly application: Application;
  readonly grant: Grant;
  readonly user: User;
  readonly scopes: readonly string[];
  readonly nonce?: string | undefined;
  /** Audience that this request asks for, when `resource` is honoured. */
  readonly resource?: string | undefined;
}

/** Faults that make the access token one that PingOne itself would not take back. */
const SPOILS_ACCESS_TOKEN: ReadonlySet<TokenFault> = new Set([
  "wrong_signature",
  "unknown_kid",
  "wrong_audience",
  "wrong_issuer",
  "expired",
]);
const WRONG_AUDIENCE = "https://wrong-audience.example.com";
const WRONG_ISSUER = "https://wrong-issuer.example.com/as";

export async function issueTokens(front: Front, options: IssueOptions): Promise<TokenResponse> {
  const { application, grant, user, scopes } = options;
  const fault = front.takeTokenFault(loginOfGrant(front, grant));
  const resource = options.resource ?? grant.resource;
  const audience = resource === null ? audienceOf(front, application, scopes) : [resource];
  const lifetime = accessTokenLifetime(front, audience);
  const scope = orderScopes(front, application, scopes).join(" ");
  const issuedAt = nowInSeconds(front);
  const times = { jti: randomUUID(), issuedAt, expiresAt: issuedAt + lifetime };
  const signing = {
    typ: front.switches.current.atTyp === "none" ? undefined : front.switches.current.atTyp,
    x5t: application.includeX5t,
    defect: fault === "wrong_signature" || fault === "unknown_kid" ? fault : undefined,
  };
  const claims = {
    ...accessTokenClaims(front, grant, audience, scope, times),
    ...(fault === "wrong_audience" && { aud: [WRONG_AUDIENCE] }),
    ...commonDefects(front, fault, user, issuedAt),
  };
  // Made before anything is stored: an application that may not have a refresh token gets an error, not half a grant.
  const refreshToken = await createRefreshToken(front, application, grant);
  const accessToken = await front.signer.sign(claims, signing);
  if (fault === undefined || !SPOILS_ACCESS_TOKEN.has(fault)) {
    storeAccessToken(front, accessToken, {
      grantId: grant.id,
      clientId: grant.clientId,
      scopes,
      audience,
      times,
    });
  }

  let idToken: string | undefined;
  if (scopes.includes("openid") && fault !== "missing_id_token") {
    const built = idTokenClaims(front, grant, scopes, user, { accessToken, nonce: options.nonce, issuedAt });
    idToken = await front.signer.sign(
      {
        ...built,
        ...(fault === "wrong_audience" && { aud: WRONG_AUDIENCE }),
        ...(fault === "wrong_nonce" && { nonce: randomUUID() }),
        ...commonDefects(front, fault, user, issuedAt),
      },
      { x5t: application.includeX5t, defect: signing.defect },
    );
  }
  front.state.changed();
  return {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: lifetime,
    scope,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(idToken !== undefined && { id_token: idToken }),
  };
}

/** The access token of `client_credentials`: no person, no session, no refresh token. */
export async function issueClientToken(
  front: Front,
  application: Application,
  scopes: readonly string[],
): Promise<TokenResponse> {
  const audience = audienceOf(front, application, scopes);
  const lifetime = accessTokenLifetime(front, audience);
  const scope = orderScopes(front, application, scopes).join(" ");
  const issuedAt = nowInSeconds(front);
  const times = { jti: randomUUID(), issuedAt, expiresAt: issuedAt + lifetime };
  const { atTyp } = front.switches.current;
  const accessToken = await front.signer.sign(
    clientTokenClaims(front, application.id, audience, scope, times),
    {
      typ: atTyp === "none" ? undefined : atTyp,
      x5t: application.includeX5t,
    },
  );
  storeAccessToken(front, accessToken, { grantId: null, clientId: application.id, scopes, audience, times });
  front.state.changed();
  return {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: lifetime,
    ...(scope !== "" && { scope }),
  };
}

export function loginOfGrant(front: Front, grant: Grant): LoginView {
  const username = front.users.findById(grant.userId)?.username ?? grant.login.username;
  const { state, loginHint } = grant.login;
  return {
    ...(state !== undefined && { state }),
    ...(loginHint !== undefined && { loginHint }),
    ...(username !== undefined && { username }),
    userId: grant.userId,
    clientId: grant.clientId,
  };
}

function commonDefects(
  front: Front,
  fault: TokenFault | undefined,
  user: User,
  issuedAt: number,
): Record<string, unknown> {
  if (fault === "other_subject") return { sub: anotherUser(front, user) };
  if (fault === "wrong_issuer") return { iss: WRONG_ISSUER };
  if (fault === "expired") return { iat: issuedAt - 7200, exp: issuedAt - 3600 };
  return {};
}

function anotherUser(front: Front, user: User): string {
  return front.users.list().find(({ id }) => id !== user.id)?.id ?? randomUUID();
}

function storeAccessToken(
  front: Front,
  token: string,
  facts: {
    readonly grantId: string | null;
    readonly clientId: string;
    readonly scopes: readonly string[];
    readonly audience: readonly string[];
    readonly times: { readonly jti: string; readonly issuedAt: number; readonly expiresAt: number };
  },
): void {
  const stored: AccessToken = {
    hash: hashOf(token),
    jti: facts.times.jti,
    kid: front.signer.signingKeyId,
    clientId: facts.clientId,
    grantId: facts.grantId,
    scopes: [...facts.scopes],
    audience: [...facts.audience],
    issuedAt: facts.times.issuedAt * 1000,
    expiresAt: facts.times.expiresAt * 1000,
    revoked: false,
  };
  front.state.accessTokens.set(stored.hash, stored);
}

/**
 * PingOne's rule: with `offline_access` among the application's granted scopes, a refresh token only when the request
 * has that scope; without it, always, as soon as the application has the REFRESH_TOKEN grant.
 */
function getsRefreshToken(front: Front, application: Application, grant: Grant): boolean {
  const hasGrant =
    front.switches.current.refreshTokenGrant ?? application.grantTypes.includes("REFRESH_TOKEN");
  if (!hasGrant) return false;
  return !isOfflineAccessGranted(front, application) || grant.scopes.includes("offline_access");
}

/** @throws {OAuthRefusal} when the application still asks for the format that PingOne gives up. */
async function createRefreshToken(
  front: Front,
  application: Application,
  grant: Grant,
): Promise<string | undefined> {
  if (!getsRefreshToken(front, application, grant)) return undefined;
  const { refreshTokenType, opaqueRefreshTokensOnly } = front.switches.current;
  const type = refreshTokenType === "application" ? application.refreshTokenType : refreshTokenType;
  if (type === "JSON_WEB_TOKEN" && opaqueRefreshTokensOnly) {
    // Announced for 2027-03-02. Unverified wording and error code.
    throw new OAuthRefusal("invalid_request", "JSON Web Token refresh tokens are not supported");
  }
  const now = front.clock();
  // refreshTokenDuration bounds each token, refreshTokenRollingDuration all that follow from one sign-on.
  const rolling = application.refreshTokenRollingDuration;
  const expiresAt = Math.min(
    now + application.refreshTokenDuration * 1000,
    rolling === undefined ? Number.POSITIVE_INFINITY : grant.createdAt + rolling * 1000,
  );
  const token =
    type === "OPAQUE_TOKEN"
      ? randomBytes(48).toString("base64url")
      : await front.signer.signRefreshToken({
          iss: front.signer.issuer,
          sub: grant.userId,
          jti: randomUUID(),
          exp: Math.floor(expiresAt / 1000),
          sid: grant.sessionId,
          scope: grant.scopes.join(" "),
          auth_time: Math.floor(grant.authenticatedAt / 1000),
          acr: grant.policyId,
          amr: grant.authenticationMethods,
        });
  front.state.refreshTokens.set(hashOf(token), {
    hash: hashOf(token),
    grantId: grant.id,
    expiresAt,
    rotatedAt: null,
  });
  return token;
}
