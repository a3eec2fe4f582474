/** POST /token with a refresh token, and revocation (RFC 7009), which has the same URL. */
import { describe, expect } from "vitest";
import { grantBehind } from "../support/grants.ts";
import {
  changeLastCharacter,
  type RegisteredClient,
  registerClient,
  requestRefresh,
  requestToken,
  signIn,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { countHoldings, expectNoSecrets, expectOAuthError, watch } from "../support/observe.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, stack, worker } = testWithStack();

interface Connection {
  readonly client: RegisteredClient;
  readonly tokens: TokenResponse;
  readonly refreshToken: string;
}

async function connect(metadata: Record<string, unknown> = {}, scope?: string): Promise<Connection> {
  const client = await registerClient(worker, metadata);
  const { tokens } = await signIn(worker, { client, ...(scope !== undefined && { scope }) });
  return { client, tokens, refreshToken: tokens.refresh_token ?? "" };
}

function refresh(
  client: RegisteredClient,
  refreshToken: string,
  extra: Record<string, string> = {},
): Promise<Response> {
  return requestRefresh(worker, client, { refresh_token: refreshToken }, extra);
}

async function refreshWell(client: RegisteredClient, refreshToken: string): Promise<TokenResponse> {
  const response = await refresh(client, refreshToken);
  expect(response.status).toBe(200);
  return (await response.json()) as TokenResponse;
}

function revoke(
  client: RegisteredClient,
  token: string,
  extra: Record<string, string> = {},
): Promise<Response> {
  return requestToken(worker, client, { token, ...extra });
}

/** Whether /mcp accepts an access token of the Worker. */
async function isAlive(accessToken: string): Promise<boolean> {
  const response = await sendInEra(worker, "legacy", { call: "initialize", token: accessToken });
  await response.body?.cancel();
  return response.status === 200;
}

describe("a refresh token", () => {
  it("gives new tokens, and asks PingOne nothing while its own token is good", async () => {
    const { client, tokens, refreshToken } = await connect();
    const watched = await watch(stack);
    const renewed = await refreshWell(client, refreshToken);
    expect(renewed).toMatchObject({ scope: tokens.scope, expires_in: 3600 });
    expect(renewed.access_token).not.toBe(tokens.access_token);
    expect(renewed.refresh_token).not.toBe(refreshToken);
    expect(await isAlive(renewed.access_token)).toBe(true);
    expect(await watched.upstreamCalls()).toEqual([]);
  });

  it("stays good until the one that replaced it is used, and is refused from then on", async () => {
    const { client, refreshToken } = await connect();
    // The client asks again as if the response to its first refresh was lost.
    await refreshWell(client, refreshToken);
    const second = await refreshWell(client, refreshToken);
    const third = await refreshWell(client, second.refresh_token ?? "");
    await expectOAuthError(await refresh(client, refreshToken), 400, "invalid_grant");
    expect(await isAlive(third.access_token)).toBe(true);
  });

  it("lives thirty days from its last use", async () => {
    const { client, tokens, refreshToken } = await connect();
    const grant = await grantBehind(worker, tokens.access_token);
    const daysLeft = async () => (((await grant.read()).expiresAt ?? 0) - Date.now() / 1000) / 86_400;
    expect(await daysLeft()).toBeCloseTo(30, 1);
    await grant.change({ expiresAt: Math.floor(Date.now() / 1000) + 86_400 });
    expect(await daysLeft()).toBeCloseTo(1, 1);
    await refreshWell(client, refreshToken);
    expect(await daysLeft()).toBeCloseTo(30, 1);
  });

  it("narrows the scopes when it is asked to, and never widens them", async () => {
    const { client, refreshToken } = await connect();
    const response = await refresh(client, refreshToken, { scope: "todo_api:read" });
    expect(((await response.json()) as TokenResponse).scope).toBe("todo_api:read");

    const narrow = await connect({}, "todo_api:read");
    const widened = await refresh(narrow.client, narrow.refreshToken, {
      scope: "todo_api:read todo_api:write",
    });
    expect(((await widened.json()) as TokenResponse).scope).toBe("todo_api:read");
  });

  it.each<[what: string, error: string, send: (connection: Connection) => Promise<Response>]>([
    [
      "another client brings it",
      "invalid_grant",
      async ({ refreshToken }) => refresh(await registerClient(worker), refreshToken),
    ],
    [
      "it was changed",
      "invalid_grant",
      ({ client, refreshToken }) => refresh(client, changeLastCharacter(refreshToken)),
    ],
    ["it is an access token", "invalid_grant", ({ client, tokens }) => refresh(client, tokens.access_token)],
    ["it is of no known form", "invalid_grant", ({ client }) => refresh(client, "x")],
    [
      "it is missing",
      "invalid_request",
      ({ client }) => requestToken(worker, client, { grant_type: "refresh_token" }),
    ],
    [
      "it is for another resource",
      "invalid_target",
      ({ client, refreshToken }) => refresh(client, refreshToken, { resource: "https://other.example/mcp" }),
    ],
    [
      "only unknown scopes are asked for",
      "invalid_scope",
      ({ client, refreshToken }) => refresh(client, refreshToken, { scope: "admin" }),
    ],
  ])("is refused when %s, and stays good", async (_what, error, send) => {
    const connection = await connect();
    const watched = await watch(stack);
    const body = await expectOAuthError(await send(connection), 400, error);
    expectNoSecrets(JSON.stringify(body), connection.refreshToken, connection.tokens.access_token);
    expect(await watched.upstreamCalls()).toEqual([]);
    await watched.expectNothingGained();
    await refreshWell(connection.client, connection.refreshToken);
  });

  it("of a confidential client needs the client's secret", async () => {
    const { client, refreshToken } = await connect({ token_endpoint_auth_method: "client_secret_post" });
    const { clientSecret: _secret, ...withoutSecret } = client;
    await expectOAuthError(await refresh(withoutSecret, refreshToken), 401, "invalid_client");
    await expectOAuthError(
      await refresh({ ...client, clientSecret: "x" }, refreshToken),
      401,
      "invalid_client",
    );
    await refreshWell(client, refreshToken);
  });

  it("gives two tokens that work when two requests bring it at once", async () => {
    const { client, refreshToken } = await connect();
    const renewed = await Promise.all([refreshWell(client, refreshToken), refreshWell(client, refreshToken)]);
    for (const { access_token } of renewed) expect(await isAlive(access_token)).toBe(true);
  });

  // A client that got no response in time asks again and may keep the tokens of any response.
  it.each([0, 1, 2])(
    "[SEC-18] of %i in three that came from one stays good until one of them is used",
    async (kept) => {
      const { client, refreshToken } = await connect();
      const renewed: TokenResponse[] = await Promise.all(
        [1, 2, 3].map(() => refreshWell(client, refreshToken)),
      );
      const tokens = renewed.map((answer) => answer.refresh_token ?? "");
      const next = await refreshWell(client, tokens[kept] ?? "");
      for (const other of tokens.filter((_, index) => index !== kept)) {
        await expectOAuthError(await refresh(client, other), 400, "invalid_grant");
      }
      await refreshWell(client, next.refresh_token ?? "");
    },
  );

  it("of several that came from one ends the grant when any of them is revoked", async () => {
    const { client, refreshToken } = await connect();
    const renewed: TokenResponse[] = await Promise.all([1, 2].map(() => refreshWell(client, refreshToken)));
    for (const which of [0, 1]) {
      expect((await revoke(client, renewed[which]?.refresh_token ?? "")).status).toBe(200);
      if (which === 0) {
        for (const { access_token } of renewed) expect(await isAlive(access_token)).toBe(false);
      }
    }
  });
});

describe("revocation (RFC 7009)", () => {
  it("[SEC-20] of a refresh token ends the grant, its access tokens and the session at PingOne", async () => {
    const { client, tokens, refreshToken } = await connect();
    const before = await countHoldings(worker);
    const watched = await watch(stack);
    const response = await revoke(client, refreshToken, { token_type_hint: "refresh_token" });
    expect(response.status).toBe(200);
    expect(await watched.upstreamCalls()).toEqual(["revoke"]);
    expect(await countHoldings(worker)).toMatchObject({
      grants: before.grants - 1,
      accessTokens: before.accessTokens - 1,
      pingSessions: before.pingSessions - 1,
    });
    expect(await isAlive(tokens.access_token)).toBe(false);
    await expectOAuthError(await refresh(client, refreshToken), 400, "invalid_grant");
  });

  it("of an access token ends that token only", async () => {
    const { client, tokens, refreshToken } = await connect();
    const watched = await watch(stack);
    expect((await revoke(client, tokens.access_token)).status).toBe(200);
    expect(await watched.upstreamCalls()).toEqual([]);
    expect(await isAlive(tokens.access_token)).toBe(false);
    expect(await isAlive((await refreshWell(client, refreshToken)).access_token)).toBe(true);
  });

  it.each(["a:b:c", "x", "::", "../:..:%00", '<script>"'])(
    "of %j, which is no token, answers 200 and does nothing",
    async (token) => {
      const { client } = await connect();
      const watched = await watch(stack);
      const response = await revoke(client, token);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("");
      expect(await watched.upstreamCalls()).toEqual([]);
      await watched.expectNothingGained();
    },
  );

  it.each<[what: string, sender: () => Promise<RegisteredClient>]>([
    ["another client", () => registerClient(worker)],
    [
      "another confidential client",
      () => registerClient(worker, { token_endpoint_auth_method: "client_secret_post" }),
    ],
  ])("by %s does nothing", async (_what, sender) => {
    const { tokens, refreshToken } = await connect();
    const stranger = await sender();
    const watched = await watch(stack);
    for (const token of [refreshToken, tokens.access_token]) await revoke(stranger, token);
    expect(await isAlive(tokens.access_token)).toBe(true);
    expect(await watched.upstreamCalls()).toEqual([]);
  });

  it("without the secret of a confidential client is refused", async () => {
    const { client, tokens, refreshToken } = await connect({
      token_endpoint_auth_method: "client_secret_post",
    });
    const { clientSecret: _secret, ...withoutSecret } = client;
    await expectOAuthError(await revoke(withoutSecret, refreshToken), 401, "invalid_client");
    expect(await isAlive(tokens.access_token)).toBe(true);
  });

  it("with the token sent twice is refused", async () => {
    const { client, tokens, refreshToken } = await connect();
    const body = new URLSearchParams({ client_id: client.clientId, token: refreshToken });
    body.append("token", refreshToken);
    const response = await worker.fetch(`${worker.origin}/token`, { method: "POST", body });
    await expectOAuthError(response, 400, "invalid_request");
    expect(await isAlive(tokens.access_token)).toBe(true);
  });

  it("succeeds for the client although PingOne cannot be reached", async () => {
    const { client, tokens, refreshToken } = await connect();
    await stack.emulators.faults.queue({ endpoint: "revoke", fault: "server_error" });
    const before = await countHoldings(worker);
    expect((await revoke(client, refreshToken)).status).toBe(200);
    await stack.emulators.faults.expectNone();
    expect((await countHoldings(worker)).grants).toBe(before.grants - 1);
    expect(await isAlive(tokens.access_token)).toBe(false);
  });
});

it("tells a client whose registration is gone so, that it may register anew", async () => {
  const { client, refreshToken } = await connect();
  await (await worker.getEnv()).OAUTH_KV.delete(`client:${client.clientId}`);
  await expectOAuthError(await refresh(client, refreshToken), 401, "invalid_client");
});
