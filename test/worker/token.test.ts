/** POST /token with an authorization code: which requests get tokens and which are refused. */
import { decodeJwt } from "jose";
import { describe, expect } from "vitest";
import {
  type AuthorizationAttempt,
  answerPages,
  changeLastCharacter,
  createBrowser,
  type RegisteredClient,
  registerClient,
  startAuthorization,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { countHoldings, expectNoSecrets, expectOAuthError, watch } from "../support/observe.ts";
import { sendRaw } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();
let clients: Readonly<Record<"public" | "post" | "basic", RegisteredClient>>;

it.beforeAll(async () => {
  clients = {
    public: await registerClient(worker),
    post: await registerClient(worker, { token_endpoint_auth_method: "client_secret_post" }),
    basic: await registerClient(worker, { token_endpoint_auth_method: "client_secret_basic" }),
  };
});

type Parameters = Record<string, string | undefined>;

interface Grant {
  readonly client: RegisteredClient;
  readonly attempt: AuthorizationAttempt;
  readonly code: string;
  /** The form that redeems the code, without the client's credentials. */
  readonly form: Parameters;
}

async function obtainCode(client: RegisteredClient): Promise<Grant> {
  const attempt = await startAuthorization(worker, client);
  const last = await answerPages(await createBrowser(worker, client).open(attempt.url));
  const code = last.url.searchParams.get("code") ?? "";
  expect(code).not.toBe("");
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: client.redirectUri,
    code_verifier: attempt.codeVerifier,
    resource: worker.resource,
  };
  return { client, attempt, code, form };
}

function basic(id: string, secret: string): string {
  const encode = (part: string) => encodeURIComponent(part).replaceAll("%20", "+");
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
}

function send(
  form: Parameters | string,
  headers: Record<string, string> = {},
  method = "POST",
): Promise<Response> {
  const body =
    typeof form === "string"
      ? form
      : new URLSearchParams(
          Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ).toString();
  return worker.fetch(`${worker.origin}/token`, {
    method,
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    ...(method !== "GET" && { body }),
  });
}

/** How each kind of client authenticates. */
const CREDENTIALS = {
  public: ({ clientId }: RegisteredClient) => ({ form: { client_id: clientId }, headers: {} }),
  post: ({ clientId, clientSecret }: RegisteredClient) => ({
    form: { client_id: clientId, client_secret: clientSecret ?? "" },
    headers: {},
  }),
  basic: ({ clientId, clientSecret }: RegisteredClient) => ({
    form: {},
    headers: { Authorization: basic(clientId, clientSecret ?? "") },
  }),
} as const;

async function expectTokens(response: Response): Promise<TokenResponse> {
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  const tokens = (await response.json()) as TokenResponse & { token_type: string };
  expect(tokens).toEqual({
    access_token: expect.stringMatching(/^[^:]+:[^:]+:[^:]+$/),
    refresh_token: expect.stringMatching(/^[^:]+:[^:]+:[^:]+$/),
    token_type: expect.stringMatching(/^bearer$/i),
    expires_in: 3600,
    scope: "todo_api:read todo_api:write",
    resource: worker.resource,
  });
  return tokens;
}

async function expectRefused(
  grant: Grant | undefined,
  request: () => Promise<Response>,
  status: number,
  error: string,
): Promise<void> {
  const watched = await watch(stack);
  const response = await request();
  const body = await expectOAuthError(response, status, error);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(response.headers.getSetCookie()).toEqual([]);
  expectNoSecrets(JSON.stringify(body), grant?.code, grant?.client.clientSecret, grant?.attempt.codeVerifier);
  expect(await watched.upstreamCalls()).toEqual([]);
  await watched.expectNothingGained();
}

describe.each(["public", "post", "basic"] as const)("a %s client", (kind) => {
  it("[SEC-14] gets the Worker's own tokens for its code, and none of PingOne's", async () => {
    const grant = await obtainCode(clients[kind]);
    const credentials = CREDENTIALS[kind](grant.client);
    const tokens = await expectTokens(
      await send({ ...grant.form, ...credentials.form }, credentials.headers),
    );
    expect(() => decodeJwt(tokens.access_token)).toThrow();
    expect(() => decodeJwt(tokens.refresh_token ?? "")).toThrow();
  });
});

