/** The provider's metadata documents, with additions that MCP clients need. */
import { ENDPOINTS } from "./config.ts";

/** @param askProvider calls the OAuth provider for one of its documents */
export async function answerMetadata(
  request: Request,
  askProvider: (request: Request) => Promise<Response>,
): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === ENDPOINTS.rootProtectedResourceMetadata) {
    // The provider serves one path only (RFC 9728 §3.1); MCP clients fall back to the root.
    return askProvider(new Request(new URL(ENDPOINTS.protectedResourceMetadata, url), request));
  }
  const response = await askProvider(request);
  if (url.pathname !== ENDPOINTS.authorizationServerMetadata || response.status !== 200) return response;
  // RFC 8414 §2: if the field is absent, the default is Basic, and public clients could not revoke their tokens.
  const metadata = await response.json<Record<string, unknown>>();
  const methods = metadata.token_endpoint_auth_methods_supported;
  return Response.json({ ...metadata, revocation_endpoint_auth_methods_supported: methods }, response);
}
