/** Creates grants as another version of this Worker would: runs the OAuth provider here, on the Worker's KV. */
import "./workers-runtime.ts";
import {
  type OAuthHelpers,
  OAuthProvider,
  type OAuthProviderOptions,
} from "@cloudflare/workers-oauth-provider";
import { type RegisteredClient, startAuthorization, type TokenResponse } from "./mcp-client.ts";
import type { TestWorker } from "./worker.ts";

/** Completes a sign-in whose grant has these props. */
export async function grantWithProps(
  worker: TestWorker,
  client: RegisteredClient,
  props: Record<string, unknown>,
): Promise<TokenResponse> {
  const { OAUTH_KV } = await worker.getEnv();
  const { url, codeVerifier } = await startAuthorization(worker, client);
  let redirectTo = "";
  const authorize = async (request: Request, env: { OAUTH_PROVIDER: OAuthHelpers }): Promise<Response> => {
    const authorization = await env.OAUTH_PROVIDER.parseAuthRequest(request);
    ({ redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
      request: authorization,
      userId: "somebody",
      metadata: {},
      scope: authorization.scope,
      props,
    }));
    return new Response();
  };
  const options = {
    apiRoute: "/mcp",
    apiHandler: { fetch: async () => new Response() },
    defaultHandler: { fetch: authorize },
    authorizeEndpoint: "/authorize",
    tokenEndpoint: "/token",
    resourceMetadata: { resource: worker.resource },
  };
  // The provider's types require the types of Workers, but the objects of Node have everything that it uses.
  const provider = new OAuthProvider(options as unknown as OAuthProviderOptions);
  const context = {
    waitUntil: () => {},
    passThroughOnException: () => {},
    props: {},
  } as unknown as ExecutionContext;
  const send = (request: Request) => provider.fetch(request as never, { OAUTH_KV } as never, context);
  await send(new Request(url));
  const response = await send(
    new Request(`${worker.origin}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: new URL(redirectTo).searchParams.get("code") ?? "",
        redirect_uri: client.redirectUri,
        client_id: client.clientId,
        code_verifier: codeVerifier,
      }),
    }),
  );
  if (!response.ok) throw new Error(`No tokens: ${await response.text()}`);
  return (await response.json()) as TokenResponse;
}
