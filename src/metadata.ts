/** The provider's metadata documents, with what MCP clients miss in them. */
import { ENDPOINTS } from "./config.ts";

/** @param askProvider how the OAuth provider answers a request for one of its documents */
export async function answerMetadata(
  request: Request,
  askProvider: (request: Request) => Promise<Response>,
): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === ENDPOINTS.rootProtectedResourceMetadata) {
    // The provider serves one address only (RFC 9728 §3.1); MCP clients fall back to the root.
    return askProvider(new Request(new URL(ENDPOINTS.protectedResourceMetadata, url), request));
  }
  const response = await askProvider(request);
  if (url.pathname !== ENDPOINTS.authorizationServerMetadata || response.status !== 200) return response;
  // RFC 8414 §2: where the field is absent, only Basic counts, and public clients could not revoke their tokens.
  const metadata = await response.json<Record<string, unknown>>();
  const methods = metadata.token_endpoint_auth_methods_supported;
  return Response.json({ ...metadata, revocation_endpoint_auth_methods_supported: methods }, response);
}
