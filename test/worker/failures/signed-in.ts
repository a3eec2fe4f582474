/** What the failure tests share: clients that know their login at PingOne, and requests as they are on the wire. */
import type { Client } from "@modelcontextprotocol/client";
import { expect, vi } from "vitest";
import type { EndpointName, FaultRequest } from "../../../mocks/index.ts";
import { TestBrowser } from "../../../mocks/kit/testing/browser.ts";
import {
  answerPages,
  connectMcp,
  type PersonChoices,
  type ProtocolEra,
  type RegisteredClient,
  redeem,
  type TokenResponse,
} from "../../support/mcp-client.ts";
import { parseLog } from "../../support/observe.ts";
import { startSignIn } from "../../support/sign-in.ts";
import type { TestStack } from "../../support/stack.ts";
import type { TestWorker } from "../../support/worker.ts";

type WithoutEndpoint<F> = F extends { endpoint: unknown } ? Omit<F, "endpoint" | "login"> : never;

/** A fault as a table of tests writes it: the endpoint is the table's. */
export type Fault = WithoutEndpoint<FaultRequest>;

/** @param login whose request meets it; without, the next one */
export function queueFault(
  { emulators }: TestStack,
  endpoint: EndpointName,
  fault: Fault,
  login?: SignedIn["login"],
): Promise<number> {
  const request = { endpoint, ...fault, ...(login !== undefined && { login }) };
  // The queue refuses what does not fit together.
  return emulators.control.queueFault(request as FaultRequest);
}

export interface SignedIn {
  readonly client: RegisteredClient;
  readonly tokens: TokenResponse;
  readonly accessToken: string;
  /** The Worker's `state` at PingOne: faults and journal know this login by it. */
  readonly login: { readonly state: string };
}

/** PingOne ends the oldest of a person's sessions when they have more than ten, so each person keeps one browser. */
const browsersAtPingOne = new WeakMap<TestStack, Map<string, TestBrowser>>();

function browserAtPingOne(stack: TestStack, username: string): TestBrowser {
  const ofStack = browsersAtPingOne.get(stack) ?? new Map<string, TestBrowser>();
  browsersAtPingOne.set(stack, ofStack);
  const { worker } = stack;
  const browser =
    ofStack.get(username) ?? new TestBrowser(worker.fetch, (url) => url.origin === worker.origin);
  ofStack.set(username, browser);
  return browser;
}

/**
 * @param options.ttlSeconds life of PingOne's access token; that of a refresh is the usual one again. One switch for
 *   the whole emulator, so tests that run side by side sign in before they begin
 */
export async function signInAtPingOne(
  stack: TestStack,
  options: PersonChoices & { ttlSeconds?: number; scope?: string; client?: RegisteredClient } = {},
): Promise<SignedIn> {
  const { worker, emulators } = stack;
  const { ttlSeconds, scope, client, ...choices } = options;
  const signIn = await startSignIn(worker, {
    ...(client !== undefined && { client }),
    ...(scope !== undefined && { overrides: { scope } }),
  });
  const atPingOne = browserAtPingOne(stack, choices.username ?? "alice");
  const { url: callback } = await answerPages(await atPingOne.open(signIn.pingOneUrl), choices);
  if (ttlSeconds !== undefined) await emulators.control.setSwitches({ accessTokenTtlSeconds: ttlSeconds });
  const back = await signIn.browser.open(callback);
  if (ttlSeconds !== undefined) await emulators.control.setSwitches({ accessTokenTtlSeconds: null });
  const tokens = await redeem(worker, signIn.client, signIn.attempt, back.url);
  return {
    client: signIn.client,
    tokens,
    accessToken: tokens.access_token,
    login: { state: signIn.state },
  };
}

/** Somebody for each test of a table, made before its tests run side by side. */
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
 * Lives long enough to be used for a whole test, and is due for a refresh one second after it was issued: the Worker
 * refreshes when less than a minute is left.
 */
export const DUE_AFTER_ONE_SECOND = 61;

/** Dead after a second, so that nothing can be done without PingOne. */
export const DEAD_AFTER_ONE_SECOND = 1;

/** Real time is what these tests are about: the Worker's clock cannot be moved. */
export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** What came back on the wire, and what the model reads of it where it was a tool's answer. */
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
  /** Calls a tool. A refusal by HTTP is an answer too, and no exception. */
  call(tool: string, input?: Record<string, unknown>): Promise<Answer>;
  /** Lists the tools and gives the HTTP status. */
  listTools(): Promise<number>;
}

/** The SDK's client in one era, without any sign-in of its own: it shows what the Worker answers. */
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

/** One JSON-RPC request as it is, before any lane has been chosen. */
export function post(
  worker: TestWorker,
  accessToken: string,
  message: { method: string; params?: unknown },
  headers: Record<string, string> = {},
): Promise<Response> {
  return worker.fetch(worker.resource, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${accessToken}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
  });
}

export function postToolCall(
  worker: TestWorker,
  accessToken: string,
  name: string,
  input: Record<string, unknown> = {},
): Promise<Response> {
  return post(worker, accessToken, { method: "tools/call", params: { name, arguments: input } });
}

/** RFC 6750 §3.1 and RFC 9728 §5.1: what makes a client sign in again by itself. */
export function expectSignInChallenge(
  { worker }: TestStack,
  answer: { status: number; headers: Headers },
): void {
  expect(answer.status).toBe(401);
  const challenge = answer.headers.get("WWW-Authenticate") ?? "";
  expect(challenge).toMatch(/^Bearer /);
  expect(challenge).toContain('error="invalid_token"');
  expect(challenge).toContain(
    `resource_metadata="${worker.origin}/.well-known/oauth-protected-resource/mcp"`,
  );
}

/** Names of the endpoints that this login's requests have met since the mark. */
export interface Calls {
  since(): Promise<string[]>;
}

/** The keys, which PingOne's callers look up now and then, are no call of a login. */
export async function watchCalls({ emulators }: TestStack, login?: { state: string }): Promise<Calls> {
  const after = await emulators.control.lastRequestNumber();
  return {
    since: async () =>
      (await emulators.control.requests({ after, ...(login !== undefined && { login }) }))
        .map(({ endpoint, path }) => endpoint ?? path)
        .filter((name) => name !== "jwks"),
  };
}

/** Tests that run side by side cannot tell their log lines apart, so the lines are counted when all are done. */
export async function expectRefreshFailuresLogged(
  { worker }: TestStack,
  failures: readonly string[],
): Promise<void> {
  // A line can reach this process after the answer that it belongs to.
  await vi.waitFor(() => {
    const logged = parseLog(worker).filter(({ event }) => event === "ping_session.refresh_failed");
    for (const failure of new Set(failures)) {
      const count = (found: readonly unknown[]) => found.filter((candidate) => candidate === failure).length;
      expect(count(logged.map((line) => line.failure)), failure).toBeGreaterThanOrEqual(count(failures));
    }
  }, 5000);
}
