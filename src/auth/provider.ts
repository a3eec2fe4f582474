/** The options of the OAuth provider. */
import type { OAuthProviderOptions } from "@cloudflare/workers-oauth-provider";
import {
  ALL_TODO_SCOPES,
  ENDPOINTS,
  type Env,
  OFFLINE_ACCESS,
  SERVER_INFO,
  type Settings,
  THIRTY_DAYS_SECONDS,
} from "../config.ts";
import { logEvent, logProblem } from "../log.ts";
import { CLIENT_REGISTRATION_TTL_SECONDS, judgeRegistration } from "./registration.ts";
import { onTokenExchange } from "./token-endpoint.ts";

export function createProviderOptions(
  settings: Settings,
  handlers: Pick<OAuthProviderOptions<Env>, "apiHandler" | "defaultHandler">,
): OAuthProviderOptions<Env> {
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
    // Named in the 401 challenge, so that a client requests the scopes of the tools at once.
    requiredScopes: [...ALL_TODO_SCOPES],
    scopesSupported: [...ALL_TODO_SCOPES, OFFLINE_ACCESS],
    refreshTokenTTL: THIRTY_DAYS_SECONDS,
    refreshTokenIdleTTL: THIRTY_DAYS_SECONDS,
    clientRegistrationTTL: CLIENT_REGISTRATION_TTL_SECONDS,
    clientRegistrationCallback: judgeRegistration,
    clientIdMetadataDocumentEnabled: settings.CLIENT_METADATA_DOCUMENTS === "on",
    tokenExchangeCallback: onTokenExchange,
    // The provider's default would log the description; `internal` has stable codes.
    onError: ({ status, code, internal: { category, reason } }) => {
      // 4xx is the client's error; 5xx is for the operator.
      if (status < 500) logEvent("oauth.error_response", { status, code, category, reason });
      else logProblem("oauth.failed", { status, code, category, reason });
    },
  };
}
