/** For the tests of this folder: an issuer that signs any claims and publishes its keys over HTTP. */
import { Hono } from "hono";
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { listen } from "../../kit/listen.ts";

export interface TestIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly jwksUri: URL;
  readonly jwksRequests: () => number;
  /** Makes `GET jwksUri` answer with this status in place of the keys. */
  failWith(status: number | undefined): void;
  /** Signs with a new key from now on. With `drop`, the old key is no longer published. */
  rotate(options?: { readonly drop?: boolean }): Promise<void>;
  sign(
    /** A claim or header parameter that is `undefined` is omitted. */
    claims?: Record<string, unknown>,
    header?: { kid?: string | undefined; alg?: string; typ?: string },
  ): Promise<string>;
}

export const TEST_AUDIENCE = "https://todo.api.com";

/** Claims of a valid access token, as PingOne issues it. */
function goodClaims(issuer: string): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: [TEST_AUDIENCE],
    sub: "alice-id",
    client_id: "mcp-server",
    scope: "todo_api:write openid todo_api:read",
    iat: now,
    exp: now + 3600,
  };
}

export async function createTestIssuer(): Promise<TestIssuer> {
  let published: JWK[] = [];
  let signing = await createKey();
  published = [signing.jwk];
  let requests = 0;
  let failure: number | undefined;
  const app = new Hono();
  app.get("/as/jwks", (c) => {
    requests += 1;
    return failure === undefined ? c.json({ keys: published }) : c.body(null, failure as 500);
  });
  const server = await listen(app as never, { port: 0, need: "a test" });
  const issuer = `${server.origin}/as`;
  return {
    issuer,
    jwksUri: new URL(`${issuer}/jwks`),
    jwksRequests: () => requests,
    failWith: (status) => {
      failure = status;
    },
    rotate: async ({ drop = false } = {}) => {
      const old = published;
      signing = await createKey();
      published = drop ? [signing.jwk] : [signing.jwk, ...old];
    },
    sign: async (claims = {}, header = {}) =>
      new SignJWT({ ...goodClaims(issuer), ...claims })
        .setProtectedHeader({ alg: "RS256", kid: signing.kid, ...header } as { alg: string })
        .sign(await importJWK(signing.privateJwk, header.alg ?? "RS256")),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function createKey() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = crypto.randomUUID();
  return {
    kid,
    privateJwk: await exportJWK(privateKey),
    jwk: { ...(await exportJWK(publicKey)), kid, use: "sig" },
  };
}
