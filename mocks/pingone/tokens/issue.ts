/** Issues the tokens of a grant, with the defects that a queued fault asks for. */
import { randomUUID } from "node:crypto";
import type { LoginView } from "../../kit/login.ts";
import type { Application } from "../tenant/environment.ts";
import { accessTokenLifetime, audienceOf, orderScopes } from "../tenant/scopes.ts";
import { nowInSeconds, type Tenant } from "../tenant/tenant.ts";
import type { User } from "../tenant/users.ts";
import { accessTokenClaims, type IdTokenFacts, idTokenClaims } from "./claims.ts";
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

/**
 * What the token endpoint answers.
 * @throws {OAuthRefusal} when the application may not have the refresh token that its settings ask for.
 */
export async function issueTokens(tokens: Tokens, options: IssueOptions): Promise<TokenResponse> {
  const facts = factsOf(tokens, options, true);
  // First, because it may refuse the request, and then nothing must have been stored.
  const refreshToken = await createRefreshToken(tokens, options.application, options.grant);
  const access = await issueAccessToken(tokens, facts);
  const idToken = options.scopes.includes("openid")
    ? await issueIdToken(tokens, options, facts, { accessToken: access.access_token })
    : undefined;
  tokens.store.changed();
  return {
    ...access,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(idToken !== undefined && { id_token: idToken }),
  };
}

/** What a response type other than `code` asks for. */
export interface FrontChannelTokens {
  readonly accessToken: boolean;
  readonly idToken: boolean;
  /** The code that goes with them. */
  readonly code: string | undefined;
}

/** What the authorization endpoint answers with. A fault of tokens waits for the token endpoint if there is a code. */
export async function issueFrontChannelTokens(
  tokens: Tokens,
  options: IssueOptions,
  { accessToken, idToken, code }: FrontChannelTokens,
): Promise<Partial<TokenResponse>> {
  const facts = factsOf(tokens, options, code === undefined);
  const access = accessToken ? await issueAccessToken(tokens, facts) : undefined;
  const signed = idToken
    ? await issueIdToken(tokens, options, facts, { accessToken: access?.access_token, code })
    : undefined;
  tokens.store.changed();
  return { ...access, ...(signed !== undefined && { id_token: signed }) };
}

function factsOf(tokens: Tokens, options: IssueOptions, takesFault: boolean) {
  const { tenant } = tokens;
  const { application, grant, user, scopes } = options;
  const issuedAt = nowInSeconds(tenant);
  const fault = takesFault ? tokens.takeTokenFault(loginOfGrant(tenant, grant)) : undefined;
  const resource = options.resource ?? grant.resource;
  const audience = resource === null ? audienceOf(tenant, application, scopes) : [resource];
  const defects = defectsOf(fault, { tenant, user, issuedAt });
  return { application, grant, scopes, audience, issuedAt, defects };
}

async function issueIdToken(
  tokens: Tokens,
  { application, grant, scopes, user, nonce }: IssueOptions,
  { issuedAt, defects }: Pick<AccessTokenFacts, "issuedAt" | "defects">,
  beside: Pick<IdTokenFacts, "accessToken" | "code">,
): Promise<string | undefined> {
  if (defects.hasNoIdToken === true) return undefined;
  const claims = idTokenClaims(tokens, grant, scopes, user, { ...beside, nonce, issuedAt });
  return tokens.signer.sign(
    { ...claims, ...defects.idTokenClaims },
    { x5t: application.includeX5t, defect: defects.key },
  );
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
