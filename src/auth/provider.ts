/** The OAuth provider's options: what this authorization server offers MCP clients. */
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
import { logProblem } from "../log.ts";
import { judgeRegistration, UNUSED_REGISTRATION_TTL_SECONDS } from "./registration.ts";
import { onTokenExchange } from "./token-endpoint.ts";

export function createProviderOptions(
  settings: Settings,
  handlers: Pick<OAuthProviderOptions<Env>, "apiHandler" | "defaultHandler">,
): OAuthProviderOptions<Env> {
  const origin = settings.MCP_RESOURCE.origin;
  const options: OAuthProviderOptions<Env> = {
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
    clientRegistrationTTL: UNUSED_REGISTRATION_TTL_SECONDS,
    clientRegistrationCallback: judgeRegistration,
    clientIdMetadataDocumentEnabled: settings.CLIENT_METADATA_DOCUMENTS === "on",
    tokenExchangeCallback: (exchange) => onTokenExchange(exchange, options),
    // The provider's default would log the description; `internal` holds stable codes of its own.
    onError: ({ status, code, internal }) => {
      logProblem("oauth.error_response", {
        status,
        code,
        category: internal.category,
        reason: internal.reason,
      });
    },
  };
  return options;
}
