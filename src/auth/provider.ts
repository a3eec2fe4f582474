/**
 * The OAuth provider's options: what this authorization server offers MCP clients, and how an MCP grant and the
 * PingSession behind it live and end together.
 */
import {
  type ClientRegistrationCallbackResult,
  type GrantSummary,
  GrantType,
  getOAuthApi,
  OAuthError,
  type OAuthHelpers,
  type OAuthProviderOptions,
  type TokenExchangeCallbackOptions,
  type TokenExchangeCallbackResult,
} from "@cloudflare/workers-oauth-provider";
import { z } from "zod";
import { budgetLeftMs } from "../budget.ts";
import {
  ALL_TODO_SCOPES,
  ENDPOINTS,
  type Env,
  grantMetadataSchema,
  OFFLINE_ACCESS,
  parseSettings,
  propsSchema,
  SERVER_INFO,
  type Settings,
  THIRTY_DAYS_SECONDS,
} from "../config.ts";
import { logEvent, logProblem, requestId } from "../log.ts";

/** The provider refuses shorter access tokens (Cloudflare KV's minimum expiration). */
const MINIMUM_TOKEN_TTL_SECONDS = 60;

/** How long a client stays registered after a person has approved it, or it was last used. */
export const CLIENT_REGISTRATION_TTL_SECONDS = 90 * 24 * 60 * 60;

/** How long a registration lives that no person has approved: anyone may register, and KV must not fill up. */
export const UNUSED_REGISTRATION_TTL_SECONDS = 24 * 60 * 60;

const MAXIMUM_USER_ID_LENGTH = 200;
const MAXIMUM_CLIENT_NAME_LENGTH = 200;
const MAXIMUM_REDIRECT_URIS = 10;

type Handlers = Pick<OAuthProviderOptions<Env>, "apiHandler" | "defaultHandler">;

export function createProviderOptions(settings: Settings, handlers: Handlers): OAuthProviderOptions<Env> {
  const origin = settings.MCP_RESOURCE.origin;
  return {
    ...handlers,
    apiRoute: ENDPOINTS.mcp,
    authorizeEndpoint: ENDPOINTS.authorize,
    tokenEndpoint: ENDPOINTS.token,
    clientRegistrationEndpoint: ENDPOINTS.register,
    resourceMetadata: {
      resource: settings.MCP_RESOURCE.href,
      authorization_servers: [origin],
      resource_name: SERVER_INFO.title,
    },
    // Named in the 401 challenge, so a client asks for what the tools need without a second round.
    requiredScopes: [...ALL_TODO_SCOPES],
    scopesSupported: [...ALL_TODO_SCOPES, OFFLINE_ACCESS],
    refreshTokenTTL: THIRTY_DAYS_SECONDS,
    refreshTokenIdleTTL: THIRTY_DAYS_SECONDS,
    clientRegistrationTTL: CLIENT_REGISTRATION_TTL_SECONDS,
    clientIdMetadataDocumentEnabled: settings.CLIENT_METADATA_DOCUMENTS === "on",
    tokenExchangeCallback: onTokenExchange,
    // The provider's default would log the description; `internal` holds stable codes of its own.
    onError: ({ status, code, internal: { category, reason } }) => {
      // A client's mistake is the normal course; what the server could not do is for the operator.
      if (status < 500) logEvent("oauth.error_response", { status, code, category, reason });
      else logProblem("oauth.failed", { status, code, category, reason });
    },
  };
}

/** The same, with a short life for what `/register` stores, until {@link keepRegistration}. */
export function createRegistrationOptions(settings: Settings, handlers: Handlers): OAuthProviderOptions<Env> {
  return {
    ...createProviderOptions(settings, handlers),
    clientRegistrationTTL: UNUSED_REGISTRATION_TTL_SECONDS,
    clientRegistrationCallback: ({ clientMetadata }) => judgeRegistration(clientMetadata),
  };
}

const registrationLimits = z.looseObject({
  client_name: z.string().max(MAXIMUM_CLIENT_NAME_LENGTH).optional(),
  redirect_uris: z.array(z.unknown()).max(MAXIMUM_REDIRECT_URIS).optional(),
});

/** A name that fills the consent page would hide where the access goes. The provider judges everything else. */
function judgeRegistration(metadata: Record<string, unknown>): ClientRegistrationCallbackResult | undefined {
  if (typeof metadata.client_name === "string" || Array.isArray(metadata.redirect_uris)) {
    const judged = registrationLimits.safeParse(metadata);
    if (!judged.success && judged.error.issues.some(({ code }) => code === "too_big")) {
      return {
        code: "invalid_client_metadata",
        description:
          `client_name may have ${MAXIMUM_CLIENT_NAME_LENGTH} characters, and there may be ` +
          `${MAXIMUM_REDIRECT_URIS} redirect_uris.`,
      };
    }
  }
  return undefined;
}

/**
 * A person has approved the client, so its registration lives on. Writing a registration anew gives it the life
 * that this provider's options name.
 */
