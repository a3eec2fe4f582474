import { describe, expect, vi } from "vitest";
import { signInAtForeignProvider, startForeignStack } from "../support/foreign-stack.ts";
import { grantBehind } from "../support/grants.ts";
import {
  connectMcp,
  createBrowser,
  PROTOCOL_ERAS,
  redeem,
  registerClient,
  requestRefresh,
  requestToken,
  startAuthorization,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { testWithForeignStack } from "../support/test.ts";
import { beforeAnswerArrives } from "../support/upstream.ts";

const { it, stack } = testWithForeignStack();

function sessions(): string[] {
  return stack.worker.listObjectIds("PingSession");
}

describe("a PingSession", () => {
  let before: string[];
  it.beforeEach(() => {
    before = sessions();
  });
  const added = () => sessions().filter((id) => !before.includes(id));

  it("[SEC-15] keeps no PingOne token readable in any storage", async () => {
    const { tokens } = await signInAtForeignProvider(stack.worker);
    for (const era of PROTOCOL_ERAS) {
      const mcp = await connectMcp(stack.worker, tokens.access_token, era);
      const me = await mcp.callTool({ name: "whoAmI", arguments: {} });
      expect(me.structuredContent).toHaveProperty("accessToken");
      await mcp.close();
    }
    const storage = stack.worker.dumpStorage();
    expect(storage).toContain("token:dana:");
    expect(stack.provider.issued.length).toBeGreaterThan(2);
    for (const token of stack.provider.issued) {
      expect(storage.includes(token)).toBe(false);
      // Also search for the signature, in case storage splits a token.
      expect(storage.includes(token.slice(-24))).toBe(false);
    }
  });

  it("has ten minutes until its code is redeemed, and then lives until its grant ends", async () => {
    const client = await registerClient(stack.worker);
    const attempt = await startAuthorization(stack.worker, client);
    let page = await (await createBrowser(stack.worker, client).open(attempt.url)).submit("Allow");
    page = await page.submit("Sign-in", { login: "dana", password: "any" });
    page = await page.submit("Continue");
    const [id = ""] = added();
    expect(stack.worker.readAlarms("PingSession").get(id)).toSatisfy(
      (seconds) => seconds > 590 && seconds <= 600,
    );
    await redeem(stack.worker, client, attempt, page.url);
    expect(stack.worker.readAlarms("PingSession").has(id)).toBe(false);
    await wake(id);
    expect(sessions()).toContain(id);
  });

  it("ends when its code was never redeemed", async () => {
    const client = await registerClient(stack.worker);
    const attempt = await startAuthorization(stack.worker, client);
    let page = await (await createBrowser(stack.worker, client).open(attempt.url)).submit("Allow");
    page = await page.submit("Sign-in", { login: "dana", password: "any" });
    await page.submit("Continue");
    const [id = ""] = added();
    const revocations = stack.provider.countRequests("/token/revocation");
    await wake(id);
    expect(sessions()).not.toContain(id);
    expect(stack.worker.readAlarms("PingSession").has(id)).toBe(false);
    expect(stack.provider.countRequests("/token/revocation") - revocations).toBe(1);
  });

  it("[SEC-20] ends, at PingOne too, when the client revokes its refresh token", async () => {
    const { client, tokens } = await signInAtForeignProvider(stack.worker);
    expect(added()).toHaveLength(1);
    const revocations = stack.provider.countRequests("/token/revocation");
    const response = await requestToken(stack.worker, client, { token: tokens.refresh_token ?? "" });
    expect(response.status).toBe(200);
    expect(added()).toEqual([]);
    expect(stack.provider.countRequests("/token/revocation") - revocations).toBe(1);
  });

  it("stays when the client revokes an access token, or another client tries to revoke", async () => {
    const { client, tokens } = await signInAtForeignProvider(stack.worker);
    await requestToken(stack.worker, client, { token: tokens.access_token });
    expect(added()).toHaveLength(1);
    const other = await registerClient(stack.worker);
    await requestToken(stack.worker, other, { token: tokens.refresh_token ?? "" });
    expect(added()).toHaveLength(1);
    const refreshed = await requestRefresh(stack.worker, client, tokens);
    expect(refreshed.status).toBe(200);
  });

  it("ends, at PingOne too, when its code is redeemed twice", async () => {
    const client = await registerClient(stack.worker);
    const attempt = await startAuthorization(stack.worker, client);
    let page = await (await createBrowser(stack.worker, client).open(attempt.url)).submit("Allow");
    page = await page.submit("Sign-in", { login: "dana", password: "any" });
    page = await page.submit("Continue");
    await redeem(stack.worker, client, attempt, page.url);
    expect(added()).toHaveLength(1);
    const revocations = stack.provider.countRequests("/token/revocation");
    const replayed = await requestToken(stack.worker, client, {
      grant_type: "authorization_code",
      code: page.url.searchParams.get("code") ?? "",
      redirect_uri: client.redirectUri,
      code_verifier: attempt.codeVerifier,
    });
    expect(await replayed.json()).toMatchObject({ error: "invalid_grant" });
    expect(added()).toEqual([]);
    expect(stack.provider.countRequests("/token/revocation") - revocations).toBe(1);
  });

  it("belongs to a client whose registration lives on once a person has signed in and allowed it", async () => {
    const client = await registerClient(stack.worker);
    const { OAUTH_KV } = await stack.worker.getEnv();
    const daysLeft = async () => {
      const { keys } = await OAUTH_KV.list({ prefix: `client:${client.clientId}` });
      return ((keys[0]?.expiration ?? 0) - Date.now() / 1000) / 86_400;
    };
    expect(await daysLeft()).toBeLessThan(1.01);
    const attempt = await startAuthorization(stack.worker, client);
    const page = await createBrowser(stack.worker, client).open(attempt.url);
    expect(await daysLeft()).toBeLessThan(1.01);
    const login = await page.submit("Allow");
    // The user has not signed in yet at this point.
    expect(await daysLeft()).toBeLessThan(1.01);
    const grant = await login.submit("Sign-in", { login: "dana", password: "any" });
    await grant.submit("Continue");
    expect(await daysLeft()).toBeGreaterThan(89);
  });

  it("is replaced, and its refresh token taken over, when the same client signs in again", async () => {
    const client = await registerClient(stack.worker);
    const browser = createBrowser(stack.worker, client);
    let attempt = await startAuthorization(stack.worker, client);
    let page = await (await browser.open(attempt.url)).submit("Allow");
    page = await page.submit("Sign-in", { login: "dana", password: "any" });
    page = await page.submit("Continue");
    await redeem(stack.worker, client, attempt, page.url);
    const first = added();
    const revocations = stack.provider.countRequests("/token/revocation");

    attempt = await startAuthorization(stack.worker, client);
    page = await browser.open(attempt.url);
    const tokens = await redeem(stack.worker, client, attempt, page.url);
    await vi.waitFor(() => expect(added()).toHaveLength(1));
    expect(added()).not.toEqual(first);
    expect(stack.provider.countRequests("/token/revocation")).toBe(revocations);
    // The tokens that it took over are revoked when it ends.
    await requestToken(stack.worker, client, { token: tokens.refresh_token ?? "" });
    expect(added()).toEqual([]);
    expect(stack.provider.countRequests("/token/revocation") - revocations).toBe(2);
  });
});

it("[FAIL-60] a connection that is replaced while it refreshes at PingOne leaves the new one alive", async () => {
  await using shortLived = await startForeignStack({ accessTokenTtlSeconds: 3 });
  const { worker, provider } = shortLived;
  const client = await registerClient(worker);
  const browser = createBrowser(worker, client);
  const connect = async () => {
    const attempt = await startAuthorization(worker, client);
    let page = await browser.open(attempt.url);
    if (page.heading.startsWith("Allow")) page = await page.submit("Allow");
    if (page.root.querySelector('input[name="login"]') !== null) {
      page = await page.submit("Sign-in", { login: "dana", password: "any" });
      page = await page.submit("Continue");
    }
    return { attempt, page };
  };
  const first = await connect();
  const old = await redeem(worker, client, first.attempt, first.page.url);
  const replaced = await (await grantBehind(worker, old.access_token)).pingSession();
  const second = await connect();
  // Waits in real time, because the Worker's clock cannot be moved.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  let tokens: TokenResponse | undefined;
  {
    // Redeems the new code while the old connection refreshes, after PingOne has rotated its token.
    using _ = beforeAnswerArrives(`${provider.issuer}/token`, async () => {
      tokens = await redeem(worker, client, second.attempt, second.page.url);
      // The alarm has begun to end the replaced session, which gives no token any more and waits for the refresh.
      const isHandingOver = async () =>
        expect(await replaced.getAccessToken({ waitAtMostMs: 0 })).toEqual({ kind: "expired" });
      await vi.waitFor(isHandingOver, { timeout: 5000, interval: 50 });
    });
    await (await sendInEra(worker, "modern", { call: "tools/list", token: old.access_token })).text();
  }
  await vi.waitFor(() => expect(worker.listObjectIds("PingSession")).toHaveLength(1), { timeout: 10_000 });
  expect(provider.countRequests("/token/revocation")).toBe(0);
  const refreshed = await requestRefresh(worker, client, tokens ?? {});
  expect(refreshed.status).toBe(200);
  // The tokens that were handed over are revoked when the new session ends.
  const { refresh_token: latest = "" } = (await refreshed.json()) as TokenResponse;
  await requestToken(worker, client, { token: latest });
  expect(worker.listObjectIds("PingSession")).toEqual([]);
  expect(provider.countRequests("/token/revocation")).toBeGreaterThanOrEqual(2);
});

/** Runs the action of the alarm without waiting for it. */
async function wake(id: string): Promise<void> {
  const { PING_SESSION } = await stack.worker.getEnv();
  await PING_SESSION.get(PING_SESSION.idFromString(id)).endUnlessRedeemed();
}
