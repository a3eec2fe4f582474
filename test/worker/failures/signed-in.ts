/** Shared by the failure tests: clients with the `state` of their login at PingOne, and raw HTTP requests. */

import type { Client } from "@modelcontextprotocol/client";
import type { EndpointName, FaultRequest } from "pingone-emulator";
import { TestBrowser } from "pingone-emulator/browser";
import { expect, vi } from "vitest";
import {
  answerPages,
  connectMcp,
  type ProtocolEra,
  type RegisteredClient,
  redeem,
  type TokenResponse,
} from "../../support/mcp-client.ts";
import { parseLog, readChallenge } from "../../support/observe.ts";
import { sendRaw } from "../../support/raw-mcp.ts";
import { startSignIn } from "../../support/sign-in.ts";
import type { SignOnChoices } from "../../support/sign-on.ts";
import type { TestStack } from "../../support/stack.ts";
import type { TestWorker } from "../../support/worker.ts";

type WithoutEndpoint<F> = F extends { endpoint: unknown } ? Omit<F, "endpoint" | "login"> : never;

/** A fault without its endpoint, which a table of tests sets for all its rows. */
export type Fault = WithoutEndpoint<FaultRequest>;

/** @param login limits the fault to requests of this login; without it, the next request meets the fault */
export function queueFault(
  { emulators }: TestStack,
  endpoint: EndpointName,
  fault: Fault,
  login?: SignedIn["login"],
): Promise<number> {
  const request = { endpoint, ...fault, ...(login !== undefined && { login }) };
  // The control API rejects faults that are not possible at the endpoint.
  return emulators.faults.queue(request as FaultRequest);
}

export function oauthError(status: number, error: string): Fault {
  return { fault: "status", status, body: { error, error_description: "Words of PingOne" } };
}

/** An access token whose signature is invalid, because only the Todo API verifies it. */
export function fakeAccessToken(audience: string): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { aud: [audience], sub: "somebody" };
  return `${encode({ alg: "RS256", kid: "TEST-ONLY" })}.${encode(claims)}.AA`;
}

export interface SignedIn {
  readonly client: RegisteredClient;
  readonly tokens: TokenResponse;
  readonly accessToken: string;
  /** The Worker's `state` at PingOne, by which faults and the journal identify this login. */
  readonly login: { readonly state: string };
}

/** PingOne ends the oldest session of a user with more than ten sessions, so each user keeps one browser. */
const browsersAtPingOne = new WeakMap<TestStack, Map<string, TestBrowser>>();

function browserAtPingOne(stack: TestStack, username: string): TestBrowser {
  const ofStack = browsersAtPingOne.get(stack) ?? new Map<string, TestBrowser>();
  browsersAtPingOne.set(stack, ofStack);
  const { worker } = stack;
  const browser =
    ofStack.get(username) ??
    new TestBrowser({ fetch: worker.fetch, stopAt: (url) => url.origin === worker.origin });
  ofStack.set(username, browser);
  return browser;
}

/**
 * @param options.ttlSeconds lifetime of PingOne's first access token; refreshed ones have the default lifetime. The
 *   switch applies to the whole emulator, so concurrent tests must sign in before they run
 */
export async function signInAtPingOne(
  stack: TestStack,
  options: SignOnChoices & { ttlSeconds?: number; scope?: string; client?: RegisteredClient } = {},
): Promise<SignedIn> {
  const { worker, emulators } = stack;
  const { ttlSeconds, scope, client, ...choices } = options;
  const signIn = await startSignIn(worker, {
    ...(client !== undefined && { client }),
    ...(scope !== undefined && { overrides: { scope } }),
  });
  const atPingOne = browserAtPingOne(stack, choices.username ?? "alice");
  const { url: callback } = await answerPages(await atPingOne.open(signIn.pingOneUrl), choices);
  if (ttlSeconds !== undefined) await emulators.switches.set({ accessTokenTtlSeconds: ttlSeconds });
  const back = await signIn.browser.open(callback);
  if (ttlSeconds !== undefined) await emulators.switches.set({ accessTokenTtlSeconds: null });
  const tokens = await redeem(worker, signIn.client, signIn.attempt, back.url);
  return { client: signIn.client, tokens, accessToken: tokens.access_token, login: { state: signIn.state } };
}

/** Signs in once for each test of a table, before the tests run concurrently. */
export async function signInForEach(
  stack: TestStack,
  whats: readonly string[],
  options: Parameters<typeof signInAtPingOne>[1],
): Promise<(what: string) => SignedIn> {
  const signedIn = new Map<string, SignedIn>();
  for (const what of whats) signedIn.set(what, await signInAtPingOne(stack, options));
  return (what) => {
    const found = signedIn.get(what);
    if (found === undefined) throw new Error(`Nobody has signed in for "${what}".`);
    return found;
  };
}