export async function keepRegistration(api: OAuthHelpers, clientId: string): Promise<void> {
  // A client known by its metadata document has no registration.
  if (!URL.canParse(clientId)) await api.updateClient(clientId, {});
}

/**
 * Runs before the provider issues tokens to an MCP client.
 *
 * @throws {OAuthError} `invalid_grant`, with which the provider also revokes the MCP grant, when the PingOne
 *   session is over; `temporarily_unavailable` when PingOne is down and no valid token is left
 */
async function onTokenExchange(
  options: TokenExchangeCallbackOptions<Env>,
): Promise<TokenExchangeCallbackResult | undefined> {
  const props = propsSchema.safeParse(options.props);
  // A grant whose props have another shape was made by another version.
  if (!props.success) throw signInAgain();
  const session = options.env.PING_SESSION.getByName(props.data.pingSessionId);
  if (options.grantType === GrantType.AUTHORIZATION_CODE) {
    await session.bindToGrant({ userId: options.userId, grantId: options.grantId });
    const life = await session.describeLife();
    if (life.kind === "over") throw signInAgain();
    if (life.kind === "renewable") return undefined;
    // PingOne gave no refresh token: this grant ends when PingOne's access token does.
    const ttl = Math.max(MINIMUM_TOKEN_TTL_SECONDS, life.secondsLeft);
    return { accessTokenTTL: ttl, refreshTokenTTL: 0 };
  }
  const outcome = await session.getAccessToken({ requestId: requestId(), waitAtMostMs: budgetLeftMs() });
  switch (outcome.kind) {
    case "valid":
    case "refreshed":
      return undefined;
    case "expired":
      throw signInAgain();
    case "unavailable":
      throw new OAuthError("temporarily_unavailable", {
        description: "The sign-in service cannot be reached. Try again later.",
        statusCode: 503,
        headers: { "Retry-After": String(outcome.retryAfterSeconds) },
      });
  }
}

function signInAgain(): OAuthError {
  return new OAuthError("invalid_grant", { description: "The session at PingOne has ended. Sign in again." });
}

/** The provider's helpers where no request has brought them, as in a Durable Object. */
export function getGrantApi(env: Env): OAuthHelpers {
  const handler = { fetch: () => new Response(null, { status: 404 }) };
  return getOAuthApi(
    createProviderOptions(parseSettings(env), { apiHandler: handler, defaultHandler: handler }),
    env,
  );
}

export async function listGrants(api: OAuthHelpers, userId: string): Promise<GrantSummary[]> {
  const grants: GrantSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.listUserGrants(userId, cursor === undefined ? {} : { cursor });
    grants.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return grants;
}

export async function findGrant(
  env: Env,
  { userId, grantId }: { userId: string; grantId: string },
): Promise<GrantSummary | undefined> {
  const grants = await listGrants(getGrantApi(env), userId);
  return grants.find((grant) => grant.id === grantId);
}

/**
 * The provider's name for a person: `sub`, without the ":" that joins the parts of its tokens, and short enough for
 * KV keys, which have 512 bytes.
 */
export async function userIdOf(subject: string): Promise<string> {
  const encoded = encodeURIComponent(subject);
  if (encoded.length <= MAXIMUM_USER_ID_LENGTH) return encoded;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subject));
  return `sha256-${Buffer.from(digest).toString("base64url")}`;
}

/** Completes something that replaces grants of a user, then forgets the PingSessions of those that are gone. */
export async function forgetReplacedSessions<T>(
  env: Env,
  userId: string,
  work: () => Promise<T>,
): Promise<T> {
  const api = getGrantApi(env);
  const before = await listGrants(api, userId);
  const outcome = await work();
  const left = new Set((await listGrants(api, userId)).map(({ id }) => id));
  const replaced = before.filter(({ id }) => !left.has(id));
  await Promise.all(replaced.map((grant) => endPingSession(env, grant, { revoke: false })));
  return outcome;
}

/**
 * Answers a request that may end this one grant, and if it did, ends the PingSession behind it, at PingOne too. The
 * provider decides whether the request is authentic, and has no hook for what follows.
 */
export async function endSessionWithGrant(
  env: Env,
  identity: { userId: string; grantId: string },
  answer: () => Promise<Response>,
): Promise<Response> {
  const grant = await findGrant(env, identity);
  const response = await answer();
  if (grant !== undefined && (await findGrant(env, identity)) === undefined) {
    await endPingSession(env, grant, { revoke: true });
  }
  return response;
}

/** Ends the PingSession that a grant's metadata names. */
export async function endPingSession(
  env: Env,
  grant: GrantSummary,
  options: { revoke: boolean },
): Promise<void> {
  const metadata = grantMetadataSchema.safeParse(grant.metadata);
  if (!metadata.success) return;
  const session = env.PING_SESSION.getByName(metadata.data.pingSessionId);
  await session.end({ ...options, requestId: requestId() });
}
