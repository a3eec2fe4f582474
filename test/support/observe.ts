/**
 * Checks that a refusal leaves nothing behind: no grant, no tokens of PingOne, no MCP session, no cookie, no request to
 * an upstream, and no secret in the response.
 */

import type { Offline } from "pingone-emulator";
import type { TestBrowser } from "pingone-emulator/browser";
import { expect, vi } from "vitest";
import type { StartedSignIn } from "./sign-in.ts";
import { TEST_COOKIE_KEY, type TestWorker } from "./worker.ts";

/** Numbers of everything that a sign-in or a connection creates. */
export interface Holdings {
  readonly grants: number;
  readonly accessTokens: number;
  /** Sessions that have not ended. An ended one remains until PingOne revokes its tokens, possibly in a later test. */
  readonly pingSessions: number;
  readonly mcpSessions: number;
}

/** Grants that an earlier test ended are cleaned up after its response; if PingOne fails, an alarm does so later. */
const ENDINGS_PATIENCE_MS = 10_000;

async function waitForEndings(worker: TestWorker): Promise<void> {
  const options = { timeout: ENDINGS_PATIENCE_MS, interval: 25 };
  await vi.waitUntil(() => worker.countEndings() === 0, options).catch(() => {});
}

export async function countHoldings(worker: TestWorker): Promise<Holdings> {
  await waitForEndings(worker);
  const { OAUTH_KV } = await worker.getEnv();
  const count = async (prefix: string) => (await OAUTH_KV.list({ prefix })).keys.length;
  return {
    grants: worker.countGrants(),
    accessTokens: await count("token:"),
    pingSessions: worker.countLivePingSessions(),
    mcpSessions: worker.listObjectIds("TodoMcpServer").length,
  };
}

/** Watches one attempt; {@link Watch.expectNothingGained} checks afterwards that it left nothing behind. */
export interface Watch {
  /** Asserts that there are no new grants, tokens, PingSessions or MCP sessions, and no pending fault. */
  expectNothingGained(): Promise<void>;
  /**
   * Names of the upstream endpoints called since the watch began, in order. Calls for sign-ins before the newest are
   * left out, because tokens of grants that an earlier test ended may still be revoked.
   */
  upstreamCalls(): Promise<string[]>;
}

export async function watch({
  worker,
  emulators,
}: {
  worker: TestWorker;
  emulators: Offline;
}): Promise<Watch> {
  const before = await countHoldings(worker);
  const after = await emulators.journal.mark();
  const logins = new Set((await emulators.journal.find({})).flatMap(({ login }) => login?.state ?? []));
  logins.delete([...logins].at(-1) ?? "");
  return {
    expectNothingGained: async () => {
      expect(await countHoldings(worker)).toEqual(before);
      await emulators.faults.expectNone();
    },
    upstreamCalls: async () =>
      (await emulators.journal.find({ after }))
        .filter(({ login }) => login?.state === undefined || !logins.has(login.state))
        .map(({ endpoint, path }) => endpoint ?? path),
  };
}

/** Names of the OAuth provider's cookies of sign-ins in progress. */
export async function pendingSignInCookies(browser: TestBrowser, worker: TestWorker): Promise<string[]> {
  const cookies = await browser.cookies.getCookies(worker.origin);
  return cookies
    .map(({ key }) => key)
    .filter((name) => name.startsWith("__Host-oauth-consent-") || name.startsWith("__Host-oauth-upstream-"));
}

/**
 * Begins a transaction, which the OAuth provider keeps for ten minutes.
 *
 * @returns the result of `begin`, and a function that deletes the transaction as expiry would
 */
export async function beginTransaction<T>(
  worker: TestWorker,
  begin: () => Promise<T>,
): Promise<{ begun: T; forget: () => Promise<void> }> {
  const { OAUTH_KV } = await worker.getEnv();
  const list = async () => (await OAUTH_KV.list({ prefix: "transaction:" })).keys;
  const others = new Set((await list()).map(({ name }) => name));
  const begun = await begin();
  const own = (await list()).filter(({ name }) => !others.has(name));
  expect(own).toHaveLength(1);
  const secondsLeft = (own[0]?.expiration ?? 0) - Date.now() / 1000;
  expect(secondsLeft).toBeGreaterThan(540);
  expect(secondsLeft).toBeLessThanOrEqual(601);
  return { begun, forget: () => OAUTH_KV.delete(own[0]?.name ?? "") };
}

