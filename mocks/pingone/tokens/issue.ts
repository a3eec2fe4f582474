/** Issues the token response of a grant, with the defects that a queued fault asks for. */
import { randomUUID } from "node:crypto";
import type { LoginView } from "../../kit/login.ts";
import type { Application } from "../tenant/environment.ts";
import { accessTokenLifetime, audienceOf, orderScopes } from "../tenant/scopes.ts";
import { nowInSeconds, type Tenant } from "../tenant/tenant.ts";
import type { User } from "../tenant/users.ts";
import { accessTokenClaims, idTokenClaims } from "./claims.ts";
import { type Defects, defectsOf } from "./defects.ts";
import { createRefreshToken } from "./refresh-token.ts";
import { type Grant, hashOf } from "./store.ts";
import type { Tokens } from "./tokens.ts";

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

/** @throws {OAuthRefusal} when the application may not have the refresh token that its settings ask for. */
export async function issueTokens(tokens: Tokens, options: IssueOptions): Promise<TokenResponse> {
  const { tenant, signer, store } = tokens;
  const { application, grant, user, scopes } = options;
  const issuedAt = nowInSeconds(tenant);
  const fault = tokens.takeTokenFault(loginOfGrant(tenant, grant));
  const defects = defectsOf(fault, { tenant, user, issuedAt });
  const resource = options.resource ?? grant.resource;
  const audience = resource === null ? audienceOf(tenant, application, scopes) : [resource];
  // First, because it may refuse the request, and then nothing must have been stored.
  const refreshToken = await createRefreshToken(tokens, application, grant);
  const access = await issueAccessToken(tokens, { application, grant, scopes, audience, issuedAt, defects });
  const idToken =
    scopes.includes("openid") && defects.hasNoIdToken !== true
      ? await signer.sign(
          {
            ...idTokenClaims(tokens, grant, scopes, user, {
              accessToken: access.access_token,
              nonce: options.nonce,
              issuedAt,
            }),
            ...defects.idTokenClaims,
          },
          { x5t: application.includeX5t, defect: defects.key },
        )
      : undefined;
  store.changed();
  return {
    ...access,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(idToken !== undefined && { id_token: idToken }),
  };
}

/** The access token of `client_credentials`: no person, no session, no refresh token. */
export async function issueClientToken(
  tokens: Tokens,
  application: Application,
  scopes: readonly string[],
): Promise<TokenResponse> {
  const { scope, ...access } = await issueAccessToken(tokens, {
    application,
    grant: undefined,
    scopes,
    audience: audienceOf(tokens.tenant, application, scopes),
    issuedAt: nowInSeconds(tokens.tenant),
    defects: {},
  });
  tokens.store.changed();
  return { ...access, ...(scope !== "" && { scope }) };
}

interface AccessTokenFacts {
  readonly application: Application;
  /** `undefined`: the application acts for itself. */
  readonly grant: Grant | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly defects: Defects;
}

async function issueAccessToken(tokens: Tokens, facts: AccessTokenFacts) {
  const { tenant, signer, store } = tokens;
  const { application, grant, scopes, audience, issuedAt, defects } = facts;
  const lifetime = accessTokenLifetime(tenant, audience);
  const scope = orderScopes(tenant, application, scopes).join(" ");
  const times = { jti: randomUUID(), issuedAt, expiresAt: issuedAt + lifetime };
  const claims = accessTokenClaims(tokens, application.id, grant, audience, scope, times);
  const { atTyp } = tenant.switches.current;
  const hasTyp = atTyp === "application" ? application.includeTyp : atTyp === "at+jwt";
  const token = await signer.sign(
    { ...claims, ...defects.accessTokenClaims },
    { typ: hasTyp ? "at+jwt" : undefined, x5t: application.includeX5t, defect: defects.key },
  );
  if (defects.isAccessTokenUnknown !== true) {
    store.accessTokens.set(hashOf(token), {
      hash: hashOf(token),
      jti: times.jti,
      kid: signer.signingKeyId,
      clientId: application.id,
      grantId: grant?.id ?? null,
      scopes: [...scopes],
      audience: [...audience],
      issuedAt: times.issuedAt * 1000,
      expiresAt: times.expiresAt * 1000,
      revoked: false,
    });
  }
  return { access_token: token, token_type: "Bearer", expires_in: lifetime, scope } as const;
}

/** What is known of the login that a grant came from. */
export function loginOfGrant({ users }: Tenant, grant: Grant): LoginView {
  const username = users.findById(grant.userId)?.username ?? grant.login.username;
  const { state, loginHint } = grant.login;
  return {
    ...(state !== undefined && { state }),
    ...(loginHint !== undefined && { loginHint }),
    ...(username !== undefined && { username }),
    userId: grant.userId,
    clientId: grant.clientId,
  };
}
