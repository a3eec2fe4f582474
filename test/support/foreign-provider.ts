/**
 * A certified OpenID Provider of another project (`oidc-provider`) in place of PingOne.
 *
 * Deliberately an independent code path: other endpoint paths, other cookie names, a string audience, `at+jwt`
 * access tokens, `iss` in responses, and its own pages. A test that passes here depends on discovery and standards, not
 * on assumptions that the Worker and the emulator share.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

/** TEST ONLY. */
const CLIENT = { id: "mcp-server", secret: "TEST-ONLY-foreign-provider-secret" } as const;

export interface ForeignProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly issued: readonly string[];
  /** Back-channel requests so far, by path. */
  countRequests(path: string): number;
}

export async function startForeignProvider(options: {
  redirectUri: string;
  postLogoutRedirectUri: string;
  audience: string;
  accessTokenTtlSeconds?: number;
  /** Lifetime of access tokens issued by a refresh. Default: `accessTokenTtlSeconds`. */
  refreshedAccessTokenTtlSeconds?: number;
  issueRefreshTokens?: boolean;
}): Promise<ForeignProvider> {
  const counts = new Map<string, number>();
  const issued: string[] = [];
  // The provider is created with its issuer, so the port must be known before.
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [options.redirectUri],
        post_logout_redirect_uris: [options.postLogoutRedirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    scopes: ["openid", "profile", "offline_access", "todo_api:read", "todo_api:write"],
    claims: { profile: ["name", "preferred_username"] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `Person ${id}`, preferred_username: id }),
    }),
    issueRefreshToken: async () => options.issueRefreshTokens ?? true,
    pkce: { required: () => true },
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => options.audience,
        useGrantedResource: () => true,
        getResourceServerInfo: ({ oidc }) => ({
          scope: "todo_api:read todo_api:write",
          audience: options.audience,
          accessTokenFormat: "jwt",
          accessTokenTTL:
            (oidc.params?.grant_type === "refresh_token"
              ? options.refreshedAccessTokenTtlSeconds
              : undefined) ??
            options.accessTokenTtlSeconds ??
            3600,
        }),
      },
      revocation: { enabled: true },
    },
    ttl: { RefreshToken: 86_400 },
  });
  provider.on("grant.success", (ctx) => {
    const body = ctx.body as Record<string, unknown>;
    for (const name of ["access_token", "refresh_token", "id_token"]) {
      const token = body[name];
      if (typeof token === "string") issued.push(token);
    }
  });
  provider.use(async (ctx, next) => {
    counts.set(ctx.path, (counts.get(ctx.path) ?? 0) + 1);
    await next();
  });
  server.on("request", provider.callback());
  return {
    issuer,
    client: CLIENT,
    issued,
    countRequests: (path) => counts.get(path) ?? 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
