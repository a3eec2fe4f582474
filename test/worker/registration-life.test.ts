/** Lifetime of a client registration (`auth/registration.ts`): only the sign-in of a user extends it. */
import { expect } from "vitest";
import {
  type RegisteredClient,
  redeem,
  registerClient,
  requestRefresh,
  requestToken,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { comeBack, createWorkerOnlyBrowser, passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";

const { it, worker } = testWithStack();

const DAY_SECONDS = 86_400;

async function kv() {
  return (await worker.getEnv()).OAUTH_KV;
}

async function daysLeft({ clientId }: RegisteredClient): Promise<number> {
  const { keys } = await (await kv()).list({ prefix: `client:${clientId}` });
  return ((keys[0]?.expiration ?? 0) - Date.now() / 1000) / DAY_SECONDS;
}

/** Sets the remaining lifetime of a registration. */
async function setDaysLeft({ clientId }: RegisteredClient, days: number): Promise<void> {
  const key = `client:${clientId}`;
  const record = JSON.parse((await (await kv()).get(key)) ?? "{}") as Record<string, unknown>;
  const expiration = Math.floor(Date.now() / 1000 + days * DAY_SECONDS);
  await (await kv()).put(key, JSON.stringify({ ...record, registrationExpiresAt: expiration }), {
    expiration,
  });
}

async function signIn(client: RegisteredClient, browser = createWorkerOnlyBrowser(worker)) {
  const started = await startSignIn(worker, { client, browser });
  const back = await browser.open(await passPingOne(worker, started));
  return redeem(worker, client, started.attempt, back.url);
}

it("[SEC-26] allowing a client with nobody signed in keeps it no longer than a day", async () => {
  const client = await registerClient(worker);
  const started = await startSignIn(worker, { client });
  await comeBack(worker, started, { error: "access_denied" });
  expect(await daysLeft(client)).toBeLessThan(1.01);
});

it("a sign-in keeps it for ninety days, and a later one writes nothing while more than half of them are left", async () => {
  const client = await registerClient(worker);
  const browser = createWorkerOnlyBrowser(worker);
  await signIn(client, browser);
  expect(await daysLeft(client)).toBeCloseTo(90, 1);
  await setDaysLeft(client, 46);
  await signIn(client, browser);
  expect(await daysLeft(client)).toBeCloseTo(46, 1);
  await setDaysLeft(client, 44);
  await signIn(client, browser);
  expect(await daysLeft(client)).toBeCloseTo(90, 1);
});

it("each use renews it, and none shortens it", async () => {
  const client = await registerClient(worker);
  let tokens = await signIn(client);
  const refresh = async () => {
    const response = await requestRefresh(worker, client, tokens);
    tokens = (await response.json()) as TokenResponse;
  };
  await setDaysLeft(client, 46);
  await refresh();
  expect(await daysLeft(client)).toBeCloseTo(46, 1);
  for (const days of [44, 1, 0.4]) {
    await setDaysLeft(client, days);
    await refresh();
    expect(await daysLeft(client), `${days} days`).toBeCloseTo(90, 1);
  }
});

it.each<[what: string, metadata: Record<string, unknown>, token: string]>([
  ["a well-formed token", {}, `nobody:${"a".repeat(16)}:${"b".repeat(32)}`],
  ["a made-up token, with its own secret,", { token_endpoint_auth_method: "client_secret_post" }, "a:b:c"],
])(
  "[SEC-26] revoking %s keeps no registration that no person has allowed",
  async (_what, metadata, token) => {
    const client = await registerClient(worker, metadata);
    expect((await requestToken(worker, client, { token })).status).toBe(200);
    // A parameter without a value is treated as omitted (RFC 6749 §3.2).
    expect((await requestToken(worker, client, { grant_type: "", token })).status).toBe(200);
    expect(await daysLeft(client)).toBeLessThan(1.01);
  },
);

it("a redemption keeps it too, where the callback's write was lost", async () => {
  const client = await registerClient(worker);
  const started = await startSignIn(worker, { client });
  const back = await started.browser.open(await passPingOne(worker, started));
  expect(await daysLeft(client)).toBeCloseTo(90, 1);
  await setDaysLeft(client, 0.4);
  await redeem(worker, client, started.attempt, back.url);
  expect(await daysLeft(client)).toBeCloseTo(90, 1);
});