describe("a client that authenticates with Basic", () => {
  it("is served when it repeats its id in the body, as the Python SDK does", async () => {
    const grant = await obtainCode(clients.basic);
    const { headers } = CREDENTIALS.basic(grant.client);
    await expectTokens(await send({ ...grant.form, client_id: grant.client.clientId }, headers));
  });

  it("is refused when the body names another client, or repeats the secret", async () => {
    const grant = await obtainCode(clients.basic);
    const { headers } = CREDENTIALS.basic(grant.client);
    const both = { client_id: grant.client.clientId, client_secret: grant.client.clientSecret };
    for (const extra of [{ client_id: clients.public.clientId }, both]) {
      await expectRefused(grant, () => send({ ...grant.form, ...extra }, headers), 400, "invalid_request");
    }
    await expectTokens(await send(grant.form, headers));
  });
});

describe("a code is refused, and stays good for its honest owner, when", () => {
  it.each<[what: string, change: Parameters, error: string]>([
    ["the verifier is another", { code_verifier: "A".repeat(43) }, "invalid_grant"],
    ["the verifier is missing", { code_verifier: undefined }, "invalid_request"],
    ["the verifier is empty", { code_verifier: "" }, "invalid_request"],
    ["the redirect URI is another", { redirect_uri: "http://localhost:7777/other" }, "invalid_grant"],
    ["the resource is another", { resource: "https://other.example/mcp" }, "invalid_target"],
  ])("%s", async (_what, change, error) => {
    const grant = await obtainCode(clients.public);
    const { form } = CREDENTIALS.public(grant.client);
    await expectRefused(grant, () => send({ ...grant.form, ...form, ...change }), 400, error);
    await expectTokens(await send({ ...grant.form, ...form }));
  });

  it("[SEC-08] another client brings it", async () => {
    const grant = await obtainCode(clients.public);
    const stranger = await registerClient(worker);
    const request = () => send({ ...grant.form, client_id: stranger.clientId });
    await expectRefused(grant, request, 400, "invalid_grant");
    await expectTokens(await send({ ...grant.form, client_id: grant.client.clientId }));
  });

  it("its secret part was changed", async () => {
    const grant = await obtainCode(clients.public);
    const code = changeLastCharacter(grant.code);
    const { form } = CREDENTIALS.public(grant.client);
    await expectRefused(grant, () => send({ ...grant.form, ...form, code }), 400, "invalid_grant");
    await expectTokens(await send({ ...grant.form, ...form }));
  });
});

it("a code is good without the redirect URI and the resource, of which OAuth 2.1 asks neither", async () => {
  const grant = await obtainCode(clients.public);
  const { form } = CREDENTIALS.public(grant.client);
  await expectTokens(await send({ ...grant.form, ...form, redirect_uri: undefined, resource: undefined }));
});

it("[SEC-08] a code that is redeemed twice ends what the first time gave (RFC 6749 §4.1.2)", async () => {
  const grant = await obtainCode(clients.public);
  const form = { ...grant.form, ...CREDENTIALS.public(grant.client).form };
  const tokens = await expectTokens(await send(form));
  const before = await countHoldings(worker);
  const watched = await watch(stack);
  await expectOAuthError(await send(form), 400, "invalid_grant");
  expect(await watched.upstreamCalls()).toEqual(["revoke"]);
  expect(await countHoldings(worker)).toMatchObject({
    grants: before.grants - 1,
    pingSessions: before.pingSessions - 1,
  });
  expect((await sendRaw(worker, { token: tokens.access_token })).status).toBe(401);
});