/**
 * Valid for a whole test and due for a refresh one second after it was issued: the Worker refreshes when less than a
 * minute is left.
 */
export const DUE_AFTER_ONE_SECOND = 61;

/** Expires after one second, so that a tool call needs a refresh at PingOne. */
export const DEAD_AFTER_ONE_SECOND = 1;

/** Waits in real time, because the Worker's clock cannot be moved. */
export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** The HTTP response, and the text for the model if it is a tool result. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly isError: boolean;
  readonly text: string;
}

export interface Connection {
  readonly mcp: Client;
  readonly sessionId: string | undefined;
  /** Calls a tool. Returns a refusal by HTTP status instead of throwing. */
  call(tool: string, input?: Record<string, unknown>): Promise<Answer>;
  /** Lists the tools and returns the HTTP status. */
  listTools(): Promise<number>;
}

/** Connects the SDK's client in one era with the given token. It does not sign in, so refusals are visible. */
export async function connect(
  worker: TestWorker,
  accessToken: string,
  era: ProtocolEra,
): Promise<Connection> {
  let last: { status: number; headers: Headers; body: string } | undefined;
  let sessionId: string | undefined;
  const fetch: TestWorker["fetch"] = async (input, init) => {
    const request = new Request(input, init);
    const response = await worker.fetch(request);
    sessionId ??= response.headers.get("Mcp-Session-Id") ?? undefined;
    if (request.method === "POST") {
      const body = response.ok ? "" : await response.clone().text();
      last = { status: response.status, headers: response.headers, body };
    }
    return response;
  };
  const mcp = await connectMcp({ ...worker, fetch }, accessToken, era);
  const wire = () => {
    if (last === undefined) throw new Error("Nothing was sent.");
    return last;
  };
  return {
    mcp,
    get sessionId() {
      return sessionId;
    },
    call: async (tool, input = {}) => {
      last = undefined;
      try {
        const result = await mcp.callTool({ name: tool, arguments: input });
        const [content] = result.content as { text: string }[];
        return { ...wire(), isError: result.isError === true, text: content?.text ?? "" };
      } catch (error) {
        if (last === undefined || wire().status < 400) throw error;
        return { ...wire(), isError: true, text: "" };
      }
    },
    listTools: async () => {
      last = undefined;
      await mcp.listTools().catch(() => undefined);
      return wire().status;
    },
  };
}

/** Posts one JSON-RPC request without the headers of either lane. */
export function post(
  worker: TestWorker,
  accessToken: string,
  message: { method: string; params?: unknown },
  headers: Record<string, string> = {},
): Promise<Response> {
  return sendRaw(worker, { token: accessToken, headers, body: { jsonrpc: "2.0", id: 1, ...message } });
}

export function postToolCall(
  worker: TestWorker,
  accessToken: string,
  name: string,
  input: Record<string, unknown> = {},
): Promise<Response> {
  return post(worker, accessToken, { method: "tools/call", params: { name, arguments: input } });
}

/** Asserts the 401 challenge that makes clients sign in again (RFC 6750 §3.1, RFC 9728 §5.1). */
export function expectSignInChallenge(
  { worker }: TestStack,
  answer: { status: number; headers: Headers },
): void {
  expect(answer.status).toBe(401);
  expect(readChallenge(answer)).toMatchObject({
    error: "invalid_token",
    resource_metadata: `${worker.origin}/.well-known/oauth-protected-resource/mcp`,
  });
}

/** Names of the endpoints that requests of this login have reached since `watchCalls`. */
export interface Calls {
  since(): Promise<string[]>;
}

/** Leaves out requests for the JWKS, which belong to no login. */
export async function watchCalls({ emulators }: TestStack, login?: { state: string }): Promise<Calls> {
  const after = await emulators.journal.mark();
  return {
    since: async () =>
      (await emulators.journal.find({ after, ...(login !== undefined && { login }) }))
        .map(({ endpoint, path }) => endpoint ?? path)
        .filter((name) => name !== "jwks"),
  };
}

/** The log lines of concurrent tests cannot be told apart, so they are counted after all tests. */
export async function expectRefreshFailuresLogged(
  { worker }: TestStack,
  failures: readonly string[],
): Promise<void> {
  // A log line can reach this process after the response of its request.
  await vi.waitFor(() => {
    const logged = parseLog(worker).filter(({ event }) => event === "ping_session.refresh_failed");
    for (const failure of new Set(failures)) {
      const count = (found: readonly unknown[]) => found.filter((candidate) => candidate === failure).length;
      expect(count(logged.map((line) => line.failure)), failure).toBeGreaterThanOrEqual(count(failures));
    }
  }, 5000);
}
