import { describe, expect, vi } from "vitest";
import { obtainForeignCode, signInAtForeignProvider, startForeignStack } from "../support/foreign-stack.ts";
import { grantBehind } from "../support/grants.ts";
import {
  connectMcp,
  createBrowser,
  PROTOCOL_ERAS,
  redeem,
  registerClient,
  requestRefresh,
  requestToken,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { testWithForeignStack } from "../support/test.ts";
import { beforeAnswerArrives } from "../support/upstream.ts";

const { it, worker, provider } = testWithForeignStack();

const sessions = () => worker.listObjectIds("PingSession");
const countRevocations = () => provider.countRequests("/token/revocation");

describe("a PingSession", () => {
  let before: string[];
  it.beforeEach(() => {
    before = sessions();
  });
  const added = () => sessions().filter((id) => !before.includes(id));

  it("[SEC-15] keeps no PingOne token readable in any storage", async () => {
    const { tokens } = await signInAtForeignProvider(worker);
    for (const era of PROTOCOL_ERAS) {
      const mcp = await connectMcp(worker, tokens.access_token, era);
      const me = await mcp.callTool({ name: "whoAmI", arguments: {} });
      expect(me.structuredContent).toHaveProperty("accessToken");
      await mcp.close();
    }
    const storage = worker.dumpStorage();
    expect(storage).toContain("token:dana:");
    expect(provider.issued.length).toBeGreaterThan(2);
    for (const token of provider.issued) {
      expect(storage.includes(token)).toBe(false);
      // Also search for the signature, in case storage splits a token.
      expect(storage.includes(token.slice(-24))).toBe(false);
    }
  });

  it("has ten minutes until its code is redeemed, and then lives until its grant ends", async () => {
    const client = await registerClient(worker);
    const { attempt, page } = await obtainForeignCode(worker, client);
    const [id = ""] = added();
    expect(worker.readAlarms("PingSession").get(id)).toSatisfy((seconds) => seconds > 590 && seconds <= 600);
    await redeem(worker, client, attempt, page.url);
    expect(worker.readAlarms("PingSession").has(id)).toBe(false);
    await wake(id);
    expect(sessions()).toContain(id);
  });

  it("ends when its code was never redeemed", async () => {
    await obtainForeignCode(worker, await registerClient(worker));
    const [id = ""] = added();
    const revocations = countRevocations();
    await wake(id);
    expect(sessions()).not.toContain(id);
    expect(worker.readAlarms("PingSession").has(id)).toBe(false);
    expect(countRevocations() - revocations).toBe(1);
  });

  it("is replaced, and its refresh token taken over, when the same client signs in again", async () => {
    const client = await registerClient(worker);
    const browser = createBrowser(worker, client);
    const old = await obtainForeignCode(worker, client, browser);
    await redeem(worker, client, old.attempt, old.page.url);
    const first = added();
    const revocations = countRevocations();

    const { attempt, page } = await obtainForeignCode(worker, client, browser);
    const tokens = await redeem(worker, client, attempt, page.url);
    await vi.waitFor(() => expect(added()).toHaveLength(1));
    expect(added()).not.toEqual(first);
    expect(countRevocations()).toBe(revocations);
    // The tokens that it took over are revoked when it ends.
    await requestToken(worker, client, { token: tokens.refresh_token ?? "" });
    expect(added()).toEqual([]);
    expect(countRevocations() - revocations).toBe(2);
  });
});

it("[FAIL-60] a connection that is replaced while it refreshes at PingOne leaves the new one alive", async () => {
  await using shortLived = await startForeignStack({ accessTokenTtlSeconds: 3 });
  const { worker, provider } = shortLived;
  const client = await registerClient(worker);
  const browser = createBrowser(worker, client);
  const first = await obtainForeignCode(worker, client, browser);
  const old = await redeem(worker, client, first.attempt, first.page.url);
  const replaced = await (await grantBehind(worker, old.access_token)).pingSession();
  const second = await obtainForeignCode(worker, client, browser);
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
  const { PING_SESSION } = await worker.getEnv();
  await PING_SESSION.get(PING_SESSION.idFromString(id)).endUnlessRedeemed();
}