const TOKEN_LIKE = /eyJ[\w-]{10,}\.[\w-]+/;

/** Shorter values can occur in a text by chance. */
const SHORTEST_SECRET = 8;

/** @param secrets values of this attempt that the text must not contain: code, verifier, state, tokens */
export function expectNoSecrets(text: string, ...secrets: (string | null | undefined)[]): void {
  const shown = secrets.filter(
    (secret) => secret != null && secret.length >= SHORTEST_SECRET && text.includes(secret),
  );
  expect(shown, "secrets in what the caller reads").toEqual([]);
  expect(TOKEN_LIKE.exec(text)?.[0], "a token in what the caller reads").toBeUndefined();
  expect(text.includes(TEST_COOKIE_KEY), "the cookie key in what the caller reads").toBe(false);
}

/** Asserts a page for the user, without a redirect. */
export async function expectPage(
  response: Response | undefined,
  expected: { status: number; text: RegExp },
): Promise<string> {
  expect(response?.status).toBe(expected.status);
  expect(response?.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  expect(response?.headers.get("Location")).toBeNull();
  expect(response?.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  const text = (await response?.text()) ?? "";
  expect(text).toMatch(expected.text);
  return text;
}

/** Asserts an OAuth error response (RFC 6749 §5.2). */
export async function expectOAuthError(
  response: Response,
  status: number,
  error: string,
): Promise<Record<string, unknown>> {
  const text = await response.text();
  expect(response.headers.get("Content-Type"), text).toMatch(/^application\/json/);
  const body = JSON.parse(text) as Record<string, unknown>;
  expect({ status: response.status, error: body.error }).toEqual({ status, error });
  expect(body.access_token).toBeUndefined();
  return body;
}

/**
 * Asserts that the sign-in ended with an error redirect from this Worker to the client that began it (RFC 6749
 * §4.1.2.1, RFC 9207 §2).
 */
export function expectSignInError(
  url: URL,
  { client, attempt }: Pick<StartedSignIn, "client" | "attempt">,
  error: string,
): void {
  expect(url.origin + url.pathname).toBe(client.redirectUri);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    error,
    error_description: expect.stringMatching(/^[^<>"\\]+$/),
    state: attempt.state,
    iss: attempt.url.origin,
  });
  expect(url.hash).toBe("");
}

/** The parameters of a challenge (RFC 6750 §3). */
export function readChallenge({ headers }: Pick<Response, "headers">): Record<string, string> {
  const header = headers.get("WWW-Authenticate") ?? "";
  expect(header).toMatch(/^Bearer /);
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/** A log line can reach this process after the response of its request. */
const LOG_PATIENCE = { timeout: 5000, interval: 20 };

/** Log lines of the Worker from now on. Not for concurrent tests of one Worker, because their lines are mixed. */
export interface LogWatch {
  /** The newest line with this event since the watch began. Fails when there is none. */
  line(event: string, fields?: Record<string, unknown>): Promise<Record<string, unknown>>;
}

export function watchLog(worker: TestWorker): LogWatch {
  const before = parseLog(worker).length;
  return {
    line: (event, fields = {}) =>
      vi.waitFor(() => {
        const line = parseLog(worker)
          .slice(before)
          .findLast((candidate) =>
            Object.entries({ event, ...fields }).every(([name, value]) => candidate[name] === value),
          );
        if (line === undefined) throw new Error(`Nothing was logged as ${event}.`);
        return line;
      }, LOG_PATIENCE),
  };
}

/** Every log line, parsed. */
export function parseLog(worker: TestWorker): Record<string, unknown>[] {
  return worker
    .logs()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