describe("a request is refused when", () => {
  /** Has the format of this server's codes, but was never issued. */
  const UNKNOWN = `b7c1:${"g".repeat(16)}:${"s".repeat(32)}`;
  const CODE = `grant_type=authorization_code&code=${UNKNOWN}`;

  it.each<[what: string, body: () => string, headers: () => Record<string, string>]>([
    ["it is empty", () => "", () => ({})],
    ["it names no client", () => CODE, () => ({})],
    ["its client is unknown", () => `${CODE}&client_id=${"n".repeat(16)}`, () => ({})],
    ["its client is hostile", () => `${CODE}&client_id=%3Cscript%3E`, () => ({})],
    ["a confidential client sends no secret", () => `${CODE}&client_id=${clients.post.clientId}`, () => ({})],
    ["the secret is wrong", () => `${CODE}&client_id=${clients.post.clientId}&client_secret=x`, () => ({})],
    [
      "the secret is another client's",
      () => `${CODE}&client_id=${clients.post.clientId}&client_secret=${clients.basic.clientSecret}`,
      () => ({}),
    ],
    [
      "the secret in Basic is wrong",
      () => CODE,
      () => ({ Authorization: basic(clients.basic.clientId, "x") }),
    ],
    ["Basic is no base64", () => CODE, () => ({ Authorization: "Basic %%%" })],
    ["it bears a token in place of credentials", () => CODE, () => ({ Authorization: "Bearer x" })],
    [
      "the client uses another method than it registered",
      () => `${CODE}&client_id=${clients.basic.clientId}&client_secret=${clients.basic.clientSecret}`,
      () => ({}),
    ],
    [
      "a public client sends a secret",
      () => `${CODE}&client_id=${clients.public.clientId}&client_secret=x`,
      () => ({}),
    ],
  ])("%s", async (_what, body, headers) => {
    await expectRefused(undefined, () => send(body(), headers()), 401, "invalid_client");
  });

  it("asks for Basic again where Basic was wrong (RFC 6749 §5.2)", async () => {
    const response = await send(CODE, { Authorization: basic(clients.basic.clientId, "x") });
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Basic realm=/);
  });

  it.each<[what: string, body: string, error: string]>([
    ["the grant type is password", "grant_type=password&username=a&password=b", "unsupported_grant_type"],
    ["the grant type is client_credentials", "grant_type=client_credentials", "unsupported_grant_type"],
    ["the grant type is a word of JavaScript", "grant_type=constructor", "unsupported_grant_type"],
    ["there is no grant type", "code=a:b:c", "unsupported_grant_type"],
    ["the grant type is sent twice", `${CODE}&grant_type=refresh_token`, "invalid_request"],
    ["the code is sent twice", `${CODE}&code=${UNKNOWN}`, "invalid_request"],
    ["the code is missing", "grant_type=authorization_code", "invalid_request"],
    ["the code is empty", "grant_type=authorization_code&code=", "invalid_request"],
    ["the code is of no known form", "grant_type=authorization_code&code=x", "invalid_grant"],
    ["the code was never given out", CODE, "invalid_grant"],
    [
      "the code has a hostile form",
      "grant_type=authorization_code&code=..%2F:%00:%3Cscript%3E",
      "invalid_grant",
    ],
  ])("%s", async (_what, body, error) => {
    const request = () => send(`${body}&client_id=${clients.public.clientId}`);
    await expectRefused(undefined, request, 400, error);
  });

  it.each(["application/json", "text/plain", "multipart/form-data; boundary=x"])(
    "it is sent as %s",
    async (type) => {
      const request = () => send(CODE, { "Content-Type": type });
      await expectRefused(undefined, request, 400, "invalid_request");
    },
  );

  it.each(["GET", "PUT", "DELETE"])("its method is %s", async (method) => {
    const request = () => send(CODE, {}, method);
    await expectRefused(undefined, request, 405, "invalid_request");
  });

  it("it is larger than any such form", async () => {
    const request = () => send(CODE.padEnd(65 * 1024, "x"));
    await expectRefused(undefined, request, 413, "invalid_request");
  });
});

describe("a browser client of any origin", () => {
  const origin = { Origin: "https://app.example" };

  it("may send its form", async () => {
    const response = await worker.fetch(`${worker.origin}/token`, {
      method: "OPTIONS",
      headers: {
        ...origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example");
    expect(response.headers.get("Access-Control-Allow-Headers")).toMatch(/authorization/i);
  });

  it("can read tokens and refusals", async () => {
    const grant = await obtainCode(clients.public);
    const form = { ...grant.form, ...CREDENTIALS.public(grant.client).form };
    for (const response of [await send({ ...form, code_verifier: "x" }, origin), await send(form, origin)]) {
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example");
      expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    }
  });
});
