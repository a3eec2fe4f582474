/**
 * An issuer made of MSW handlers that signs whatever a test writes, for tokens that a correct provider never issues.
 * Complete sign-ins use the emulator.
 */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { HttpResponse, http, type RequestHandler } from "msw";

export const CRAFTED_ISSUER = "https://auth.pingone.example/env/as";
export const CRAFTED_CLIENT = {
  id: "mcp-server",
  secret: "TEST-ONLY-crafted-issuer-secret-of-32-chars",
} as const;
export const CRAFTED_AUDIENCE = "https://todo.api.com";

/** The next answer of the token endpoint; defaults are valid. */
export interface CraftedAnswer {
  /** `undefined` leaves a claim out. */
  readonly idToken?: Record<string, unknown>;
  readonly idTokenHeader?: Record<string, unknown>;
  /** A whole ID token in place of the signed one. */
  readonly rawIdToken?: (claims: JWTPayload) => Promise<string> | string;
  readonly accessToken?: Record<string, unknown>;
  /** Fields of the answer itself; `undefined` leaves one out. */
  readonly response?: Record<string, unknown>;
}

export interface CraftedIssuer {
  readonly handlers: RequestHandler[];
  /** Answers the next code with this, for a sign-in with this nonce. */
  answerWith(answer: CraftedAnswer & { nonce: string }): void;
  /** Form fields of every token request, in their order. */
  readonly tokenRequests: URLSearchParams[];
  /** Tokens whose revocation was asked for, in their order. */
  readonly revoked: (string | null)[];
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
}

/** @param endpoints addresses in the discovery document to replace */
export async function createCraftedIssuer(
  endpoints: Partial<Record<Endpoint, string>> = {},
): Promise<CraftedIssuer> {
  const metadata = { ...craftedMetadata(), ...endpoints };
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "TEST-ONLY", use: "sig", alg: "RS256" };
  const tokenRequests: URLSearchParams[] = [];
  const revoked: (string | null)[] = [];
  let next: (CraftedAnswer & { nonce: string }) | undefined;
  const sign = (claims: JWTPayload, header: Record<string, unknown> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: jwk.kid, ...header }).sign(privateKey);

  const answerToken = async (answer: CraftedAnswer & { nonce: string }) => {
    const now = Math.floor(Date.now() / 1000);
    const common = { iss: CRAFTED_ISSUER, sub: "b7c1", iat: now, exp: now + 3600 };
    const idClaims = { ...common, aud: CRAFTED_CLIENT.id, nonce: answer.nonce, ...answer.idToken };
    const accessClaims = { ...common, aud: [CRAFTED_AUDIENCE], ...answer.accessToken };
    return {
      access_token: await sign(accessClaims),
      id_token:
        answer.rawIdToken === undefined
          ? await sign(idClaims, answer.idTokenHeader)
          : await answer.rawIdToken(idClaims),
      token_type: "Bearer",
      expires_in: 3600,
      scope: "openid todo_api:read todo_api:write",
      refresh_token: "TEST-ONLY-refresh-token",
      ...answer.response,
    };
  };

  return {
    tokenRequests,
    revoked,
    sign,
    answerWith: (answer) => {
      next = answer;
    },
    handlers: [
      http.get(`${CRAFTED_ISSUER}/.well-known/openid-configuration`, () => HttpResponse.json(metadata)),
      http.get(metadata.jwks_uri, () => HttpResponse.json({ keys: [jwk] })),
      http.post(metadata.token_endpoint, async ({ request }) => {
        tokenRequests.push(new URLSearchParams(await request.text()));
        const answer = next;
        next = undefined;
        if (answer === undefined) return HttpResponse.json({ error: "invalid_grant" }, { status: 400 });
        return HttpResponse.json(await answerToken(answer));
      }),
      http.post(metadata.revocation_endpoint, async ({ request }) => {
        revoked.push(new URLSearchParams(await request.text()).get("token"));
        return new HttpResponse(null, { status: 200 });
      }),
    ],
  };
}

type Endpoint = "authorization_endpoint" | "token_endpoint" | "jwks_uri" | "revocation_endpoint";

export function craftedMetadata() {
  return {
    issuer: CRAFTED_ISSUER,
    authorization_endpoint: `${CRAFTED_ISSUER}/authorize`,
    token_endpoint: `${CRAFTED_ISSUER}/token`,
    jwks_uri: `${CRAFTED_ISSUER}/jwks`,
    revocation_endpoint: `${CRAFTED_ISSUER}/revoke`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["S256"],
  };
}

/** An authorization request as the provider passes it to a handler. */
export const CRAFTED_REQUEST = {
  responseType: "code",
  clientId: "c".repeat(16),
  redirectUri: "http://localhost:7777/callback",
  scope: ["todo_api:read"],
  state: "the-state",
  issuer: "https://mcp.example.com",
} as const;

/** Settings of a Worker that uses this issuer. */
export const CRAFTED_SETTINGS = {
  PINGONE_ISSUER: CRAFTED_ISSUER,
  MCP_SERVER_CLIENT_ID: CRAFTED_CLIENT.id,
  MCP_SERVER_CLIENT_SECRET: CRAFTED_CLIENT.secret,
  API_IDENTIFIER: CRAFTED_AUDIENCE,
  UPSTREAM_TIMEOUT_SECONDS: "1",
} as const;
